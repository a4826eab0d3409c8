"""What does `igcli compare` say of models that changed, and of those that did not?

Run: ``python -m tests.benchmarks.drift [--only TEXT]`` (needs the data folder that
`tests/conftest.py` names; Linux; a quarter of an hour on two cores). Each case of digits is judged
by cosines on four sets of 100 that no model was trained on, with another seed in each;
photos are nine, at once, and judged by the defaults. Metrics are of all images whose prediction
did not change. Ends with exit code 1 when a verdict is not the expected one.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from click.testing import CliRunner

from igcli.cli.main import cli
from igcli.common.progress import untracked
from igcli.comparison.drift.compare import compare, open_side
from igcli.comparison.drift.thresholds import parse_thresholds, statistic
from igcli.comparison.drift.verdict import Verdict
from igcli.comparison.similarity import METRICS
from tests.benchmarks import drift_models as models
from tests.benchmarks.accuracy import DATA
from tests.conftest import ROOT

SETS, EACH = 4, 100
ONE_CORE = ("--batch-size", "64")
RERUNS = {
    "batches of 1": ("--batch-size", "1"),
    "batches of 7": ("--batch-size", "7"),
    "batches of 64, one core": ONE_CORE,
    "300 Gauss-Legendre steps": ("--method", "gausslegendre", "--steps", "300"),
    "tolerance 0.02": ("--tolerance", "0.02"),
}
# Digits are judged by cosines, which tell one network's small changes. Photos are judged by the
# defaults, as tests/benchmarks/drift_gate.py judges all that it trains.
COSINES = ("prediction_changed>0.1", "looks_elsewhere>0.05", "cosine.median<0.75")
PROFILES: dict[str, tuple[str, ...]] = {"plain": COSINES, "marked": COSINES, "photos": ()}
FLAGS = {"photos": ("--preprocess", "symmetric")}
# Which verdict is expected of weights with so much noise, in percent; None: either.
DIGIT_NOISE: dict[float, bool | None] = {
    **{percent: False for percent in (0.1, 1, 5, 20, 50)},
    100: None,
    200: True,
}
PHOTO_NOISE: dict[float, bool | None] = {0.01: False, 0.1: None, 0.3: None, 1: None, 20: True}
# Models trained on marked digits, explained on marked and plain ones: one more epoch changes little
# where no mark is.
MISLED: dict[str, dict[str, bool | None]] = {
    "one more epoch": {"marked": True, "plain": None},
    "another seed": {"marked": True, "plain": True},
}


@dataclass(frozen=True)
class Case:
    """Models to compare, the n-th on set n; both functions return a model's file.

    `drift` is the expected verdict (None: either); `flags` are the new run's; `rounds` is how
    often all sets are taken.
    """

    name: str
    drift: bool | None
    reference: Callable[[int], Path]
    new: Callable[[int], Path]
    flags: tuple[str, ...] = ()
    kind: str = "plain"
    rounds: int = 1


def prepare(folder: Path) -> dict[str, list[Path]]:
    """Write the inputs of each kind, in sets."""
    images, classes = models.digits()
    kinds: dict[str, list[Path]] = {"plain": [], "marked": [], "photos": [folder / "nine"]}
    for i in range(SETS):
        here = slice(i * EACH, (i + 1) * EACH)
        seen = {"plain": images[here], "marked": models.marked(images[here], classes[here])}
        for kind, array in seen.items():
            np.save(folder / f"{kind}{i}.npy", array)
            kinds[kind].append(folder / f"{kind}{i}.npy")
    for name in ("cats", "photos"):
        kinds["photos"][0].mkdir(exist_ok=True)
        (kinds["photos"][0] / name).symlink_to(DATA / name)
    return kinds


def explain(model: Path, inputs: Path, folder: Path, *flags: str) -> Path:
    """Run igcli unless that was done; return OUT."""
    out = folder / "-".join([model.stem, inputs.stem, *flags])
    command = ["run", str(model), str(inputs), "-o", str(out), "--no-overlays", *flags]
    if out.exists():
        return out
    if flags[-2:] == ONE_CORE:
        core = str(min(os.sched_getaffinity(0)))
        taskset = ["taskset", "-c", core, sys.executable, "-m", "igcli", *command]
        subprocess.run(taskset, cwd=ROOT, check=True, capture_output=True)
    else:
        result = CliRunner().invoke(cli, command)
        assert result.exit_code == 0, result.output
    return out


def judge(case: Case, kinds: dict[str, list[Path]], folder: Path) -> list[Verdict]:
    """Compare each set as `igcli compare` does with the thresholds of its kind."""
    verdicts, common = [], FLAGS.get(case.kind, ())
    for i, inputs in enumerate(kinds[case.kind] * case.rounds):
        reference = explain(case.reference(i), inputs, folder, *common)
        new = explain(case.new(i), inputs, folder, *common, *case.flags)
        thresholds = parse_thresholds(PROFILES[case.kind])
        sides = open_side(reference), open_side(new)
        verdicts.append(compare(*sides, thresholds, False, untracked))
    return verdicts


def always(model: Path) -> Callable[[int], Path]:
    """Return a function that returns this model."""
    return lambda i: model


def reruns(model: Path, kind: str, which: list[str]) -> Iterator[Case]:
    """Yield one model, explained in other ways."""
    same = always(model), always(model)
    for name in which:
        yield Case(f"same model, {name}", False, *same, RERUNS[name], kind)


def noisy(
    model: Path, kind: str, expected: dict[float, bool | None], folder: Path
) -> Iterator[Case]:
    """Yield one model with noise in its weights."""
    for percent, drift in expected.items():
        stem = folder / f"{model.stem}-noise-{percent}"
        new = partial(models.altered, stem, model, models.noise(percent / 100))
        yield Case(f"weights, {percent} % noise", drift, always(model), new, (), kind)


def digit_cases(folder: Path) -> Iterator[Case]:
    """Yield the cases of the MNIST example's CNN."""
    cnn = DATA / "mnist.h5"
    yield from reruns(cnn, "plain", list(RERUNS))
    yield from noisy(cnn, "plain", DIGIT_NOISE, folder)
    for which, last in (("last", True), ("all", False)):
        stem = folder / f"redrawn-{which}"
        new = partial(models.altered, stem, cnn, models.redrawn, last=last)
        yield Case(f"weights redrawn, {which} layer{'s' * (not last)}", True, always(cnn), new)
    yield from trained_cases(folder)


