"""The command group, and the boundary where errors become text and exit codes."""

import os
import sys
from importlib import import_module

import click

from igcli import __version__
from igcli.errors import IgcliError, RunStopped

EXIT_USAGE = 2
EXIT_STOPPED = 3
COMMANDS = {"run": "igcli.cli.run"}
DEBUG = "igcli.debug"


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

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; turn an error into one to three lines on stderr and an exit code."""
        try:
            return super().invoke(ctx)
        except IgcliError as error:
            if ctx.meta.get(DEBUG):
                raise
            click.echo(f"igcli: {error}", err=True)
            ctx.exit(EXIT_STOPPED if isinstance(error, RunStopped) else EXIT_USAGE)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except KeyboardInterrupt:
            click.echo("igcli: interrupted before any result", err=True)
            ctx.exit(EXIT_STOPPED)
        except Exception as error:
            if ctx.meta.get(DEBUG):
                raise
            click.echo(
                f"igcli: internal error: {type(error).__name__}: {error}\n"
                "to fix this: run again with --debug and report what it shows",
                err=True,
            )
            ctx.exit(EXIT_STOPPED)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="igcli")
def cli() -> None:
    """Explain what a Keras image model looked at, for whole datasets.

    igcli integrates the model's gradients from a baseline to each input (Integrated Gradients) and
    writes attributions, completeness deltas and overlays.
    """


def main() -> None:
    """Run the command line as a program."""
    cli(prog_name="igcli" if sys.argv[0].endswith("__main__.py") else os.path.basename(sys.argv[0]))
