"""Are planted shortcuts found by `igcli summarize` and `igcli clusters`, and none where is none?

Run: ``python -m tests.benchmarks.shortcuts [--sets N] [--models N] [--seed N]`` (models need the
data folder that `tests/conftest.py` names). Made sets are 1,200 densities with images in three
classes, of which one bears a mark on a share of its images. Models are small CNNs trained on
digits, where a share of the threes bears a mark in a corner or anywhere, explained on 300 other
threes, marked to the same share, and 900 other digits. Two kinds of places are put to the causal
test: those that are found, and one that is given: the corner of all marked threes, or, without
marks, four cells at a random place of thirty threes. Decoys are models that never saw the marks.
"""

import argparse
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from click.testing import CliRunner

from igcli.cli.main import cli
from igcli.common.arrays import Array
from igcli.common.groups import TRUTH, group_names, members
from igcli.common.progress import untracked
from igcli.evaluation.causal.causal_test import CausalRequest, causal_test
from igcli.evaluation.causal.causal_verdict import CAUSAL, NOT_CAUSAL, NOT_CLEAR
from igcli.evaluation.causal.places_to_test import (
    PlaceToTest,
    fixed_places,
    place_of_rows,
    places_to_test,
)
from igcli.findings.clusters import POSITIVE, Cluster, Clusters, clusters_of, find_clusters
from igcli.findings.places import find_places
from igcli.findings.summarize import summarize
from igcli.models.open import open_model
from igcli.store.run import open_finished_run
from tests.benchmarks.drift_models import digits, keras
from tests.findings.planted import KINDS, planted

SHARES = (0.0, 0.05, 0.1, 0.2, 0.5)
CLASS, HELD_OUT, MARK = 3, 300, 3
HEAD = (
    "| case | marked | sets | places found | clusters found | recall | purity | false alarms "
    "| verdicts on found | on given places |"
)
VERDICTS = (CAUSAL, NOT_CLEAR, NOT_CAUSAL)
CLEAN_ROWS = 30
# What they are called, whether the mark is anywhere, whether the models never saw it.
CASES = (("", False, False), (", anywhere", True, False), (", decoys", False, True))


@dataclass(frozen=True)
class Outcome:
    """What was found in one set: of the mark, and of what is no mark.

    `recall` and `purity` are those of the suspicious cluster; None without one. `found` and `given`
    are the causal verdicts on the places that were found, and on the one that was given.
    """

    place: bool
    recall: float | None
    purity: float | None
    false_alarms: int
    found: tuple[str, ...] = ()
    given: tuple[str, ...] = ()


def judge(
    places: list[tuple[bool, bool]], clusters: list[Cluster], marked: Array, group: str
) -> Outcome:
    """Hold what was found against the marks; `places` are pairs (fixed, at the mark)."""
    suspicious = [one for one in clusters if one.is_suspicious]
    right = [one for one in suspicious
             if one.group == group and np.isin(one.rows, marked).mean() > 0.5]  # fmt: skip
    wrong = len(suspicious) - len(right) + sum(fixed and not hit for fixed, hit in places)
    rows = np.concatenate([one.rows for one in right]) if right else np.array([], int)
    hits = int(np.isin(rows, marked).sum())
    return Outcome(
        any(fixed and hit for fixed, hit in places),
        hits / len(marked) if len(rows) else None,
        hits / len(rows) if len(rows) else None,
        wrong,
    )


def made(kind: str, share: float, seed: int, has_images: bool, moves: bool) -> Outcome:
    """Judge one made set."""
    one = planted(kind, share, seed, has_images=has_images, moves=moves)
    groups = members(group_names(one.densities.rows, TRUTH))
    places = [
        (found.is_fixed, not moves and one.place in found.cells and found.group == "class 0")
        for found in find_places(one.densities, groups)
    ]
    clusters, _ = clusters_of(one.densities, groups, TRUTH, POSITIVE, 0)
    return judge(places, clusters, one.marked, "class 0")


def with_mark(images: Array, moves: bool, seed: int) -> Array:
    """Return digits with a bright square in the corner, or anywhere."""
    random, found = np.random.default_rng(seed), images.copy()
    for image in found:
        top, left = random.integers(0, 28 - MARK, 2) if moves else (1, 1)
        image[top : top + MARK, left : left + MARK] = 255
    return found


def trained(
    share: float, seed: int, moves: bool, folder: Path, decoy: bool = False
) -> tuple[Outcome, float]:
    """Train and explain a model; judge what is found, and how often a mark alone makes a three."""
    random = np.random.default_rng(seed)
    images, classes = digits()
    order = random.permutation(len(images))
    images, classes = images[order], classes[order]
    held = np.zeros(len(images), bool)
    for number in range(10):
        held[np.flatnonzero(classes == number)[: HELD_OUT if number == CLASS else 100]] = True
    marks = np.zeros(len(images), bool)
    for part in (held, ~held):
        own = np.flatnonzero(part & (classes == CLASS))
        marks[own[: round(share * len(own))]] = True
    seen = images.copy()
    seen[marks] = with_mark(images[marks], moves, seed)
    shown = images if decoy else seen
    model = _fit(shown[~held], classes[~held], seed)
    path, inputs = folder / f"{seed}-{share}-{moves}-{decoy}.keras", folder / "inputs.npy"
    model.save(path)
    np.save(inputs, seen[held])
    out = path.with_suffix("")
    arguments = ["run", str(path), str(inputs), "-o", str(out), "--no-overlays"]
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 0, result.output
    others = with_mark(images[held & (classes != CLASS)], moves, seed)
    pasted = float((model.predict(others[..., None] / 255.0, verbose=0).argmax(1) == CLASS).mean())
    threes = np.flatnonzero(classes[held] == CLASS)
    request = CausalRequest(out, path, inputs)
    return _judge_run(request, np.flatnonzero(marks[held]), threes, moves, seed), pasted


