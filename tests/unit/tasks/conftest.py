"""Loads the task folder's files by path, as lm-eval and ``generate.py`` themselves do."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

TASKS = Path(__file__).resolve().parents[3] / "tasks"


@pytest.fixture(scope="session")
def tasks_folder() -> Path:
    """The folder with the committed suites."""
    return TASKS


@pytest.fixture(scope="session")
def load() -> Callable[[str], ModuleType]:
    """A loader for one file of the tasks folder, e.g. ``load("grounded_qa/scoring.py")``."""
    return _load


def _load(relative: str) -> ModuleType:
    name = "tasks_" + relative.removesuffix(".py").replace("/", "_")
    spec = importlib.util.spec_from_file_location(name, TASKS / relative)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
