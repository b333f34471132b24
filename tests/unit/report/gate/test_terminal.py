"""A gate in the terminal: within 100 columns, every number of it, and nothing that acts."""

from __future__ import annotations

import re

import pytest
from rich.console import Console

from evalkit.gate.facts import GateResult
from evalkit.report.gate.terminal import gate_tables
from evalkit.report.text_safety import visible
from tests.gates import compared, failed, flip, gate, hostile, passed, undecided
from tests.hostile import everything

NASTY = everything()


def shown(result: GateResult, width: int = 100) -> str:
    console = Console(width=width, record=True, color_system=None, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123
    for part in gate_tables(result):
        console.print(part)
    return console.export_text()


@pytest.mark.parametrize("result", [failed(), passed(), undecided(), compared(), gate()])
def test_it_keeps_within_a_hundred_columns(result: GateResult) -> None:
    assert all(len(line) <= 100 for line in shown(result).splitlines())


def test_the_verdict_comes_before_the_rules() -> None:
    text = shown(failed())
    assert "VERDICT: ✗ FAIL  [policy support-centre]" in text
    assert text.index("VERDICT") < text.index("may not replace") < text.index("what was found")
    assert "accepted 2026-09-02 07:15 UTC by jane@example.com" in text
    assert "with 95 % confidence" in text


def test_conditions_flips_and_warnings_are_there() -> None:
    text = shown(failed())
    assert "worked examples" in text
    assert "contract_terms, document 17, exact_match 1 → 0" in text
    assert "candidate's answer: four weeks" in text
    assert "99 more are not listed." in text
    assert "choose/summaries: the candidate was not asked this task." in text


def test_a_comparison_has_the_numbers_and_no_verdict() -> None:
    text = shown(compared())
    assert "VERDICT" not in text
    assert re.search(r"87\.1\s% +86\.8\s%", text)
    for word in ("✓ pass", "✗ fail", "undecided", "critical"):
        assert word not in text


def test_a_status_is_never_broken_and_a_group_has_its_title_once() -> None:
    text = shown(failed(), width=80)
    for words in ("? undecided", "– not measured", "✓ improved"):
        assert words in text
    assert text.count("Critical: must") == 1


def test_a_missing_number_is_a_dash() -> None:
    assert re.search(r"–  +66\.4 %", shown(passed()))


def test_long_texts_are_cut_at_the_end_that_says_less() -> None:
    long = flip(prompt="instructions " * 200 + "the question?", candidate_answer="answer " * 200)
    text = shown(gate(flips=(long,), n_worse=1))
    assert "the question?" in text
    assert "question: …" in text
    assert len(text.splitlines()) < 60


@pytest.mark.parametrize("name", NASTY)
def test_hostile_texts_are_shown_and_do_nothing(name: str) -> None:
    text = shown(hostile(NASTY[name]))
    assert visible(text) == text
    assert all(len(line) <= 100 for line in text.splitlines())


def test_markup_of_the_terminal_is_text() -> None:
    assert "[bold red]x[/]" in shown(hostile("[bold red]x[/]"))
