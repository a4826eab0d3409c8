"""Findings of the baseline and of names, on rows alone."""

from types import SimpleNamespace
from typing import Any

from igcli.common.explanation import Explanation
from igcli.findings.gathered.of_baseline import baseline_found
from igcli.findings.gathered.of_names import names_found
from tests.comparison.runs import row

NAMES = ("bird", "cat", "dog")


def run_of(starts: list[float], last_operation: str = "softmax") -> Any:
    """Return a run whose rows take turns with classes, one baseline's score each."""
    rows = [
        row(f"{i}", None, target=i % 3, target_name=NAMES[i % 3], score=0.9,
            baseline_score=starts[i % 3])
        for i in range(30)
    ]  # fmt: skip
    about = {
        "settled": {"baseline": "gray", "inputs_are": "pixels"},
        "model": {"last_operation": last_operation, "classes": 3},
        "config": {"scores": "as-is"},
    }
    return SimpleNamespace(rows=rows, about=about)


def test_the_baseline_is_named_and_so_are_the_classes_that_it_is() -> None:
    (fine,) = baseline_found(run_of([0.1, 0.2, 0.3]))
    assert fine.text == "gray, which is the explained class in none of 30 explanations"
    (one,) = baseline_found(run_of([0.1, 0.8, 0.1]))
    assert one.text == (
        "gray: it is itself the explained class in 10 of 30 explanations: 10 of 10 of 'cat'; "
        "another --baseline may say more of these, blur:20 or black for example"
    )
    assert one.ids[0] == "1" and not one.is_bad
    (most,) = baseline_found(run_of([0.6, 0.8, 0.1]))
    assert most.is_bad and most.numbers["n"] == 20
    # What is no probability is held against the input's score.
    (logits,) = baseline_found(run_of([0.9, 3.0, 0.1], "linear"))
    assert "scores hardly differ from its own in 10 of 30" in logits.text


def inputs(taken: dict[str, str], count: int = 20, wrong: int = 2) -> list[Explanation]:
    """Return inputs of each class, all but a few of them predicted as what is said."""
    return [
        row(f"{truth}{i}", None, truth=NAMES.index(truth), truth_name=truth,
            prediction=NAMES.index(to) if i >= wrong else 0, correct=truth == to)
        for truth, to in taken.items()
        for i in range(count)
    ]  # fmt: skip


def test_names_in_another_order_are_told() -> None:
    (found,) = names_found(inputs({"bird": "bird", "cat": "dog", "dog": "cat"}))
    assert found.text == (
        "images of 'cat' are nearly always called 'dog', images of 'dog' are nearly always called "
        "'cat': are the labels in the order of the model's outputs? With these names exchanged, "
        "93.3% would be right"
    )
    assert found.is_bad and len(found.ids) == 40


def test_a_bad_model_has_its_names_in_order() -> None:
    for taken in (
        {"bird": "bird", "cat": "dog", "dog": "dog"},
        {"bird": "cat", "cat": "dog", "dog": "dog"},
        {"bird": "bird", "cat": "dog"},
    ):
        assert [*names_found(inputs(taken))] == []
    exchanged = {"cat": "dog", "dog": "cat"}
    assert [*names_found(inputs(exchanged, wrong=12))] == []
    assert [*names_found(inputs(exchanged, count=4, wrong=0))] == []
    assert [*names_found([])] == []
