"""Seeded draws: a generator for each seed and name, whatever else is drawn."""

import hashlib

import numpy as np


def seeded(seed: int, name: str) -> np.random.Generator:
    """Return the generator of a seed and of what is drawn, an image's id for example."""
    key = hashlib.sha256(f"{seed}:{name}".encode()).digest()
    return np.random.default_rng(int.from_bytes(key[:8], "big"))
