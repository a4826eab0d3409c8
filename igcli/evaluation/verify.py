"""verify: a sample of a finished run computed anew, ten times finer."""

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from igcli.attribution.methods import Method
from igcli.common.arrays import Array, Warn
from igcli.common.choices import ADAPTIVE, DEFAULT_MIN_STEPS, FLOAT32, MOST_STEPS, PIXELS
from igcli.common.config import RunConfig
from igcli.common.errors import RunStopped
from igcli.common.explanation import Explanation, input_id
from igcli.common.progress import Track
from igcli.evaluation.claims import Checked, Wrong, check
from igcli.evaluation.reopen import Reopened, VerifyRequest, reopen
from igcli.evaluation.verdict import Verified
from igcli.runs.executors.local import run_plan
from igcli.runs.planning.plan import LoadModel, Plan, make_plan
from igcli.store.hdf5 import UNREADABLE
from igcli.store.integrity import Damaged, disagreements, whole_rows
from igcli.store.kept import Kept
from igcli.store.reader import read_joined, read_maps, read_masses

_FINER = 10
# Finer than that takes every step there is, and float32 does not resolve it.
_FINEST = 5e-4
_OF_A_RULE = 0.005
# The first mesh too: what a run's own is too wide to see would be overlooked twice.
_DENSER = 4
_MOST_FIRST = 2049
_NAMED = 3
_AGAIN = (
    "repeat the command that made the run, with --resume: it makes again what is damaged (of "
    "merged shards, merge again with --overwrite)"
)


def verify(request: VerifyRequest, load_model: LoadModel, track: Track, warn: Warn) -> Verified:
    """Check what a run directory holds: its files, and a random sample by recomputing it.

    Parameters
    ----------
    request : VerifyRequest
        What to verify.
    load_model : callable
        As for `igcli.runs.planning.plan.make_plan`.
    track : callable
        Wraps the iteration over recomputed explanations.
    warn : callable
        Told what planning the run gives away.

    Raises
    ------
    InputError
        When there is no run, or it is of another model, other inputs or other files.
    NotWhole
        When the run is not finished.
    """
    reopened = reopen(request, warn)
    stored, method = reopened.run, reopened.method
    about, tolerance = stored.about, _tolerance(method)
    inputs = about["inputs"]["count"]
    total = inputs * about["per_input"]
    found = Verified(request.out, inputs, total, 0, method.title, tolerance, [], [], 0.0)
    with tempfile.TemporaryDirectory() as folder:
        try:
            rows, files = whole_rows(request.out, about["run"], total)
        except Damaged as damage:
            return replace(found, whole=[_damage(str(damage))])
        apart = disagreements(request.out, rows, files, Path(folder))
        whole = [_damage(words) for words in apart]
        whole += _check_counts(rows, about)
        found = replace(found, blocks=len(files), whole=whole)
        plan = make_plan(_finer(reopened, tolerance, Path(folder)), load_model, warn)
        if reopened.config.where:
            plan = _of_rows(plan, rows)
        misplaced = _check_ids(rows, plan)
        if len(rows) != len(plan.names) * plan.targets.per_input or not rows:
            return replace(found, whole=[*whole, *misplaced])
        started = time.monotonic()
        checked = _Sample(plan, reopened, request, track).check(rows, Path(folder) / "same")
    return replace(
        found,
        whole=[*whole, *misplaced],
        rows=checked,
        seconds=time.monotonic() - started,
    )


def _damage(words: str) -> Wrong:
    return Wrong("", "files", words, _AGAIN)


def _tolerance(method: Method) -> float:
    own = method.tolerance
    if own is None:
        return _OF_A_RULE
    return min(own, max(own / _FINER, _FINEST))


def _finer(reopened: Reopened, tolerance: float, folder: Path) -> RunConfig:
    # A fixed rule has none.
    own = reopened.spelled_out.min_steps
    first = DEFAULT_MIN_STEPS if own is None else own
    return replace(
        reopened.config,
        out=folder / "finer",
        method=ADAPTIVE,
        steps=None,
        tolerance=tolerance,
        min_steps=max(first, min(_DENSER * (first - 1) + 1, _MOST_FIRST)),
        max_steps=MOST_STEPS,
        store=PIXELS,
        store_dtype=FLOAT32,
        save=(),
        fail_on=(),
        profile_path=False,
        where=(),
        limit=None if reopened.config.where else reopened.config.limit,
        overlays=False,
        overwrite=False,
        resume=False,
        on_error="continue",
    )


