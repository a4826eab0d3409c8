"""The reports of a comparison in each format: JUnit XML, a pull request's comment, an HTML page."""

from collections.abc import Callable

from igcli.comparison.drift.comment import markdown
from igcli.comparison.drift.junit import junit
from igcli.comparison.drift.not_comparable import Refused
from igcli.comparison.drift.page import page
from igcli.comparison.drift.sides import Side
from igcli.comparison.drift.verdict import Verdict

_OF_VERDICT: dict[str, Callable[[Verdict, Side, Side], bytes]] = {
    "junit": lambda verdict, reference, new: junit(verdict),
    "markdown": lambda verdict, reference, new: markdown(verdict).encode(),
    "html": lambda verdict, reference, new: page(verdict, reference, new).encode(),
}
_OF_REFUSAL: dict[str, Callable[[Refused], bytes]] = {
    "junit": lambda refused: refused.junit(),
    "markdown": lambda refused: refused.markdown().encode(),
    "html": lambda refused: refused.page().encode(),
}


def report(form: str, verdict: Verdict, reference: Side, new: Side) -> bytes:
    """Return a verdict as a file: "junit", "markdown" or "html"."""
    return _OF_VERDICT[form](verdict, reference, new)


def report_of_refusal(form: str, refused: Refused) -> bytes:
    """Return what there is to tell, in the same formats, of runs that can't be compared."""
    return _OF_REFUSAL[form](refused)
