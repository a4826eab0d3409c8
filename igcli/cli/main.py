"""The main command group, and the boundary where errors become text and exit codes."""

import os
import re
import sys
from importlib import import_module

import click

from igcli import __version__
from igcli.cli.signals import ignore_signals
from igcli.cli.streams import Streams
from igcli.common import exit_codes
from igcli.common.errors import IgcliError, reason

# Every command, by the group that `igcli --help` lists it in: its name, and its module.
GROUPS = {
    "Explain": {
        "run": "igcli.cli.run",
        "inspect": "igcli.cli.inspect",
        "merge": "igcli.cli.merge",
    },
    "Look": {
        "render": "igcli.cli.render",
        "regions": "igcli.cli.regions",
        "report": "igcli.cli.report",
    },
    "Find": {
        "locate": "igcli.cli.locate",
        "summarize": "igcli.cli.summarize",
        "clusters": "igcli.cli.clusters",
        "findings": "igcli.cli.findings",
    },
    "Judge": {
        "agreement": "igcli.cli.agreement",
        "verify": "igcli.cli.verify",
        "sanity": "igcli.cli.sanity",
    },
    "Gate": {
        "compare": "igcli.cli.compare",
        "baseline": "igcli.cli.baseline",
    },
    "Examples": {
        "reproduce": "igcli.cli.reproduce",
    },
    "Help": {
        "help": "igcli.cli.help",
    },
}
COMMANDS = {name: module for group in GROUPS.values() for name, module in group.items()}
DEBUG = "igcli.debug"
CONFIG = "igcli.config"
SPEC = "igcli.spec"
ARGUMENTS = "igcli.arguments"


class LazyGroup(click.Group):
    """A group whose commands are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands' names."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(COMMANDS[cmd_name]).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands in groups, each with the whole first sentence of its help."""
        width = max(len(name) for name in COMMANDS)
        for title, names in GROUPS.items():
            sentences = [_first_sentence(self.get_command(ctx, name)) for name in names]
            padded = [name.ljust(width) for name in names]
            with formatter.section(title):
                formatter.write_dl(list(zip(padded, sentences, strict=True)))

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keep the arguments, for messages that say what to run next."""
        ctx.meta[ARGUMENTS] = list(args)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; turn an error into one to three lines on stderr and an exit code."""
        try:
            return super().invoke(ctx)
        except (click.exceptions.Exit, click.Abort):
            raise
        except click.UsageError as error:
            problem = " ".join(error.format_message().split())
            command = error.ctx.command_path if error.ctx else "igcli"
            config = ctx.meta.get(CONFIG)
            also = f" (or see {config})" if config else ""
            click.echo(f"igcli: {problem}\nto fix this: see {command} --help{also}", err=True)
            ctx.exit(exit_codes.USAGE)
        except KeyboardInterrupt:
            click.echo("igcli: interrupted", err=True)
            ctx.exit(exit_codes.INCOMPLETE)
        except Exception as error:
            if ctx.meta.get(DEBUG):
                raise
            click.echo(f"igcli: {_in_words(error)}", err=True)
            ctx.exit(_exit_code(error))


def _first_sentence(command: click.Command | None) -> str:
    text = " ".join(str(command.help if command else "").split())
    return re.split(r"(?<=\.) ", text, maxsplit=1)[0]


def _exit_code(error: Exception) -> int:
    if isinstance(error, IgcliError):
        return error.exit_code
    return exit_codes.USAGE if isinstance(error, OSError) else exit_codes.INCOMPLETE


def _in_words(error: Exception) -> str:
    if isinstance(error, IgcliError):
        return str(error)
    if isinstance(error, OSError) and error.filename:
        # Everything that happens once a run has begun is a RunStopped: this is a path as given.
        cause = reason(error)
        return f"{str(error.filename)[:200]} can't be used: {cause}\nto fix this: check the path"
    return (
        f"internal error: {type(error).__name__}: {error}\n"
        "to fix this: run again with --debug and report what it shows"
    )


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="igcli")
def cli() -> None:
    """Explain what a Keras image model looked at, for whole datasets.

    igcli integrates the model's gradients from a baseline to each input (Integrated Gradients) and
    writes attributions, completeness deltas and overlays.

    `igcli help` lists the pages of the manual, `igcli COMMAND --help` a command's options.
    """


def main() -> None:
    """Run the command line as a program."""
    streams = Streams()
    # Read when numpy is first imported. Its BLAS threads would wait in a loop for cores that the
    # model's batches keep busy: seven times slower than one thread.
    for variable in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
    as_module = sys.argv[0].endswith("__main__.py")
    try:
        cli(prog_name="igcli" if as_module else os.path.basename(sys.argv[0]))
    except SystemExit as end:
        ignore_signals()
        sys.exit(streams.exit_code(end.code))
    except Exception as error:
        # --debug let it through: what Python would give, 1, means that a gate failed.
        sys.excepthook(type(error), error, error.__traceback__)
        sys.exit(streams.exit_code(_exit_code(error)))
