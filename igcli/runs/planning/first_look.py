"""A first look at a run's inputs: numbers that are very likely not what the model takes."""

from collections.abc import Sequence

from igcli.common.arrays import Array, Warn
from igcli.common.model_spec import InputSpec
from igcli.common.notes import Doubt
from igcli.common.sample import InputName, Sample
from igcli.inputs.preprocess import Space
from igcli.inputs.readers.images import ImageSource
from igcli.inputs.readers.read_ahead import read_ahead
from igcli.inputs.readers.source import Source

LOOKED_AT = 16
_OF_16_BITS = 65535
# What cameras and scanners give, and how many of these bits still leave a picture dark.
_DEPTHS = (8, 10, 12, 14)
_NEARLY_BLACK = 12
_PIXELS = 255.0
_UNIT = 2.0


def look_at(
    source: Source, names: Sequence[InputName], scaling: str, depth: int | None, warn: Warn
) -> None:
    """Look at the first inputs, and say what is doubtful about their numbers.

    Parameters
    ----------
    source : Source
        The inputs bound to the model.
    names : sequence of InputName
        Those to explain.
    scaling : str
        What in the model brings pixels of 0–255 to its own range; empty for nothing.
    depth : int or None
        What `--bit-depth` says.
    warn : callable
        Told of each doubt.
    """
    first = names[:LOOKED_AT]
    if depth is None and isinstance(source, ImageSource):
        peak = max((source.undeclared_peak(name) for name in first), default=0.0)
        _tell_of_depth(peak, len(first), warn)
    space = source.space
    if isinstance(space, Space) and space.kind == "floats" and space.pictured is not None:
        read = (s.raw for s in read_ahead(source, first) if isinstance(s, Sample))
        _tell_of_range(list(read), space.input, scaling, warn)


def _tell_of_depth(peak: float, looked_at: int, warn: Warn) -> None:
    """Say so where 16-bit images use fewer bits: as they are read, they are dark."""
    bits = next((depth for depth in _DEPTHS if 0 < peak < 2**depth), None)
    if bits is None:
        return
    images = "the image's largest" if looked_at == 1 else "the first images' largest"
    note = (
        f"{images} 16-bit number is {peak:g} of {_OF_16_BITS}, read as "
        f"{100 * peak / _OF_16_BITS:.1f} % of white: where they have {bits} bits, add --bit-depth "
        f"{bits}"
    )
    warn(Doubt(note) if bits <= _NEARLY_BLACK else note)


def _tell_of_range(raws: Sequence[Array], spec: InputSpec, scaling: str, warn: Warn) -> None:
    """Question floats that are pixels, and those for a model that scales pixels itself."""
    if not raws:
        return
    least, most = min(float(r.min()) for r in raws), max(float(r.max()) for r in raws)
    what = f"the inputs of {spec.name!r} are floats from {least:g} to {most:g}"
    if not 0.0 <= least < most <= _PIXELS:
        return
    if scaling:
        if most <= 1.0:
            warn(
                Doubt(
                    f"{what}, and the model's {scaling!r} scales pixels of 0 to 255 itself: "
                    "multiply them by 255, or save the pixels as uint8"
                )
            )
        return
    if most <= _UNIT:
        return
    are_whole = all(bool((raw == raw.round()).all()) for raw in raws)
    note = (
        f"{what}, as pixels are, and no layer of the model scales them: where it was trained on "
        "0 to 1, save the pixels as uint8 (and see --preprocess), or divide them by 255"
    )
    warn(Doubt(note) if are_whole and most > _PIXELS / 2 else note)
