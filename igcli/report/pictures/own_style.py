"""The own style of a run: what its pictures are drawn in unless told otherwise."""

from pathlib import Path

from igcli.common.choices import AUTO
from igcli.figures.settle import settle_style
from igcli.store.run import open_finished_run


def own_style(out: Path) -> str:
    """Return the style that a finished run's own pictures have; of an old run's, by their size.

    Raises
    ------
    InputError
        When there is no run.
    NotWhole
        When it is not finished.
    """
    run = open_finished_run(out, f"OUT {out}")
    with run.usable_about() as about:
        asked = str(about["config"].get("style", AUTO))
    regions = run.kept.regions
    if not run.kept.pixels and regions is not None:
        return settle_style(asked, regions.shape)
    # A run without pictures is refused when they are looked for.
    return settle_style(asked, run.layout.image_shape or (1, 1))
