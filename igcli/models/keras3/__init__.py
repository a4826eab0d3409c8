"""Keras 3's own older files: what today's Keras 3 reads otherwise, or not at all."""