def trained_cases(folder: Path) -> Iterator[Case]:
    """Yield models that are trained again where they are asked for, on digits or on marked ones."""
    seeds = partial(models.train, folder / "clean", False)

    def last(_: int) -> Path:
        return seeds(SETS)

    def more_epochs(name: str, marks: bool) -> Callable[[int], Path]:
        return lambda i: models.train_on(folder / name, seeds(SETS), marks, i)

    yield Case("one more epoch", False, last, more_epochs("tuned", False))
    yield Case(
        "another seed",
        False,
        lambda i: seeds(i // SETS),
        lambda i: seeds((i // SETS + 1 + i % SETS) % (SETS + 1)),
        rounds=SETS + 1,
    )
    misled: dict[str, Callable[[int], Path]] = {
        "one more epoch": more_epochs("tuned-marks", True),
        "another seed": partial(models.train, folder / "misled", True),
    }
    for name, new in misled.items():
        for kind, drift in MISLED[name].items():
            what = f"{name} on marked digits, {kind} ones explained"
            yield Case(what, drift, last, partial(_told, name, new), (), kind)


def _told(name: str, new: Callable[[int], Path], i: int) -> Path:
    """Return a misled model; of the first, say how well it does what it was trained for."""
    path = new(i)
    if i == 0:
        shares = ", ".join(f"{share:.1%}" for share in models.right(path))
        print(f"{name}: right on digits, on marked ones, follows marks: {shares}", file=sys.stderr)
    return path


def photo_cases(folder: Path) -> Iterator[Case]:
    """Yield the cases of an ImageNet classifier."""
    model = DATA / "mobilenetv2_imagenet.h5"
    yield from reruns(model, "photos", ["batches of 7", "300 Gauss-Legendre steps"])
    same = always(model)
    halved = partial(models.altered, folder / "halved", model, models.halved)
    yield Case("weights in half precision", False, same, halved, (), "photos")
    yield from noisy(model, "photos", PHOTO_NOISE, folder)
    new = partial(models.altered, folder / "shuffled", model, models.shuffled, last=True)
    yield Case("weights shuffled, last layer", True, always(model), new, (), "photos")


def _agreed(verdicts: list[Verdict]) -> bool | None:
    """Return what all verdicts say; None where they differ."""
    said = {bool(verdict.failed) for verdict in verdicts}
    return said.pop() if len(said) == 1 else None


def row(case: Case, verdicts: list[Verdict]) -> str:
    """Return one row of the table."""
    seen = np.concatenate([v.measured.seen for v in verdicts])
    within = np.concatenate([v.measured.within_noise for v in verdicts])
    counts = [v.counts() for v in verdicts]
    changed = sum(c["prediction_changed"] for c in counts) / sum(c["compared"] for c in counts)
    drifted = [v for v in verdicts if v.failed]
    crossed = dict.fromkeys(judged.threshold.measure for v in drifted for judged in v.failed)
    said = f"drift {len(drifted)} of {len(verdicts)}: " if drifted else f"none in {len(verdicts)}"
    verdict = said + ", ".join(crossed)
    cells = [case.name, verdict, f"{changed:.1%}", f"{within.sum() / max(1, len(within)):.0%}"]
    for values, metric in zip(seen.T, METRICS.values(), strict=True):
        tail = "p05" if metric.more_is_alike else "p95"
        found = [f"{statistic(values, name):.3f}" for name in ("median", tail) if len(values)]
        cells.append(" / ".join(found) or "–")
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Print both tables."""
    heads = ["case", "verdict", "prediction changed", "within noise", *METRICS]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--only", default="", help="cases that this is in the name of")
    parser.add_argument("--sets", type=int, default=SETS, help="of these the first")
    options = parser.parse_args()
    only = options.only
    surprises = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        kinds = {kind: paths[: options.sets] for kind, paths in prepare(folder).items()}
        for title, cases in (
            (f"MNIST CNN, {SETS} sets of {EACH} digits", digit_cases(folder)),
            ("MobileNetV2, nine photos", photo_cases(folder)),
        ):
            print(f"\n{title}\n\n| {' | '.join(heads)} |\n|{' --- |' * len(heads)}")
            for case in (case for case in cases if only in case.name):
                verdicts = judge(case, kinds, folder)
                print(row(case, verdicts), flush=True)
                if case.drift is not None and _agreed(verdicts) is not case.drift:
                    surprises.append(case.name)
    raise SystemExit(f"not as expected: {'; '.join(surprises)}" if surprises else 0)


if __name__ == "__main__":
    main()
