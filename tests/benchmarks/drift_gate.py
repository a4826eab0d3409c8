"""The drift gate's false alarms and misses: three data sets, two networks, changes of many kinds.

Run: ``python -m tests.benchmarks.drift_gate [--cache FOLDER] [--sets digits,shapes] [--seeds 10]``
(needs the data folder that `tests/conftest.py` names, and scikit-image; two hours on two cores).
Small networks are trained on digits, drawn shapes and pieces of photos, well or wrongly, and
explained by `igcli run` on 15 (12 of the photos) images of each of ten classes that they were not
trained on. Where a mark is planted in a class, its images bear the mark in every run.

Each new run is compared with three runs of other seeds on four roads: `defaults`, the first run's
directory; `file`, a reference file of it; `calibrated`, one of all three; `densities`, the same of
runs that keep regions alone. A mark counts as found where its class is named.
"""

import argparse
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from click.testing import CliRunner

from igcli.cli.main import cli
from igcli.common.arrays import Array
from igcli.common.explanation import Explanation
from igcli.common.progress import untracked
from igcli.comparison.drift.calibrate import write_reference
from igcli.comparison.drift.compare import calibration_of, compare, open_side
from igcli.comparison.drift.thresholds import parse_thresholds
from igcli.comparison.drift.verdict import Verdict
from igcli.comparison.drift.words import named
from igcli.store.run import open_finished_run
from tests.benchmarks.drift_models import Change, altered
from tests.benchmarks.drift_networks import CHANGES, Recipe, made, right_shares
from tests.benchmarks.drift_sets import CLASSES, MARKS, DataSet, marked, sets
from tests.comparison.runs import write_run

TRAINED = {"digits": 5000, "shapes": 4000, "scenes": 2000}
EACH = {"digits": 15, "shapes": 15, "scenes": 12}
EPOCHS = {"digits": 3, "shapes": 12, "scenes": 10}
NORMED_EPOCHS = {"digits": 4, "shapes": 10, "scenes": 6}
ROADS = ("defaults", "file", "calibrated", "densities")
# The profile that igcli had before it knew groups and calibration.
# What the second table tells of the calibrated road.
TOLD = ("moved.mean>normal", "prediction_changed>normal", "accuracy_lost>normal")
BEFORE = ("prediction_changed>0.1", "looks_elsewhere>0.05", "cosine.median<0.75")
_MARK_SEED = 99


