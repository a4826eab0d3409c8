"""Inputs: from files on disk to samples, baselines and targets in model space."""
