"""Against other tools' numbers, on real models: alibi 0.9.6, 50 steps, black baseline."""

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from click.testing import Result
from PIL import Image

from igcli.attribution.quadrature import RULES
from igcli.common.arrays import Array

Igcli = Callable[..., Result]
GAUSS = ("--method", "gausslegendre")


def explained(igcli: Igcli, out: Path, *arguments: object) -> tuple[Array, pd.DataFrame]:
    result = igcli("run", *arguments, "-o", out)
    assert result.exit_code == 0, result.output
    with h5py.File(out / "attributions.h5") as file:
        return file["attributions"][()], pd.read_csv(out / "results.csv")


@pytest.fixture(scope="session")
def ten_digits(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("digits") / "ten.npy"
    with np.load(shared_data / "mnist_t10k.npz") as file:
        np.save(path, file["x"][:10, ..., None].astype(np.float64) / 255)
    return path


@pytest.mark.slow
@pytest.mark.parametrize("method", RULES)
@pytest.mark.parametrize(
    "model",
    [
        "mnist_keras2_savedmodel",
        *(pytest.param(n, marks=pytest.mark.slow) for n in ("mnist.h5", "mnist_keras2_float64.h5")),
    ],
)
def test_mnist_equals_alibi(
    igcli: Igcli,
    shared_data: Path,
    oracle: Path,
    ten_digits: Path,
    tmp_path: Path,
    model: str,
    method: str,
) -> None:
    maps, table = explained(
        igcli,
        tmp_path / "out",
        shared_data / model,
        ten_digits,
        "--method",
        method,
        "--baseline",
        "zeros",
        "--no-overlays",
    )
    with np.load(oracle / "alibi_mnist_black50.npz") as file:
        theirs, deltas = file[f"attr_{method}"], file[f"delta_{method}"]
        assert list(table["prediction"]) == list(file["target"])
    if method == "riemann_trapezoid":
        # alibi's weights sum to 49/50.
        deltas = deltas + theirs.reshape(10, -1).sum(1) / 49
        theirs = theirs * 50 / 49
    assert np.abs(maps - theirs).max() <= 1e-5
    assert np.abs(table["delta"] - deltas).max() <= 1e-5


@pytest.mark.slow
def test_iris_equals_alibi_and_draws_nothing(
    igcli: Igcli, shared_data: Path, oracle: Path, tmp_path: Path
) -> None:
    result = igcli(
        "run", shared_data / "iris.h5", shared_data / "iris.npy", "-o", tmp_path / "said"
    )
    assert "no overlays: what is explained is no picture" in result.stdout
    maps, table = explained(
        igcli,
        tmp_path / "out",
        shared_data / "iris.h5",
        shared_data / "iris.npy",
        *GAUSS,
        "--labels",
        shared_data / "iris_class_names.txt",
    )
    with np.load(oracle / "alibi_iris.npz") as file:
        assert np.abs(maps - file["attr"]).max() <= 1e-5
        assert np.abs(table["delta"] - file["delta"]).max() <= 1e-5
        assert list(table["target"]) == list(file["target"])
    assert set(table["target_name"]) == {"setosa", "versicolor", "virginica"}


@pytest.mark.slow
def test_cats_are_recognised_and_drawn(igcli: Igcli, shared_data: Path, tmp_path: Path) -> None:
    maps, table = explained(
        igcli,
        tmp_path / "out",
        shared_data / "mobilenetv2_imagenet.h5",
        shared_data / "cats",
        "--config",
        "configs/imagenet.toml",
        "--steps",
        8,
        "--batch-size",
        8,
        "--labels",
        shared_data / "imagenet_1001_labels.txt",
    )
    assert list(table["prediction"]) == [282, 284, 285, 286]
    assert maps.shape == (4, 224, 224, 3)
    for identity in table["id"]:
        with Image.open(tmp_path / "out" / "overlays" / f"{Path(identity).stem}.png") as picture:
            # The photo, its heat beside it, and a caption below.
            assert picture.size[0] >= 448 and picture.size[1] > 224


@pytest.mark.slow
def test_the_score_path_starts_and_ends_where_the_reference_does(
    igcli: Igcli, shared_data: Path, oracle: Path, tmp_path: Path
) -> None:
    _, table = explained(
        igcli,
        tmp_path / "out",
        shared_data / "mobilenetv2_imagenet.h5",
        shared_data / "photos",
        "--preprocess",
        "symmetric",
        *GAUSS,
        "--steps",
        1,
        "--no-overlays",
    )
    # Releases of Pillow decode JPEG a little differently, by up to 0.2 % of these scores.
    with np.load(oracle / "truth_mbv2.npz") as file:
        np.testing.assert_allclose(table["score"], file["scores"][4:, -1], rtol=3e-3)
        np.testing.assert_allclose(table["baseline_score"], file["scores"][4:, 0], rtol=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize(
    "batch",
    [2000, *(pytest.param(size, marks=pytest.mark.slow) for size in (1, 7, 64))],
)
def test_batch_size_and_company_change_nothing_on_a_real_model(
    igcli: Igcli, shared_data: Path, ten_digits: Path, tmp_path: Path, batch: int
) -> None:
    common = (shared_data / "mnist.h5", ten_digits, *GAUSS, "--steps", 20, "--no-overlays")
    reference, _ = explained(igcli, tmp_path / "reference", *common)
    among, _ = explained(igcli, tmp_path / "among", *common, "--batch-size", batch)
    alone, _ = explained(igcli, tmp_path / "alone", *common, "--batch-size", batch, "--limit", 1)
    for ours, theirs in [*zip(among, reference, strict=True), (alone[0], reference[0])]:
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-4 * np.abs(theirs).max())


@pytest.mark.slow
def test_adaptive_maps_of_nine_photos_are_within_the_tolerance(
    igcli: Igcli, shared_data: Path, oracle: Path, tmp_path: Path
) -> None:
    """Against a trapezoid of 1,025 nodes; `tests/benchmarks/accuracy.py` has tolerance 0.02 too."""
    found = []
    for folder in ("cats", "photos"):
        found.append(
            explained(
                igcli,
                tmp_path / folder,
                shared_data / "mobilenetv2_imagenet.h5",
                shared_data / folder,
                "--preprocess",
                "symmetric",
                "--no-overlays",
                "--batch-size",
                4,
            )
        )
    maps = np.concatenate([m for m, _ in found]).astype(np.float64)
    table = pd.concat([t for _, t in found])
    with np.load(oracle / "truth_mbv2.npz") as file:
        truth = file["attr"].astype(np.float64)
    errors = np.abs(maps - truth).sum((1, 2, 3)) / np.abs(truth).sum((1, 2, 3))
    assert table["converged"].all()
    assert (errors <= table["error_estimate"]).all() and (errors <= 0.05).all()
    assert table["steps"].mean() <= 45


@pytest.mark.parametrize(
    ("tolerance", "most"), [(0.05, 20), pytest.param(0.02, 30, marks=pytest.mark.slow)]
)
def test_adaptive_maps_of_digits_are_within_the_tolerance(
    igcli: Igcli, shared_data: Path, tmp_path: Path, tolerance: float, most: float
) -> None:
    """Against a trapezoid of 513 nodes, whose own error is under 0.1 %."""
    with np.load(shared_data / "mnist_t10k.npz") as file:
        np.save(tmp_path / "digits.npy", file["x"][:20])
    common = (shared_data / "mnist.h5", tmp_path / "digits.npy", "--no-overlays")
    maps, table = explained(igcli, tmp_path / "out", *common, "--tolerance", tolerance)
    truth, _ = explained(
        igcli, tmp_path / "truth", *common, "--method", "riemann_trapezoid", "--steps", 513
    )
    errors = np.abs(maps - truth).sum((1, 2, 3)) / np.abs(truth).sum((1, 2, 3))
    assert table["converged"].all()
    assert (errors <= table["error_estimate"]).all() and (errors <= tolerance).all()
    assert table["steps"].mean() <= most


@pytest.mark.slow
def test_adaptive_maps_of_every_iris_are_within_the_tolerance(
    igcli: Igcli, shared_data: Path, tmp_path: Path
) -> None:
    """Four features, where errors average out least; against a trapezoid of 2,049 nodes."""
    common = (shared_data / "iris.h5", shared_data / "iris.npy", "--batch-size", 512)
    maps, table = explained(igcli, tmp_path / "out", *common, "--tolerance", 0.02)
    truth, _ = explained(
        igcli, tmp_path / "truth", *common, "--method", "riemann_trapezoid", "--steps", 2049
    )
    errors = np.abs(maps - truth).sum(axis=1) / np.abs(truth).sum(axis=1)
    assert table["converged"].all()
    assert (errors <= table["error_estimate"]).all() and (errors <= 0.02).all()
