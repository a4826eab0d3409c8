"""Baselines: where a path starts."""
