"""The run options: a run's settings as flags, for every command that makes or foresees a run."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import click

from igcli.cli.options import (
    check_device,
    parse_bands,
    parse_batch_size,
    parse_image_size,
    parse_memory,
    parse_shard,
    setting_option,
    split_lists,
)
from igcli.common.choices import (
    AUTO,
    DEFAULT_MAX_STEPS,
    DEFAULT_MIN_STEPS,
    DEFAULT_STEPS,
    DEFAULT_TOLERANCE,
    METHODS,
    MOST_STEPS,
    PRECISIONS,
    PREPROCESS,
    RUN_STYLES,
    SCORES,
    STORE_DTYPES,
    STORED,
    WHERE,
)
from igcli.common.config import RunConfig
from igcli.common.placement import DEFAULT_RESIZE, RESIZE

F = TypeVar("F", bound=Callable[..., Any])

run_option = partial(setting_option, RunConfig)


def _named(name: str, **looks: Any) -> tuple[str, Callable[[Any], Any]]:
    return name, run_option(name, **looks)


_SETTINGS = (
    _named(
        "method",
        type=click.Choice(METHODS),
        help="Steps where each path needs them, to a tolerance; or a fixed quadrature rule.",
    ),
    _named(
        "tolerance",
        type=float,
        help=f"Adaptive: accepted error, relative to the map.  [default: {DEFAULT_TOLERANCE}]",
    ),
    _named(
        "certify",
        metavar="pixels|regions[:CELL]",
        help="Adaptive: what the tolerance is asked of: each pixel's value; or, with far fewer "
        "steps, where in a picture the mass lies, by cells of CELL pixels.",
    ),
    _named(
        "min_steps",
        type=click.IntRange(min=2, max=MOST_STEPS),
        help="Adaptive: nodes of the first, uniform mesh; narrower features may be missed.  "
        f"[default: {DEFAULT_MIN_STEPS}]",
    ),
    _named(
        "max_steps",
        type=click.IntRange(min=2, max=MOST_STEPS),
        help="Adaptive: most gradient evaluations per explanation.  "
        f"[default: {DEFAULT_MAX_STEPS}]",
    ),
    _named(
        "memory",
        metavar="SIZE",
        callback=parse_memory,
        help="Adaptive: memory for gradients of paths under way, 2GB for example.  "
        "[default: a quarter of the machine's]",
    ),
    _named(
        "steps",
        type=click.IntRange(min=1),
        help=f"Fixed rules: gradient evaluations per explanation.  [default: {DEFAULT_STEPS}]",
    ),
    _named(
        "profile_path",
        help="Store each path's nodes, scores and gradient norms.",
    ),
    _named(
        "baseline",
        metavar="BASELINE",
        callback=split_lists,
        help="Images and uint8 arrays: black (default), white, gray, constant:V, uniform, "
        "gaussian:SIGMA, blur:SIGMA, in pixels 0-255. Float arrays: zeros (default), constant:V, "
        "uniform:LOW:HIGH, gaussian:SIGMA. Both: mean, or an image or .npy file. Integers: zeros "
        "(default), constant:V or a file. black,white averages the maps of several; uniform*5 "
        "those of 5 draws; data:32 or data:FOLDER:32 those of 32 inputs drawn for each. "
        "NAME=BASELINE for one of several inputs.",
    ),
    _named("keep_baselines", help="Store each of several baselines' own map too."),
    _named(
        "target",
        metavar="TARGET",
        help="predicted, top:K, truth or predicted,truth (with --truth), folder (the sub-folder "
        "names the class), a class number, a class name (with --labels), or a file of the inputs' "
        "classes (CSV of file and label, .npy, text); array:NAME for an array beside the inputs in "
        "an .npz; a place 3,12,40 in an output of several axes. Of one score per place: "
        "CLASS@predicted, CLASS@FOLDER (masks) or CLASS@x1,y1,x2,y2, the mean over that zone.",
    ),
    _named(
        "truth",
        metavar="folder|FILE|COLUMN",
        help="Each input's true class: folder (the sub-folder names it), a file as for --target, "
        "array:NAME, or a column of the list that INPUTS is.  [default: its column label, if any]",
    ),
    _named(
        "where",
        metavar="CONDITION",
        help=f"Explain only inputs for which it holds: {WHERE}, by the class that is explained. "
        "All are scored first. Can be repeated: all must hold.",
    ),
    _named(
        "labels",
        type=click.Path(path_type=Path),
        help="Class names in output order: one a line, JSON (class_indices) or CSV; or folders: "
        "INPUTS' sub-folders in alphabetical order, as Keras counts them.",
    ),
    _named(
        "preprocess",
        type=click.Choice([AUTO, *PREPROCESS]),
        help="From pixels to the model's range; auto finds what the model takes.  "
        f"[default: {AUTO}]",
    ),
    _named(
        "resize",
        type=click.Choice(list(RESIZE)),
        help=f"How images get the model's size.  [default: {DEFAULT_RESIZE}]",
    ),
    _named(
        "image_size",
        metavar="HxW",
        callback=parse_image_size,
        help="For a model that takes any size.",
    ),
    _named(
        "bit_depth",
        metavar="BITS",
        type=click.IntRange(min=1, max=32),
        help="Image files of more than 8 bits: how many their samples have, 12 for 0-4095.  "
        "[default: what the file tells, else 16]",
    ),
    _named(
        "bands",
        metavar="B or R,G,B",
        callback=parse_bands,
        help="Which channels are shown below the map, counted from 1.  [default: a photo's own, "
        "the mean of others]",
    ),
    _named(
        "scores",
        type=click.Choice(SCORES),
        help="What is explained: the outputs, a softmax of them, or the values before the final "
        "one.",
    ),
    _named("output", metavar="NAME", help="The output to explain, of several."),
    _named(
        "explain",
        metavar="NAME",
        help="An input to explain, of several; the others keep their values. Can be repeated.  "
        "[default: all that take floats]",
    ),
    _named(
        "layer",
        metavar="NAME",
        help="Explain what this layer gives, not the inputs; OUTER/NAME in a nested model; "
        "last-conv for the last one of several places.",
    ),
    _named("layer_input", help="With --layer: explain what goes into it."),
    _named(
        "signature",
        metavar="NAME",
        help="SavedModels: the signature or function to explain.  [default: serving_default, else "
        "the only one]",
    ),
    _named(
        "input_value",
        metavar="NAME=VALUE",
        help="Give an input that is no data one value for all: temperature=0.5. Can be repeated.",
    ),
    _named(
        "hold_mask",
        help="Keep the mask that each input has (Masking, padding) all along its path, at the "
        "baseline too.",
    ),
    _named(
        "batch_size",
        metavar="ROWS",
        callback=parse_batch_size,
        help="Gradient rows per batch, over many inputs; auto takes the fastest.  [default: auto]",
    ),
    _named(
        "device",
        metavar="DEVICE",
        callback=check_device,
        help="auto (the first GPU, else the CPU), cpu, gpu or gpu:N.",
    ),
    _named(
        "precision",
        type=click.Choice(PRECISIONS),
        help="Arithmetic of scores and gradients: the others are less exact, and say by how much.",
    ),
    _named("seed", type=click.IntRange(min=0), help="Seed of random baselines."),
    _named("limit", type=click.IntRange(min=1), help="Explain only the first N inputs."),
    _named(
        "shard",
        metavar="I/N",
        callback=parse_shard,
        help="Explain one of N ranges of the inputs, I from 1 to N; `igcli merge` joins them.",
    ),
    _named(
        "store",
        type=click.Choice(STORED),
        help="What is kept of a map: pixels, with the mass of each region beside them; or regions "
        "alone, in a hundredth of the disk.",
    ),
    _named(
        "store_dtype",
        type=click.Choice(STORE_DTYPES),
        help="The pixels' numbers on the disk: float16 takes half of it, its rounding is part of "
        "each error estimate.",
    ),
    _named("save", type=click.Choice(["npy"]), help="Write attributions.npy too."),
    _named("overlays", help="Draw overlays/ID.png."),
    _named(
        "style",
        type=click.Choice(RUN_STYLES),
        help="What is drawn there, as `igcli render` has it: auto is photo, the image beside its "
        "heat, for images of 64 pixels a side and more, overlay for others.",
    ),
    _named(
        "custom_objects",
        metavar="FILE.py",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="Python file that defines the model's own layers and functions; it is run.",
    ),
    _named(
        "allow_unsafe",
        help="Load MODEL though it may run code on this machine.",
    ),
)


def settings_options_of(*names: str) -> Callable[[F], F]:
    """Return a decorator that adds some of those options, in the order that all of them have."""

    def add(function: F) -> F:
        for name, option in reversed(_SETTINGS):
            if name in names:
                function = option(function)
        return function

    return add


def settings_options(function: F) -> F:
    """Add every option that decides what is computed and written."""
    return settings_options_of(*(name for name, _ in _SETTINGS))(function)