def _of_rows(plan: Plan, rows: Sequence[Explanation]) -> Plan:
    """Return a plan of the inputs that a run's rows are of, as far as there are such."""
    known = {name.id: name for name in plan.names}
    ids = dict.fromkeys(input_id(row.id, plan.targets.per_input) for row in rows)
    names = [known[identity] for identity in ids if identity in known]
    return plan.of_some(names, plan.config.out)


def _check_counts(rows: Sequence[Explanation], about: dict[str, Any]) -> Iterator[Wrong]:
    counts = about.get("counts", {})
    for status in ("ok", "failed"):
        there = sum(row.status == status for row in rows)
        if counts.get(status) != there:
            words = f"run.json counts {counts.get(status)} {status}, the rows are {there}"
            yield Wrong("", "counts", words)


def _check_ids(rows: Sequence[Explanation], plan: Plan) -> list[Wrong]:
    """Say which rows are not of the inputs that belong there."""
    per_input = plan.targets.per_input
    ids = [name.id + plan.targets.suffix(rank) for name in plan.names for rank in range(per_input)]
    if len(ids) != len(rows):
        return [Wrong("", "rows", f"the run has {len(rows)} rows, its inputs make {len(ids)}")]
    pairs = zip(rows, ids, strict=True)
    wrong = [
        Wrong(row.id, "id", f"it is in row {row.row}, which is of {expected}")
        for row, expected in pairs
        if row.id != expected
    ]
    more = f"and {len(wrong) - _NAMED} more rows are of other inputs than they say"
    return wrong if len(wrong) <= _NAMED else [*wrong[:_NAMED], Wrong("", "id", more)]


class _Sample:
    """Some inputs of a run, to be explained again."""

    def __init__(
        self, plan: Plan, reopened: Reopened, request: VerifyRequest, track: Track
    ) -> None:
        self._plan = plan
        self._own = plan.with_method(reopened.method)
        self._kept = reopened.run.kept
        self._track = track
        count = len(plan.names)
        random = np.random.default_rng(request.seed)
        chosen = random.choice(count, min(request.count, count), replace=False)
        self._places = sorted(int(place) for place in chosen)
        self._out = request.out

    def check(self, rows: list[Explanation], scratch: Path) -> list[Checked]:
        """Recompute the sample, and hold the run's rows against it."""
        finer = self._explain(self._plan, self._plan.config.out)
        same: list[Explanation] | list[None] = [None] * len(finer)
        tolerance = self._own.method.tolerance
        if tolerance is None:
            same = self._explain(self._own, scratch)
        per_input = self._plan.targets.per_input
        wanted = [rows[p * per_input + r] for p in self._places for r in range(per_input)]
        stored = _with_arrays(self._out, wanted, self._kept)
        triples = zip(stored, finer, same, strict=True)
        return [check(s, f, a, tolerance, self._kept) for s, f, a in triples]

    def _explain(self, plan: Plan, out: Path) -> list[Explanation]:
        names = [replace(plan.names[p], place=i) for i, p in enumerate(self._places)]
        result = run_plan(plan.of_some(names, out), self._track)
        if not result.complete:
            raise result.stopped or RunStopped("stopped before the sample was recomputed")
        return _with_arrays(out, read_joined(out), replace(self._kept, pixels=True))


def _with_arrays(out: Path, rows: Sequence[Explanation], kept: Kept) -> list[Explanation]:
    """Put its map and the mass of its regions to each row, as far as a run keeps them."""
    maps = _read(read_maps, out, rows) if kept.pixels else [None] * len(rows)
    masses = _read(read_masses, out, rows) if kept.regions else [None] * len(rows)
    return [
        replace(row, attribution=a, regions=m) for row, a, m in zip(rows, maps, masses, strict=True)
    ]


def _read(
    read: Callable[[Path, Sequence[int]], Iterator[Array]], out: Path, rows: Sequence[Explanation]
) -> Sequence[Array | None]:
    """Return an array for each row; NaN alone where none can be read."""
    try:
        return list(read(out, [row.row for row in rows]))
    except UNREADABLE:
        return [np.full(1, np.nan)] * len(rows)
