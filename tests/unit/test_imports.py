"""What is imported stays: nobody looks for garbage in it, then or later."""

from __future__ import annotations

import gc
import sys
from types import ModuleType

import pytest

from evalkit.imports import importing


def test_garbage_is_looked_for_again_after_imports_but_not_in_what_they_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    frozen: list[int] = []
    monkeypatch.setattr(gc, "freeze", lambda: frozen.append(1))
    with importing():
        assert not gc.isenabled()
        with importing():
            monkeypatch.setitem(sys.modules, "made_up", ModuleType("made_up"))
        assert not gc.isenabled()
    assert gc.isenabled()
    assert frozen == [1]


def test_where_nothing_was_imported_all_stays_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    frozen: list[int] = []
    monkeypatch.setattr(gc, "freeze", lambda: frozen.append(1))
    with importing():
        import json  # noqa: F401
    gc.disable()
    try:
        with importing():
            monkeypatch.setitem(sys.modules, "made_up", ModuleType("made_up"))
        assert not gc.isenabled()
    finally:
        gc.enable()
    assert frozen == []
