"""Arrays and callbacks: the types that all stages share."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Array: TypeAlias = npt.NDArray[Any]
    DType: TypeAlias = np.dtype[Any]
else:
    # numpy takes longer to import than the command line takes to answer --help.
    Array = DType = Any

Warn: TypeAlias = Callable[[str], None]
