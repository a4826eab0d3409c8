"""Xplique: all inputs in one call, trapezoid (it has no other rule)."""

from importlib import import_module

import numpy as np

from .protocol import Explained, Job, Tool
from .rebuild import build, versions


def prepare(job: Job) -> Tool:
    """Build the model and the explainer; the channels are not averaged away."""
    tf = import_module("tensorflow")
    attributions = import_module("xplique.attributions")
    model = build(tf.keras, job.folder)
    inputs = job.inputs()
    targets = np.eye(job.classes, dtype=np.float32)[list(job.targets)]
    explainer = attributions.IntegratedGradients(
        model,
        batch_size=job.batch,
        reducer=None,
        steps=job.steps,
        baseline_value=job.baseline,
    )

    def explain() -> Explained:
        maps = np.asarray(explainer.explain(inputs, targets))
        return Explained(maps.reshape(inputs.shape), len(inputs) * job.steps)

    scores = np.asarray(model(inputs))[np.arange(len(inputs)), list(job.targets)]
    return Tool(versions("xplique", "tensorflow"), explain, scores)
