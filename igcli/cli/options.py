"""Options that commands share, as decorators."""

import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from igcli.cli.config_file import read_toml
from igcli.cli.main import CONFIG, DEBUG, SPEC
from igcli.common.files import listed
from igcli.common.setting import settings_of

F = TypeVar("F", bound=Callable[..., Any])


def setting_option(config: type[Any], name: str, **looks: Any) -> Callable[[F], F]:
    """Return the option of one setting: what its field says, and how Click reads and explains it.

    Parameters
    ----------
    config : type
        What declares the setting.
    name : str
        The field.
    **looks
        What `click.option` takes beyond the name, the default and whether it is repeated.
    """
    setting = settings_of(config)[name]
    flag = setting.flag
    if setting.repeatable:
        looks["multiple"] = True
    elif setting.default is False:
        looks["is_flag"] = True
    elif setting.default is not None:
        looks |= {"default": setting.default, "show_default": True}
    if setting.default is True:
        flag = f"{flag}/--no-{setting.key}"
    return click.option(flag, **looks)


def split_lists(
    ctx: click.Context, param: click.Parameter, value: tuple[str, ...]
) -> tuple[str, ...]:
    """Return what is given as lists with commas as if each text had been given by itself."""
    return tuple(one for text in value for one in listed(text))


def as_given_options(what: str = "") -> Callable[[F], F]:
    """Add what loads a run's model again, for `what`: its own code, and unsafe files."""
    given = f"As given to the run{what and f', {what}'}"
    custom = click.option(
        "--custom-objects",
        metavar="FILE.py",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help=f"{given}; it is run.",
    )
    unsafe = click.option(
        "--allow-unsafe",
        is_flag=True,
        help=f"{given}: load MODEL though it may run code on this machine.",
    )
    return lambda function: custom(unsafe(function))


def config_option(table: str) -> Callable[[F], F]:
    """``--config FILE``: defaults that flags override, from a TOML table or an ExplanationSpec."""
    also = "; or Vertex AI's ExplanationSpec (.json)" if table == "run" else ""

    def load(ctx: click.Context, param: click.Parameter, value: Path | None) -> None:
        if value is None:
            return
        ctx.meta[CONFIG] = str(value)
        if also and value.suffix.lower() == ".json":
            from igcli.cli.vertex.translate import read_spec

            spec = read_spec(value)
            ctx.meta[SPEC] = spec.lines
            defaults: dict[str, Any] = spec.settings
        else:
            defaults = read_toml(value, table)
        ctx.default_map = {**(ctx.default_map or {}), **defaults}

    return click.option(
        "--config",
        type=click.Path(path_type=Path),
        is_eager=True,
        expose_value=False,
        callback=load,
        help=f"TOML file with a table [{table}]{also}; flags override it.",
    )


by_option = click.option(
    "--by",
    metavar="GROUP",
    help="What groups are made by: truth, prediction, target, folder (the input's own), or a "
    "column of the list that named the inputs.  [default: truth where the run knows it, else "
    "prediction]",
)


def debug_option(function: F) -> F:
    """``--debug``: show tracebacks and Python warnings."""

    def remember(ctx: click.Context, param: click.Parameter, value: bool) -> None:
        ctx.meta[DEBUG] = value
        if not value:
            warnings.simplefilter("ignore")

    return click.option(
        "--debug",
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=remember,
        help="Show tracebacks and warnings of libraries.",
    )(function)


def parse_image_size(
    ctx: click.Context, param: click.Parameter, value: str | None
) -> tuple[int, int] | None:
    """Read HEIGHTxWIDTH, or one number for both, as (height, width)."""
    if value is None:
        return None
    parts = value.lower().split("x")
    if len(parts) in {1, 2} and all(p.isdecimal() and 0 < int(p) <= 65535 for p in parts):
        return int(parts[0]), int(parts[-1])
    raise click.BadParameter(f"{value!r} is not HEIGHTxWIDTH, 224x224 for example")


def parse_bands(
    ctx: click.Context, param: click.Parameter, value: str | None
) -> tuple[int, ...] | None:
    """Read one band, or three for red, green and blue, counted from 1."""
    if value is None:
        return None
    parts = [part.strip() for part in value.split(",")]
    numbers = tuple(int(part) for part in parts if part.isdecimal() and len(part) < 6)
    if len(numbers) == len(parts) and 0 not in numbers and len(numbers) in {1, 3}:
        return numbers
    raise click.BadParameter(
        f"{value!r} is neither one band nor three, 4,3,2 for example (counted from 1)"
    )


def parse_batch_size(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
    """Read a number of rows; None for `auto`."""
    if value is None or value == "auto":
        return None
    if value.isdecimal() and int(value) > 0:
        return int(value)
    raise click.BadParameter(f"{value!r} is neither a number of rows nor auto")


def parse_shard(
    ctx: click.Context, param: click.Parameter, value: str | None
) -> tuple[int, int] | None:
    """Read I/N, with I from 1 to N."""
    if value is None:
        return None
    which, _, count = value.partition("/")
    if not (which.isdecimal() and count.isdecimal()) or len(value) > 20:
        raise click.BadParameter(f"{value!r} is not I/N, 1/8 for the first of eight")
    if not 1 <= int(which) <= int(count):
        raise click.BadParameter(
            f"{value!r}: shards are counted from 1 to N (a Slurm array too: --array=1-{count})"
        )
    return int(which), int(count)


def check_device(ctx: click.Context, param: click.Parameter, value: str) -> str:
    """Accept auto, cpu, gpu and gpu:N, in capitals too."""
    if re.fullmatch(r"auto|cpu|gpu(:\d+)?", value.lower()):
        return value.lower()
    raise click.BadParameter(f"{value!r} is none of auto, cpu, gpu and gpu:N")


def parse_memory(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
    """Read bytes, or a number with KB, MB, GB or TB (powers of 1024)."""
    if value is None:
        return None
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)B?", value.strip(), re.IGNORECASE)
    size = float(match[1]) * 1024 ** " KMGT".index(match[2].upper() or " ") if match else 0.0
    if size < 1.0:
        raise click.BadParameter(f"{value!r} is no size, 2GB for example")
    return int(size)


def spec_notes(ctx: click.Context) -> list[str]:
    """Return what each key of an ExplanationSpec became; nothing where ``--config`` named none."""
    from_flags = {ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT}
    given = [name for name in ctx.params if ctx.get_parameter_source(name) in from_flags]
    return [
        line.text(next((name for name in line.settings if name in given), ""))
        for line in ctx.meta.get(SPEC, ())
    ]
