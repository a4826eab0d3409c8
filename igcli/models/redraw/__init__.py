"""A model's weights redrawn at random, layer by layer, and put back."""
