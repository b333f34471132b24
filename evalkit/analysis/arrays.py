"""Arrays by what they hold, and when two numbers in them count as equal."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Objects = NDArray[np.object_]
EDGE = 1e-12
"""Numbers no further apart than this are equal but for rounding."""
ROUNDING = 1e-9
"""As `EDGE`, for numbers that come of many steps: costs, shares, replicas."""


def are_shares(values: Array) -> bool:
    """Tell whether all numbers lie between 0 and 1."""
    return bool(((values >= 0) & (values <= 1)).all())
