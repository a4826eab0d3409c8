"""Files beside an ExplanationSpec: what it holds that a run takes from a file."""

import hashlib
from pathlib import Path

from igcli.common.errors import ConfigError, reason


def save_beside(file: Path, name: str, ending: str, content: bytes) -> Path:
    """Write a file beside the spec, called after its content, unless it is there; return its path.

    Raises
    ------
    ConfigError
        When it can't be written.
    """
    digest = hashlib.sha256(content).hexdigest()[:8]
    plain = "".join(c if c.isalnum() or c in "-_" else "-" for c in name)
    saved = file.with_name(f"{file.stem}.{plain}.{digest}{ending}")
    try:
        if not saved.exists():
            saved.write_bytes(content)
    except OSError as error:
        raise ConfigError(
            f"--config {file}: {saved.name} can't be written beside it",
            reason(error),
            "copy the spec to a folder of your own",
        ) from error
    return saved
