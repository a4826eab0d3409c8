"""What was rendered, in words and as JSON."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from igcli.common import exit_codes
from igcli.figures.colorbar import in_digits
from igcli.figures.style import Look

_SCALES = {
    "image": "each image's own",
    "shown": "one for the images drawn",
    "run": "one for all images of the run",
}


@dataclass(frozen=True, slots=True)
class Rendered:
    """Pictures that were drawn.

    Attributes
    ----------
    look : Look
        How.
    asked : int
        How many explanations were to be drawn.
    tops : tuple of float
        The magnitudes at which colours are full, one for each picture.
    failed : tuple of (str, str)
        Explanations without a map, and why.
    files : Path
        The folder, or the one file.
    replaced : int
        How many of the files were there before.
    """

    look: Look
    asked: int
    tops: tuple[float, ...]
    failed: tuple[tuple[str, str], ...]
    files: Path
    replaced: int

    @property
    def exit_code(self) -> int:
        """3 where something asked for could not be drawn."""
        return exit_codes.INCOMPLETE if self.failed else exit_codes.OK

    def lines(self) -> list[str]:
        """Return the summary."""
        look, drawn = self.look, self.asked - len(self.failed)
        what = f"{look.style}, sign {look.sign}, channels by {look.reduce}"
        lines = [f"drew       {drawn} of {self.asked} ({what})"]
        if self.failed:
            lines.append(f"failed     {len(self.failed)}: they have no map")
        if self.tops:
            replaced = f" ({self.replaced} replaced)" if self.replaced else ""
            lines += [f"scale      {self._scale()}", f"files      {self.files}{replaced}"]
        return lines

    def _scale(self) -> str:
        least, greatest = (in_digits(f(self.tops), False) for f in (min, max))
        numbers = least if least == greatest else f"{least} to {greatest}"
        whose = _SCALES.get(str(self.look.scale), "as given")
        return f"full colour at {numbers} ({whose})"

    def to_dict(self) -> dict[str, Any]:
        """Return the summary for JSON."""
        return {
            "drawn": self.asked - len(self.failed),
            "failed": [{"id": i, "message": message} for i, message in self.failed],
            "look": asdict(self.look),
            "full_colour_at": [min(self.tops), max(self.tops)] if self.tops else None,
            "files": str(self.files) if self.tops else None,
            "replaced": self.replaced,
        }
