"""A line: what one key of an ExplanationSpec became."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """What one key became.

    Attributes
    ----------
    key : str
        Its path.
    became : str
        An option with its value, or words such as "not needed".
    why : str
        What that means, and what else there is.
    setting : str
        The setting that it became, by the name of its field; empty where it became none.
    """

    key: str
    became: str
    why: str
    setting: str = ""

    def text(self, overridden: bool = False) -> str:
        """Return the line as it is printed; `overridden` by a flag, where the setting is given."""
        over = f" (overridden by --{self.setting} on the command line)" if overridden else ""
        return f"{self.key} → {self.became}{over}: {self.why}"
