"""open_choices: the maps that run directories hold, one a baseline."""

from collections.abc import Sequence
from pathlib import Path

from igcli.common.errors import ConfigError
from igcli.comparison.agreement.of_runs import RunChoices


def open_choices(outs: Sequence[Path]) -> RunChoices:
    """Open the maps of several runs, to be closed again.

    Raises
    ------
    ConfigError
        When there is one map of each input.
    InputError
        When a directory is no run.
    NotComparable
        See `RunChoices`.
    """
    if len(outs) == 1:
        raise ConfigError(
            f"{outs[0]} has one map of each input",
            "nothing tells how much hangs on its baseline",
            "name a run of the same inputs with another --baseline beside it",
        )
    return RunChoices(outs)
