"""Faithfulness: whether a map tells what its model's scores hang on, held against controls."""
