"""One search for garbage per file, not one per server that a test asks."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module", autouse=True)
def exempt_from_garbage() -> Iterator[None]:
    """Keep exempt what was loaded: every endpoint's loop searches all that is not, which takes 0.4 s beside torch."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gc, "unfreeze", lambda: None)
        yield
    gc.unfreeze()
