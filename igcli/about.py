"""What run.json says of a run beside its status and counts."""

import hashlib
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from igcli import __version__
from igcli.batches import Batches
from igcli.plan import Plan
from igcli.probe import Chosen

_PACKAGES = ("tensorflow", "keras", "numpy", "h5py", "pillow")


def about(plan: Plan) -> dict[str, Any]:
    """Return the settings, versions, device and hashes, as JSON can hold them."""
    spec = plan.model.spec
    return {
        "igcli": __version__,
        "versions": {name: version(name) for name in _PACKAGES},
        "precision_error": plan.precision_error,
        "config": plan.config.to_dict(),
        "settled": {
            "baseline": plan.baseline_name,
            "preprocess": plan.preprocess,
            "resize": plan.resize,
            "method": plan.method.title,
            "accuracy": asdict(plan.method.accuracy) if plan.method.accuracy else None,
            "memory": plan.method.memory,
            "inputs_are": plan.source.space.kind,
            "input_shape": list(plan.source.space.shape),
            "explained": _explained(plan),
        },
        "model": {
            "path": str(spec.path),
            "sha256": file_sha256(spec.path),
            "loader": spec.loader,
            "input": spec.input.name,
            "output": spec.output_name,
            "output_shape": list(spec.output_shape) or [spec.classes],
            "classes": spec.classes,
            "last_operation": spec.tail,
        },
        "labels_sha256": file_sha256(plan.labels.path) if plan.labels.path else None,
    }


def _explained(plan: Plan) -> dict[str, list[int]]:
    """Return what attributions are of, by name, with their shapes: inputs, or a layer."""
    return {part.name: list(part.shape) for part in plan.maps.named(plan.point)}


def ran(plan: Plan, batches: Batches) -> dict[str, Any]:
    """Return on what a run ran, how its rows were sent, and how fast they were."""
    spec = plan.model.spec
    return {
        "device": spec.device,
        "precision": spec.precision,
        "batching": _batching(plan.chosen, batches),
    }


def _batching(chosen: Chosen, batches: Batches) -> dict[str, Any]:
    return {
        "size": batches.size,
        "streams": batches.streams,
        "chosen": chosen.how,
        "probe_seconds": round(chosen.seconds, 3),
        "probed_rows_per_second": {str(k): round(v, 1) for k, v in chosen.tried.items()},
        "rows": batches.rows,
        "busy_seconds": round(batches.busy, 3),
        "rows_per_second": round(batches.rows / batches.busy, 1) if batches.busy else None,
    }


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file, or of a folder's files in order, names included."""
    if path.is_dir():
        digest = hashlib.sha256()
        for file in sorted(p for p in path.rglob("*") if p.is_file()):
            digest.update(f"{file.relative_to(path).as_posix()}\0{file_sha256(file)}\n".encode())
        return digest.hexdigest()
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
