"""open_choices: the maps that run directories hold, one a baseline."""

from collections.abc import Sequence
from pathlib import Path

from igcli.common.errors import ConfigError
from igcli.comparison.agreement.of_kept import KeptChoices
from igcli.comparison.agreement.of_runs import RunChoices
from igcli.store.kept_baselines import baseline_names, has_baselines
from igcli.store.run import StoredRun, open_finished_run


def open_choices(outs: Sequence[Path]) -> RunChoices | KeptChoices:
    """Open the maps of several runs, or of one that keeps its baselines; to be closed again.

    Raises
    ------
    ConfigError
        When there is one map of each input.
    InputError
        When a directory is no run.
    NotComparable
        See `RunChoices`.
    """
    if len(outs) > 1:
        return RunChoices(outs)
    run = open_finished_run(outs[0])
    if not has_baselines(run.about):
        raise _one_map(run)
    return KeptChoices(run)


def _one_map(run: StoredRun) -> ConfigError:
    count = len(baseline_names(run.about))
    if count > 1:
        return ConfigError(
            f"{run.title} has one map of each input, the average over {count} baselines",
            "what was averaged can't be told apart again",
            "run it again with --keep-baselines",
        )
    return ConfigError(
        f"{run.title} has one map of each input",
        "nothing tells how much hangs on its baseline",
        "name a run of the same inputs with another --baseline beside it, or run with several "
        "baselines and --keep-baselines",
    )
