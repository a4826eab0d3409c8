"""Tested places: what covering and pasting their cells did, in words and numbers."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from igcli.common.text import counted, on_one_line, the_first
from igcli.evaluation.causal.causal_verdict import (
    CAUSAL,
    NOT_CAUSAL,
    NOT_CLEAR,
    is_effect,
    verdict_of,
)
from igcli.evaluation.causal.effects import Compared, Effect
from igcli.evaluation.causal.places_to_test import PlaceToTest
from igcli.evaluation.causal.probe import Change

_SHOWN = 5
# A class hangs on what changes so many of its images; on what changes fewer, it does in part.
_HANGS = 0.5


@dataclass(frozen=True, slots=True)
class TestedPlace:
    """A place, and what the model says of its images without it and of others with it.

    Attributes
    ----------
    place : PlaceToTest
        The place.
    where : str
        What of it was edited, in words.
    pixels : tuple of int
        The same as a box: x1, y1, x2, y2 of the model's input, the last two the first outside.
    covered, others : Compared or None
        Its cells covered in its own images, and in others of the group: how often the predicted
        class changes. None where there is no such image.
    hottest : Effect or None
        The own images' hottest other cells covered.
    pasted : Compared or None
        Its cells pasted from its images into images of other groups: how often these become the
        class.
    changes : tuple of Change
        All of it, image by image.
    """

    place: PlaceToTest
    where: str
    pixels: tuple[int, int, int, int]
    covered: Compared | None
    others: Compared | None
    hottest: Effect | None
    pasted: Compared | None
    changes: tuple[Change, ...]

    @property
    def verdict(self) -> str:
        """One of CAUSAL, NOT_CAUSAL and NOT_CLEAR."""
        return verdict_of(self.covered, self.pasted)

    def in_words(self) -> str:
        """Say the verdict, what was covered and pasted and what came of it, and what it means."""
        name = f"{on_one_line(self.place.target_name)!r}"
        if self.verdict == CAUSAL:
            most = max(one.difference for one in (self.covered, self.pasted) if one is not None)
            says = f"{name} hangs {'' if most >= _HANGS else 'in part '}on what is {self.where}"
        elif self.verdict == NOT_CAUSAL:
            says = f"{name} does not hang on what is {self.where}"
        else:
            says = f"it is not clear whether {name} hangs on what is {self.where}"
        more = len(self.place.edited) - len(self.place.cells)
        if more:
            says += f", with {counted(more, 'cell')} around where its images share the same pixels"
        parts = says, self._of_covering(), self._of_pasting(name), self._meaning(name)
        return ". ".join(part[0].upper() + part[1:] for part in parts if part)

    def _of_covering(self) -> str:
        one = self.covered
        if one is None:
            return "None of its images could be covered"
        hottest = self.hottest
        own = "" if hottest is None else f", on their hottest other cells {hottest.share:.0%}"
        return (
            f"Covered in {_these(one.place)} that look there, it changes the predicted class of "
            f"{_share(one.place)} (the same cover on random cells {one.random.share:.0%}{own})"
        )

    def _of_pasting(self, name: str) -> str:
        one = self.pasted
        if one is None:
            return "There is no image of another class to paste it into"
        return (
            f"Pasted into {_these(one.place)} of other classes, it makes {_share(one.place)} of "
            f"them {name} (as many random cells {one.random.share:.0%})"
        )

    def _meaning(self, name: str) -> str:
        """Say what a verdict means; where nothing is clear, nothing."""
        if self.verdict == NOT_CAUSAL:
            return "The model looks there, and answers the same without it"
        if self.verdict == NOT_CLEAR:
            return "There are too few images, or the effect is too small, to tell"
        needs, makes = (_how_many(one) for one in (self.covered, self.pasted))
        if not needs:
            return (
                f"The model recognises these images without it, too, but takes {makes} others "
                f"that bear it for {name}"
            )
        also = f", and takes {makes} others that bear it for {name}" if makes else ""
        return f"The model needs it for {needs} of these images{also}"

    def lines(self) -> Iterator[str]:
        """Yield the verdict and the scores."""
        yield f"{self.verdict.upper():<10} {on_one_line(self.place.title)}: {self.in_words()}"
        for title, one in (("covered", self.covered), ("others", self.others),
                           ("pasted", self.pasted)):  # fmt: skip
            if one is not None:
                yield f"  {title:<8} {_numbers(one)}"

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        place = self.place
        parts = {"covered": self.covered, "others": self.others, "hottest": self.hottest,
                 "pasted": self.pasted}  # fmt: skip
        return {
            "group": place.group,
            "found_by": list(place.found_by),
            "cells": [list(cell) for cell in place.cells],
            "edited_cells": [list(cell) for cell in place.edited],
            "edited_pixels": list(self.pixels),
            "where": self.where,
            "target": place.target,
            "target_name": place.target_name,
            "verdict": self.verdict,
            "in_words": self.in_words(),
            **{name: None if one is None else one.to_dict() for name, one in parts.items()},
        }


def _how_many(one: Compared | None) -> str:
    """Say how many images an edit surely changes; "" where that is none."""
    if one is None or not is_effect(one):
        return ""
    return "most" if one.difference >= _HANGS else "some"


def _these(effect: Effect) -> str:
    return counted(effect.of, "image")


def _share(effect: Effect) -> str:
    low, high = effect.interval
    return f"{effect.share:.0%} [{low:.0%} to {high:.0%}]"


def _numbers(one: Compared) -> str:
    """Return the difference to random cells, and the scores, of some images."""
    low, high = one.interval
    text = (
        f"{_these(one.place)}: {one.difference:+.0%} [{low:+.0%} to {high:+.0%}] against random "
        f"cells; mean score {one.place.score[0]:.3g} → {one.place.score[1]:.3g} (random cells: "
        f"{one.random.score[1]:.3g})"
    )
    if one.change_interval is not None:
        low, high = one.change_interval
        text += f", {one.change:+.3g} [{low:+.3g} to {high:+.3g}] against random cells"
    return text


@dataclass(frozen=True, slots=True)
class CausalTests:
    """The places of a run that were tested.

    Attributes
    ----------
    places : tuple of TestedPlace
        Those that there were to test.
    settings : dict
        How: what rows are grouped by, the fill, the seed, the most images of a place.
    failed : dict of str to str
        Why an explanation's image could not be tested.
    """

    places: tuple[TestedPlace, ...]
    settings: dict[str, Any]
    failed: dict[str, str]

    def lines(self) -> Iterator[str]:
        """Yield the terminal's lines."""
        if not self.places:
            yield "tested     nothing: there is no suspicious cluster and no fixed place"
        for one in self.places:
            yield from one.lines()
        if self.failed:
            named = [on_one_line(f"{identity} ({why})") for identity, why in self.failed.items()]
            yield f"untested   {counted(len(named), 'image')}: {the_first(named, _SHOWN)}"

    def markdown(self) -> str:
        """Return the same as Markdown."""
        items = "".join(f"- {line.strip()}\n" for line in self.lines())
        return f"\n### Does the model need the place?\n\n{items}"

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return {
            **self.settings,
            "places": [one.to_dict() for one in self.places],
            "failed": self.failed,
        }