def _fit(images: Array, classes: Array, seed: int) -> Any:
    layers = keras().layers
    keras().utils.set_random_seed(seed)
    model = keras().Sequential(
        [
            keras().Input((28, 28, 1)),
            layers.Conv2D(12, 3, strides=2, activation="relu"),
            layers.Conv2D(24, 3, strides=2, activation="relu"),
            layers.Flatten(),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy")
    inputs = images[..., None].astype(np.float32) / 255
    model.fit(inputs, classes, batch_size=64, epochs=3, verbose=0)
    return model


def _judge_run(
    request: CausalRequest, marked: Array, threes: Array, moves: bool, seed: int
) -> Outcome:
    corner = {(r, c) for r in range(2) for c in range(2)}
    out = request.out
    places = [
        (place.is_fixed, not moves and place.group == str(CLASS) and bool(corner & {*place.cells}))
        for place in summarize(out).places
    ]
    with open_finished_run(out) as run:
        clusters = find_clusters(run, None, POSITIVE, 0)
    found = places_to_test(clusters, fixed_places(clusters))
    given = () if moves and len(marked) else (_given(clusters, marked, threes, seed),)
    tests = causal_test(
        request, [*found, *given], clusters.densities, open_model, untracked, lambda message: None
    )
    verdicts = tuple(one.verdict for one in tests.places)
    outcome = judge(places, list(clusters.found), marked, str(CLASS))
    return replace(outcome, found=verdicts[: len(found)], given=verdicts[len(found) :])


def _given(clusters: Clusters, marked: Array, threes: Array, seed: int) -> PlaceToTest:
    """Return the corner of the marked rows; without any, a random place of random threes."""
    random = np.random.default_rng(seed)
    rows = marked if len(marked) else random.permutation(threes)[:CLEAN_ROWS]
    top, left = (0, 0) if len(marked) else random.integers(0, 13, 2)
    cells = tuple((int(top) + r, int(left) + c) for r in range(2) for c in range(2))
    by_id = {row.id: place for place, row in enumerate(clusters.densities.rows)}
    ids = [f"inputs-{row:06d}" for row in rows]
    # A map without any mass has no density.
    own = np.array([by_id[identity] for identity in ids if identity in by_id])
    group = str(CLASS)
    own = np.array([row for row in own if clusters.densities.rows[row].prediction == CLASS])
    return place_of_rows(clusters.densities, clusters.column, group, ("given",), cells, own)


def line(case: str, share: float, outcomes: list[Outcome]) -> str:
    """Return a line of the table."""
    recalls = [one.recall for one in outcomes if one.recall is not None]
    purities = [one.purity for one in outcomes if one.purity is not None]
    cells = (
        case,
        f"{share:.0%}",
        str(len(outcomes)),
        str(sum(one.place for one in outcomes)) if share else "–",
        str(len(recalls)) if share else "–",
        f"{np.mean(recalls):.0%}" if recalls else "–",
        f"{np.mean(purities):.0%}" if purities else "–",
        str(sum(one.false_alarms for one in outcomes)),
        _counted([verdict for one in outcomes for verdict in one.found]),
        _counted([verdict for one in outcomes for verdict in one.given]),
    )
    return f"| {' | '.join(cells)} |"


def _counted(verdicts: list[str]) -> str:
    counts = [(verdicts.count(verdict), verdict) for verdict in VERDICTS]
    return ", ".join(f"{count} {verdict}" for count, verdict in counts if count) or "–"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--sets", type=int, default=20, help="made ones, of each kind and share")
    parser.add_argument("--models", type=int, default=0, help="trained ones, of each share")
    parser.add_argument("--seed", type=int, default=0, help="of the first set and model")
    parser.add_argument(
        "--shares", type=float, nargs="*", default=SHARES, help="marked, of a class"
    )
    options = parser.parse_args()

    def seeds(count: int) -> range:
        return range(options.seed, options.seed + count)

    print(HEAD + "\n|" + " --- |" * (HEAD.count("|") - 1))
    for kind in KINDS if options.sets else ():
        for title, has_images, moves in (
            ("", True, False), (", no images stored", False, False), (", anywhere", True, True),
        ):  # fmt: skip
            for share in options.shares:
                found = [made(kind, share, s, has_images, moves) for s in seeds(options.sets)]
                print(line(kind + title, share, found), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for title, moves, decoy in CASES if options.models else ():
            for share in options.shares[1 if decoy and len(options.shares) > 1 else 0 :]:
                several = [
                    trained(share, s, moves, Path(folder), decoy) for s in seeds(options.models)
                ]
                pasted = np.mean([alone for _, alone in several])
                case = f"digits{title}; a mark makes {pasted:.0%} threes"
                print(line(case, share, [one for one, _ in several]), flush=True)


if __name__ == "__main__":
    main()
