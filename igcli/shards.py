"""Finished shards, and whether they make up one run: nothing missing, nothing twice."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from igcli.errors import InputError
from igcli.identity import SHARD, differences
from igcli.store.about import is_run, read_about
from igcli.store.manifest import PartEntry, read_manifest


@dataclass(frozen=True, slots=True)
class Shard:
    """One finished shard.

    Attributes
    ----------
    out : Path
        Its run directory.
    about : dict
        What its run.json says.
    entries : list of PartEntry
        Its parts.
    """

    out: Path
    about: dict[str, Any]
    entries: list[PartEntry]

    @property
    def first(self) -> int:
        """The place of its first input among those of all shards."""
        return int(self.about["inputs"]["first"])

    @property
    def stop(self) -> int:
        """The place after its last input."""
        return self.first + int(self.about["inputs"]["count"])

    @property
    def which(self) -> list[int] | None:
        """What it was given as `--shard`."""
        found: list[int] | None = self.about["identity"][SHARD]
        return found

    @property
    def title(self) -> str:
        """Its folder, and which shard it is."""
        return f"{self.out} ({self.which[0]}/{self.which[1]})" if self.which else str(self.out)


def read_shards(outs: Sequence[Path]) -> list[Shard]:
    """Return shards in the order of their inputs.

    Raises
    ------
    InputError
        When one is unfinished, or they don't make up one run: what is wrong is named.
    """
    shards = sorted(map(_read, outs), key=lambda shard: (shard.first, shard.stop))
    for shard in shards[1:]:
        different = differences(_but_shard(shards[0]), _but_shard(shard))
        if different:
            raise InputError(
                f"{shard.title} is of another run than {shards[0].title}",
                "; ".join(different),
                "give the shards of one run",
            )
    _check_ranges([shard for shard in shards if shard.stop > shard.first], shards[0])
    return shards


def _but_shard(shard: Shard) -> dict[str, Any]:
    return {key: value for key, value in shard.about["identity"].items() if key != SHARD}


def _read(out: Path) -> Shard:
    about = read_about(out)
    if not is_run(out) or not isinstance(about.get("identity"), dict):
        raise InputError(
            f"SHARD {out} is no igcli run",
            "it has no run.json of one" if out.is_dir() else "there is no such folder",
            "name the folders that the shards were written to",
        )
    if about["status"] != "complete":
        raise InputError(
            f"SHARD {out} is unfinished",
            f"its run.json says {about['status']}",
            "finish it with the command that began it, and --resume",
        )
    entries = read_manifest(out, about["run"])
    listed, rows = sum(e.rows for e in entries), about["inputs"]["count"] * about["per_input"]
    if listed != rows:
        raise InputError(
            f"SHARD {out} is damaged",
            f"its manifest lists {listed} of {rows} rows",
            "run it again with --resume",
        )
    return Shard(out, about, entries)


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
