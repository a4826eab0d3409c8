"""Serve one tool: ``python -m workers TOOL``, in the tool's own environment."""

import sys
from importlib import import_module

from .protocol import private_stdout, serve


def main() -> None:
    """Import the tool and answer."""
    answers = private_stdout()
    tool = import_module(f".{sys.argv[1]}_tool", __package__)
    serve(tool.prepare, sys.stdin, answers)


if __name__ == "__main__":
    main()
