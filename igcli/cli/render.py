"""``igcli render``: a run's pictures, drawn again from what it stored."""

from pathlib import Path
from typing import Any

import click

from igcli.cli.console import tell_failures, tell_result, track, warn
from igcli.cli.options import debug_option
from igcli.common.choices import BY, ORDERS, WHERE
from igcli.figures.channels import REDUCTIONS, SIGNS
from igcli.figures.colormaps import COLORMAPS
from igcli.figures.style import AUTO, IMAGE, RUN, SHOWN, STYLES

_SCALES = (IMAGE, SHOWN, RUN, AUTO)


class Number(click.FloatRange):
    """A number in a range: not nan, which is in every one for Click."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the number."""
        number: float = super().convert(value, param, ctx)
        if number != number:
            self.fail(f"{value!r} is no number", param, ctx)
        return number


def _parse_scale(
    ctx: click.Context, param: click.Parameter, value: str | None
) -> str | float | None:
    if value is None or value in _SCALES:
        return value
    try:
        return float(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is none of {', '.join(_SCALES)} or a number") from None


def _parse_window(
    ctx: click.Context, param: click.Parameter, value: str | None
) -> tuple[float, float] | None:
    if value is None:
        return None
    try:
        low, high = (float(part) for part in value.split(":"))
    except ValueError:
        raise click.BadParameter(f"{value!r} is not LOW:HIGH, 50:99 for example") from None
    return low, high


@click.command(name="render")
@click.argument("out", type=click.Path(path_type=Path))
@click.argument("ids", metavar="[ID]...", nargs=-1)
@click.option(
    "--style",
    type=click.Choice([AUTO, *STYLES]),
    default=AUTO,
    show_default=True,
    help="auto: as the run drew them: photo, the image beside its heat, where they are large, "
    "else overlay. outlines: lines around half of the mass. panel: all on one sheet (image, map, "
    "positive, negative). tutorial: baseline, image, map, image over map. regions: the mass of "
    "each cell. Those of cells need no stored pixels.",
)
@click.option("--sign", type=click.Choice(SIGNS), help="Which attributions count.")
@click.option("--reduce", type=click.Choice(list(REDUCTIONS)), help="Channels to one number.")
@click.option("--cmap", type=click.Choice(COLORMAPS), help="The colours.")
@click.option(
    "--clip",
    metavar="PERCENT",
    type=Number(0, 100, max_open=True),
    help="How much of the absolute mass may saturate.",
)
@click.option(
    "--window",
    metavar="LOW:HIGH",
    callback=_parse_window,
    help="Percentiles of the magnitudes: below LOW the map is transparent, above HIGH colours are "
    "full.",
)
@click.option("--alpha", type=Number(0, 1), help="The opacity of what lies on top.")
@click.option(
    "--scale",
    metavar="image|shown|run|auto|VALUE",
    callback=_parse_scale,
    help="Whose numbers set the scale: each image's, those drawn, all of the run; or the "
    "attribution with full colour. panel: auto, one for all where each map is read on it, else "
    "each image's.",
)
@click.option(
    "--size",
    metavar="PIXELS",
    type=click.IntRange(1, 16384),
    help="The shorter side, at least; whole factors only.  [default: 224, never shrunk]",
)
@click.option("--no-caption", is_flag=True, help="No class, score and delta below.")
@click.option(
    "--where",
    metavar="CONDITION",
    multiple=True,
    help=f"Only explanations for which it holds: {WHERE}. Can be repeated: all must hold.",
)
@click.option(
    "--order",
    type=click.Choice(ORDERS),
    help="Begin with the largest |delta|, the highest score or the largest error estimate.",
)
@click.option(
    "-n",
    "--count",
    type=click.IntRange(min=1),
    help="Draw the first so many of them alone; with --by, of each class.  [default: all, or 6]",
)
@click.option(
    "--by", type=click.Choice(BY), help="One sheet of small pictures, a row for each class."
)
@click.option(
    "-o",
    "--to",
    metavar="FOLDER|FILE.png",
    type=click.Path(path_type=Path),
    help="Where to put them.  [default: OUT/overlays, or OUT/figures/STYLE]",
)
@click.option("--overwrite", is_flag=True, help="Replace files that igcli did not write, too.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@debug_option
@click.pass_context
def command(
    ctx: click.Context,
    /,
    out: Path,
    ids: tuple[str, ...],
    to: Path | None,
    overwrite: bool,
    no_caption: bool,
    as_json: bool,
    where: tuple[str, ...],
    order: str | None,
    count: int | None,
    by: str | None,
    **looks: Any,
) -> None:
    """Draw the pictures of OUT, a finished run, again: all, or those of some IDs.

    An ID is one of results.csv, or a pattern such as 'cat/*'. The model is not needed. What the
    other options are by default goes by the style. Exit code 0: all was drawn; 2: wrong usage;
    3: some have no map, the run is not finished or damaged, or a picture could not be written.
    """
    from igcli.figures.settle import settle_look
    from igcli.report.pictures.chosen import Choice
    from igcli.report.pictures.own_style import own_style
    from igcli.report.pictures.render import Wanted, render

    if looks["style"] == AUTO:
        looks["style"] = own_style(out)
    look = settle_look(**looks, caption=not no_caption)
    if look.doubt:
        warn(look.doubt)
    choice = Choice(where, order, count)
    rendered = render(Wanted(out, ids, look, to, overwrite, choice, by), track, warn)
    tell_failures(rendered.failed, "not drawn")
    tell_result(as_json, rendered.to_dict, rendered.lines)
    ctx.exit(rendered.exit_code)
