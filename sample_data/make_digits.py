"""Draw handwritten-looking digits and train a small CNN on them.

MNIST is not ours to ship, so these are drawn here: digits of Pillow's built-in font (and letters
of the same shape) are bent, slanted and inked again with a pen of varying width, then sized and
centred as MNIST's are. The network is that of alibi's MNIST example.

Written to ``--out``: ``digits.h5``, ``digits.npy``, ``digits/digit-0.png`` to ``digit-9.png`` and
``boxes.csv``, the boxes around their ink.
"""

import argparse
import os
from functools import cache
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from igcli.reproduce.networks import digits_network

Pixels = NDArray[np.uint8]
Field = NDArray[np.float32]

SIDE = 28
BOX = 20
CANVAS = 4 * SIDE
GLYPH_HEIGHT = 72
N_TRAIN, N_TEST = 20_000, 2_000

# What a writer may put down for each class; a repeated character is a likelier one.
SHAPES = ("000O", "1III", "2", "3", "4", "5555S", "6", "7", "8", "99gq")


@cache
def soft_glyph(letter: str, open_top: bool) -> Field:
    """Draw one glyph so blurred that a threshold on it sets the width of the stroke.

    Parameters
    ----------
    letter
        The character to draw.
    open_top
        Whether to leave out the upper end of the diagonal of a ``4``, as most hands do.

    Returns
    -------
    Field
        Ink in [0, 1], shape (CANVAS, CANVAS), the glyph centred and GLYPH_HEIGHT pixels tall.
    """
    font = ImageFont.load_default(size=2 * GLYPH_HEIGHT)
    left, top, right, bottom = font.getbbox(letter)
    glyph = Image.new("L", (int(right - left), int(bottom - top)))
    pen = ImageDraw.Draw(glyph)
    pen.text((-left, -top), letter, fill=255, font=font)
    if open_top:
        pen.rectangle((0, 0, 0.62 * glyph.width, 0.36 * glyph.height), fill=0)
    size = (round(glyph.width * GLYPH_HEIGHT / glyph.height), GLYPH_HEIGHT)
    canvas = Image.new("L", (CANVAS, CANVAS))
    corner = ((CANVAS - size[0]) // 2, (CANVAS - size[1]) // 2)
    canvas.paste(glyph.resize(size, Image.Resampling.LANCZOS), corner)
    blurred = canvas.filter(ImageFilter.GaussianBlur(3.5))
    return np.asarray(blurred, np.float32) / np.float32(255)


def smooth_noise(rng: np.random.Generator, knots: int, spread: float) -> Field:
    """Draw a smooth field, shape (CANVAS, CANVAS), through ``knots`` random values a side.

    ``spread`` is the standard deviation at the knots, in the unit of the field.
    """
    coarse = Image.fromarray(rng.normal(0, spread, (knots, knots)).astype(np.float32))
    return np.asarray(coarse.resize((CANVAS, CANVAS), Image.Resampling.BICUBIC), np.float32)


def bend(rng: np.random.Generator, ink: Field) -> Field:
    """Turn, slant, stretch and warp a drawing of shape (CANVAS, CANVAS)."""
    angle, shear, taper = rng.normal((0, 0.15, 0), (0.12, 0.16, 0.1))
    stretch = np.exp(rng.normal(0, 0.12))
    middle = CANVAS / 2
    y, x = np.mgrid[:CANVAS, :CANVAS] + 0.5 - middle
    u = np.cos(angle) * x + np.sin(angle) * y
    v = np.cos(angle) * y - np.sin(angle) * x
    u = (u + shear * v) * stretch * (1 + taper * v / middle)
    for knots, spread in ((4, 3.8), (9, 0.9)):
        u += smooth_noise(rng, knots, spread)
        v += smooth_noise(rng, knots, spread)
    source = np.clip(np.stack((v, u)) + middle, 0, CANVAS - 1).astype(np.intp)
    return np.asarray(ink[source[0], source[1]])


def fit(rng: np.random.Generator, ink: Field) -> Pixels:
    """Scale ink of shape (CANVAS, CANVAS) as MNIST does: about BOX pixels on the longer side.

    The result has shape (SIDE, SIDE) and its centre of mass near the middle.
    """
    drawing = Image.fromarray((255 * ink).astype(np.uint8))
    drawing = drawing.crop(drawing.getbbox())
    span = SIDE * max(drawing.size) / (BOX + rng.uniform(-1, 0.5))
    mass = np.asarray(drawing, np.float64)
    x, y = (np.average(np.arange(m.size) + 0.5, weights=m) for m in (mass.sum(0), mass.sum(1)))
    left, top = np.array((x, y)) - span * (0.5 + rng.normal(0, 0.015, 2))
    matrix = (span / CANVAS, 0, left, 0, span / CANVAS, top)
    large = drawing.transform(
        (CANVAS, CANVAS), Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR
    )
    return np.asarray(large.resize((SIDE, SIDE), Image.Resampling.BOX))


def draw_digits(rng: np.random.Generator, count: int) -> tuple[Pixels, NDArray[np.intp]]:
    """Draw digits, the ten classes in turn.

    Parameters
    ----------
    rng
        The random source.
    count
        How many digits to draw.

    Returns
    -------
    tuple
        The images, white on black, shape (count, SIDE, SIDE), and their classes, shape (count,).
    """
    classes = np.arange(count) % 10
    images = np.empty((count, SIDE, SIDE), np.uint8)
    for image, digit in zip(images, classes, strict=True):
        letter = SHAPES[digit][rng.integers(len(SHAPES[digit]))]
        ink = bend(rng, soft_glyph(letter, letter == "4" and rng.random() < 0.7))
        threshold = np.clip(rng.uniform(0.28, 0.57) + smooth_noise(rng, 5, 0.07), 0.2, 0.62)
        image[:] = fit(rng, np.clip((ink - threshold) * 8 + 0.5, 0, 1))
    return images, classes


def boxes_of(images: Pixels) -> str:
    """Return a table of the box around the ink of each digit, which are of classes 0 to 9."""
    lines = ["id,x1,y1,x2,y2,class"]
    for digit, image in enumerate(images):
        box = Image.fromarray(image).getbbox()
        lines.append(",".join(map(str, (f"digit-{digit}.png", *(box or ()), digit))))
    return "\n".join(lines) + "\n"


def main() -> None:
    """Draw, train and write the files."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, metavar="FOLDER")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    rng = np.random.default_rng(args.seed)
    keras.utils.set_random_seed(args.seed)

    x_train, y_train = draw_digits(rng, N_TRAIN)
    x_test, y_test = draw_digits(rng, N_TEST)

    trained = digits_network(keras)
    trained.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    inputs = x_train[..., None].astype(np.float32) / 255
    trained.fit(inputs, np.eye(10)[y_train], batch_size=256, epochs=6, verbose=2)

    scores = trained.predict(x_test[..., None].astype(np.float32) / 255, verbose=0)
    right = scores.argmax(1) == y_test
    print(f"accuracy on {N_TEST} held-out digits: {right.mean():.4f}")

    args.out.joinpath("digits").mkdir(parents=True, exist_ok=True)
    # An uncompiled twin, because a compiled model's file carries its optimizer along.
    bare = digits_network(keras)
    bare.set_weights(trained.get_weights())
    bare.save(args.out / "digits.h5")
    # Of each class, the digit rightly predicted with the highest score.
    chosen = x_test[(scores * right[:, None] * np.eye(10)[y_test]).argmax(0)]
    for digit, image in enumerate(chosen):
        Image.fromarray(image).save(args.out / "digits" / f"digit-{digit}.png")
    args.out.joinpath("boxes.csv").write_text(boxes_of(chosen))
    np.save(args.out / "digits.npy", chosen)


if __name__ == "__main__":
    main()
