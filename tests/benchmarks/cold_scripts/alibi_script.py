"""Explain a folder of pictures as alibi's examples do: a script from import to saved maps.

Run: ``python alibi_script.py MODEL.h5 FOLDER SIDE CHANNELS OUT.npy``.
"""

import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import tensorflow as tf
from PIL import Image

model_path, folder, side, channels, out = sys.argv[1:]
size, mode = int(side), "RGB" if channels == "3" else "L"
model = tf.keras.models.load_model(model_path, compile=False)
pictures = [
    Image.open(path).convert(mode).resize((size, size), Image.Resampling.BILINEAR)
    for path in sorted(Path(folder).iterdir())
]
pixels = np.stack([np.asarray(picture, np.float32) for picture in pictures])
if mode == "RGB":
    inputs, baseline = pixels / 127.5 - 1.0, -1.0
else:
    inputs, baseline = pixels[..., None] / 255.0, 0.0
explainer = import_module("alibi.explainers").IntegratedGradients(
    model, n_steps=50, method="gausslegendre", internal_batch_size=50
)
targets = model(inputs).numpy().argmax(axis=1)
explanation = explainer.explain(inputs, baselines=baseline, target=targets)
np.save(out, explanation.attributions[0])
