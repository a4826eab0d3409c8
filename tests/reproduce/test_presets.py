"""The presets are found."""

from pathlib import Path

import pytest

from igcli.common.errors import ConfigError
from igcli.reproduce.examples import EXAMPLES
from igcli.reproduce.presets import preset


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_has_a_preset(root: Path, name: str) -> None:
    assert preset(name).read_bytes() == (root / "configs" / f"{name}.toml").read_bytes()


def test_a_preset_that_is_not_installed() -> None:
    with pytest.raises(ConfigError, match="igcli has no preset"):
        preset("nothing")
