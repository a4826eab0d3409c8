"""Explain a folder of pictures with the TensorFlow tutorial's loop, from import to saved maps.

Run: ``python tutorial_script.py MODEL.h5 FOLDER SIDE CHANNELS OUT.npy``.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from PIL import Image

model_path, folder, side, channels, out = sys.argv[1:]
size, mode = int(side), "RGB" if channels == "3" else "L"
model = tf.keras.models.load_model(model_path, compile=False)
alphas = tf.linspace(0.0, 1.0, 51)


@tf.function  # type: ignore[untyped-decorator]
def one_batch(baseline: Any, x: Any, some: Any, target: Any) -> Any:
    """Return the gradients at some nodes of one path."""
    rows = baseline + some[:, None, None, None] * (x - baseline)
    with tf.GradientTape() as tape:
        tape.watch(rows)
        scores = model(rows)[:, target]
    return tape.gradient(scores, rows)


maps = []
for path in sorted(Path(folder).iterdir()):
    picture = Image.open(path).convert(mode).resize((size, size), Image.Resampling.BILINEAR)
    pixels = np.asarray(picture, np.float32)
    array = pixels / 127.5 - 1.0 if mode == "RGB" else pixels[..., None] / 255.0
    x = tf.constant(array)
    start = tf.fill(x.shape, -1.0 if mode == "RGB" else 0.0)
    best = tf.argmax(model(x[None])[0])
    parts = [one_batch(start, x, alphas[i : i + 32], best) for i in range(0, 51, 32)]
    gradients = tf.concat(parts, axis=0)
    mean = tf.reduce_mean((gradients[:-1] + gradients[1:]) / 2.0, axis=0)
    maps.append(((x - start) * mean).numpy())
np.save(out, np.stack(maps))