@dataclass(frozen=True)
class Bench:
    """One data set: its folder in the cache, and where runs are put together."""

    data: DataSet
    cache: Path
    folder: Path

    @property
    def each(self) -> int:
        """How many images of a class are explained."""
        return len(self.data.tested) // CLASSES

    def inputs(self) -> Path:
        """Write all that is explained: every image, then those of each mark's class with it."""
        path = self.cache / "in.npy"
        if not path.exists():
            images, classes = self.data.tested, self.data.tested_classes
            with_mark = [
                marked(images, classes, name, _MARK_SEED)[classes == kind]
                for name, (kind, _) in MARKS.items()
            ]
            np.save(path, np.concatenate([images, *with_mark]))
        return path

    def trained(self, recipe: Recipe) -> Path:
        """Train and explain a model, unless that was done; return its run directory."""
        epochs = EPOCHS if recipe.network == "plain" else NORMED_EPOCHS
        return self.explained(made(recipe, self.data, self.cache, epochs[self.data.name]))

    def explained(self, model: Path, tag: str = "", *flags: str) -> Path:
        """Explain all inputs with a model, unless that was done."""
        out = self.cache / f"{model.stem}{tag}"
        command = ["run", str(model), str(self.inputs()), "-o", str(out), "--no-overlays", *flags]
        result = CliRunner().invoke(cli, [*command, "--resume"])
        assert result.exit_code in (0, 3), result.output
        return out

    def composed(self, run: Path, mark: str, regions: bool) -> Path:
        """Write the run of the tested images, a mark's class with it, and their true classes."""
        out = self.folder / f"{run.name}-{mark}-{'regions' if regions else 'pixels'}"
        if not out.exists():
            rows = list(self._rows(run, mark))
            side = max(2, self.data.tested.shape[1] // 14)
            write_run(out, rows, part_rows=64, side=side if regions else 0, pixels=not regions)
        return out

    def _rows(self, run: Path, mark: str) -> Iterator[Explanation]:
        places, classes = self._places(mark)
        with open_finished_run(run) as stored:
            rows = [stored.rows[place] for place in places]
            kept = iter(stored.maps([row for row in rows if row.status == "ok"]))
            for place, (row, number) in enumerate(zip(rows, classes, strict=True)):
                values: Array | None = None
                if row.status == "ok":
                    (values,) = next(kept).values()
                yield replace(row, row=place, id=f"{number}-{place:03d}", truth=int(number),
                              converged=True, attribution=values)  # fmt: skip

    def _places(self, mark: str) -> tuple[Array, Array]:
        classes = np.repeat(np.arange(CLASSES), self.each)
        places = np.arange(len(classes))
        if mark:
            behind = CLASSES * self.each + list(MARKS).index(mark) * self.each
            places[classes == MARKS[mark][0]] = behind + np.arange(self.each)
        return places, classes


@dataclass(frozen=True)
class Case:
    """A new run, three of clean seeds, the mark that all bear, and the kind that it counts as."""

    kind: str
    new: Callable[[], Path]
    clean: tuple[Path, ...]
    mark: str = ""


def verdicts(bench: Bench, case: Case) -> dict[str, Verdict]:
    """Compare on every road, and as it was done before."""
    runs, new = _composed(bench, case, regions=False)
    dense, dense_new = _composed(bench, case, regions=True)
    name = "-".join(run.name for run in case.clean) + f"-{case.mark}"
    files = {
        "file": (runs[:1], bench.folder / f"{name}-one.igref"),
        "calibrated": (runs, bench.folder / f"{name}.igref"),
        "densities": (dense, bench.folder / f"{name}-regions.igref"),
    }
    for outs, path in files.values():
        if not path.exists():
            write_reference(outs, path, None, untracked)
    references = {"before": runs[0], "defaults": runs[0], **{k: p for k, (_, p) in files.items()}}
    return {
        road: judged(path, dense_new if road == "densities" else new, road == "before")
        for road, path in references.items()
    }


def _composed(bench: Bench, case: Case, regions: bool) -> tuple[list[Path], Path]:
    runs = [bench.composed(run, case.mark, regions) for run in case.clean]
    return runs, bench.composed(case.new(), case.mark, regions)


def judged(reference: Path, new: Path, is_before: bool) -> Verdict:
    """Compare as `igcli compare` does without options."""
    sides = open_side(reference), open_side(new)
    texts = BEFORE if is_before else ()
    thresholds = parse_thresholds(texts, calibration_of(sides[0]) is not None)
    return compare(*sides, thresholds, False, untracked)


def seeds(bench: Bench, network: str, count: int) -> list[Path]:
    """Return the runs of clean models."""
    return [bench.trained(Recipe("clean", seed, network)) for seed in range(count)]


def cases(bench: Bench, count: int, marks: int) -> Iterator[Case]:
    """Yield all comparisons of one data set; what is not compared is not trained."""
    clean = seeds(bench, "plain", count)
    threes = [tuple(clean[i : i + 3]) for i in range(0, count - 2, 3)]
    for three in threes:
        yield from (Case("another seed", partial(_is, n), three) for n in clean if n not in three)
    for seed in range(100, 100 + marks):
        for mark in MARKS:
            new = partial(bench.trained, Recipe(mark, seed))
            yield from (Case("mark", new, three, mark) for three in threes)
    source = bench.cache / f"{clean[0].name}.keras"
    for name, change in CHANGES.items():
        stem = bench.cache / f"changed-{name.replace(' ', '')}"
        yield Case(name, partial(_changed, bench, stem, source, change), threes[0])
    others = {
        "pixels −1 to 1": partial(
            bench.explained, source, "-symmetric", "--preprocess", "symmetric"
        ),
        "30 % wrong labels": partial(bench.trained, Recipe("labels", 0)),
        "stopped early": partial(bench.trained, Recipe("early", 0)),
        "another backbone": partial(bench.trained, Recipe("clean", 0, "normed")),
    }
    yield from (Case(kind, new, threes[0]) for kind, new in others.items())


def _is(run: Path) -> Path:
    return run


def _changed(bench: Bench, stem: Path, source: Path, change: Change) -> Path:
    return bench.explained(altered(stem, source, change, 0))


def kind_of(bench: Bench, case: Case) -> str:
    """Return what a case counts as: a mark was learned if half of its class need it."""
    if case.kind != "mark":
        return case.kind
    model = bench.cache / f"{case.new().name}.keras"
    is_learned = right_shares(model, bench.data, case.mark) <= 0.5
    return f"mark, {'learned' if is_learned else 'not learned'}"


def found(case: Case, verdict: Verdict) -> bool:
    """Tell whether there is drift; of a mark, whether its class is named."""
    if not case.mark:
        return bool(verdict.failed)
    return str(MARKS[case.mark][0]) in named(verdict)


def against_limits(verdict: Verdict) -> list[float]:
    """Return the number and the limit of each threshold of TOLD."""
    judged = {j.threshold.text: j.groups[0] for j in verdict.judged if j.groups}
    groups = [judged.get(text) for text in TOLD]
    return [
        number
        for group in groups
        for number in ((group.value, group.limit) if group else (np.nan, np.nan))
    ]


def told(numbers: list[list[float]]) -> str:
    """Return the means over comparisons as cells: each number, and its limit."""
    means = np.array(numbers).mean(axis=0).reshape(-1, 2)
    return " | ".join(f"{value:.2f} of {limit:.2f}" for value, limit in means)


def main() -> None:
    """Print two tables: how often each road finds each kind of change, and how large they are."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--cache", type=Path, help="folder that keeps models and runs")
    parser.add_argument("--sets", default=",".join(TRAINED))
    parser.add_argument("--seeds", type=int, default=10, help="3 at least")
    parser.add_argument("--marks", type=int, default=2, help="models of each mark")
    parser.add_argument("--only", default="", help="kinds that this is in the name of")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        print(f"| set | kind | comparisons | before | {' | '.join(ROADS)} |\n|{' --- |' * 8}")
        sizes = []
        for name in options.sets.split(","):
            cache = (options.cache or Path(temporary) / "cache") / name
            folder = Path(temporary) / name
            cache.mkdir(parents=True, exist_ok=True)
            folder.mkdir()
            bench = Bench(sets(TRAINED[name], EACH[name])[name](), cache, folder)
            counted: dict[str, list[list[bool]]] = {}
            numbers: dict[str, list[list[float]]] = {}
            for case in cases(bench, options.seeds, options.marks):
                if options.only in case.kind:
                    said, kind = verdicts(bench, case), kind_of(bench, case)
                    hits = [found(case, said[road]) for road in ("before", *ROADS)]
                    counted.setdefault(kind, []).append(hits)
                    numbers.setdefault(kind, []).append(against_limits(said["calibrated"]))
            for kind, lines in counted.items():
                sums = " | ".join(map(str, np.array(lines).sum(axis=0)))
                print(f"| {name} | {kind} | {len(lines)} | {sums} |", flush=True)
                sizes.append(f"| {name} | {kind} | {told(numbers[kind])} |")
        print(f"\nCalibrated:\n\n| set | kind | {' | '.join(TOLD)} |\n|{' --- |' * 5}")
        print("\n".join(sizes))


if __name__ == "__main__":
    main()
