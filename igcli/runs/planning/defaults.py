"""The defaults of a run: what stands for settings that were not given, for the inputs at hand."""

from dataclasses import dataclass, replace
from pathlib import Path

from igcli.attribution.methods import Method, choose_method
from igcli.common.config import RunConfig
from igcli.common.placement import DEFAULT_RESIZE
from igcli.inputs.baselines.choose import with_default
from igcli.inputs.labels import FOLDERS, Labels
from igcli.inputs.readers.source import Listing
from igcli.inputs.targets import target_content
from igcli.runs.planning.preprocess_choice import asked_preprocess


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings with their defaults in place, as far as the model need not be asked.

    Attributes
    ----------
    method : Method
        How paths are integrated, by what was asked for: see `Calibration` for what is done.
    preprocess : str or None
        What pixels are to be put through; None for inputs that are no pixels.
    resize : str
        How an image gets the model's size, be it an input or a baseline.
    resizes_inputs : bool
        Whether inputs are resized so: arrays are not.
    """

    method: Method
    preprocess: str | None
    resize: str
    resizes_inputs: bool

    @property
    def resize_of_inputs(self) -> str | None:
        """How inputs are resized; None for those that are not."""
        return self.resize if self.resizes_inputs else None


def settle(config: RunConfig, listing: Listing) -> Settings:
    """Put defaults in place.

    Raises
    ------
    ConfigError
        When settings don't go together, or not with the inputs.
    """
    return Settings(
        preprocess=asked_preprocess(config, listing),
        method=choose_method(config),
        resize=config.resize or DEFAULT_RESIZE,
        resizes_inputs=listing.resizable,
    )


def spelled_out(config: RunConfig, listing: Listing, settings: Settings) -> RunConfig:
    """Return what was asked for with its defaults in place: who gives them asks for the same run.

    What only the model knows is left open: the size of images, and the baselines of several inputs.
    What names something in INPUTS stands for what is there.
    """
    of_folders = str(config.labels) == FOLDERS
    return replace(
        settings.method.spelled_out(config),
        labels=Path(Labels(tuple(listing.folders)).content) if of_folders else config.labels,
        target=target_content(config.target, listing.arrays),
        truth=config.truth and target_content(config.truth, listing.arrays, "--truth"),
        baseline=with_default(config.baseline, listing.kind),
        preprocess=settings.preprocess,
        resize=settings.resize_of_inputs,
    )
