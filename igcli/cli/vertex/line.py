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
    settings : tuple of str
        The fields of `RunConfig` that decide it; a flag for one of them overrides the key.
    """

    key: str
    became: str
    why: str
    settings: tuple[str, ...] = ()

    def text(self, overridden: str = "") -> str:
        """Return the line as it is printed; `overridden` by that setting's flag, if any."""
        over = f" (overridden by --{overridden} on the command line)" if overridden else ""
        return f"{self.key} → {self.became}{over}: {self.why}"
