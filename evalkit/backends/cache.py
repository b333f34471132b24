"""Where evalkit keeps models."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_cache_path


def model_cache() -> Path:
    """Return the folder of pulled models: `$EVALKIT_CACHE/models`, else below the user's cache folder."""
    override = os.environ.get("EVALKIT_CACHE")
    root = Path(override).expanduser() if override else user_cache_path("evalkit")
    return root / "models"
