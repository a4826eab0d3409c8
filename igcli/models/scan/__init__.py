"""Model files are read and checked here before Keras or TensorFlow sees them."""
