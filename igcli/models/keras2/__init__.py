"""Files of Keras 2 for Keras 3: their configs repaired, their weights matched."""
