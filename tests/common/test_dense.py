import numpy as np
import pytest

from igcli.common.dense import Dense, dense_of, zone_of


@pytest.mark.parametrize(
    ("picture", "output", "is_probability", "expected"),
    [
        ((24, 32, 3), (24, 32, 5), False, Dense((24, 32), 5)),
        ((24, 32, 3), (6, 8, 5), False, Dense((6, 8), 5)),
        # 33 over 4, up.
        ((33, 33, 3), (9, 9, 5), False, Dense((9, 9), 5)),
        # As many pixels cut off on each side.
        ((572, 500, 1), (388, 316, 2), False, Dense((388, 316), 2)),
        ((24, 32), (24, 32, 1), True, Dense((24, 32), 1, "probability")),
        # Coarser than an eighth: feature maps, unless they are probabilities.
        ((224, 224, 3), (7, 7, 1280), False, None),
        ((224, 224, 3), (7, 7, 5), True, Dense((7, 7), 5)),
        # Channels first; another shape; a single row; a sequence; no picture; an open size.
        ((24, 32, 3), (5, 24, 32), True, None),
        ((24, 32, 3), (24, 30, 5), True, None),
        ((24, 32, 3), (1, 1, 5), True, None),
        ((24, 32, 3), (24, 5), True, None),
        ((), (24, 32, 5), True, None),
        ((None, 32, 3), (24, 32, 5), True, None),
    ],
)
def test_an_output_by_place_has_the_picture_s_shape(
    picture: tuple[int | None, ...],
    output: tuple[int, ...],
    is_probability: bool,
    expected: Dense | None,
) -> None:
    two = "probability" if is_probability and output[-1] == 1 else ""
    assert dense_of(picture, output, is_probability, two) == expected


def test_one_number_is_two_classes_or_none() -> None:
    scores = np.array([0.2, 0.9, 0.5, 0.6])
    of_two = Dense((2, 2), 1, "probability")
    assert of_two.by_class(scores)[:, 0] == pytest.approx([0.8, 0.1, 0.5, 0.4])
    assert of_two.predicted(scores).tolist() == [0, 1, 0, 1]
    logits = Dense((2, 2), 1, "logit")
    assert logits.by_class(scores)[:, 0].tolist() == [-0.2, -0.9, -0.5, -0.6]
    number = Dense((2, 2), 1)
    assert number.classes == 1
    assert number.mean(scores, 0, number.everywhere()) == pytest.approx(0.55)


def test_classes_are_ordered_by_their_places() -> None:
    scores = np.eye(3)[[2, 2, 1, 2, 1, 0]].ravel()
    dense = Dense((2, 3), 3)
    assert dense.by_area(scores) == [2, 1, 0]
    targets, zones = dense.largest_zones(scores[None])
    assert targets.tolist() == [2]
    assert zones[0] == pytest.approx([1 / 3, 1 / 3, 0, 1 / 3, 0, 0])


def test_places_divide_the_picture_or_lie_in_its_middle() -> None:
    ys, xs = Dense((2, 4), 3).edges((8, 16))
    assert ys.tolist() == [0, 4, 8] and xs.tolist() == [0, 4, 8, 12, 16]
    ys, xs = Dense((6, 7), 3).edges((10, 11))
    assert ys.tolist() == [*range(2, 9)] and xs.tolist() == [*range(2, 10)]


def test_a_zone_s_weights_add_up_to_one() -> None:
    assert zone_of(np.array([[0.0, 1.0], [0.5, 0.5]])).tolist() == [0.0, 0.5, 0.25, 0.25]
