"""The local executor: a run in this process."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from igcli.attribution.batches import Batches
from igcli.common.arrays import Warn
from igcli.common.config import RunConfig
from igcli.common.errors import ConfigError
from igcli.common.explanation import Explanation
from igcli.common.progress import Track
from igcli.common.setting import settings_of
from igcli.runs.explain import explain_blocks
from igcli.runs.lifecycle import Execute, Task, carry_out
from igcli.runs.planning.plan import LoadModel, Plan, make_plan
from igcli.runs.result import RunResult
from igcli.runs.run_json import execution_facts


@contextmanager
def ready(config: RunConfig, load_model: LoadModel, warn: Warn) -> Iterator[Execute]:
    """Load the model, plan the run, and give what carries it out.

    Raises
    ------
    IgcliError
        Whatever makes the run impossible, named.
    """
    _check_options(config)
    plan = make_plan(config, load_model, warn)

    def execute(track: Track, warn: Warn, stop: threading.Event) -> RunResult:
        return run_plan(plan, track, warn, stop)

    yield execute


def run_plan(
    plan: Plan,
    track: Track,
    warn: Warn = lambda message: None,
    stop: threading.Event | None = None,
) -> RunResult:
    """Carry out a plan in this process; see `igcli.runs.lifecycle.carry_out`."""
    stop = stop or threading.Event()
    return carry_out(plan, _ThisProcess(plan, stop), track, warn, stop)


class _ThisProcess:
    """Explains blocks with the plan's own model; an `igcli.runs.lifecycle.Explainer`."""

    def __init__(self, plan: Plan, stop: threading.Event) -> None:
        self._plan = plan
        self._batches = Batches(plan.model, plan.chosen.batching, stop=stop)

    @property
    def rows(self) -> int:
        return self._batches.rows

    def explain(self, task: Task) -> Iterator[Explanation]:
        return explain_blocks(
            self._plan, self._batches, task.blocks, task.writer, task.overlays, task.diagnostics
        )

    def execution_facts(self) -> dict[str, Any]:
        return execution_facts(self._plan, self._batches)


def _check_options(config: RunConfig) -> None:
    for name, setting in settings_of(type(config)).items():
        value = getattr(config, name)
        if setting.executor and value != setting.default:
            raise ConfigError(
                f"{setting.flag} {value} can't be used with --executor local",
                "the run is one process",
                f"add --executor {setting.executor}, or leave it out",
            )
