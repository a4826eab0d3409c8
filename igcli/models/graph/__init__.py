"""The graph: a model's network frozen and rewritten for speed."""
