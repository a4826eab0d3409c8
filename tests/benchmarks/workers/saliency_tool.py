"""PAIR's saliency: one input at a time, equal weights on nodes from end to end."""

from importlib import import_module
from typing import Any

import numpy as np

from .protocol import Array, Explained, Job, Tool
from .rebuild import build, versions


def prepare(job: Job) -> Tool:
    """Build the model and the function that the library calls for gradients."""
    tf = import_module("tensorflow")
    saliency = import_module("saliency.core")
    model = build(tf.keras, job.folder)
    inputs = job.inputs()
    explainer = saliency.IntegratedGradients()
    baseline = np.full_like(inputs[0], job.baseline)

    def gradients(
        rows: Array, call_model_args: int, expected_keys: list[str] | None = None
    ) -> dict[str, Any]:
        x = tf.convert_to_tensor(rows, tf.float32)
        with tf.GradientTape() as tape:
            tape.watch(x)
            scores = model(x)[:, call_model_args]
        return {saliency.base.INPUT_OUTPUT_GRADIENTS: tape.gradient(scores, x).numpy()}

    def mask(x: Array, target: int) -> Array:
        made: Array = explainer.GetMask(
            x, gradients, target, x_baseline=baseline, x_steps=job.steps, batch_size=job.batch
        )
        return made

    def explain() -> Explained:
        maps = [mask(x, target) for x, target in zip(inputs, job.targets, strict=True)]
        return Explained(np.stack(maps), len(inputs) * job.steps)

    scores = np.asarray(model(inputs))[np.arange(len(inputs)), list(job.targets)]
    return Tool(versions("saliency", "tensorflow"), explain, scores)
