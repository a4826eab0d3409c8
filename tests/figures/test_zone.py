import numpy as np

from igcli.figures.zone import with_zone

GREY = np.full((8, 8, 3), 128, np.uint8)


def drawn(zone: list[list[int]], size: tuple[int, int]) -> list[str]:
    pixels = with_zone(GREY, np.array(zone, np.uint8), size)
    shades = {0: "#", 255: ".", 128: " "}
    return ["".join(shades[int(v)] for v in row) for row in pixels[..., 0]]


def test_black_inside_and_white_around() -> None:
    assert drawn([[0, 0], [0, 255]], (2, 2)) == [
        "        ",
        "        ",
        "        ",
        "    ....",
        "   .####",
        "   .#   ",
        "   .#   ",
        "   .#   ",
    ]


def test_places_in_the_middle_of_a_picture_are_drawn_there() -> None:
    zone = [[255] * 6 for _ in range(6)]
    assert drawn(zone, (8, 8)) == [
        " ...... ",
        ".######.",
        ".#    #.",
        ".#    #.",
        ".#    #.",
        ".#    #.",
        ".######.",
        " ...... ",
    ]


def test_half_covered_places_belong_to_it_and_without_a_zone_nothing_is_drawn() -> None:
    assert drawn([[128, 127], [0, 0]], (2, 2))[0] == "   #.   "
    assert with_zone(GREY, None, (2, 2)) is GREY
