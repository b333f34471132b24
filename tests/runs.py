"""Run configs over the tiny model, for tests that need a whole run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

SUITES = [
    {"name": "choose", "tasks": ["ticket_routing"], "limit": 6, "data_class": "public"},
    {"name": "write", "tasks": ["table_arithmetic", "grounded_qa"], "limit": 6},
]


def write_config(folder: Path, model: Path | str, **changes: Any) -> Path:
    """Write a config of two suites; `changes` replace its top-level keys."""
    spec = {"name": "tiny", "source": str(model), "dtype": "float32", "device": "cpu"}
    spec["generation"] = {"max_tokens": 8}  # type: ignore[assignment]
    config = {
        "name": "t",
        "models": [spec],
        "suites": SUITES,
        "output": {"dir": str(folder / "out")},
    }
    file = folder / "run.yaml"
    file.write_text(yaml.safe_dump({**config, **changes}))
    return file


def only_run(folder: Path) -> Path:
    """Return the one run directory that was made."""
    (run,) = (p for p in (folder / "out").iterdir() if p.is_dir())
    return run
