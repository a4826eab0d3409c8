"""The MNIST example: alibi, "Integrated gradients for MNIST"."""

from functools import partial
from pathlib import Path

import numpy as np

from igcli.figures.panels import PanelRow, signed_panel
from igcli.report.pictures.shown import ShownRun
from igcli.reproduce.example_run import ExampleRun
from igcli.reproduce.mnist_data import Digits, read_digits
from igcli.reproduce.networks import Lesson, digits_network, train
from igcli.reproduce.predictions import predictions
from igcli.reproduce.remotes import DIGITS
from igcli.reproduce.result import epochs_in_words
from igcli.reproduce.table import table
from igcli.runs.planning.plan import Plan

_BATCH = 256
_EPOCHS, _DIGITS = 6, 60_000
_EXPLAINED = 10
_DRAWN = (0, 1, 9)
_PUBLISHED = 0.9875


def reproduce(example: ExampleRun) -> None:
    """Train (or take --model), explain the first ten held-out digits, draw 0, 1 and 9."""
    request = example.request
    digits = read_digits(request.data or example.tools.cache.get(DIGITS))
    if request.model is None:
        model = _train(example, digits)
    else:
        model = request.model
        example.say("model", f"{model}, not trained here")
    inputs = example.early("digits.npy")
    np.save(inputs, digits.x_test[:_EXPLAINED])
    plan, _ = example.explain(example.config(model, inputs), "run")
    _say_accuracy(example, plan, digits)
    _say_digits(example, digits)


def _train(example: ExampleRun, digits: Digits) -> Path:
    example.begin()
    request = example.request
    count = len(digits.x_train)
    # As many batches as the example has: fewer digits are shown more often.
    epochs = request.epochs or max(_EPOCHS, round(_EPOCHS * _DIGITS / count))
    lesson = Lesson("adam", "categorical_crossentropy", epochs, _BATCH, request.seed)
    trained = f"on {count:,} digits, {epochs_in_words(epochs)}"
    example.say("trained", f"{trained} (published: 60,000, 6 epochs)")
    example.facts |= {"trained_on": count, "epochs": epochs}
    if request.epochs is None and epochs != _EPOCHS:
        example.depart(f"{epochs} epochs, not {_EPOCHS}: about as many batches, from fewer digits")
    dtype = "float64" if request.as_published else "float32"
    if not request.as_published:
        example.depart(
            "the network takes float32, not float64: in the example, too, its layers calculate in "
            "float32 (--as-published takes float64)"
        )
    path = example.out / "model.keras"
    train(
        partial(digits_network, dtype=dtype),
        [digits.x_train[..., None] / np.float32(255)],
        np.eye(10, dtype=np.float32)[digits.y_train],
        lesson,
        path,
        example.tools.track("batches"),
    )
    return path


def _say_accuracy(example: ExampleRun, plan: Plan, digits: Digits) -> None:
    accuracy = float((predictions(plan, digits.x_test) == digits.y_test).mean())
    count = len(digits.x_test)
    if example.request.model is None:
        example.facts |= {"accuracy": accuracy, "held_out": count}
        how = f"held out (published: {_PUBLISHED})"
    else:
        example.facts |= {"accuracy": accuracy, "accuracy_of": count}
        how = "which the model may have learned from"
    example.say("accuracy", f"{accuracy:.4f} on {digits.tested}, {how}")


def _say_digits(example: ExampleRun, digits: Digits) -> None:
    """Add the table, and draw the figure."""
    run = ShownRun(example.out / "run")
    example.rows = [
        {
            "digit": row.row,
            "label": int(digits.y_test[row.row]),
            "prediction": row.prediction,
            "score": row.score,
            "attribution_sum": row.attribution_sum,
            "delta": row.delta,
        }
        for row in run.rows
    ]
    example.show(table(example.rows))
    rows = [
        PanelRow(image, attribution[..., 0], f"Prediction: {row.prediction}")
        for row, attribution, image in run.pictures([run.rows[i] for i in _DRAWN])
    ]
    if rows:
        example.draw("figure.png", signed_panel(rows))
