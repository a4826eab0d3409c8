"""The layer graph of a Keras 2 model, Functional or Sequential, as Keras 3 writes it.

Keras 2 refers to a tensor by ``[layer, call, output]``. A nested model's calls start at 1 there
(call 0 is how it was built); Keras 3 counts the arguments' from 0 and the outputs' of a Functional
from 1.
"""

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from igcli.models.keras2.operations import OP_LAYERS, operation

Config: TypeAlias = dict[str, Any]
Notes: TypeAlias = list[str]
Repair: TypeAlias = Callable[[Config, Notes], Config]
_RECURRENT = frozenset(
    {"RNN", "SimpleRNN", "LSTM", "GRU", "Bidirectional", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"}
)


def functional(config: Config, repair: Repair, notes: Notes) -> Config:
    """Repair a Functional model's own config and, through `repair`, its layers'."""
    graph = _Graph(config)
    layers = []
    for node in config["layers"]:
        called = graph.calls(node)
        if node["class_name"] in OP_LAYERS:
            layer, called = operation(node, called, is_tensor)
            notes.append("TensorFlow operations called as they were")
        else:
            layer = repair(node, notes)
        name = graph.names[name_of(node)]
        layer["config"]["name"] = layer["name"] = name
        if layer["class_name"] == "Identity":
            for call in called:
                call["kwargs"].pop("training", None)
        layer["inbound_nodes"] = called
        layers.append(layer)
    notes += ["/ in a layer's name replaced"] * sum("/" in old for old in graph.names)
    repaired: Config = {key: config[key] for key in ("name", "trainable") if key in config}
    for key in ("input_layers", "output_layers"):
        ends = graph.ends(config[key])
        # Keras 2 calls a model with [x] or x alike, and writes both as [x].
        repaired[key] = ends[0] if isinstance(ends, list) and len(ends) == 1 else ends
    return _renamed(repaired) | {"layers": layers}


def sequential(config: Config | list[Config], repair: Repair, notes: Notes) -> Config:
    """Repair a Sequential model's config; very old ones are the bare list of layers."""
    if isinstance(config, list):
        config = {"name": "sequential", "layers": config}
    names = new_names(config["layers"])
    layers = []
    for node in config["layers"]:
        layer = repair(node, notes)
        layer["config"]["name"] = names[name_of(node)]
        layers.append(layer)
    notes += ["/ in a layer's name replaced"] * sum("/" in old for old in names)
    shape = config.get("build_input_shape") or _first_shape(config["layers"])
    if layers[0]["class_name"] != "InputLayer" and shape:
        first: Config = {"batch_shape": shape, "name": f"{layers[0]['config']['name']}_input"}
        if dtype := config["layers"][0]["config"].get("dtype"):
            first["dtype"] = dtype if isinstance(dtype, str) else "float32"
        entry = {"class_name": "InputLayer", "module": "keras.layers", "registered_name": None}
        layers.insert(0, entry | {"config": first})
    return _renamed({"name": config.get("name", "sequential"), "layers": layers})


def new_names(layers: list[Config]) -> dict[str, str]:
    """Map each layer's name to one that Keras 3 allows: without slashes, still unique."""
    taken = {name_of(node) for node in layers}
    names = {}
    for old in (name_of(node) for node in layers):
        new = old.replace("/", ".")
        while "/" in old and new in taken:
            new += "_"
        taken.add(new)
        names[old] = new
    return names


def is_tensor(value: Any) -> bool:
    """Whether `value` stands for a tensor in a node that `calls` returned."""
    return isinstance(value, dict) and value.get("class_name") == "__keras_tensor__"


class _Graph:
    """The names of one Functional model's layers and where their calls start to count."""

    def __init__(self, config: Config) -> None:
        layers = {name_of(node): node for node in config["layers"]}
        self.names = new_names(config["layers"])
        self._models = {
            name for name, node in layers.items() if class_of(node) in ("Functional", "Model")
        }
        last = dict.fromkeys(layers, 0)
        for reference in self._references(config):
            last[reference[0]] = max(last[reference[0]], reference[1])
        # Each call of a layer is in the file, so the last one tells where they began.
        self._start = {
            name: max(0, last[name] - max(0, len(node.get("inbound_nodes") or ()) - 1))
            for name, node in layers.items()
        }

    def calls(self, node: Config) -> list[Config]:
        """Return a layer's calls, each as Keras 3's positional and keyword arguments."""
        return [self._call(node["class_name"], call) for call in node.get("inbound_nodes") or ()]

    def ends(self, value: Any) -> Any:
        """Rewrite the model's input or output tensors, in whatever structure they are."""
        if self._is_reference(value):
            name, call, output = value[:3]
            return [
                self.names[name],
                call - self._start[name] + (name in self._models),
                output,
            ]
        return _mapped(self.ends, value)

    def _call(self, class_name: str, call: Any) -> Config:
        kwargs = self._keywords(call)
        first = self._tensors(call)
        if isinstance(first, list) and len(first) == 1 and class_name not in OP_LAYERS:
            first = first[0]
        keywords = {
            key: self._tensors(value)
            for key, value in kwargs.items()
            # None is what leaving an argument out means, and Keras 3 lacks some of them.
            if value is not None or class_name in OP_LAYERS
        }
        if class_name in _RECURRENT and isinstance(first, list):
            first, *states = first
            keywords["initial_state"] = states
        return {"args": [first], "kwargs": keywords}

    def _keywords(self, call: Any) -> Config:
        """Return the keyword arguments, which Keras 2 repeats at each tensor."""
        if self._is_reference(call) or _is_constant(call):
            return call[3] if len(call) > 3 else {}
        values = call.values() if isinstance(call, dict) else call
        for value in values if isinstance(call, dict | list) else ():
            if found := self._keywords(value):
                return found
        return {}

    def _tensors(self, value: Any) -> Any:
        if _is_constant(value):
            return value[2]
        if self._is_reference(value):
            name, call, output = value[:3]
            history = [self.names[name], call - self._start[name], output]
            # Keras looks the tensor up by its history; shape and dtype are never read.
            tensor = {"shape": [], "dtype": "float32", "keras_history": history}
            return {"class_name": "__keras_tensor__", "config": tensor}
        return _mapped(self._tensors, value)

    def _references(self, config: Config) -> Iterator[list[Any]]:
        waiting: list[Any] = [config["output_layers"]]
        waiting += [node.get("inbound_nodes") for node in config["layers"]]
        while waiting:
            value = waiting.pop()
            if self._is_reference(value):
                yield value
                waiting += value[3:]
            elif isinstance(value, dict):
                waiting += value.values()
            elif isinstance(value, list):
                waiting += value

    def _is_reference(self, value: Any) -> bool:
        return (
            isinstance(value, list)
            and len(value) in (3, 4)
            and isinstance(value[0], str)
            and value[0] in self.names
            and all(isinstance(index, int) for index in value[1:3])
        )


def _is_constant(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and value[0] == "_CONSTANT_VALUE"


def class_of(node: Config) -> str:
    """Return a layer's class, without the package that it may be registered under."""
    return str(node["class_name"]).rsplit(">", 1)[-1]


def _mapped(function: Callable[[Any], Any], value: Any) -> Any:
    if isinstance(value, dict):
        return {key: function(part) for key, part in value.items()}
    if isinstance(value, list):
        return [function(part) for part in value]
    return value


def name_of(node: Config) -> str:
    """Return the name of a layer from its config."""
    config = node["config"]
    own = config.get("name") if isinstance(config, dict) else None
    return str(node.get("name") or own or node["class_name"])


def _renamed(config: Config) -> Config:
    if "/" in str(config.get("name")):
        config["name"] = config["name"].replace("/", ".")
    return config


def _first_shape(layers: list[Config]) -> Any:
    """Return the input shape that a model's first layer knows, a nested model's included."""
    config = layers[0]["config"]
    shape = config.get("batch_input_shape")
    return shape or (_first_shape(config["layers"]) if config.get("layers") else None)
