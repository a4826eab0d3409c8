"""Not comparable: two runs without a verdict, in every form that a verdict has."""

from dataclasses import dataclass
from html import escape
from typing import Any

from igcli.common.errors import IgcliError
from igcli.common.markdown import plain
from igcli.common.text import on_one_line
from igcli.comparison.drift.junit import junit_of_error
from igcli.comparison.drift.page import whole_page

_STATE = "Not compared"


@dataclass(frozen=True, slots=True)
class Refused:
    """A comparison that did not come about.

    Attributes
    ----------
    reference, new : str
        The two sides, as they were given.
    error : IgcliError
        Why.
    """

    reference: str
    new: str
    error: IgcliError

    def to_dict(self) -> dict[str, Any]:
        """Return what ``--json`` prints."""
        return {
            "reference": self.reference,
            "new": self.new,
            "drift": None,
            "error": self.error.to_dict(),
        }

    def junit(self) -> bytes:
        """Return JUnit XML: one test case, an error."""
        lines = [f"{key}: {words}" for key, words in self._told()]
        return junit_of_error(on_one_line(self.error.problem), "\n".join(lines))

    def markdown(self) -> str:
        """Return the comment for a pull request, GitHub's flavour."""
        lines = ["### igcli: ⚠️ **not compared**", ""]
        lines += [f"- **{key}**: {plain(words)}" for key, words in self._told()]
        return "\n".join(lines) + "\n"

    def page(self) -> str:
        """Return an HTML page."""
        told = (f"<dt>{key}</dt><dd>{escape(words)}</dd>" for key, words in self._told())
        body = [f'<h1 class="bad">{_STATE}</h1>', "<dl>", *told, "</dl>"]
        return whole_page(f"{_STATE}: {self.new}", body)

    def _told(self) -> list[tuple[str, str]]:
        parts = (("problem", self.error.problem), ("cause", self.error.cause),
                 ("fix", self.error.fix))  # fmt: skip
        return [(key, on_one_line(words)) for key, words in parts if words]
