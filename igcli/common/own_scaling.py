"""own_scaling: what a model itself does to pixels before its first weights."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class OwnScaling:
    """What a model itself does to pixels before its first weights.

    Attributes
    ----------
    name : str
        The layer or the operation that brings 0–255 to the model's range; empty for none.
    low, high : float
        What black and white are there.
    changes : bool
        Whether pixels are changed at all on the way.
    family : str
        Which of the models of ``keras.applications``, or of keras-hub, it has the names of; empty
        for none.
    unclear : str
        Why it can't be told whether anything brings pixels to its range; empty where it can.
    inputs : tuple of (str, OwnScaling)
        The same of each picture that a model of several inputs takes, by name.
    """

    name: str = ""
    low: float = 0.0
    high: float = 255.0
    changes: bool = False
    family: str = ""
    unclear: str = ""
    inputs: tuple[tuple[str, "OwnScaling"], ...] = ()

    @classmethod
    def of_inputs(
        cls, found: tuple[tuple[str, "OwnScaling"], ...], family: str = ""
    ) -> "OwnScaling":
        """Return what is done to the pixels of some inputs, as far as it is the same for all."""
        # One preprocessing is for all: an input that scales nothing needs it.
        first = min((own for _, own in found), key=lambda own: (bool(own.name), not own.unclear))
        return replace(first, family=family, inputs=found if len(found) > 1 else ())

    @property
    def in_words(self) -> str:
        """Say what becomes of pixels."""
        return f"0 to 255 become {self.low:.3g} to {self.high:.3g}"
