"""Picture names: what the picture of each explanation is called below overlays/."""

import hashlib
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from igcli.common.picture_files import without_ending
from igcli.store.layout import OVERLAYS

_MAX_NAME_BYTES = 255
_SETTING = "overlay_names"
_BY_STEM = "stem"


class PictureNames:
    """The names of a run's pictures.

    A picture is called by its input's id without the ending; with it where two inputs would have
    one picture else, and with a hash where their ids differ in nothing but case, or by Unicode's
    forms, which some file systems ignore.

    Parameters
    ----------
    ids : iterable of str
        Every input's, in all shards.
    by_stem : bool
        Whether endings are left out: runs of earlier igclis have them all.
    """

    def __init__(self, ids: Iterable[str], by_stem: bool = True) -> None:
        known = list(dict.fromkeys(ids))
        self.by_stem = by_stem
        self._whole: set[str] = set() if by_stem else set(known)
        clashing = self._clashing(known)
        while not clashing <= self._whole:
            # What has its ending now may be the stem of another.
            self._whole |= clashing
            clashing = self._clashing(known)
        self._hashed = frozenset(clashing)

    def _clashing(self, ids: Iterable[str]) -> set[str]:
        groups: dict[str, list[str]] = defaultdict(list)
        for identity in ids:
            name = identity if identity in self._whole else without_ending(identity)
            groups[unicodedata.normalize("NFC", name).casefold()].append(identity)
        return {identity for group in groups.values() if len(group) > 1 for identity in group}

    def path(self, out: Path, input_id: str, rank: str = "") -> Path:
        """Return the picture of an explanation, in a run directory: the input's folders are kept.

        Parameters
        ----------
        out : Path
            The run directory.
        input_id : str
            The input.
        rank : str
            What comes behind it in the explanation's id, where an input has several.
        """
        whole = input_id in self._whole or not self.by_stem
        return picture_path(out, input_id, rank, whole, input_id in self._hashed)

    def candidates(self, out: Path, input_id: str, rank: str = "") -> list[Path]:
        """Return where a picture may be, the likeliest first.

        Who has a part of a run's inputs alone does not know which of the others would have clashed.
        """
        usual = self.path(out, input_id, rank)
        others = [
            picture_path(out, input_id, rank, whole=True, hashed=hashed) for hashed in (True, False)
        ]
        return [usual, *(path for path in others if path != usual)]


def picture_path(out: Path, input_id: str, rank: str, whole: bool, hashed: bool) -> Path:
    """Return a picture's path by one way of naming.

    A name too long for a file system is cut, and a hash of the whole keeps it unique. A folder
    whose own name ends in .png gets ".d", lest it be some picture's name.
    """
    identity = (input_id if whole else without_ending(input_id)) + rank
    *folders, name = identity.split("/")
    parts = [_cut(f + ".d" if f.lower().endswith(".png") else f, "") for f in folders]
    if hashed:
        name += "~" + hashlib.sha256(identity.encode()).hexdigest()[:8]
    return out.joinpath(OVERLAYS, *parts, _cut(name, ".png"))


def _cut(name: str, suffix: str) -> str:
    if len(name.encode()) + len(suffix) > _MAX_NAME_BYTES:
        digest = hashlib.sha256(name.encode()).hexdigest()[:16]
        name = name.encode()[:200].decode("utf-8", "ignore") + "-" + digest
    return name + suffix


def naming_to_json(names: PictureNames) -> dict[str, Any]:
    """Return what run.json says, among what was settled, of how pictures are called."""
    return {_SETTING: _BY_STEM if names.by_stem else "id"}


def names_by_stem(about: Mapping[str, Any]) -> bool:
    """Tell whether the pictures of a run are called without endings, from its run.json."""
    settled = about.get("settled")
    return isinstance(settled, Mapping) and settled.get(_SETTING) == _BY_STEM
