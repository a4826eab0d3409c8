"""Model files, read before Keras does; what could run code or fill the machine is refused.

Nothing here executes, imports or unpickles anything from the file, and nothing imports TensorFlow.
"""

import shutil
import stat
import tempfile
import zipfile
from pathlib import Path

from igcli.common.errors import ModelError, first_line
from igcli.models.scan.config import NO_TRUST, Trust, check_config
from igcli.models.scan.scan_process import scan_apart
from igcli.models.scan.strict_json import MAX_CONFIG_BYTES

_CONFIG = "config.json"
_WEIGHTS = "model.weights.h5"
_MEMBERS = frozenset({"metadata.json", _CONFIG, _WEIGHTS, "assets/"})
_MAX_MEMBERS = 1_000
_MAX_RATIO = 200
_SPARE_BYTES = 2**20
_COPIED_AT_ONCE = 2**20
_ENCRYPTED = 1
_SAVE_AGAIN = "save it again with model.save"


def scan_h5(path: Path, trust: Trust = NO_TRUST) -> int:
    """Check a legacy ``.h5`` model file; raise ModelError with the reason to refuse it.

    Returns
    -------
    int
        How many bytes of weights it holds, uncompressed.
    """
    text, weight_bytes = scan_apart(path, path, "model_config")
    if text is None:
        raise ModelError(
            f"{path} holds weights only, no model",
            "save_weights wrote it, or it is a part of a .keras archive",
            f"give them to their model, model.load_weights('{path.name}'), and save it whole: "
            "model.save('model.keras')",
        )
    check_config(path, text, weight_bytes, trust)
    return weight_bytes


def scan_keras(path: Path, trust: Trust = NO_TRUST) -> int:
    """Check a ``.keras`` archive, as `scan_h5` does a legacy file."""
    try:
        with zipfile.ZipFile(path) as archive:
            _check_members(path, archive.infolist())
            text = archive.read(_CONFIG)
            with tempfile.TemporaryDirectory() as folder:
                weights = Path(folder) / _WEIGHTS
                with archive.open(_WEIGHTS) as member, weights.open("wb") as copy:
                    shutil.copyfileobj(member, copy, _COPIED_AT_ONCE)
                _, weight_bytes = scan_apart(path, weights)
    except ModelError:
        raise
    except Exception as error:
        # zipfile answers broken archives with nearly any type.
        cause = first_line(error)[:200]
        raise ModelError(f"{path} is not a .keras archive", cause, _SAVE_AGAIN) from error
    check_config(path, text, weight_bytes, trust)
    return weight_bytes


def _check_members(path: Path, members: list[zipfile.ZipInfo]) -> None:
    names = [member.filename for member in members]
    if len(members) > _MAX_MEMBERS:
        raise ModelError(f"{path} has {len(members)} members", f"{_MAX_MEMBERS} are read")
    for name in (_CONFIG, _WEIGHTS):
        if name not in names:
            raise ModelError(f"{path} is not a .keras archive", f"it has no {name}", _SAVE_AGAIN)
    end = 0
    for member in sorted(members, key=lambda member: member.header_offset):
        reason = _reason(member, names.count(member.filename), end)
        if reason:
            raise ModelError(f"{path}: member {member.filename[:60]!r} {reason}", fix=_SAVE_AGAIN)
        end = member.header_offset + member.compress_size


def _reason(member: zipfile.ZipInfo, times: int, end: int) -> str:
    """Say what is wrong with a member; nothing where it is fine."""
    name = member.filename
    mode = member.external_attr >> 16
    most = MAX_CONFIG_BYTES if name != _WEIGHTS else 2**63
    reasons = {
        "is there twice": times > 1,
        "lies outside the archive": name.startswith("/") or ".." in name.split("/"),
        "is no part of a Keras model": not _is_known(name),
        "is a link": stat.S_ISLNK(mode),
        "is encrypted": bool(member.flag_bits & _ENCRYPTED),
        "is compressed in a way that Keras does not use": member.compress_type
        not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED),
        "overlaps another": member.header_offset < end,
        f"claims {member.file_size:,} bytes": member.file_size
        > min(most, _MAX_RATIO * member.compress_size + _SPARE_BYTES),
    }
    return next((reason for reason, holds in reasons.items() if holds), "")


def _is_known(name: str) -> bool:
    if "\\" in name or ":" in name or "\0" in name:
        return False
    return name in _MEMBERS or (name.startswith("assets/") and name.endswith((".txt", "/")))
