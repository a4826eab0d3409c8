"""Findings: what the maps of a whole run say together, from its run directory alone."""
