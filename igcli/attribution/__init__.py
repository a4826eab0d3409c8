"""The integral: paths, nodes, weights, error estimates; numpy alone."""
