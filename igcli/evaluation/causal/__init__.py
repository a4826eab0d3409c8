"""The causal test: whether a model needs a place that its maps look at."""
