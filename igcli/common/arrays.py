"""Arrays and callbacks: the types that all stages share."""

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]
Warn: TypeAlias = Callable[[str], None]
