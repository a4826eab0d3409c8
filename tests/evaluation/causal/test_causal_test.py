"""The causal test on closed-form models: one that hangs on a corner, and one that ignores it."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from igcli.common.arrays import Array
from igcli.common.config import RunConfig
from igcli.common.errors import InputError, ModelError
from igcli.common.groups import PREDICTION
from igcli.common.progress import untracked
from igcli.evaluation.causal.causal_test import CausalRequest, causal_test
from igcli.evaluation.causal.causal_verdict import CAUSAL, NOT_CAUSAL
from igcli.evaluation.causal.places_to_test import place_of_rows
from igcli.evaluation.causal.tested import CausalTests
from igcli.findings.densities import read_densities
from igcli.runs.executors.local import run_plan
from igcli.runs.planning.plan import make_plan
from igcli.store.run import open_finished_run
from tests.fakes import FakeModel, Linear

SIDE, COUNT = 8, 48
CORNER = (0, 0)


def model_of(cell: tuple[int, int], weight: float = 0.4) -> Linear:
    """Class 0: half the mean of the lower right quarter; class 1: a cell's mean times a weight."""
    weights = np.zeros((2, SIDE, SIDE))
    weights[0, 4:, 4:] = 0.5 / 16
    top, left = 2 * cell[0], 2 * cell[1]
    weights[1, top : top + 2, left : left + 2] = weight / 4
    return Linear((SIDE, SIDE, 1), weights.reshape(2, -1))


def marked_images() -> Array:
    """Noise of about 130; every other image's corner is white, the others' are dark."""
    random = np.random.default_rng(0)
    images = random.integers(100, 161, (COUNT, SIDE, SIDE, 1)).astype(np.uint8)
    images[:, :2, :2] = 20
    images[::2, :2, :2] = 255
    return images


def explain(folder: Path, inputs: Path, model: FakeModel) -> RunConfig:
    (folder / "model.h5").write_bytes(b"a model")
    config = RunConfig(folder / "model.h5", inputs, folder / "out", preprocess="raw")
    run_plan(make_plan(config, lambda *a: model, lambda message: None), untracked)
    return config


@pytest.fixture
def arrays(tmp_path: Path) -> Path:
    np.save(tmp_path / "x.npy", marked_images())
    return tmp_path / "x.npy"


Chosen = Callable[[Sequence[Any]], Sequence[int]]


def predicted_as_one(rows: Sequence[Any]) -> list[int]:
    return [i for i, row in enumerate(rows) if row.prediction == 1]


def result_of(
    config: RunConfig,
    model: FakeModel,
    chosen: Chosen = predicted_as_one,
    group: str = "1",
    **changes: Any,
) -> CausalTests:
    """Test the corner, with the rows of class 1 or those that are chosen."""
    with open_finished_run(config.out) as run:
        densities = read_densities(run)
    rows = np.array(chosen(densities.rows))
    place = place_of_rows(densities, PREDICTION, group, ("given",), (CORNER,), rows)
    request = replace(CausalRequest(config.out, config.model, config.inputs), **changes)
    return causal_test(
        request, (place,), densities, lambda *a: model, untracked, lambda message: None
    )


def test_a_class_hangs_on_the_corner(tmp_path: Path, arrays: Path) -> None:
    model = model_of(CORNER)
    result = result_of(explain(tmp_path, arrays, model), model)
    (one,) = result.places
    assert one.verdict == CAUSAL and result.failed == {}
    assert one.covered is not None and one.pasted is not None
    assert (one.covered.place.count, one.covered.place.of) == (24, 24)
    assert (one.pasted.place.count, one.pasted.place.of) == (24, 24)
    assert one.covered.random.count == one.pasted.random.count == 0
    assert one.covered.interval[0] > 0.75
    assert one.others is None
    # The corner covered is the mean of the rest of the image, on which class 1's score hangs.
    images = marked_images()[::2].astype(np.float64)
    rest = (images.sum(axis=(1, 2, 3)) - 4 * 255.0) / (SIDE * SIDE - 4)
    assert one.covered.place.score == pytest.approx((0.4 * 255.0, 0.4 * rest.mean()), rel=1e-5)
    assert one.pasted.place.score == pytest.approx((0.4 * 20.0, 0.4 * 255.0), rel=1e-5)
    assert one.in_words() == (
        "'1' hangs on what is at the upper left (row 0, column 0, pixels (0, 0, 2, 2)). Covered in "
        "24 images that look there, it changes the predicted class of 100% [86% to 100%] (the same "
        "cover on random cells 0%, on their hottest other cells 0%). Pasted into 24 images of "
        "other classes, it makes 100% [86% to 100%] of them '1' (as many random cells 0%). The "
        "model needs it for most of these images, and takes most others that bear it for '1'"
    )
    assert [line.split()[0] for line in result.lines()] == ["CAUSAL", "covered", "pasted"]
    json.dumps(result.to_dict(), allow_nan=False)


def test_a_class_does_not_hang_on_a_corner_that_the_model_ignores(
    tmp_path: Path, arrays: Path
) -> None:
    images = marked_images()
    # Class 1 by another cell, in the very images that bear the mark.
    images[:, 4:6, 0:2] = 20
    images[::2, 4:6, 0:2] = 255
    np.save(arrays, images)
    model = model_of((2, 0))
    result = result_of(explain(tmp_path, arrays, model), model)
    (one,) = result.places
    assert one.verdict == NOT_CAUSAL
    assert one.covered is not None and one.pasted is not None and one.hottest is not None
    assert one.covered.place.count == one.pasted.place.count == 0
    assert one.hottest.count == 24
    assert "'1' does not hang on what is at the upper left" in one.in_words()
    assert one.in_words().endswith("The model looks there, and answers the same without it")


