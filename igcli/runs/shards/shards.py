"""The finished shards of a run, and the check that they make it up: nothing missing or twice."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from igcli.common.errors import InputError
from igcli.store.array_file import ArrayFile
from igcli.store.identity import SHARD, differences
from igcli.store.run import StoredRun, open_run

_INPUTS = "inputs"
_NEEDED = (
    *("run", "identity", _INPUTS, "per_input", "config", "settled", "seconds"),
    *("device", "precision", "batching", "versions", "precision_error"),
)


@dataclass(frozen=True, slots=True)
class Shard:
    """One finished shard.

    Attributes
    ----------
    run : StoredRun
        Its run directory.
    """

    run: StoredRun

    @property
    def out(self) -> Path:
        """The run directory."""
        return self.run.out

    @property
    def about(self) -> dict[str, Any]:
        """What its run.json says."""
        return self.run.about

    @property
    def first(self) -> int:
        """The place of its first input among those of all shards."""
        return int(self.about["inputs"]["first"])

    @property
    def stop(self) -> int:
        """The place after its last input."""
        return self.first + int(self.about["inputs"]["count"])

    @property
    def files(self) -> list[ArrayFile]:
        """Where its blocks are, as what they are among those of all shards."""
        before = self.first * self.run.per_input
        return [
            replace(file, entry=replace(file.entry, start=before + file.start))
            for file in self.run.files
        ]

    @property
    def which(self) -> list[int] | None:
        """What it was given as `--shard`."""
        shard: list[int] | None = self.about["identity"][SHARD]
        return shard

    @property
    def is_empty(self) -> bool:
        """Whether it had nothing to explain: there are more shards than inputs."""
        return self.stop == self.first

    @property
    def title(self) -> str:
        """Its folder, and which shard it is."""
        which = ["/".join(map(str, self.which))] if self.which else []
        empty = ["without inputs"] if self.is_empty else []
        words = ", ".join([*which, *empty])
        return f"{self.out} ({words})" if words else str(self.out)


def read_shards(outs: Sequence[Path]) -> list[Shard]:
    """Return shards in the order of their inputs.

    Raises
    ------
    InputError
        When one is unfinished, or they don't make up one run: what is wrong is named.
    NotWhole
        When one is damaged.
    """
    _check_given_once(outs)
    shards = sorted(map(_read, outs), key=lambda shard: (shard.first, shard.stop))
    for shard in shards[1:]:
        _check_same_run(shards[0], shard)
    _check_ranges([shard for shard in shards if not shard.is_empty], shards[0])
    return shards


def _check_given_once(outs: Sequence[Path]) -> None:
    given: dict[str, Path] = {}
    for out in outs:
        place = os.path.realpath(out)
        if place in given:
            cause = f"{given[place]} is the same folder" if given[place] != out else ""
            raise InputError(f"SHARD {out} is given twice", cause, "give every shard once")
        given[place] = out


def _check_same_run(there: Shard, here: Shard) -> None:
    different = [
        *_other_inputs(there, here),
        *differences(_settings(there), _settings(here)),
    ]
    if different:
        raise InputError(
            f"{here.title} is of another run than {there.title}",
            "; ".join(different),
            "give the shards of one run",
        )


def _settings(shard: Shard) -> dict[str, Any]:
    identity = shard.about["identity"]
    return {key: value for key, value in identity.items() if key not in {SHARD, _INPUTS}}


def _other_inputs(there: Shard, here: Shard) -> list[str]:
    """Say how the inputs of all shards differ; their names are known by a hash alone."""
    one, other = (shard.about["identity"][_INPUTS] for shard in (there, here))
    if one == other:
        return []
    folders = [shard.about["config"][_INPUTS] for shard in (there, here)]
    of = f", of {folders[0]} there and {folders[1]} here" if folders[0] != folders[1] else ""
    if one["count"] == other["count"]:
        if one["names"] == other["names"]:
            return [f"the list of the inputs says otherwise{of}"]
        return [f"the {one['count']} inputs have other names{of}"]
    return [f"the inputs are {one['count']} there and {other['count']} here{of}"]


def _read(out: Path) -> Shard:
    run = open_run(out, f"SHARD {out}")
    if not run.is_finished:
        raise InputError(
            f"SHARD {out} is unfinished",
            f"its run.json says {run.about.get('status')}",
            "finish it with the command that began it, and --resume",
        )
    with run.usable_about() as about:
        lacking = [key for key in _NEEDED if key not in about]
        if lacking:
            raise KeyError(*lacking)
    run.check_sizes()
    run.check_listed()
    return Shard(run)


def _check_ranges(shards: Sequence[Shard], any_shard: Shard) -> None:
    total = int(any_shard.about["inputs"]["of"])
    for one, other in pairwise(shards):
        if other.first < one.stop:
            raise InputError(
                f"{one.title} and {other.title} overlap",
                f"both explain input {other.first + 1} of {total}",
                "give every shard once",
            )
    stops = [0, *(shard.stop for shard in shards)]
    starts = [*(shard.first for shard in shards), total]
    for stop, start in zip(stops, starts, strict=True):
        if stop < start:
            raise InputError(
                "the shards leave a gap",
                f"inputs {stop + 1} to {start} of {total} are in none of them",
                "give the missing ones too",
            )
