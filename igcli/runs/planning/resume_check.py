"""The resume check: the unfinished run in OUT that `--resume` goes on with, by its run.json."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from igcli.attribution.batches import Batching
from igcli.common.choices import AUTO
from igcli.common.config import RunConfig
from igcli.common.errors import OutputError
from igcli.common.explanation import input_id
from igcli.common.machine import versions
from igcli.common.sample import InputName
from igcli.common.text import the_first
from igcli.store.array_file import spans_of
from igcli.store.hdf5 import UNREADABLE
from igcli.store.identity import SELECTED, differences
from igcli.store.kept import has_kept
from igcli.store.picture_names import names_by_stem
from igcli.store.reader import read_rows
from igcli.store.run_json import read_about
from igcli.store.sources import read_entries

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class EarlierRun:
    """What a run that goes on takes over.

    Attributes
    ----------
    run : str
        Its key.
    block : int
        Inputs per block.
    batching : Batching
        How its rows were sent.
    batch_size : int or None
        The `--batch-size` that it was given.
    batching_facts : dict
        What run.json says of how its rows were sent.
    device : str
        What it ran on.
    versions : dict
        Of what results depend on.
    names_by_stem : bool
        Whether its pictures are called without their inputs' endings.
    preprocess : str or None
        What its pixels were put through.
    stored : int
        How many explanations it had stored when it ended in order; 0 where it did not.
    selected : str or None
        The hash of the inputs that `--where` left.
    """

    run: str
    block: int
    batching: Batching
    batch_size: int | None
    batching_facts: dict[str, Any]
    device: str
    versions: dict[str, str]
    names_by_stem: bool
    preprocess: str | None = None
    stored: int = 0
    selected: str | None = None


def find_earlier_run(
    config: RunConfig, here: dict[str, Any], names: Sequence[InputName]
) -> EarlierRun | None:
    """Return the run in OUT that `--resume` goes on with; None where there is none.

    Parameters
    ----------
    config : RunConfig
        The run that is asked for.
    here : dict
        Its identity.
    names : sequence of InputName
        Its inputs, those of all shards.

    Raises
    ------
    OutputError
        When the run in OUT is another: what differs is named.
    """
    about = read_about(config.out) if config.resume else {}
    if not about:
        return None
    there = about.get("identity")
    if not isinstance(there, dict):
        raise _another(config, "it was written by an igcli that could not resume")
    if not has_kept(about):
        raise _another(config, "it was written by an igcli that stored no regions")
    preprocess = there.get("preprocess")
    if here["preprocess"] == AUTO and preprocess is not None:
        # The model is not loaded yet: `check_preprocess` tells.
        here = here | {"preprocess": preprocess}
    # What --where leaves is known after that, too: `check_selected` tells.
    selected = {SELECTED: there[SELECTED]} if SELECTED in there else {}
    different = differences(there, here | selected)
    if different:
        raise _another(config, "; ".join([*different, *_gone(config.out, about, names)]))
    try:
        return EarlierRun(
            run=str(about["run"]),
            block=int(about["block"]),
            batching=Batching(int(about["batching"]["size"]), int(about["batching"]["streams"])),
            batch_size=about["config"]["batch_size"],
            batching_facts=dict(about["batching"]),
            device=str(about["device"]),
            versions=dict(about["versions"]),
            names_by_stem=names_by_stem(about),
            preprocess=preprocess,
            stored=int(about.get("counts", {}).get("stored", 0)),
            selected=selected.get(SELECTED),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise _another(config, f"its run.json lacks {error}") from error


def check_preprocess(config: RunConfig, earlier: EarlierRun, name: str | None) -> None:
    """Raise OutputError where a run that goes on puts pixels through something else.

    Only the model tells what ``--preprocess auto`` is, so this is known after `find_earlier_run`.
    """
    different = differences({"preprocess": earlier.preprocess}, {"preprocess": name})
    if different:
        raise _another(config, different[0])


def check_selected(config: RunConfig, earlier: EarlierRun | None, sha256: str) -> None:
    """Raise OutputError where a run that goes on would explain other inputs; as above."""
    if earlier is not None:
        different = differences({SELECTED: earlier.selected}, {SELECTED: sha256})
        if different:
            raise _another(config, different[0])


def _gone(out: Path, about: dict[str, Any], names: Sequence[InputName]) -> list[str]:
    """Name inputs that are explained in a run, and are none of `names`."""
    here = {name.id for name in names}
    try:
        rows = read_rows(spans_of(out, read_entries(out, about["run"])))
        there = (input_id(row.id, about["per_input"]) for row in rows)
        gone = list(dict.fromkeys(identity for identity in there if identity not in here))
    except (KeyError, *UNREADABLE):
        return []
    if not gone:
        return []
    return [f"{the_first(gone, _SHOWN)} explained there, not among the inputs here"]


def _another(config: RunConfig, cause: str) -> OutputError:
    return OutputError(
        f"--resume: OUT {config.out} holds another run",
        cause,
        "run with the settings it was begun with, name another folder with -o, or replace it with "
        "--overwrite",
    )


def changes_since(earlier: EarlierRun, batching: Batching, device: str) -> str:
    """Return in words what may make the last digits differ from the stored ones; "" for nothing."""
    changed = [
        f"{name} {version}, not {earlier.versions.get(name)}"
        for name, version in versions().items()
        if version != earlier.versions.get(name)
    ]
    if device != earlier.device:
        changed.append(f"{device}, not {earlier.device}")
    if batching != earlier.batching:
        changed.append(
            f"batches of {batching.size} rows in {batching.streams} streams, not "
            f"{earlier.batching.size} in {earlier.batching.streams}"
        )
    return f"the run goes on with {', '.join(changed)}: last digits may differ" if changed else ""
