"""alibi: all inputs in one call, Gauss-Legendre."""

from importlib import import_module

import numpy as np

from .protocol import Explained, Job, Tool
from .rebuild import build, versions


def prepare(job: Job) -> Tool:
    """Build the model and the explainer."""
    explainers = import_module("alibi.explainers")
    model = build(import_module("tensorflow").keras, job.folder)
    inputs = job.inputs()
    explainer = explainers.IntegratedGradients(
        model, method="gausslegendre", n_steps=job.steps, internal_batch_size=job.batch
    )
    targets = list(job.targets)

    def explain() -> Explained:
        explanation = explainer.explain(inputs, baselines=job.baseline, target=targets)
        return Explained(np.asarray(explanation.attributions[0]), len(inputs) * job.steps)

    scores = np.asarray(model(inputs))[np.arange(len(inputs)), targets]
    return Tool(versions("alibi", "tensorflow"), explain, scores)
