"""The drift gate: whether two runs look at the same things."""
