"""Kept maps: what a run certifies and keeps of its maps, pixels or regions, and where it may."""

from igcli.attribution.methods import Method
from igcli.common.choices import ADAPTIVE, FLOAT16, FLOAT32, PIXELS, REGIONS
from igcli.common.config import RunConfig
from igcli.common.errors import ConfigError
from igcli.common.model_spec import ModelSpec
from igcli.common.regions import LEAST_SIDE, Regions, default_side, largest_side
from igcli.store.half import MOST_LOST
from igcli.store.maps import Maps

_USAGE = "write pixels, regions or regions:CELL, CELL a whole number of pixels"


def certifies_regions(config: RunConfig) -> bool:
    """Tell whether the tolerance is asked of regions, not of pixels."""
    return config.certify != PIXELS


def check_kept(config: RunConfig, method: Method) -> None:
    """Check what is to be certified and kept, as far as the model need not be known.

    Raises
    ------
    ConfigError
        When it can't be read, or settings don't go together.
    """
    _asked_side(config.certify)
    if certifies_regions(config) and method.tolerance is None:
        raise ConfigError(
            f"--certify {config.certify} can't be used with --method {config.method}",
            "a fixed rule takes the same steps on every path",
            f"leave it out, or use --method {ADAPTIVE}",
        )
    tolerance = method.tolerance
    if config.store_dtype == FLOAT16 and tolerance is not None and tolerance < 2.0 * MOST_LOST:
        raise ConfigError(
            f"--tolerance {tolerance:g} can't be met with --store-dtype {FLOAT16}",
            f"its rounding alone may be {MOST_LOST:g} of a map",
            f"use --tolerance {2.0 * MOST_LOST:g} or more, or leave --store-dtype out",
        )
    if config.store == PIXELS:
        return
    if "npy" in config.save:
        raise ConfigError(
            f"--save npy can't be used with --store {config.store}",
            "an .npy holds pixels, and none are kept",
            "leave one of them out",
        )
    if config.store_dtype != FLOAT32:
        raise ConfigError(
            f"--store-dtype {config.store_dtype} can't be used with --store {config.store}",
            "it is for pixels, and none are kept",
            "leave it out: regions take little",
        )


def check_maps(config: RunConfig, spec: ModelSpec, is_averaged: bool) -> None:
    """Check what is to be kept, once the model and the baselines are known.

    Raises
    ------
    ConfigError
        When there is no such thing.
    """
    if "npy" in config.save and spec.is_grouped:
        raise ConfigError(
            "--save npy can't be used with several maps to each explanation",
            "an .npy holds one array",
            "leave it out: attributions.h5 has them all",
        )
    if config.keep_baselines and not is_averaged:
        raise ConfigError(
            "--keep-baselines needs several baselines",
            "the map of a single one is what is stored",
            "write --baseline black,white for example, or leave it out",
        )
    if config.profile_path and is_averaged:
        raise ConfigError(
            "--profile-path can't be used with several baselines",
            "a profile is of one path, and an explanation has several",
            "leave it out, or give one --baseline",
        )


def settle_regions(config: RunConfig, maps: Maps) -> Regions | None:
    """Return the regions of a run's maps; None where these are not those of one picture.

    Raises
    ------
    ConfigError
        When regions are asked for where there are none, or of a side that cells can't have.
    """
    asked = next((f for f in _flags(config) if f), "")
    if maps.picture is None or maps.parts or maps.register is not None:
        if asked:
            several = "each explanation has several maps" if maps.parts else "its maps are of none"
            several = several if maps.register is None else "its maps are of a layer"
            raise ConfigError(
                f"{asked} can't be used with this model and these inputs",
                f"regions are those of one picture, and {several}",
                "leave it out",
            )
        return None
    usual, largest = default_side(maps.shape), largest_side(maps.shape)
    pictures = f"pictures of {maps.shape[0]} × {maps.shape[1]} pixels"
    if asked and largest < LEAST_SIDE:
        raise ConfigError(
            f"{asked} can't be used with {pictures}",
            f"four cells of {LEAST_SIDE} pixels must fit along each side",
            "leave it out",
        )
    side = _asked_side(config.certify)
    if side is not None and not LEAST_SIDE <= side <= largest:
        raise ConfigError(
            f"--certify {config.certify} is out of range for {pictures}",
            f"cells have {LEAST_SIDE} to {largest} pixels a side",
            f"write {REGIONS}:{usual} for example, or leave CELL out",
        )
    return Regions(maps.shape, side or usual)


def _flags(config: RunConfig) -> tuple[str, str]:
    """Return what asks for regions, as it was written; "" for what does not."""
    certify = f"--certify {config.certify}" if certifies_regions(config) else ""
    return certify, f"--store {config.store}" if config.store == REGIONS else ""


def _asked_side(certify: str) -> int | None:
    """Return the side of the cells that are asked for; None for the default one."""
    name, colon, number = certify.partition(":")
    if certify == PIXELS or certify == REGIONS:
        return None
    if name == REGIONS and colon and number.isascii() and number.isdigit():
        return int(number)
    raise ConfigError(f"--certify {certify} can't be read", fix=_USAGE)
