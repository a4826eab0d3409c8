"""The merged run.json: what it says of a run that was joined from shards."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from igcli.common.notes import notes_from_json, notes_to_json
from igcli.common.text import per_second
from igcli.runs.shards.shards import Shard
from igcli.store.identity import SHARD

_OF_ONE_SHARD = frozenset(
    ("run", "status", "counts", "accuracy", "seconds", "undrawn", "parts_kept", "input_sha256",
     "merged", "workers")
)  # fmt: skip
_KEPT_OF_EACH = ("seconds", "device", "precision", "batching", "versions", "workers")


def merged_about(out: Path, shards: Sequence[Shard]) -> dict[str, Any]:
    """Return what holds for all shards, which are of one run, and under "merged" what each had.

    Where shards ran on several devices, or with several versions, all are named.
    """
    first = shards[0].about
    abouts = [shard.about for shard in shards]
    total = first["inputs"]["of"]
    return {
        **{key: value for key, value in first.items() if key not in _OF_ONE_SHARD},
        "identity": {**first["identity"], SHARD: None},
        "inputs": {"first": 0, "count": total, "of": total},
        "config": {**first["config"], "out": str(out), SHARD: None},
        "device": _each(about["device"] for about in abouts),
        "versions": {
            name: _each(about["versions"].get(name) for about in abouts)
            for name in first["versions"]
        },
        "precision_error": max(about["precision_error"] for about in abouts),
        "batching": _batching([about["batching"] for about in abouts]),
        "notes": notes_to_json(
            dict.fromkeys(note for about in abouts for note in notes_from_json(about.get("notes")))
        ),
        "merged": [
            {"out": str(shard.out), SHARD: shard.which}
            | {key: shard.about[key] for key in _KEPT_OF_EACH if key in shard.about}
            for shard in shards
        ],
    }


def _each(values: Iterable[object]) -> str:
    return ", ".join(dict.fromkeys(str(value) for value in values))


def _batching(batchings: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Sum up how the shards' rows were sent: the smallest batches, the fewest at once."""
    rows, busy = sum(b["rows"] for b in batchings), sum(b["busy_seconds"] for b in batchings)
    return {
        "size": min(b["size"] for b in batchings),
        "streams": min(b["streams"] for b in batchings),
        "chosen": "by each shard: the least of them",
        "probe_seconds": round(sum(b["probe_seconds"] for b in batchings), 3),
        "rows": rows,
        "busy_seconds": round(busy, 3),
        "rows_per_second": per_second(rows, busy),
    }
