"""Pictures: numpy and Pillow, from arrays alone."""
