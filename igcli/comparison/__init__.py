"""The comparison of maps with maps: metrics, grids, noise; and the drift gate."""
