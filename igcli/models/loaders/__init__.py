"""Loaders: from a model's files to a network."""
