"""The tutorial's loop without tf.function."""

from .protocol import Job, Tool
from .tutorial_tool import prepare as prepare_tutorial


def prepare(job: Job) -> Tool:
    """Build the model and the loop."""
    return prepare_tutorial(job, compiled=False)
