"""Legacy models: those of tf-keras, which is Keras 2, with the interface of Keras 3's."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class LegacyTensor:
    """An input or output of a `LegacyModel`."""

    name: str
    shape: tuple[int | None, ...] | None
    dtype: str


class LegacyModel:
    """What igcli asks of a Keras model, answered by a tf-keras one.

    Attributes
    ----------
    inputs, outputs : list of LegacyTensor
        In the model's order.
    output_names : list of str
        One for each output.
    """

    def __init__(self, model: Any) -> None:
        import tensorflow as tf

        self._model = model
        self.inputs = [_described(tensor) for tensor in tf.nest.flatten(model.inputs)]
        self.outputs = [_described(tensor) for tensor in tf.nest.flatten(model.outputs)]
        self.output_names = [str(name) for name in model.output_names]
        self._inputs_struct = self.inputs if len(self.inputs) > 1 else self.inputs[0]

    def __call__(self, inputs: Any, training: bool = False) -> Any:
        """Return the outputs, in the model's own structure."""
        return self._model(inputs, training=training)


def _described(tensor: Any) -> LegacyTensor:
    shape = tensor.shape
    known = None if shape.rank is None else tuple(shape.as_list())
    return LegacyTensor(tensor.name, known, tensor.dtype.name)
