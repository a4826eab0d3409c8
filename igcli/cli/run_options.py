"""The settings of a run, as options: shared by every command that makes or foresees one."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from igcli.attribution.methods import (
    DEFAULT_MAX_STEPS,
    DEFAULT_MIN_STEPS,
    DEFAULT_STEPS,
    DEFAULT_TOLERANCE,
    METHODS,
    MOST_STEPS,
)
from igcli.cli.options import (
    check_device,
    parse_batch_size,
    parse_image_size,
    parse_memory,
    parse_shard,
)
from igcli.common.config import RunConfig
from igcli.common.model_spec import PRECISIONS
from igcli.inputs.preprocess import DEFAULT_PREPROCESS, PREPROCESS
from igcli.inputs.readers.resize import DEFAULT_RESIZE, RESIZE
from igcli.models.scores import SCORES
from igcli.runs.executors import EXECUTORS

F = TypeVar("F", bound=Callable[..., Any])

_AS_IS = RunConfig(Path(), Path(), Path())
_SETTINGS = (
    click.option(
        "--method",
        type=click.Choice(METHODS),
        default=_AS_IS.method,
        show_default=True,
        help="Steps where each path needs them, to a tolerance; or a fixed quadrature rule.",
    ),
    click.option(
        "--tolerance",
        type=float,
        help=f"Adaptive: accepted error, relative to the map.  [default: {DEFAULT_TOLERANCE}]",
    ),
    click.option(
        "--min-steps",
        type=click.IntRange(min=2, max=MOST_STEPS),
        help="Adaptive: nodes of the first, uniform mesh; narrower features may be missed.  "
        f"[default: {DEFAULT_MIN_STEPS}]",
    ),
    click.option(
        "--max-steps",
        type=click.IntRange(min=2, max=MOST_STEPS),
        help="Adaptive: most gradient evaluations per explanation.  "
        f"[default: {DEFAULT_MAX_STEPS}]",
    ),
    click.option(
        "--memory",
        metavar="SIZE",
        callback=parse_memory,
        help="Adaptive: memory for gradients of paths under way, 2GB for example.  "
        "[default: a quarter of the machine's]",
    ),
    click.option(
        "--steps",
        type=click.IntRange(min=1),
        help=f"Fixed rules: gradient evaluations per explanation.  [default: {DEFAULT_STEPS}]",
    ),
    click.option(
        "--profile-path",
        is_flag=True,
        help="Store each path's nodes, scores and gradient norms.",
    ),
    click.option(
        "--baseline",
        metavar="BASELINE",
        multiple=True,
        help="Images and uint8 arrays: black (default), white, gray, constant:V, uniform, "
        "gaussian:SIGMA, blur:SIGMA, in pixels 0-255. Float arrays: zeros (default), constant:V, "
        "uniform:LOW:HIGH, gaussian:SIGMA. Both: mean, or an image or .npy file. Integers: zeros "
        "(default), constant:V or a file. NAME=BASELINE for one of several inputs.",
    ),
    click.option(
        "--target",
        metavar="TARGET",
        default=_AS_IS.target,
        show_default=True,
        help="predicted, top:K, folder (the sub-folder names the class), a class number, a class "
        "name (with --labels), or a file of the inputs' classes (CSV of file and label, .npy, "
        "text); array:NAME for an array beside the inputs in an .npz; a place 3,12,40 in an output "
        "of several axes.",
    ),
    click.option(
        "--labels",
        type=click.Path(path_type=Path),
        help="Class names in output order: one a line, JSON (class_indices) or CSV; or folders: "
        "INPUTS' sub-folders in alphabetical order, as Keras counts them.",
    ),
    click.option(
        "--preprocess",
        type=click.Choice(list(PREPROCESS)),
        help=f"From pixels to the model's range.  [default: {DEFAULT_PREPROCESS}]",
    ),
    click.option(
        "--resize",
        type=click.Choice(list(RESIZE)),
        help=f"How images get the model's size.  [default: {DEFAULT_RESIZE}]",
    ),
    click.option(
        "--image-size",
        metavar="HxW",
        callback=parse_image_size,
        help="For a model that takes any size.",
    ),
    click.option(
        "--scores",
        type=click.Choice(SCORES),
        default=_AS_IS.scores,
        show_default=True,
        help="What is explained: the outputs, a softmax of them, or the values before the final "
        "one.",
    ),
    click.option("--output", metavar="NAME", help="The output to explain, of several."),
    click.option(
        "--explain",
        metavar="NAME",
        multiple=True,
        help="An input to explain, of several; the others keep their values. Can be repeated.  "
        "[default: all that take floats]",
    ),
    click.option(
        "--layer",
        metavar="NAME",
        help="Explain what this layer gives, not the inputs; OUTER/NAME in a nested model.",
    ),
    click.option("--layer-input", is_flag=True, help="With --layer: explain what goes into it."),
    click.option(
        "--batch-size",
        metavar="ROWS",
        callback=parse_batch_size,
        help="Gradient rows per batch, over many inputs; auto takes the fastest.  [default: auto]",
    ),
    click.option(
        "--device",
        metavar="DEVICE",
        default=_AS_IS.device,
        show_default=True,
        callback=check_device,
        help="auto (the first GPU, else the CPU), cpu, gpu or gpu:N.",
    ),
    click.option(
        "--precision",
        type=click.Choice(PRECISIONS),
        default=_AS_IS.precision,
        show_default=True,
        help="Arithmetic of scores and gradients: the others are less exact, and say by how much.",
    ),
    click.option(
        "--seed",
        type=click.IntRange(min=0),
        default=_AS_IS.seed,
        show_default=True,
        help="Seed of random baselines.",
    ),
    click.option("--limit", type=click.IntRange(min=1), help="Explain only the first N inputs."),
    click.option(
        "--shard",
        metavar="I/N",
        callback=parse_shard,
        help="Explain one of N ranges of the inputs, I from 1 to N; `igcli merge` joins them.",
    ),
    click.option(
        "--save",
        type=click.Choice(["npy"]),
        multiple=True,
        help="Write attributions.npy too.",
    ),
    click.option(
        "--overlays/--no-overlays",
        default=_AS_IS.overlays,
        show_default=True,
        help="Draw overlays/ID.png.",
    ),
    click.option(
        "--custom-objects",
        metavar="FILE.py",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="Python file that defines the model's own layers and functions; it is run.",
    ),
    click.option(
        "--allow-unsafe",
        is_flag=True,
        help="Load MODEL though it may run code on this machine.",
    ),
)
_EXECUTOR = (
    click.option(
        "--executor",
        type=click.Choice(list(EXECUTORS)),
        default=_AS_IS.executor,
        show_default=True,
        help="local: this process. ray: workers on all GPUs (or cores) of a machine or a cluster.",
    ),
    click.option(
        "--ray-address",
        metavar="ADDRESS",
        help="Ray: auto (the cluster of this machine), HOST:PORT or ray://HOST:PORT.  [default: "
        "local, a Ray that is started and stopped]",
    ),
    click.option(
        "--workers",
        type=click.IntRange(min=1),
        help="Ray: how many processes.  [default: as many as fit]",
    ),
    click.option(
        "--gpus-per-worker",
        type=click.FloatRange(min=0),
        help="Ray: GPUs of each, 0.5 for example.  [default: 1, or 0 where there are none]",
    ),
    click.option(
        "--cpus-per-worker",
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
