"""Nothing but what the config names leaves the house: vendors' SDKs see none of the variables that they look for.

An SDK that finds one takes organisation, project, headers or even another key from it, and sends them to whatever
address the config names.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_PREFIXES = ("OPENAI_", "ANTHROPIC_", "GOOGLE_", "GEMINI_", "AZURE_", "AWS_", "CLOUD_ML_")
_ONE_AT_A_TIME = threading.RLock()


@contextmanager
def hidden_variables() -> Iterator[None]:
    """Hide the vendors' environment variables while an SDK's client is made, which is when SDKs read them."""
    with _ONE_AT_A_TIME:
        hidden = {k: v for k, v in os.environ.items() if k.upper().startswith(_PREFIXES)}
        for name in hidden:
            del os.environ[name]
        try:
            yield
        finally:
            os.environ.update(hidden)