def test_the_whole_mark_is_covered_and_pasted(tmp_path: Path, arrays: Path) -> None:
    """The place is the left half of a mark; what the model sees is its right half."""
    images = marked_images()
    images[:, :2, 2:4] = 20
    images[::2, :2, 2:4] = 255
    np.save(arrays, images)
    model = model_of((0, 1))
    (one,) = result_of(explain(tmp_path, arrays, model), model).places
    assert one.covered is not None and one.pasted is not None
    assert one.covered.place.share == one.pasted.place.share == 1.0
    assert one.place.edited == ((0, 0), (0, 1))
    found = one.to_dict()
    assert found["cells"] == [[0, 0]] and found["edited_cells"] == [[0, 0], [0, 1]]
    assert found["edited_pixels"] == [0, 0, 4, 2]
    assert "pixels (0, 0, 4, 2)), with 1 cell around where its images share" in one.in_words()


def test_the_rest_of_the_group_is_covered_too(tmp_path: Path, arrays: Path) -> None:
    model = model_of(CORNER)
    config = explain(tmp_path, arrays, model)
    (one,) = result_of(config, model, lambda rows: predicted_as_one(rows)[:10]).places
    assert one.covered is not None and one.covered.place.of == 10
    assert one.others is not None and one.others.place.of == 10
    assert one.others.place.share == 1.0


def test_the_fill_the_count_and_the_seed_count(tmp_path: Path, arrays: Path) -> None:
    model = model_of(CORNER)
    config = explain(tmp_path, arrays, model)
    first, blur, few, again, other = (
        result_of(config, model, **changes).places[0]
        for changes in ({}, {"fill": "blur"}, {"count": 5}, {"count": 5}, {"count": 5, "seed": 1})
    )
    assert first.covered is not None and blur.covered is not None and few.pasted is not None
    assert first.covered.place.score[1] != blur.covered.place.score[1]
    assert few.pasted.place.of == 5
    assert few.changes == again.changes != other.changes


def test_pictures_are_edited_as_they_are_shown(tmp_path: Path) -> None:
    """Turned by EXIF and twice as large: the mark is at the corner of what the model sees."""
    folder = tmp_path / "photos"
    folder.mkdir()
    exif = Image.Exif()
    exif[0x0112] = 6
    for i, image in enumerate(marked_images()[..., 0]):
        large = np.kron(image, np.ones((2, 2), np.uint8))
        # Orientation 6: a viewer turns what is stored clockwise.
        Image.fromarray(np.rot90(large)).save(folder / f"{i:02}.png", exif=exif)
    model = model_of(CORNER)
    config = explain(tmp_path, folder, model)
    (one,) = result_of(config, model).places
    assert one.covered is not None and one.pasted is not None
    assert one.covered.place.score[0] == pytest.approx(0.4 * 255.0, rel=0.07)
    assert one.covered.place.share == one.pasted.place.share == 1.0
    assert one.verdict == CAUSAL


def test_images_that_changed_or_broke_are_named(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    for i, image in enumerate(marked_images()[..., 0]):
        Image.fromarray(image).save(folder / f"{i:02}.png")
    model = model_of(CORNER)
    config = explain(tmp_path, folder, model)
    (folder / "00.png").write_bytes(b"broken")
    (folder / "01.png").write_bytes((folder / "03.png").read_bytes())
    result = result_of(config, model)
    assert set(result.failed) == {"00.png", "01.png"}
    assert result.failed["01.png"] == "it is not the image that the run explained"
    (one,) = result.places
    assert one.covered is not None and one.pasted is not None
    assert (one.covered.place.of, one.pasted.place.of) == (23, 23)
    assert "untested   2 images: 00.png (" in [*result.lines()][-1]


def test_scores_that_are_no_numbers_are_named(tmp_path: Path, arrays: Path) -> None:
    model = model_of(CORNER)
    config = explain(tmp_path, arrays, model)

    class Breaks(Linear):
        def value(self, x: Array) -> Array:
            found = super().value(x)
            found[(x > 254).sum(axis=1) == 0] = np.nan
            return found

    # Only marked images have a score there: covered, and without the mark, they have none.
    result = result_of(config, Breaks((SIDE, SIDE, 1), model.weights))
    assert len(result.failed) == COUNT
    assert set(result.failed.values()) == {"the model gives no finite score"}


def test_without_places_nothing_is_loaded(tmp_path: Path) -> None:
    request = CausalRequest(tmp_path / "none", tmp_path / "none.h5", tmp_path)

    def load(*arguments: object) -> FakeModel:
        raise AssertionError

    densities: Any = None
    result = causal_test(request, (), densities, load, untracked, lambda message: None)
    assert [*result.lines()] == [
        "tested     nothing: there is no suspicious cluster and no fixed place"
    ]


def test_what_can_not_be_tested_is_refused(tmp_path: Path, arrays: Path) -> None:
    model = model_of(CORNER)
    config = explain(tmp_path, arrays, model)
    one_output = Linear((SIDE, SIDE, 1), model.weights[:1])
    with pytest.raises(ModelError, match="does not choose one of several classes"):
        result_of(config, one_output)
    layer = model_of(CORNER)
    layer.spec = replace(layer.spec, entered=layer.spec.input)
    with pytest.raises(InputError, match="its maps are of a layer"):
        result_of(config, layer)
    config.model.write_bytes(b"another model")
    with pytest.raises(InputError, match="was not made from MODEL"):
        result_of(config, model)
