"""The one clock of all stamps, and its anchor to wall time."""

from __future__ import annotations

import os
import time

from evalkit import __version__
from evalkit.records import Session

now_ns = time.perf_counter_ns
"""Monotonic nanoseconds: the clock of every stamp and duration."""


def open_session(number: int) -> Session:
    """Anchor this process's clock to wall time."""
    return Session(
        session=number,
        wall_ns=time.time_ns(),
        perf_ns=now_ns(),
        pid=os.getpid(),
        evalkit_version=__version__,
    )
