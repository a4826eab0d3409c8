"""The TensorFlow tutorial's way: one image at a time, trapezoid, batches of 32 nodes.

As published, a batch runs in a tf.function; `tutorial_eager_tool` leaves that away.
"""

from importlib import import_module
from typing import Any

import numpy as np

from .protocol import Explained, Job, Tool
from .rebuild import build, versions

BATCH = 32


def prepare(job: Job, compiled: bool = True) -> Tool:
    """Build the model and the loop; `steps` intervals have one more node."""
    tf = import_module("tensorflow")
    model = build(tf.keras, job.folder)
    inputs = job.inputs()
    baseline = tf.fill(inputs.shape[1:], tf.constant(job.baseline))
    alphas = tf.linspace(0.0, 1.0, job.steps + 1)

    def batch(x: Any, some: Any, target: Any) -> Any:
        rows = baseline + tf.reshape(some, (-1, *[1] * len(x.shape))) * (x - baseline)
        with tf.GradientTape() as tape:
            tape.watch(rows)
            scores = model(rows)[:, target]
        return tape.gradient(scores, rows)

    of_batch = tf.function(batch) if compiled else batch

    def explain_one(x: Any, target: Any) -> Any:
        parts = [of_batch(x, alphas[i : i + BATCH], target) for i in range(0, job.steps + 1, BATCH)]
        gradients = tf.concat(parts, axis=0)
        mean = tf.reduce_mean((gradients[:-1] + gradients[1:]) / 2.0, axis=0)
        return (x - baseline) * mean

    def explain() -> Explained:
        pairs = zip(tf.constant(inputs), tf.constant(job.targets), strict=True)
        maps = np.stack([explain_one(x, target).numpy() for x, target in pairs])
        return Explained(maps, len(inputs) * (job.steps + 1))

    scores = np.asarray(model(inputs))[np.arange(len(inputs)), list(job.targets)]
    return Tool(versions("tensorflow"), explain, scores)
