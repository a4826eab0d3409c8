"""The executor options: who carries out a run, as flags."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from igcli.cli.run_options import run_option
from igcli.runs.executors import EXECUTORS

F = TypeVar("F", bound=Callable[..., Any])

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
