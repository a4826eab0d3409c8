"""Reproduction of the published examples: their data, their models, their figures and tables."""
