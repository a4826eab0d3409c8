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
from igcli.runs.executors import EXECUTORS

F = TypeVar("F", bound=Callable[..., Any])

run_option = partial(setting_option, RunConfig)
_SETTINGS = (
    run_option(
        "method",
        type=click.Choice(METHODS),
        help="Steps where each path needs them, to a tolerance; or a fixed quadrature rule.",
    ),
    run_option(
        "tolerance",
        type=float,
        help=f"Adaptive: accepted error, relative to the map.  [default: {DEFAULT_TOLERANCE}]",
    ),
    run_option(
        "certify",
        metavar="pixels|regions[:CELL]",
        help="Adaptive: what the tolerance is asked of: each pixel's value; or, with far fewer "
        "steps, where in a picture the mass lies, by cells of CELL pixels.",
    ),
    run_option(
        "min_steps",
        type=click.IntRange(min=2, max=MOST_STEPS),
        help="Adaptive: nodes of the first, uniform mesh; narrower features may be missed.  "
        f"[default: {DEFAULT_MIN_STEPS}]",
    ),
    run_option(
        "max_steps",
        type=click.IntRange(min=2, max=MOST_STEPS),
        help="Adaptive: most gradient evaluations per explanation.  "
        f"[default: {DEFAULT_MAX_STEPS}]",
    ),
    run_option(
        "memory",
        metavar="SIZE",
        callback=parse_memory,
        help="Adaptive: memory for gradients of paths under way, 2GB for example.  "
        "[default: a quarter of the machine's]",
    ),
    run_option(
        "steps",
        type=click.IntRange(min=1),
        help=f"Fixed rules: gradient evaluations per explanation.  [default: {DEFAULT_STEPS}]",
    ),
    run_option(
        "profile_path",
        help="Store each path's nodes, scores and gradient norms.",
    ),
    run_option(
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
    run_option("keep_baselines", help="Store each of several baselines' own map too."),
    run_option(
        "target",
        metavar="TARGET",
        help="predicted, top:K, truth or predicted,truth (with --truth), folder (the sub-folder "
        "names the class), a class number, a class name (with --labels), or a file of the inputs' "
        "classes (CSV of file and label, .npy, text); array:NAME for an array beside the inputs in "
        "an .npz; a place 3,12,40 in an output of several axes. Of one score per place: "
        "CLASS@predicted, CLASS@FOLDER (masks) or CLASS@x1,y1,x2,y2, the mean over that zone.",
    ),
    run_option(
        "truth",
        metavar="folder|FILE|COLUMN",
        help="Each input's true class: folder (the sub-folder names it), a file as for --target, "
        "array:NAME, or a column of the list that INPUTS is.  [default: its column label, if any]",
    ),
    run_option(
        "where",
        metavar="CONDITION",
        help=f"Explain only inputs for which it holds: {WHERE}, by the class that is explained. "
        "All are scored first. Can be repeated: all must hold.",
    ),
    run_option(
        "labels",
        type=click.Path(path_type=Path),
        help="Class names in output order: one a line, JSON (class_indices) or CSV; or folders: "
        "INPUTS' sub-folders in alphabetical order, as Keras counts them.",
    ),
    run_option(
        "preprocess",
        type=click.Choice([AUTO, *PREPROCESS]),
        help="From pixels to the model's range; auto finds what the model takes.  "
        f"[default: {AUTO}]",
    ),
    run_option(
        "resize",
        type=click.Choice(list(RESIZE)),
        help=f"How images get the model's size.  [default: {DEFAULT_RESIZE}]",
    ),
    run_option(
        "image_size",
        metavar="HxW",
        callback=parse_image_size,
        help="For a model that takes any size.",
    ),
    run_option(
        "bit_depth",
        metavar="BITS",
        type=click.IntRange(min=1, max=32),
        help="Image files of more than 8 bits: how many their samples have, 12 for 0-4095.  "
        "[default: what the file tells, else 16]",
    ),
    run_option(
        "bands",
        metavar="B or R,G,B",
        callback=parse_bands,
        help="Which channels are shown below the map, counted from 1.  [default: a photo's own, "
        "the mean of others]",
    ),
    run_option(
        "scores",
        type=click.Choice(SCORES),
        help="What is explained: the outputs, a softmax of them, or the values before the final "
        "one.",
    ),
    run_option("output", metavar="NAME", help="The output to explain, of several."),
    run_option(
        "explain",
        metavar="NAME",
        help="An input to explain, of several; the others keep their values. Can be repeated.  "
        "[default: all that take floats]",
    ),
    run_option(
        "layer",
        metavar="NAME",
        help="Explain what this layer gives, not the inputs; OUTER/NAME in a nested model; "
        "last-conv for the last one of several places.",
    ),
    run_option("layer_input", help="With --layer: explain what goes into it."),
    run_option(
        "signature",
        metavar="NAME",
        help="SavedModels: the signature or function to explain.  [default: serving_default, else "
        "the only one]",
    ),
    run_option(
        "input_value",
        metavar="NAME=VALUE",
        help="Give an input that is no data one value for all: temperature=0.5. Can be repeated.",
    ),
    run_option(
        "hold_mask",
        help="Keep the mask that each input has (Masking, padding) all along its path, at the "
        "baseline too.",
    ),
    run_option(
        "batch_size",
        metavar="ROWS",
        callback=parse_batch_size,
        help="Gradient rows per batch, over many inputs; auto takes the fastest.  [default: auto]",
    ),
    run_option(
        "device",
        metavar="DEVICE",
        callback=check_device,
        help="auto (the first GPU, else the CPU), cpu, gpu or gpu:N.",
    ),
    run_option(
        "precision",
        type=click.Choice(PRECISIONS),
        help="Arithmetic of scores and gradients: the others are less exact, and say by how much.",
    ),
    run_option("seed", type=click.IntRange(min=0), help="Seed of random baselines."),
    run_option("limit", type=click.IntRange(min=1), help="Explain only the first N inputs."),
    run_option(
        "shard",
        metavar="I/N",
        callback=parse_shard,
        help="Explain one of N ranges of the inputs, I from 1 to N; `igcli merge` joins them.",
    ),
    run_option(
        "store",
        type=click.Choice(STORED),
        help="What is kept of a map: pixels, with the mass of each region beside them; or regions "
        "alone, in a hundredth of the disk.",
    ),
    run_option(
        "store_dtype",
        type=click.Choice(STORE_DTYPES),
        help="The pixels' numbers on the disk: float16 takes half of it, its rounding is part of "
        "each error estimate.",
    ),
    run_option("save", type=click.Choice(["npy"]), help="Write attributions.npy too."),
    run_option("overlays", help="Draw overlays/ID.png."),
    run_option(
        "style",
        type=click.Choice(RUN_STYLES),
        help="What is drawn there, as `igcli render` has it: auto is photo, the image beside its "
        "heat, for images of 64 pixels a side and more, overlay for others.",
    ),
    run_option(
        "custom_objects",
        metavar="FILE.py",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="Python file that defines the model's own layers and functions; it is run.",
    ),
    run_option(
        "allow_unsafe",
        help="Load MODEL though it may run code on this machine.",
    ),
)
_EXECUTOR = (
    run_option(
        "executor",
        type=click.Choice(list(EXECUTORS)),
        help="local: this process. ray: workers on all GPUs (or cores) of a machine or a cluster.",
    ),
    run_option(
        "ray_address",
        metavar="ADDRESS",
        help="Ray: auto (the cluster of this machine), HOST:PORT or ray://HOST:PORT.  [default: "
        "local, a Ray that is started and stopped]",
    ),
    run_option(
        "workers",
        type=click.IntRange(min=1),
        help="Ray: how many processes.  [default: as many as fit]",
    ),
    run_option(
        "gpus_per_worker",
        type=click.FloatRange(min=0),
        help="Ray: GPUs of each, 0.5 for example.  [default: 1, or 0 where there are none]",
    ),
    run_option(
        "cpus_per_worker",
        type=click.IntRange(min=1),
        help="Ray: cores of each.  [default: a GPU's share of its node, else at most 4]",
    ),
)


def executor_options(function: F) -> F:
    """Add every option that decides who carries out a run."""
    for option in reversed(_EXECUTOR):
        function = option(function)
    return function


def settings_options(function: F) -> F:
    """Add every option that decides what is computed and written."""
    for option in reversed(_SETTINGS):
        function = option(function)
    return function
