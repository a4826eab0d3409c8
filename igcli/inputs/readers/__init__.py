"""Readers: from files on disk to samples."""
