"""The sanity check: maps of a model as it is, held against maps of the model redrawn at random."""

import gc
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import TypeAlias, cast

import numpy as np

from igcli.attribution.gradient_model import GradientModel
from igcli.common.arrays import Array, Warn
from igcli.common.choices import EDGES
from igcli.common.errors import InputError
from igcli.common.model_settings import ModelSettings
from igcli.common.progress import Track
from igcli.common.sample import InputName, Sample
from igcli.evaluation.causal.seeded import seeded
from igcli.evaluation.sanity.likeness import Anchors, alike, anchors_of, changed
from igcli.evaluation.sanity.made_maps import MAKES, MadeMap, check_pictures
from igcli.evaluation.sanity.redraw_steps import Step, steps_of
from igcli.evaluation.sanity.sanity_request import SanityRequest
from igcli.evaluation.sanity.sanity_verdict import Sanity, Seen
from igcli.inputs.readers.read_ahead import read_ahead
from igcli.inputs.targets import Targets
from igcli.models.redraw.redrawable import Redrawable
from igcli.runs.planning.plan import Plan, plan_run
from igcli.runs.planning.preflight import look_at_inputs

OpenRedrawable: TypeAlias = Callable[[Path, ModelSettings, Warn], Redrawable]


def sanity(request: SanityRequest, load: OpenRedrawable, track: Track, warn: Warn) -> Sanity:
    """Redraw a model's weights layer by layer, and see whether its maps change with them.

    What is explained stays: each input's targets are those of the model as it is. The file is only
    read; in memory there is one model, whose weights are restored after each step.

    Parameters
    ----------
    request : SanityRequest
        What to check.
    load : callable
        `igcli.models.open.open_redrawable`.
    track : callable
        Wraps the iteration over the states of the model.
    warn : callable
        Told what planning gives away.

    Raises
    ------
    IgcliError
        When maps can't be made, fewer than two inputs can be explained, or the model has no weights
        that can be redrawn.
    """
    opened: list[Redrawable] = []

    def first(path: Path, settings: ModelSettings, warn: Warn) -> GradientModel:
        opened.append(load(path, settings, warn))
        return opened[-1].model(warn)

    # Nothing here holds the plan: with it the model as it is would stay in memory.
    check = _Check(request, _plan(request, first, warn), opened)
    return check.run(track)


def _plan(
    request: SanityRequest,
    load: Callable[[Path, ModelSettings, Warn], GradientModel],
    warn: Warn,
) -> Plan:
    preflight = look_at_inputs(request.config, warn)
    names = _sample(preflight.names, request.count, request.config.seed)
    plan = plan_run(replace(preflight, names=names), load, warn)
    if plan.targets.zones is not None:
        raise InputError(
            "the sanity check can't be made of an output of one score per place",
            "a redrawn model predicts other zones, so its maps would be of something else",
            "name a place in the output with --target, 3,12,40 for example",
        )
    if request.maps == EDGES:
        check_pictures(plan)
    return plan


def _sample(names: Sequence[InputName], count: int, seed: int) -> list[InputName]:
    """Return some inputs in their order, drawn at random."""
    random = seeded(seed, "sample")
    chosen = random.choice(len(names), min(count, len(names)), replace=False)
    return [replace(names[p], place=i) for i, p in enumerate(sorted(int(c) for c in chosen))]


class _Check:
    """The steps of one check, with what all of them need."""

    def __init__(self, request: SanityRequest, plan: Plan, opened: Sequence[Redrawable]) -> None:
        self._request, self._redrawable = request, opened[-1]
        self._make = MAKES[request.maps]
        everything = self._make(plan, lambda: plan.model)
        self._places = [i for i, one in enumerate(everything) if _is_usable(one)]
        self._originals = [everything[i] for i in self._places]
        self._failed = {
            o.id: o.message or "its map is zero" for o in everything if not _is_usable(o)
        }
        if len(self._originals) < 2:
            raise InputError(
                f"{len(self._originals)} of {len(everything)} maps can be judged",
                "; ".join(f"{name}: {why}" for name, why in list(self._failed.items())[:2])
                or "the sanity check compares maps of several inputs",
                "give at least two inputs that can be explained",
            )
        self._x = _inputs(plan)
        # There is one model at a time, that of a step.
        gone = cast(GradientModel, SimpleNamespace(spec=plan.model.spec))
        self._plan = replace(plan, model=gone, targets=_fixed(plan.targets, everything))
        # Beside itself the control would say nothing.
        self._has_control = plan.maps.picture is not None and request.maps != EDGES
        self._control = self._controls(plan)

    def run(self, track: Track) -> Sanity:
        request, names = self._request, self._redrawable.names
        steps = steps_of(names, request.order, request.depths)
        found = [self._step(s) for s in track(steps, total=len(steps), unit="models")]
        maps = [one for one, _ in found]
        anchors = anchors_of(self._originals, maps[-1])
        return Sanity(
            request=request,
            layers=names,
            kept_weights=self._redrawable.kept,
            made=found[-1][1],
            ids=[one.id for one in self._originals],
            targets=[one.target for one in self._originals],
            anchors=anchors,
            between=alike(maps[-2], maps[-1]),
            seen=[self._seen(s, m, self._originals) for s, m in zip(steps, maps, strict=True)],
            control=self._of_control(steps),
            failed=self._failed,
            pictures=[self._originals, *maps],
            control_pictures=self._control,
        )

    def _step(self, step: Step) -> tuple[list[MadeMap], dict[str, int]]:
        """Return the maps of one state of the model, and how it was redrawn."""
        random_of = partial(seeded, self._request.config.seed + step.draw)
        with self._redrawable.redrawn(
            step.layers, self._request.redraw, self._x, random_of
        ) as made:
            maps = self._make(self._plan, self._model)
        gc.collect()
        return [maps[i] for i in self._places], dict(made)

    def _model(self) -> GradientModel:
        """Return the model as it is now; what there is to tell of it was told at first."""
        return self._redrawable.model(lambda note: None)

    def _controls(self, plan: Plan) -> list[MadeMap]:
        if not self._has_control:
            return []
        control = MAKES[EDGES](plan, self._model)
        return [control[i] for i in self._places]

    def _seen(self, step: Step, maps: Sequence[MadeMap], originals: Sequence[MadeMap]) -> Seen:
        return Seen(
            title=step.title,
            redrawn=step.layers,
            likeness=alike(originals, maps),
            changed=changed(originals, maps),
            short=[one.id for one in maps if one.is_short],
            flat=[one.id for one in maps if one.values is not None and not one.values.any()],
            failed={one.id: one.message for one in maps if one.values is None},
        )

    def _of_control(self, steps: Sequence[Step]) -> tuple[Anchors, list[Seen]] | None:
        """Return what the check says of the edges, which are the same in every state."""
        if not self._has_control:
            return None
        own = self._control
        return anchors_of(own, own), [self._seen(step, own, own) for step in steps]


def _is_usable(one: MadeMap) -> bool:
    return one.values is not None and bool(one.values.any())


def _inputs(plan: Plan) -> Array:
    read = read_ahead(plan.source, plan.names)
    return np.stack([item.x for item in read if isinstance(item, Sample)])


def _fixed(targets: Targets, rows: Sequence[MadeMap]) -> Targets:
    """Return the targets that the model as it is has, whatever a redrawn one would choose."""
    by_id = {row.id: row.target for row in rows}
    suffixes = [targets.suffix(rank) for rank in range(targets.per_input)]

    def choose(name: InputName, scores: Array) -> list[int | None]:
        return [by_id[name.id + suffix] for suffix in suffixes]

    return replace(targets, choose=choose)
