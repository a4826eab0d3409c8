"""README.md and the pages of igcli/docs, as the tests read them."""

import re
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import ROOT

FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)


@dataclass(frozen=True)
class Document:
    """One Markdown file.

    Attributes
    ----------
    path : Path
    text : str
    blocks : list of (str, str)
        The fenced blocks in order: what they are in, and what they hold.
    prose : str
        The text without them.
    """

    path: Path
    text: str
    blocks: list[tuple[str, str]]
    prose: str

    def of(self, *languages: str) -> list[str]:
        """Return the blocks in some languages, in order."""
        return [block for language, block in self.blocks if language in languages]


def read(path: Path) -> Document:
    text = path.read_text("utf-8")
    return Document(path, text, FENCED.findall(text), FENCED.sub("", text))


README = read(ROOT / "README.md")
PAGES = {path.stem: read(path) for path in sorted((ROOT / "igcli" / "docs").glob("*.md"))}
ALL = {"README": README, **PAGES}
