"""The run in this process."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from igcli.common.arrays import Warn
from igcli.common.config import RunConfig
from igcli.common.errors import ConfigError
from igcli.common.progress import Track
from igcli.common.setting import settings_of
from igcli.runs.lifecycle import Execute
from igcli.runs.pipeline import run
from igcli.runs.planning.plan import LoadModel, make_plan
from igcli.runs.result import RunResult


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
        return run(plan, track, warn, stop)

    yield execute


def _check_options(config: RunConfig) -> None:
    for name, setting in settings_of(type(config)).items():
        value = getattr(config, name)
        if setting.executor and value != setting.default:
            raise ConfigError(
                f"{setting.flag} {value} can't be used with --executor local",
                "the run is one process",
                f"add --executor {setting.executor}, or leave it out",
            )
