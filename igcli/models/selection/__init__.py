"""The selection: which inputs, outputs and layers a path runs between."""
