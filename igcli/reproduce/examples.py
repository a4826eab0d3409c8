"""The published examples by name: where each is from, and which options it has a use for."""

from dataclasses import dataclass


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
