"""Shards → one run directory, which needs none of them afterwards."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

from igcli.errors import InputError, OutputError, RunStopped
from igcli.identity import SHARD
from igcli.progress import Track
from igcli.result import RunResult, Tally
from igcli.shards import Shard, read_shards
from igcli.store.files import link_or_copy
from igcli.store.layout import OVERLAYS
from igcli.store.lock import RunLock
from igcli.store.manifest import PartEntry
from igcli.store.outdir import check_out, check_sources, make_out
from igcli.store.reader import read_rows
from igcli.store.writer import RunFolder

_OF_ONE_SHARD = frozenset({"status", "counts", "seconds", "input_sha256", "merged"})
_KEPT_OF_EACH = ("seconds", "device", "precision", "batching", "versions")


def merge(out: Path, outs: Sequence[Path], overwrite: bool, track: Track) -> RunResult:
    """Join finished shards into one run directory.

    Parts and pictures get a second name there, or are copied where the file system has none.

    Parameters
    ----------
    out : Path
        Where to.
    outs : sequence of Path
        The shards' run directories, in any order.
    overwrite : bool
        Whether an earlier run in `out` may be replaced.
    track : callable
        Wraps the iteration over parts.

    Raises
    ------
    IgcliError
        When `out` can't be written, a part is damaged, or the shards don't make up one run.
    """
    check_out(out, overwrite)
    for source in outs:
        if source.resolve() == out.resolve():
            raise OutputError(
                f"OUT {out} is one of the shards",
                "merging would replace it",
                "name another folder first",
            )
    check_sources(out, outs)
    shards = read_shards(outs)
    parts = [(shard, entry) for shard in shards for entry in shard.entries]
    for shard, entry in track(parts, len(parts)):
        _check_part(shard, entry)
    make_out(out)
    with RunLock(out):
        try:
            return _merge(out, shards)
        except OSError as error:
            raise RunStopped(
                f"stopped before OUT {out} was whole",
                error.strerror or str(error),
                "see the cause, then merge again with --overwrite",
            ) from error


def _check_part(shard: Shard, entry: PartEntry) -> None:
    if not entry.is_whole(shard.out):
        raise InputError(
            f"SHARD {shard.out} is damaged",
            f"the part that begins with row {entry.start} is not as it was written",
            "run it again with --resume",
        )


def _merge(out: Path, shards: Sequence[Shard]) -> RunResult:
    about = _about(out, shards)
    folder = RunFolder(out, about)
    for shard in shards:
        for entry in shard.entries:
            folder.adopt(shard.out, entry, shard.first * about["per_input"] + entry.start)
        _link_pictures(shard.out, out)
    folder.join(about["config"]["save"])
    tally = Tally()
    tally.add_all(read_rows(out, folder.entries))
    result = _result(out, shards, tally)
    outcome = {
        "counts": {**result.counts(), "stored": folder.stored},
        "seconds": round(result.seconds, 3),
        "input_sha256": tally.hashes,
    }
    folder.finish("complete", outcome)
    return result


def _about(out: Path, shards: Sequence[Shard]) -> dict[str, Any]:
    """Return what run.json says of all shards: what it says of the first, but for the range."""
    first = shards[0].about
    total = first["inputs"]["of"]
    return {
        **{key: value for key, value in first.items() if key not in _OF_ONE_SHARD},
        "run": uuid4().hex,
        "identity": {**first["identity"], SHARD: None},
        "inputs": {"first": 0, "count": total, "of": total},
        "config": {**first["config"], "out": str(out), SHARD: None},
        "merged": [
            {"out": str(shard.out), SHARD: shard.which}
            | {key: shard.about.get(key) for key in _KEPT_OF_EACH}
            for shard in shards
        ],
    }


def _link_pictures(source: Path, out: Path) -> None:
    for picture in (source / OVERLAYS).rglob("*.png"):
        path = out / picture.relative_to(source)
        path.parent.mkdir(parents=True, exist_ok=True)
        link_or_copy(picture, path)


def _result(out: Path, shards: Sequence[Shard], tally: Tally) -> RunResult:
    first = shards[0].about
    drawn = (out / OVERLAYS).is_dir()
    return RunResult(
        out=out,
        asked=first["inputs"]["of"] * first["per_input"],
        before=0,
        here=tally.ok + len(tally.failures),
        tally=tally,
        seconds=sum(shard.about["seconds"] for shard in shards),
        method=f"{first['settled']['method']}, {len(shards)} shards",
        pictures=drawn,
        why_no_pictures="the shards have none",
        undrawn=[],
        saved_npy="npy" in first["config"]["save"],
        has_tolerance=first["settled"]["accuracy"] is not None,
        unit="images" if drawn and first["per_input"] == 1 else "explanations",
        ran={key: first.get(key) for key in ("device", "precision")},
    )
