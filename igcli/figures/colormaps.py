"""Colormaps: from numbers to RGB.

Each is a row of colours, evenly spaced and interpolated linearly; 256 of its values lie within 2
of 255 of the map that matplotlib has under the same name. PiYG, Reds, Greens and Blues are Cynthia
Brewer's, coolwarm is Kenneth Moreland's, viridis, inferno and magma are Nathaniel Smith's and
Stéfan van der Walt's. red-white-green is what alibi and Captum draw signed attributions in.
"""

from functools import cache

import numpy as np

from igcli.common.arrays import Array

_POINTS = {
    "red-white-green": "ff0000 ffffff 008000",
    "PiYG": """
        8e0152 c51c7d de77ae f1b6da fde0ef f7f7f7 e6f5d0 b8e186 7fbc41 4d9221 276419
    """,
    "coolwarm": """
        3b4cc0 455bcd 4f69d9 5978e3 6485ec 7092f3 7b9ff9 87aafc 93b5fe 9fbeff aac7fd
        b5cefa c0d4f5 cad8ee d4dbe6 dddddd e5d8d1 ecd2c4 f2cbb7 f5c2aa f7b89c f7ad8f
        f5a081 f29374 ee8468 e7755b e0654f d75344 cc403a c12a30 b40426
    """,
    "Reds": """
        fff5f0 fee0d2 fcbba1 fc9272 fb6a4a ef3b2c cb181d a50f15 67000d
    """,
    "Greens": """
        f7fcf5 e5f5e0 c7e9c0 a1d99b 74c476 41ab5d 238b45 006d2c 00441b
    """,
    "Blues": """
        f7fbff deebf7 c6dbef 9ecae1 6baed6 4292c6 2171b5 08519c 08306b
    """,
    "gray": """
        000000 ffffff
    """,
    "viridis": """
        440154 460c5f 481669 482071 482979 46327f 443b84 414487 3d4c8a 3a548b 365c8d
        33638d 306a8e 2d718e 2a788e 277f8e 24868e 228d8d 20948c 1f9a8a 1fa187 22a884
        29af80 32b57b 3dbb74 4ac26d 59c765 69cd5b 7ad151 8cd646 9fda3a b2dd2d c5e021
        d9e219 ebe51a fde725
    """,
    "inferno": """
        000004 030210 090620 110a30 1b0c41 270b52 330a5e 3f0a67 4b0c6b 57106d 62146e
        6d186e 781c6d 84206b 8f2468 9a2865 a52d60 b0315b bb3755 c53d4e cf4446 d84c3f
        e05436 e75e2e ed6925 f2741c f68013 f98d0a fb9a06 fca70c fcb519 fac329 f7d13c
        f4de52 f1eb6c f3f689 fcffa4
    """,
    "magma": """
        000004 03020f 08061d 0f0b2c 170f3c 20114d 2b115d 36106b 420f75 4e117b 59157e
        631980 6e1e81 792282 842681 8f2a81 9a2d80 a5317e b0357b bb3978 c73d74 d1426f
        dc4869 e55064 ed595f f3645c f7705c fa7d5e fc8a62 fd9768 fea470 feb179 febe83
        fecb8e fed799 fde4a5 fcf0b2 fcfdbf
    """,
}
COLORMAPS = tuple(_POINTS)
# Their middle is neutral: zero belongs there.
DIVERGING = frozenset({"PiYG", "red-white-green", "coolwarm"})


@cache
def _table(name: str) -> Array:
    points = [tuple(bytes.fromhex(point)) for point in _POINTS[name].split()]
    return np.array(points, float)


def colours(name: str, positions: Array) -> Array:
    """Map 0 to a map's first colour and 1 to its last; positions (…,) → float RGB 0–255 (…, 3).

    Beyond these the end's colour stays.
    """
    table = _table(name)
    stops = np.linspace(0.0, 1.0, len(table))
    return np.stack([np.interp(positions, stops, channel) for channel in table.T], -1)


def red_white_green(values: Array) -> Array:
    """Map −1 to red, 0 to white and 1 to green, linearly; values (…,) → float RGB 0–255 (…, 3)."""
    return colours("red-white-green", (np.asarray(values) + 1.0) / 2.0)
