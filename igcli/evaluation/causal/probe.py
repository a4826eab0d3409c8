"""The probe: a model asked what it says of images whose cells were changed."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np

from igcli.attribution.gradient_model import GradientModel
from igcli.common.arrays import Array
from igcli.common.explanation import Explanation
from igcli.common.sample import Failed, InputName, Sample
from igcli.common.shapes import with_channels
from igcli.inputs.preprocess import Space
from igcli.inputs.readers.read_ahead import read_ahead
from igcli.inputs.readers.source import Source
from igcli.runs.selection import class_scores

# So many images at once, each with its changes in one batch.
_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Change:
    """What a model says of an image before and after an edit.

    Attributes
    ----------
    id : str
        The explanation's.
    images, edit : str
        Which of a place's images it is of, and what was done to it.
    target : int
        The class whose scores these are.
    score_before, score_after : float
        Its scores.
    prediction_before, prediction_after : int
        The classes of the highest scores.
    """

    id: str
    images: str
    edit: str
    target: int
    score_before: float
    score_after: float
    prediction_before: int
    prediction_after: int

    @property
    def is_flip(self) -> bool:
        """Whether the predicted class is another one."""
        return self.prediction_before != self.prediction_after

    @property
    def is_made(self) -> bool:
        """Whether the image became the class."""
        return self.prediction_before != self.target == self.prediction_after


@dataclass(frozen=True, slots=True)
class Probe:
    """A model with its inputs, and what went wrong so far.

    Attributes
    ----------
    model : GradientModel
        The model.
    source : Source
        Its inputs.
    space : Space
        How their numbers become the model's.
    names : mapping of str to InputName
        The inputs by the explanations' ids.
    failed : dict of str to str
        Why an explanation's image could not be asked about.
    """

    model: GradientModel
    source: Source
    space: Space
    names: Mapping[str, InputName]
    failed: dict[str, str] = field(default_factory=dict)

    def changes(
        self,
        rows: Sequence[Explanation],
        images: str,
        target: int | None,
        edit: Callable[[Explanation, Array], Mapping[str, Array]],
    ) -> Iterator[Change]:
        """Yield what each edit of each image changes.

        Parameters
        ----------
        rows : sequence of Explanation
            The images.
        images : str
            What they are called.
        target : int or None
            The class whose score is told; None for that of the row.
        edit : callable
            (row, raw numbers (height, width, channels), as displayed) → edited ones, by name.
        """
        read = zip(rows, read_ahead(self.source, [self.names[row.id] for row in rows]), strict=True)
        while some := list(islice(read, _AT_ONCE)):
            found = [(row, item) for row, item in some if self._is_usable(row, item)]
            asked: list[tuple[Explanation, str, Array]] = []
            for row, sample in found:
                assert isinstance(sample, Sample)
                asked.append((row, "", sample.x))
                raw = sample.raw.reshape(with_channels(sample.raw.shape)).astype(np.float32)
                for name, edited in edit(row, raw).items():
                    x = self.space.to_model(edited.reshape(sample.raw.shape))
                    asked.append((row, name, x))
            yield from self._asked(asked, images, target)

    def _is_usable(self, row: Explanation, item: Sample | Failed) -> bool:
        if isinstance(item, Failed):
            self.failed[row.id] = item.message
        elif item.sha256 != row.sha256:
            self.failed[row.id] = "it is not the image that the run explained"
        return row.id not in self.failed

    def _asked(
        self, asked: list[tuple[Explanation, str, Array]], images: str, target: int | None
    ) -> Iterator[Change]:
        # As many as there will mostly be: the number of edits is the same for all.
        per_image = len(asked) // max(1, len({row.id for row, _, _ in asked}))
        most = _AT_ONCE * per_image
        scores = class_scores(self.model, [x for _, _, x in asked], most)
        before: Array | None = None
        for (row, name, _), after in zip(asked, scores, strict=True):
            is_known = after is not None and bool(np.isfinite(after).all())
            if not is_known:
                self.failed[row.id] = "the model gives no finite score"
            if not name:
                before = after if is_known else None
            elif before is not None and after is not None and is_known:
                which = row.target if target is None else target
                assert which is not None
                yield Change(
                    row.id, images, name, which, float(before[which]), float(after[which]),
                    int(np.argmax(before)), int(np.argmax(after)),
                )  # fmt: skip
