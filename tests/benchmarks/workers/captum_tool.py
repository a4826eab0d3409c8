"""Captum: all inputs in one call, Gauss-Legendre, Keras on PyTorch."""

import os
from importlib import import_module

import numpy as np

from .protocol import Explained, Job, Tool
from .rebuild import build, versions


def prepare(job: Job) -> Tool:
    """Build the model and the explainer."""
    os.environ["KERAS_BACKEND"] = "torch"
    torch = import_module("torch")
    model = build(import_module("keras"), job.folder).eval()
    inputs = torch.from_numpy(job.inputs())
    baselines = torch.full_like(inputs, job.baseline)
    targets = torch.tensor(job.targets)
    explainer = import_module("captum.attr").IntegratedGradients(model)

    def explain() -> Explained:
        maps = explainer.attribute(
            inputs,
            baselines,
            target=targets,
            n_steps=job.steps,
            method="gausslegendre",
            internal_batch_size=job.batch,
        )
        return Explained(maps.detach().numpy(), len(inputs) * job.steps)

    with torch.no_grad():
        outputs = model(inputs).numpy()
    scores = outputs[np.arange(len(inputs)), list(job.targets)]
    return Tool(versions("captum", "torch", "keras"), explain, scores)
