"""The names of an ExplanationSpec's classes: indexDisplayNameMapping as ``--labels``."""

import json
from pathlib import Path
from typing import Any

from igcli.cli.vertex.beside import save_beside
from igcli.common.errors import ConfigError


def names_file(mapping: Any, key: str, file: Path) -> Path:
    """Return a file of the class names, written beside the spec.

    Raises
    ------
    ConfigError
        When the mapping is no list of names, or its file can't be written.
    """
    names = mapping if isinstance(mapping, list) else []
    if not names or not all(isinstance(name, str) and name for name in names):
        raise ConfigError(
            f"--config {file}: {key} is no list of names",
            fix='write the classes\' names in output order: ["cat", "dog"]',
        )
    content = json.dumps(names, ensure_ascii=False, indent=1).encode()
    return save_beside(file, "labels", ".json", content)
