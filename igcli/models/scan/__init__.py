"""The scan: model files read and checked before Keras or TensorFlow sees them."""
