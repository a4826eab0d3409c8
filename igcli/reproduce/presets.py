"""Where the presets of configs/ lie: in a checkout and in an installed igcli alike."""

from pathlib import Path

from igcli.common.errors import ConfigError

_FOLDER = Path(__file__).resolve().parent.parent / "configs"


def preset(name: str) -> Path:
    """Return the path of a preset, ``mnist`` for mnist.toml.

    Raises
    ------
    ConfigError
        When igcli was installed without it.
    """
    path = _FOLDER / f"{name}.toml"
    if not path.is_file():
        raise ConfigError(f"igcli has no preset {path}", fix="install igcli again")
    return path
