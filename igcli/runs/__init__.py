"""One run: planned, executed, resumed, sharded."""
