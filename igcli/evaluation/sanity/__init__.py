"""The sanity check: whether maps change when the model's weights are redrawn at random."""
