"""Notes are passed on and kept; doubts stay doubts through run.json and other processes."""

import pickle

import pytest

from igcli.common.notes import Doubt, Notes, doubts, notes_from_json, notes_to_json


def test_what_is_told_is_passed_on_each_time_and_kept_once() -> None:
    told: list[str] = []
    notes = Notes(told.append)
    for text in ("a", Doubt("b"), "a"):
        notes(text)
    assert told == ["a", "b", "a"] and notes.kept == ("a", "b")
    assert doubts(notes.kept) == ["b"]


def test_what_keeps_notes_is_not_wrapped_again() -> None:
    notes = Notes(print)
    assert Notes.of(notes) is notes and Notes.of(print) is not print


def test_a_doubt_stays_one_through_json_and_between_processes() -> None:
    kept = notes_to_json(["plain", Doubt("wrong")])
    assert kept == [{"note": "plain", "doubt": False}, {"note": "wrong", "doubt": True}]
    assert doubts(notes_from_json(kept)) == ["wrong"]
    assert isinstance(pickle.loads(pickle.dumps(Doubt("wrong"))), Doubt)


@pytest.mark.parametrize("found", [None, 3, "text", [], [1], [{"doubt": True}], [{"note": 3}]])
def test_a_run_json_that_holds_something_else_has_no_notes(found: object) -> None:
    assert notes_from_json(found) == []
