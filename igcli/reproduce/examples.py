"""EXAMPLES: name → how to reproduce it, and which options it has a use for."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from igcli.common.errors import ConfigError, ModelError
from igcli.inputs.labels import read_labels
from igcli.models.open import check_path
from igcli.reproduce.example_run import Asked, Tools, Work
from igcli.reproduce.result import Reproduced


@dataclass(frozen=True, slots=True)
class Example:
    """One published example.

    Attributes
    ----------
    module : str
        Where its `reproduce` is.
    title : str
        Where it was published.
    takes : frozenset of str
        The options that mean something to it, of those that not all take.
    """

    module: str
    title: str
    takes: frozenset[str]


_TRAINED = frozenset({"data", "model", "epochs", "as_published"})
EXAMPLES = {
    "mnist": Example("mnist", "alibi, Integrated gradients for MNIST", _TRAINED),
    "imagenet": Example(
        "imagenet",
        "alibi, Integrated gradients for a ResNet model trained on Imagenet",
        frozenset({"data", "model", "labels", "as_published"}),
    ),
    "tf-tutorial": Example(
        "tutorial",
        "TensorFlow tutorials, Integrated gradients",
        frozenset({"data", "model", "labels"}),
    ),
    "iris": Example("iris", "hiranumn/IntegratedGradients, README", _TRAINED),
    "two-inputs": Example(
        "two_inputs",
        "hiranumn/IntegratedGradients, Networks with multiple inputs",
        frozenset({"model", "epochs"}),
    ),
}


def reproduce(asked: Asked, tools: Tools) -> Reproduced:
    """Reproduce one example into OUT.

    Raises
    ------
    IgcliError
        Whatever makes it impossible: files that are not there and can't be fetched, options that
        mean nothing to it.
    """
    example = EXAMPLES[asked.example]
    for option in ("data", "model", "labels", "epochs", "as_published"):
        if getattr(asked, option) and option not in example.takes:
            flag = option.replace("_", "-")
            raise ConfigError(f"--{flag} has no meaning for {asked.example}", fix="leave it out")
    _check_files(asked)
    run: Callable[[Work], None] = import_module(f"igcli.reproduce.{example.module}").reproduce
    with Work(asked, tools) as work:
        work.say("example", f"{asked.example}: {example.title}")
        run(work)
        return work.finish()


def _check_files(asked: Asked) -> None:
    """Refuse a model of no known kind, and labels that are none, before anything is fetched."""
    if asked.model is not None:
        try:
            check_path(asked.model)
        except ModelError as error:
            problem = f"--model {asked.model} is no model"
            raise ModelError(problem, error.cause, error.fix) from error
    read_labels(asked.labels, (), lambda note: None)
