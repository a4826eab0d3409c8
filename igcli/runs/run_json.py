"""The run.json of a run: what it says beside its status and counts."""

from typing import Any, Protocol

from igcli import __version__
from igcli.attribution.batch_size import Chosen
from igcli.common.files import file_sha256
from igcli.common.machine import versions
from igcli.common.model_spec import ModelSpec
from igcli.common.text import per_second
from igcli.runs.planning.plan import Plan
from igcli.store.kept import stores_to_json
from igcli.store.kept_baselines import baselines_to_json
from igcli.store.picture_names import naming_to_json


def about(plan: Plan) -> dict[str, Any]:
    """Return the settings, versions, device and hashes, as JSON can hold them."""
    spec, preflight, calibration = plan.model.spec, plan.preflight, plan.calibration
    return {
        "run": plan.run,
        "igcli": __version__,
        "identity": plan.identity,
        "inputs": {
            "first": preflight.first,
            "count": len(preflight.names),
            "of": preflight.total,
        },
        **({"where": preflight.selection.to_dict()} if preflight.selection else {}),
        "per_input": plan.targets.per_input,
        "block": calibration.block,
        "versions": versions(),
        "precision_error": calibration.precision_error,
        "config": plan.config.to_dict(),
        "settled": {
            "baseline": plan.start.name,
            **baselines_to_json([slot.name for slot in plan.start.slots], plan.maps),
            "preprocess": plan.preprocessing.name,
            "preprocess_why": plan.preprocessing.why or None,
            "resize": preflight.settings.resize_of_inputs,
            **plan.method.settings(),
            "inputs_are": plan.source.space.kind,
            "input_shape": list(plan.source.space.shape),
            "explained": {part.name: list(part.shape) for part in calibration.explained},
            **_of_the_model(plan.model.spec),
            **stores_to_json(plan.maps, calibration.certifies_regions),
            **({"target": plan.targets.in_words} if plan.targets.zones else {}),
            "pictured": plan.maps.picture.name if plan.maps.picture else None,
            **naming_to_json(preflight.pictures),
        },
        "model": {
            "path": str(spec.path),
            "sha256": preflight.identity["model"],
            "loader": spec.loader,
            "input": spec.input.name,
            "output": spec.output_name,
            "output_shape": list(spec.output_shape) or [spec.classes],
            "classes": spec.classes,
            "last_operation": spec.tail,
        },
        "labels_sha256": file_sha256(preflight.labels.path) if preflight.labels.path else None,
    }


def _of_the_model(spec: ModelSpec) -> dict[str, Any]:
    """Return where the calls of a shared layer come from, and which inputs were transposed."""
    facts: dict[str, Any] = {}
    if spec.calls:
        facts["calls"] = {c.name: {"inputs": list(c.inputs), "on": list(c.on)} for c in spec.calls}
    if spec.transposed:
        facts["channels_first"] = list(spec.transposed)
        facts["maps_are"] = "channels last"
    return facts


class Sent(Protocol):
    """How rows were sent to a model: see `igcli.attribution.batches.Batches`."""

    size: int
    streams: int
    rows: int
    busy: float


def execution_facts(plan: Plan, batches: Sent) -> dict[str, Any]:
    """Return what a run runs on, how its rows are sent, and how fast they were so far."""
    spec = plan.model.spec
    return {
        "device": spec.device,
        "precision": spec.precision,
        "batching": _batching(plan.chosen, batches),
    }


def _batching(chosen: Chosen, batches: Sent) -> dict[str, Any]:
    return {
        "size": batches.size,
        "streams": batches.streams,
        "chosen": chosen.how,
        "probe_seconds": round(chosen.seconds, 3),
        "probed_rows_per_second": {str(k): round(v, 1) for k, v in chosen.tried.items()},
        "rows": batches.rows,
        "busy_seconds": round(batches.busy, 3),
        "rows_per_second": per_second(batches.rows, batches.busy),
    }
