"""The planning of a run: everything that can be wrong, found before any work."""
