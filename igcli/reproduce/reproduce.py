"""The reproduction of an example, from what was asked for to what it came to."""

from collections.abc import Callable
from importlib import import_module

from igcli.common.errors import ConfigError, ModelError
from igcli.inputs.labels import read_labels
from igcli.models.open import check_path
from igcli.reproduce.example_run import ExampleRun
from igcli.reproduce.examples import EXAMPLES
from igcli.reproduce.request import ExampleRequest
from igcli.reproduce.result import ExampleResult
from igcli.reproduce.tools import Tools


def reproduce(request: ExampleRequest, tools: Tools) -> ExampleResult:
    """Reproduce one example into OUT.

    Raises
    ------
    IgcliError
        Whatever makes it impossible: files that are not there and can't be fetched, options that
        mean nothing to it.
    """
    example = EXAMPLES[request.example]
    for option in ("data", "model", "labels", "epochs", "as_published"):
        if getattr(request, option) and option not in example.takes:
            flag = option.replace("_", "-")
            raise ConfigError(f"--{flag} has no meaning for {request.example}", fix="leave it out")
    _check_files(request)
    module = import_module(f"igcli.reproduce.{example.module}")
    follow: Callable[[ExampleRun], None] = module.reproduce
    with ExampleRun(request, tools) as run:
        run.say("example", f"{request.example}: {example.title}")
        follow(run)
        return run.finish()


def _check_files(request: ExampleRequest) -> None:
    """Refuse a model of no known kind, and labels that are none, before anything is fetched."""
    if request.model is not None:
        try:
            check_path(request.model)
        except ModelError as error:
            problem = f"--model {request.model} is no model"
            raise ModelError(problem, error.cause, error.fix) from error
    read_labels(request.labels, (), lambda note: None)
