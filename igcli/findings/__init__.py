"""Findings over a data set: what a run's maps say together, from its directory alone."""
