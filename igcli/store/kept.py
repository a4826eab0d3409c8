"""What is kept of a run's maps, pixels or regions, as run.json says it among what was settled."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from igcli.common.choices import PIXELS, REGIONS
from igcli.common.regions import Regions
from igcli.common.register import Register
from igcli.store.maps import Maps

_REGIONS, _STORE, _DTYPE, _REGISTER = "regions", "store", "store_dtype", "register"


@dataclass(frozen=True, slots=True)
class Kept:
    """What a stored run has of its maps.

    Attributes
    ----------
    regions : Regions or None
        The cells whose mass is stored; None where there are none.
    certified : bool
        Whether the tolerance was asked of them, not of the pixels.
    pixels : bool
        Whether the maps themselves are stored.
    register : Register or None
        Where the cells of a layer's map lie on the images; None where maps are of these.
    """

    regions: Regions | None = None
    certified: bool = False
    pixels: bool = True
    register: Register | None = None


def stores_to_json(maps: Maps, certified: bool) -> dict[str, Any]:
    """Return what run.json says; `certified` tells whether regions are what is certified."""
    table = None
    if maps.regions is not None:
        rows, columns = maps.regions.grid
        table = {
            "side": maps.regions.side,
            "rows": rows,
            "columns": columns,
            "of": list(maps.regions.shape),
            "certified": certified,
        }
    store = PIXELS if maps.keeps_pixels else REGIONS
    placed = {} if maps.register is None else {_REGISTER: maps.register.to_dict()}
    return {_REGIONS: table, _STORE: store, _DTYPE: maps.dtype, **placed}


def has_kept(about: Mapping[str, Any]) -> bool:
    """Tell whether a run is of an igcli that knew regions."""
    return _STORE in _settled(about)


def read_kept(about: Mapping[str, Any]) -> Kept:
    """Return what a run has of its maps, by its run.json.

    Raises
    ------
    KeyError, TypeError, ValueError
        Where that can't be read.
    """
    settled = _settled(about)
    table = settled.get(_REGIONS)
    pixels = settled.get(_STORE, PIXELS) == PIXELS
    if table is None:
        placed = settled.get(_REGISTER)
        return Kept(pixels=pixels, register=placed and Register.from_dict(placed))
    regions = Regions(tuple(int(side) for side in table["of"]), int(table["side"]))
    return Kept(regions, bool(table["certified"]), pixels)


def _settled(about: Mapping[str, Any]) -> Mapping[str, Any]:
    found = about.get("settled")
    return found if isinstance(found, Mapping) else {}
