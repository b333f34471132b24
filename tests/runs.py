"""Run configs over the tiny model, for tests that need a whole run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

SUITES = [
    {"name": "choose", "tasks": ["ticket_routing"], "limit": 6, "data_class": "public"},
    {"name": "write", "tasks": ["table_arithmetic", "grounded_qa"], "limit": 6},
]

LABELS = ["w1", "w2"]
SMALL_TASKS: dict[str, dict[str, Any]] = {
    "choose": {
        "output_type": "multiple_choice",
        "doc_to_text": "{{q}}",
        "doc_to_choice": LABELS,
        "doc_to_target": "{{a}}",
        "metric_list": [{"metric": "acc"}],
    },
    "write": {
        "output_type": "generate_until",
        "doc_to_text": "{{q}}",
        "doc_to_target": "{{a}}",
        "generation_kwargs": {"max_gen_toks": 3},
        "metric_list": [{"metric": "exact_match"}],
    },
}
"""Two tasks in words that the small model has."""


def write_small_tasks(folder: Path, n_docs: int = 4) -> Path:
    """Write the small tasks; return the folder to include."""
    docs = [{"q": f"w{n} w{n + 1}", "a": LABELS[n % 2]} for n in range(3, 3 + n_docs)]
    for name, task in SMALL_TASKS.items():
        home = folder / "tasks" / name
        home.mkdir(parents=True)
        (home / "data.jsonl").write_text("".join(json.dumps(d) + "\n" for d in docs))
        described = {
            "task": name,
            "dataset_path": "json",
            "dataset_kwargs": {"data_files": {"test": str(home / "data.jsonl")}},
            "test_split": "test",
            **task,
        }
        (home / f"{name}.yaml").write_text(json.dumps(described))
    return folder / "tasks"


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
