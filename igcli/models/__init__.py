"""Models: the only part of igcli that imports TensorFlow or Keras, and only when one is loaded."""
