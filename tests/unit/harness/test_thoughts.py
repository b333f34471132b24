"""Who runs a model that thinks is told in the plan, and in the run, that its answers need room."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

import pytest

from evalkit import plan as planning
from evalkit.backends import place
from evalkit.backends.base import Outcome
from evalkit.config import ModelSpec, SuiteSpec
from evalkit.harness.lm import BackendLM, CellContext
from evalkit.plan import Cell, Plan, TaskPlan, short_of_thoughts
from evalkit.records import CUT_THINKING, THOUGHTS


def cell(max_tokens: int | None = None, repeat: int = 0, most: int = 320, **model: Any) -> Cell:
    spec = ModelSpec.model_validate(
        {"name": "m", "source": "x/y", "generation": {"max_tokens": max_tokens}, **model}
    )
    task = TaskPlan("t", "generate_until", "1", 0, 10, 10, 100, most, "", "")
    suite = SuiteSpec(name="s", tasks=("t",))
    return Cell("m/s/0", spec, place(spec), suite, repeat, (task,), 1, True, "as_is")


def short(*cells: Cell) -> list[int]:
    config: Any = SimpleNamespace(models=[cells[0].model])
    return [most for _, most in short_of_thoughts(Plan(config, cells))]


@pytest.mark.parametrize(
    ("template", "expected"),
    [("{% if enable_thinking %}", [32]), ("<think>\n", [32]), ("plain", []), (None, [])],
)
def test_the_plan_tells_of_models_that_think_and_have_no_room(
    template: str | None, expected: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "find_source", lambda _: SimpleNamespace())
    monkeypatch.setattr(planning, "chat_template_of", lambda _: template)
    assert short(cell(), cell(repeat=1)) == expected
    assert short(cell(max_tokens=8000)) == []
    assert short(cell(most=0)) == []
    assert short(cell(chat_template=False)) == []
    assert short(cell(backend="openai")) == []


def test_the_run_tells_once_that_thoughts_were_cut(caplog: pytest.LogCaptureFixture) -> None:
    backend: Any = SimpleNamespace()
    lm = BackendLM(backend, CellContext("m/s/0", 0, "hf"), {}, lambda *_: None)
    flags = (THOUGHTS, CUT_THINKING)
    outcomes = [
        Outcome(0, 1, 1, 1, text="", finish_reason=why, flags=flags) for why in ("stop", "length")
    ]
    with caplog.at_level(logging.WARNING, "evalkit"):
        lm._warn_of_thoughts(outcomes[:1])
        assert not caplog.records
        lm._warn_of_thoughts(outcomes)
        lm._warn_of_thoughts(outcomes)
    (record,) = caplog.records
    assert "generation.max_tokens" in record.getMessage()
