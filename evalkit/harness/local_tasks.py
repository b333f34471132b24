"""Checks tasks without a network: those whose data lie on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lm_eval.tasks._yaml_loader import load_yaml

from evalkit.config.run import SuiteSpec
from evalkit.harness.catalogue import entries_behind, load_tasks, manager_of
from evalkit.harness.faults import told_of


def check_local_tasks(
    suite: SuiteSpec, include_paths: Sequence[Path], *, allow_code: bool
) -> list[str]:
    """Load a suite's tasks as a run does, but for those whose data are elsewhere; returns the names of these.

    Raises:
        TaskError: A task is not known, or something is wrong with its definition or its data.
    """
    with told_of(f"suite {suite.name!r}"):
        manager = manager_of(suite.tasks, tuple(include_paths))
        far = [
            name
            for name in suite.tasks
            if not all(map(_has_data_here, entries_behind(manager, [name]).values()))
        ]
    near = tuple(name for name in suite.tasks if name not in far)
    if near:
        load_tasks(suite.model_copy(update={"tasks": near}), include_paths, allow_code=allow_code)
    return far


def _has_data_here(entry: Any) -> bool:
    """Tell whether a task's data are local files, whether or not they are there; groups and tags have none."""
    if entry.yaml_path is None:
        return True
    try:
        config = load_yaml(entry.yaml_path, resolve_func=False)
    except Exception:  # what can't be read is told when it is loaded
        return True
    path, options = config.get("dataset_path"), config.get("dataset_kwargs") or {}
    if path is None or Path(str(path)).exists():
        return True
    return "data_files" in options and "://" not in str(options["data_files"])
