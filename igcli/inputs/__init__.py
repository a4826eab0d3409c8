"""Readers: from files on disk to samples in model space."""
