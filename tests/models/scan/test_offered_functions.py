"""Offered functions: what a SavedModel's objects name may not save or restore."""

from pathlib import Path
from typing import Any

import pytest

from igcli.common.errors import ModelError
from igcli.models.scan.saved_model_graph import scan_saved_model
from tests.models.scan.hostile import field, function, graph, node, saved_model

SAVES = function("__inference__traced_save_1", node("s", "SaveV2"))


def objects(name: str) -> bytes:
    """The field of a MetaGraph with the objects' graph: a function that is theirs."""
    return field(7, field(2, field(1, name)))


def test_a_function_that_the_objects_name(tmp_path: Path) -> None:
    whole = graph(functions=(SAVES,))
    saved_model(tmp_path / "own", whole, meta=objects("__inference__traced_save_1"))
    with pytest.raises(ModelError, match="node 's' is a SaveV2"):
        scan_saved_model(tmp_path / "own")
    saved_model(tmp_path / "beside", whole, meta=objects("__inference_call_2"))
    scan_saved_model(tmp_path / "beside")


@pytest.mark.parametrize("signed", [True, False], ids=["signature", "function"])
def test_a_function_of_the_model_that_writes(keras: Any, tmp_path: Path, signed: bool) -> None:
    import tensorflow as tf

    def traced_save(x: Any) -> Any:
        tf.raw_ops.SaveV2(
            prefix=str(tmp_path / "stolen"), tensor_names=["x"], shape_and_slices=[""], tensors=[x]
        )
        return x

    module = tf.Module()
    spec = [tf.TensorSpec((None, 3), tf.float32, "x")]
    module.run = tf.function(traced_save, spec)
    # Of two functions neither becomes the default signature.
    module.other = tf.function(lambda x: x, spec)
    signatures = module.run if signed else None
    tf.saved_model.save(module, str(tmp_path / "m"), signatures=signatures)
    with pytest.raises(ModelError, match="is a (SaveV2|RestoreV2)|which saves or restores"):
        scan_saved_model(tmp_path / "m")


def test_what_tensorflow_and_keras_write_passes(keras: Any, tmp_path: Path) -> None:
    import tensorflow as tf

    module = tf.Module()
    module.weight = tf.Variable(2.0)
    module.run = tf.function(
        lambda x: module.weight * x, [tf.TensorSpec((None, 3), tf.float32, "x")]
    )
    tf.saved_model.save(module, str(tmp_path / "saved"))
    tf.saved_model.save(module, str(tmp_path / "signed"), signatures=module.run)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model.export(tmp_path / "exported", verbose=False)
    for name in ("saved", "signed", "exported"):
        assert b"traced_save" in (tmp_path / name / "saved_model.pb").read_bytes()
        scan_saved_model(tmp_path / name)
