"""A run directory as its page reads it: rows, and what is shown of a few of them."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py

from igcli.common.arrays import Array
from igcli.common.errors import InputError
from igcli.common.explanation import Explanation, Profile
from igcli.common.shapes import is_image_shape
from igcli.store.layout import part_path
from igcli.store.manifest import PartEntry, read_manifest
from igcli.store.parts import IMAGES, map_names
from igcli.store.profiles import read_profile
from igcli.store.reader import UNREADABLE, read_rows
from igcli.store.run_json import any_run


@dataclass(frozen=True, slots=True)
class Run:
    """A run, finished or not.

    Attributes
    ----------
    out : Path
        The run directory.
    about : dict
        What run.json says.
    entries : list of PartEntry
        Its whole parts.
    rows : list of Explanation
        What is stored, in row order, without maps and pictures.
    """

    out: Path
    about: dict[str, Any]
    entries: list[PartEntry]
    rows: list[Explanation]

    @property
    def asked(self) -> int:
        """How many explanations the run was to make."""
        inputs = self.about.get("inputs")
        count = inputs.get("count") if isinstance(inputs, dict) else None
        each = self.about.get("per_input", 1)
        known = isinstance(count, int) and isinstance(each, int)
        return max(count * each, len(self.rows)) if known else len(self.rows)


@dataclass(frozen=True, slots=True)
class Seen:
    """What is shown of one explanation.

    Attributes
    ----------
    row : int
        Its row.
    maps : dict of str to Array
        Its map, or one for each input by name; the first is the image's, where there is one.
    image : Array or None
        uint8 (height, width, channels): what the model saw.
    profile : Profile or None
        What was seen along the path.
    """

    row: int
    maps: dict[str, Array]
    image: Array | None
    profile: Profile | None


def open_run(out: Path) -> Run:
    """Read a run's rows from its parts: those of a run that was killed, or still runs, too.

    Raises
    ------
    InputError
        When `out` is no run, holds no explanation yet, or is damaged.
    """
    about = any_run(str(out), out)
    entries = read_manifest(out, str(about.get("run")))
    with _reading(out):
        rows = list(read_rows(out, entries))
    if not rows:
        raise InputError(
            f"{out} holds no explanation",
            "the run was stopped before its first part was stored",
            "go on with `igcli run … --resume`",
        )
    return Run(out, about, entries, rows)


def look(run: Run, rows: Collection[int]) -> Iterator[Seen]:
    """Yield what is shown of some rows that did not fail, in row order; one part is open at once.

    Raises
    ------
    InputError
        When a part is damaged.
    """
    wanted = set(rows)
    for entry in run.entries:
        places = [row - entry.start for row in range(entry.start, entry.stop) if row in wanted]
        if places:
            with _reading(run.out), h5py.File(part_path(run.out, entry.start), "r") as file:
                names = _names(file, run.about)
                for place in places:
                    yield Seen(
                        row=entry.start + place,
                        maps={key: file[name][place] for key, name in names.items()},
                        image=file[IMAGES][place] if IMAGES in file else None,
                        profile=read_profile(file, place),
                    )


def _names(file: Any, about: dict[str, Any]) -> dict[str, str]:
    """Return the maps' datasets by what they are of, that of the image first."""
    settled = about.get("settled")
    explained = settled.get("explained") if isinstance(settled, dict) else None
    order = list(explained) if isinstance(explained, dict) else []
    known = {name.partition("/")[2]: name for name in map_names(file)}
    keys = sorted(known, key=lambda key: order.index(key) if key in order else len(order))
    if IMAGES in file:
        # The image is that of the first input that is one.
        keys.sort(key=lambda key: not is_image_shape(file[known[key]].shape[1:]))
    return {key: known[key] for key in keys}


@contextmanager
def _reading(out: Path) -> Iterator[None]:
    try:
        yield
    except UNREADABLE as error:
        raise InputError(
            f"{out} is damaged",
            f"a part can't be read: {str(error).splitlines()[0][:200]}",
            "run `igcli run … --resume`, which computes again what is not whole",
        ) from error


def most_in_need(rows: list[Explanation], most: int) -> list[int]:
    """Return which rows a person should see first, `most` at most, ascending.

    Those that did not converge, then the largest error estimates, then the largest deltas; failed
    rows have nothing to be seen.
    """
    shown = [row for row in rows if row.status == "ok"]
    shown.sort(key=_need, reverse=True)
    return sorted(row.row for row in shown[:most])


def _need(row: Explanation) -> tuple[bool, float, float]:
    estimate = -1.0 if row.error_estimate is None else row.error_estimate
    delta = 0.0 if row.delta is None else abs(row.delta)
    return row.converged is False, estimate, delta
