"""The map options: those of a run's settings that decide how maps are made, not what is kept."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from igcli.cli.run_options import settings_options

F = TypeVar("F", bound=Callable[..., Any])

_DECIDE = (
    "method", "tolerance", "min_steps", "max_steps", "memory", "steps", "baseline", "target",
    "truth", "labels", "preprocess", "resize", "image_size", "bit_depth", "scores", "output",
    "explain", "layer", "layer_input", "signature", "input_value", "hold_mask", "batch_size",
    "device", "precision", "seed", "custom_objects", "allow_unsafe",
)  # fmt: skip


def map_options(function: F) -> F:
    """Add every option that decides how maps are made."""

    @settings_options
    def every() -> None:
        """Hold all of them: Click keeps what decorators add with the function."""

    options: list[click.Parameter] = every.__dict__["__click_params__"]
    held = function.__dict__.setdefault("__click_params__", [])
    held.extend(option for option in options if option.name in _DECIDE)
    return function
