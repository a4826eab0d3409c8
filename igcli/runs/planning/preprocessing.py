"""The preprocessing of a run: what ``--preprocess`` comes to, without its model and then with it.

It is settled here alone. What only the model can decide passes `asked_preprocess` as it is, and
becomes a name in `settle_preprocess`, with a note that says why.
"""

from dataclasses import dataclass

from igcli.common.config import RunConfig
from igcli.common.errors import ConfigError
from igcli.common.model_spec import ModelSpec
from igcli.common.notes import Doubt
from igcli.inputs.preprocess import DEFAULT_PREPROCESS
from igcli.inputs.readers.source import Listing


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """How the pixels of a run become model inputs.

    Attributes
    ----------
    name : str or None
        A name from PREPROCESS; None for inputs that are no pixels.
    note : str
        What the user should know of it; empty where there is nothing.
    """

    name: str | None
    note: str = ""


def asked_preprocess(config: RunConfig, listing: Listing) -> str | None:
    """Return how pixels are to be preprocessed; None for inputs that are not.

    Raises
    ------
    ConfigError
        When it was given for what is not preprocessed.
    """
    if listing.kind in {"pixels", "several"}:
        return config.preprocess or DEFAULT_PREPROCESS
    if config.preprocess is not None:
        raise ConfigError(
            f"--preprocess {config.preprocess} can't be used with {config.inputs}",
            "only pixels are preprocessed: other arrays pass untouched",
            "leave it out, or save the pixels as a uint8 array",
        )
    return None


def settle_preprocess(asked: str | None, spec: ModelSpec) -> Preprocessing:
    """Return what is done to pixels for a model; the note says where they would be scaled twice.

    A model of integers gets them as they are.
    """
    inputs = spec.inputs or (spec.input,)
    if asked is not None and all(known.is_whole for known in inputs):
        note = (
            f"--preprocess {asked} has no effect: the model takes {inputs[0].declared} pixels, and "
            "gets them as they are"
        )
        return Preprocessing("raw", "" if asked in {DEFAULT_PREPROCESS, "raw"} else note)
    if asked in (None, "raw") or not spec.scaling:
        return Preprocessing(asked)
    return Preprocessing(
        asked,
        Doubt(
            f"the model's first layer {spec.scaling!r} scales pixels itself, after --preprocess "
            f"{asked} has: use --preprocess raw"
        ),
    )
