"""The tools of an example: how it runs igcli, shows progress, warns and fetches files."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

from igcli.common.arrays import Warn
from igcli.common.config import RunConfig
from igcli.common.progress import Track
from igcli.models.open import check_path
from igcli.reproduce.fetch import Cache
from igcli.runs.executors.local import run_plan
from igcli.runs.planning.plan import LoadModel, Plan, make_plan
from igcli.runs.result import RunResult

Explain: TypeAlias = Callable[[RunConfig, Callable[[], None]], tuple[Plan, RunResult]]


@dataclass(frozen=True, slots=True)
class Tools:
    """What an example is given to work with.

    Attributes
    ----------
    explain : callable
        The config of a run, and what to call once it is known to be possible and before anything
        is written → the plan and the result of that run.
    track : callable
        A unit → a Track that counts in it.
    warn : callable
        Told of downloads, and what else should not pass unseen.
    cache : Cache
        Of fetched files.
    """

    explain: Explain
    track: Callable[[str], Track]
    warn: Warn
    cache: Cache


def explainer(
    load_model: LoadModel,
    track: Track,
    warn: Warn,
    stoppable: Callable[[], AbstractContextManager[threading.Event]],
) -> Explain:
    """Return what plans and carries out an example's runs; it loads each model once.

    Parameters
    ----------
    load_model : callable
        As for `igcli.runs.planning.plan.make_plan`.
    track, warn : callable
        As for `igcli.runs.executors.local.run_plan`.
    stoppable : callable
        Gives a context for each run, and with it the event that ends the run in order.
    """
    load_once = cache(load_model)

    def explain(config: RunConfig, begin: Callable[[], None]) -> tuple[Plan, RunResult]:
        check_path(config.model)
        plan = make_plan(config, load_once, warn)
        begin()
        with stoppable() as stop:
            return plan, run_plan(plan, track, warn, stop)

    return explain
