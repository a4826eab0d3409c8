"""The preprocess choice of a run: ``--preprocess``, without its model and then with it.

It is settled here alone. What only the model can decide passes `asked_preprocess` as it is, and
becomes a name in `settle_preprocess`, with the reason.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from igcli.common.choices import AUTO
from igcli.common.config import RunConfig
from igcli.common.errors import ConfigError
from igcli.common.model_spec import InputSpec, ModelSpec
from igcli.common.own_scaling import OwnScaling
from igcli.inputs.preprocess import NEEDS_RGB
from igcli.inputs.readers.source import Listing

_UNIT, _RAW, _HUB = "unit", "raw", "keras-hub"
# What those of `keras.applications` take that were built to scale nothing themselves.
_OF_FAMILY = {
    **dict.fromkeys(("MobileNet", "MobileNetV2", "MobileNetV3", "Xception"), "symmetric"),
    **dict.fromkeys(("InceptionV3", "InceptionResNetV2", "ResNetV2", "NASNet"), "symmetric"),
    "EfficientNetV2": "symmetric",
    **dict.fromkeys(("VGG", "ResNet"), "caffe"),
    **dict.fromkeys(("DenseNet", "ResNeXt", "EfficientNet", "ConvNeXt", "RegNet"), "torch"),
}


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """How the pixels of a run become model inputs.

    Attributes
    ----------
    name : str or None
        A name from PREPROCESS; None for inputs that are no pixels.
    why : str
        Why it is that one; empty where it was asked for by its name.
    note : str
        What else the user should know of it; empty where there is nothing.
    doubt : str
        What means that it is very likely the wrong one; empty where nothing does.
    """

    name: str | None
    why: str = ""
    note: str = ""
    doubt: str = ""

    @property
    def in_words(self) -> str:
        """Say what was chosen, and why; "" where nothing was."""
        return f"{self.name} ({AUTO}: {self.why})" if self.why else ""


def asked_preprocess(config: RunConfig, listing: Listing) -> str | None:
    """Return how pixels are to be preprocessed; None for inputs that are not.

    Raises
    ------
    ConfigError
        When it was given for what is not preprocessed.
    """
    if listing.kind in {"pixels", "several"}:
        return config.preprocess or AUTO
    if config.preprocess in (None, AUTO):
        return None
    raise ConfigError(
        f"--preprocess {config.preprocess} can't be used with {config.inputs}",
        "only pixels are preprocessed: other arrays pass untouched",
        "leave it out, or save the pixels as a uint8 array",
    )


def settle_preprocess(
    asked: str | None, spec: ModelSpec, arrays: Collection[str] = ()
) -> Preprocessing:
    """Return what is done to pixels for a model, and why.

    A model of integers gets them as they are.

    Parameters
    ----------
    asked : str or None
        As `asked_preprocess` says.
    spec : ModelSpec
        The model.
    arrays : collection of str
        Those of its several inputs that are pixels.

    Raises
    ------
    ConfigError
        When no choice is right for all of them.
    """
    own, inputs = _of_arrays(spec.own, arrays), spec.inputs or (spec.input,)
    if asked is not None and all(known.is_whole for known in inputs):
        note = (
            f"--preprocess {asked} has no effect: the model takes {inputs[0].declared} pixels, and "
            "gets them as they are"
        )
        return Preprocessing(_RAW, note="" if asked in {AUTO, _RAW} else note)
    mixed = _mixed(own)
    if asked == AUTO:
        if mixed:
            raise ConfigError(
                f"--preprocess {AUTO} can't choose for all inputs of the model",
                mixed,
                "save those that nothing scales as floats in the range that the model takes: "
                f"floats pass untouched; or name a --preprocess, {_RAW} for one",
            )
        return choose_preprocess(own, inputs)
    if asked in (None, _RAW):
        return Preprocessing(asked)
    scaled = next((of for _, of in own.inputs if of.name), own)
    if not scaled.name:
        return Preprocessing(asked)
    advice = mixed or f"use --preprocess {_RAW}, or {AUTO}"
    return Preprocessing(
        asked,
        doubt=f"the model's {scaled.name!r} scales pixels itself ({scaled.in_words}), after "
        f"--preprocess {asked} has: {advice}",
    )


def _of_arrays(own: OwnScaling, arrays: Collection[str]) -> OwnScaling:
    """Return what a model does to some of its inputs; to all where none of these is told of."""
    found = tuple((name, of) for name, of in own.inputs if name in arrays)
    return OwnScaling.of_inputs(found, own.family) if found else own


def _mixed(own: OwnScaling) -> str:
    """Say which inputs are scaled in the model and which are not; "" where all are alike."""
    scaled = [(name, of.name) for name, of in own.inputs if of.name]
    others = [repr(name) for name, of in own.inputs if not of.name]
    if not scaled or not others:
        return ""
    name, layer = scaled[0]
    return f"its {layer!r} scales the pixels of {name!r}, and nothing those of {', '.join(others)}"


def choose_preprocess(own: OwnScaling, inputs: Iterable[InputSpec]) -> Preprocessing:
    """Return what ``--preprocess auto`` comes to, for a model with these inputs."""
    floats = [spec for spec in inputs if not spec.is_whole]
    if not floats:
        return Preprocessing(_RAW)
    if own.name:
        return Preprocessing(_RAW, f"the model's {own.name!r} scales pixels itself: {own.in_words}")
    mixed = _mixed(own)
    if mixed:
        return Preprocessing(_UNIT, mixed)
    if own.unclear:
        return Preprocessing(
            _UNIT,
            f"whether the model scales pixels itself can't be told: {own.unclear}",
            doubt=f"--preprocess {AUTO} took {_UNIT} (0 to 1), and that may be wrong: whether the "
            f"model scales pixels itself can't be told, as {own.unclear}. Where it was trained on "
            f"0 to 255, use --preprocess {_RAW}; else name the one that it was trained with",
        )
    return _of_family(own, floats)


def _of_family(own: OwnScaling, floats: Collection[InputSpec]) -> Preprocessing:
    """Return what models of a family take that scale nothing themselves; else 0–1."""
    if own.family == _HUB:
        return _of_hub()
    known = _OF_FAMILY.get(own.family)
    if known is None and own.changes:
        what = f"the model works on its input first, but on no pixels: {own.in_words}"
        return Preprocessing(_UNIT, what)
    if known is None:
        guess = "the model scales no pixels itself and is of no known family: 0 to 1 is a guess"
        return Preprocessing(_UNIT, guess)
    layers = f"the model has the layers of {own.family}"
    if own.changes:
        return Preprocessing(_UNIT, f"{layers}, and works on pixels before them: {own.in_words}")
    if known in NEEDS_RGB and not any(spec.shape[-1:] == (3,) for spec in floats):
        return Preprocessing(_UNIT, f"{layers}, but takes no three colour channels")
    return Preprocessing(known, f"{layers}, and scales no pixels itself")


def _of_hub() -> Preprocessing:
    """Return what a backbone of keras-hub gets, whose preset alone knows what it takes."""
    what = "the model is keras-hub's, and the preprocessor that it was trained with not in its file"
    return Preprocessing(
        _UNIT,
        what,
        doubt=f"--preprocess {AUTO} took {_UNIT} (0 to 1), and that is likely wrong: {what}. See "
        "its image_converter: scale 1/127.5 and offset -1 are --preprocess symmetric (as ViT's "
        "presets have), ImageNet's means and deviations --preprocess torch (as ResNet's)",
    )
