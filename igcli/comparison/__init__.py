"""Maps held against maps."""
