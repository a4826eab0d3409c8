"""Vertex: Google's ExplanationSpec, read as settings of a run."""
