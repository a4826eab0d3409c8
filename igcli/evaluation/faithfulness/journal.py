"""The journal: what an evaluation has measured so far, an image a line, safe against a kill."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from igcli.common.arrays import Warn
from igcli.evaluation.faithfulness.evaluated import ImageValues
from igcli.store.files import append_line, write_whole
from igcli.store.layout import EVALUATE_JOURNAL


@dataclass(frozen=True, slots=True)
class Journal:
    """A file of lines, each safe once it is written.

    Attributes
    ----------
    path : Path
        The file.
    found : dict of str to ImageValues
        What is measured, by the images' ids.
    """

    path: Path
    found: dict[str, ImageValues]

    @classmethod
    def opened(cls, folder: Path, settings: dict[str, Any], warn: Warn) -> Self:
        """Go on with what is there of the same settings, or begin anew."""
        path = folder / EVALUATE_JOURNAL
        head = json.dumps(settings, sort_keys=True)
        text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
        lines = text.split("\n")
        # The last one was being written when the evaluation ended.
        whole = lines[:-1]
        if not whole or whole[0] != head:
            if whole:
                warn(f"{path} is of an evaluation that was asked for otherwise: begun anew")
            write_whole(path, f"{head}\n".encode())
            return cls(path, {})
        if lines[-1]:
            write_whole(path, "".join(f"{line}\n" for line in whole).encode())
        images = (_read(line) for line in whole[1:])
        return cls(path, {image.id: image for image in images if image is not None})

    def add(self, image: ImageValues) -> None:
        """Keep what an image gives."""
        append_line(self.path, json.dumps(image.to_dict(), allow_nan=False))
        self.found[image.id] = image


def _read(line: str) -> ImageValues | None:
    """Return what a line holds; None of one that was damaged: its image is measured again."""
    try:
        return ImageValues.from_dict(json.loads(line))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def remove_journal(folder: Path) -> None:
    """Remove the journal from a folder: all that it holds is written elsewhere."""
    (folder / EVALUATE_JOURNAL).unlink(missing_ok=True)
