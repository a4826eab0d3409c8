"""`--custom-objects`: files and packages with imports of their own, and names with packages."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result

from igcli.common.errors import ConfigError
from igcli.common.model_settings import ModelSettings
from igcli.models.open import open_model

Igcli = Callable[..., Result]
ROWS = np.array([[1.0, -2.0, 3.0]], np.float32)

LAYER = """
import keras
{imports}

{decorator}
class Times(keras.layers.Layer):
    def call(self, x):
        return FACTOR * x
"""
REGISTERED = '@keras.saving.register_keras_serializable("{package}")'


def layer_file(imports: str = "FACTOR = 2", package: str = "") -> str:
    decorator = REGISTERED.format(package=package) if package else ""
    return LAYER.format(imports=imports, decorator=decorator)


def saved(keras: Any, path: Path, package: str) -> Path:
    """Save Times(Dense(1)) as a file of a class registered under a package, or not at all."""
    names: dict[str, Any] = {"__name__": "somewhere"}
    exec(compile(layer_file(package=package), "layers.py", "exec"), names)
    x = keras.Input((3,))
    dense = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")
    keras.Model(x, names["Times"]()(dense(x))).save(path)
    keras.saving.get_custom_objects().clear()
    return path


def scores(path: Path, custom: Path) -> float:
    model = open_model(path, ModelSettings(custom_objects=custom), pytest.fail)
    return float(model.scores(ROWS)[0, 0])


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize("in_file", ["", "mine", "other"])
@pytest.mark.parametrize("in_code", ["", "mine"])
def test_a_class_is_found_by_its_bare_name_and_by_its_package(
    keras: Any, tmp_path: Path, in_file: str, in_code: str, suffix: str
) -> None:
    path = saved(keras, tmp_path / f"m{suffix}", in_file)
    (tmp_path / "code.py").write_text(layer_file(package=in_code))
    assert scores(path, tmp_path / "code.py") == 4.0
    keras.saving.get_custom_objects().clear()


def test_an_activation_is_found_by_its_bare_name(keras: Any, tmp_path: Path) -> None:
    @keras.saving.register_keras_serializable("mine")  # type: ignore[untyped-decorator, unused-ignore]
    def third(x: Any) -> Any:
        return x / 3

    x = keras.Input((3,))
    dense = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones", activation=third)
    keras.Model(x, dense(x)).save(tmp_path / "m.keras")
    keras.saving.get_custom_objects().clear()
    (tmp_path / "code.py").write_text("def third(x):\n    return x / 3\n")
    assert scores(tmp_path / "m.keras", tmp_path / "code.py") == pytest.approx(2 / 3)


@pytest.mark.parametrize("with_init", [False, True])
@pytest.mark.parametrize("imports", ["from .factors import FACTOR", "from ..top import FACTOR"])
def test_a_module_imports_from_its_own_package(
    keras: Any, tmp_path: Path, imports: str, with_init: bool
) -> None:
    path = saved(keras, tmp_path / "m.keras", "")
    folder = tmp_path / "my-code" / "inner"
    folder.mkdir(parents=True)
    (folder / "layers.py").write_text(layer_file(imports))
    (folder / "factors.py").write_text("FACTOR = 5\n")
    (folder.parent / "top.py").write_text("FACTOR = 7\n")
    if with_init:
        (folder / "__init__.py").write_text("")
        (folder.parent / "__init__.py").write_text("")
    assert scores(path, folder / "layers.py") == (10.0 if ".factors" in imports else 14.0)


def test_a_file_imports_what_lies_beside_it(keras: Any, tmp_path: Path) -> None:
    path = saved(keras, tmp_path / "m.keras", "")
    (tmp_path / "igcli_test_times.py").write_text(layer_file("FACTOR = 3"))
    (tmp_path / "code.py").write_text("from igcli_test_times import Times\n")
    assert scores(path, tmp_path / "code.py") == 6.0


@pytest.mark.parametrize("init", [None, "", "from .blocks.layers import Times\n"])
def test_a_package_folder(keras: Any, tmp_path: Path, init: str | None) -> None:
    path = saved(keras, tmp_path / "m.keras", "")
    package = tmp_path / "igcli_test_package"
    (package / "blocks").mkdir(parents=True)
    (package / "blocks" / "layers.py").write_text(layer_file("from ..factors import FACTOR"))
    (package / "factors.py").write_text("FACTOR = 4\n")
    if init is not None:
        (package / "__init__.py").write_text(init)
        (package / "blocks" / "__init__.py").write_text("")
    if not init:
        (package / "all.py").write_text("from .blocks.layers import Times\n")
    assert scores(path, package) == 8.0


def test_libraries_are_no_custom_objects(igcli: Igcli, small_model: Path, tmp_path: Path) -> None:
    (tmp_path / "code.py").write_text("from keras.layers import Dense\nfrom os import system\n")
    refused = igcli("inspect", small_model, "--custom-objects", tmp_path / "code.py")
    assert refused.exit_code == 2
    assert "defines no class and no function" in refused.stderr


def test_what_fails_is_named_with_its_file_and_line(tmp_path: Path, small_model: Path) -> None:
    package = tmp_path / "igcli_test_broken"
    package.mkdir()
    (package / "__init__.py").write_text("from .layers import X\n")
    (package / "layers.py").write_text("\nX = undefined\n")
    with pytest.raises(ConfigError, match=r"name 'undefined' is not defined \(layers.py, line 2\)"):
        open_model(small_model, ModelSettings(custom_objects=package), pytest.fail)
