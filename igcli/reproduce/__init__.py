"""The published examples: their data, their models, their figures and their tables."""
