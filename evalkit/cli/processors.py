"""How the threads of torch's libraries wait, and in which order they add; must be set before torch is loaded."""

from __future__ import annotations

import os

SETTINGS = {
    "OMP_WAIT_POLICY": "PASSIVE",
    "KMP_BLOCKTIME": "0",
    "MKL_CBWR": "AUTO,STRICT",
}
"""Threads that wait for others sleep (GNU and Intel OpenMP): where a core is taken, waiting awake costs more than the
work. MKL adds in the same order for every number of threads ("strict CNR mode", oneMKL developer guide): without it
products with few rows differ in the last digit."""


def share_processors() -> None:
    """Set what the environment does not set; child processes inherit it."""
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
