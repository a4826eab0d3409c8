"""``python -m tests.figures.remake [NAME…]``: draw golden/ anew. Look at each before committing."""

import sys

from tests.figures.alike import GOLDEN
from tests.figures.scenes import SCENES


def main() -> None:
    for name in sys.argv[1:] or SCENES:
        picture = SCENES[name]()
        picture.save(GOLDEN / f"{name}.png", optimize=True)
        print(f"{GOLDEN / name}.png: {picture.width} × {picture.height}")


if __name__ == "__main__":
    main()
