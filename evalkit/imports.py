"""Imports of large libraries, without looking for garbage meanwhile."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def importing() -> Iterator[None]:
    """Let no garbage be looked for while libraries are imported, nor later among what they made.

    Python looks for objects that only hold each other whenever so many were made; what modules consist of are a million
    objects that stay. Nothing else should be made in here, since it is never looked at again.
    """
    if not gc.isenabled():
        yield
        return
    n_before = len(sys.modules)
    gc.disable()
    try:
        yield
    finally:
        if len(sys.modules) > n_before:
            gc.freeze()
        gc.enable()
