"""Shards: one run's ranges of inputs, and how they are joined."""
