"""What stands for settings that were not given, for the inputs at hand."""

from dataclasses import replace

from igcli.attribution.methods import choose_method
from igcli.common.config import RunConfig
from igcli.common.errors import ConfigError
from igcli.inputs.baselines.recipes import DEFAULT_BASELINE
from igcli.inputs.preprocess import DEFAULT_PREPROCESS
from igcli.inputs.readers.resize import DEFAULT_RESIZE
from igcli.inputs.readers.source import Listing


def spelled_out(config: RunConfig, listing: Listing) -> RunConfig:
    """Return a run's settings with its defaults in place: who gives them asks for the same run.

    What only the model knows is left open: the size of images, and the baselines of several inputs.

    Raises
    ------
    ConfigError
        When settings don't go together, or not with the inputs.
    """
    config = choose_method(config).spelled_out(config)
    one_kind = listing.kind != "several"
    return replace(
        config,
        baseline=config.baseline or ((DEFAULT_BASELINE[listing.kind],) if one_kind else ()),
        preprocess=settle_preprocess(config, listing),
        resize=(config.resize or DEFAULT_RESIZE) if listing.resizable else None,
    )


def settle_preprocess(config: RunConfig, listing: Listing) -> str | None:
    """Return how pixels are preprocessed; None for inputs that are not.

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
