"""The map options: those of a run's settings that decide how maps are made, not what is kept."""

from igcli.cli.run_options import settings_options_of

map_options = settings_options_of(
    "method", "tolerance", "min_steps", "max_steps", "memory", "steps", "baseline", "target",
    "truth", "labels", "preprocess", "resize", "image_size", "bit_depth", "scores", "output",
    "explain", "layer", "layer_input", "signature", "input_value", "hold_mask", "batch_size",
    "device", "precision", "seed", "custom_objects", "allow_unsafe",
)  # fmt: skip
