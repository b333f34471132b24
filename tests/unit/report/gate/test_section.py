"""The gate in a report: first after the verdict, complete, inert; and no trace of it where there is none."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from html import unescape

import numpy as np
import pytest
from pydantic import TypeAdapter

from evalkit.analysis.onesided import mover, paired_bounds
from evalkit.analysis.summary import analyse
from evalkit.gate.facts import GateResult, gate_to_json
from evalkit.report.document import Look
from evalkit.report.gate.section import build_gate
from evalkit.report.gate.words import headline
from evalkit.report.html import render_report
from evalkit.report.language import spoken
from tests.gates import accepted, compared, failed, gate, hostile, missing, passed, rule, undecided
from tests.reports import decided, runs

FACTS = [(run, analyse(run)) for run in runs()]


def html(result: GateResult | None, *, with_decision: bool = False, code: str = "en") -> str:
    verdict = decided() if with_decision else None
    return render_report(FACTS, verdict, Look(language=spoken(code)), gate=result).decode()


@cache
def failed_html() -> str:
    return html(failed())


def order(page: str) -> list[str]:
    return re.findall(r'<h2 id="([\w-]+)"', page)


def text(page: str) -> str:
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page)))


def test_it_stands_on_top_where_there_is_no_verdict() -> None:
    assert order(failed_html())[:2] == ["gate", "summary"]
    assert '<li><a href="#gate">Upgrade gate</a></li>' in failed_html()


def test_it_follows_the_verdict() -> None:
    found = order(html(passed(), with_decision=True))
    assert found[found.index("why") + 1] == "gate"


@pytest.mark.parametrize("with_decision", [False, True])
def test_a_report_without_a_gate_has_no_trace_of_one(with_decision: bool) -> None:
    page = html(None, with_decision=with_decision)
    assert "gate" not in order(page)
    for words in ("#gate", 'class="gate"', ".gate", "Upgrade gate", "Holm", "table.judged"):
        assert words not in page


def test_the_verdict_is_told_in_words_not_by_colour_alone() -> None:
    page = failed_html()
    assert '<div class="box fail">' in page
    assert '<p class="stamp"><span>✗ fail</span></p>' in page
    assert str(headline(failed())) in text(page)


def test_rules_are_grouped_by_what_they_count() -> None:
    groups = [str(group.title).partition(":")[0] for group in build_gate(failed()).rules.groups]
    assert groups == ["Critical", "Supporting", "Advisory"]


def test_every_rule_has_a_row_and_its_numbers() -> None:
    section, result = build_gate(failed()), failed()
    assert sum(len(group.rows) for group in section.rules.groups) == len(result.rules)
    (numbers,) = section.numbers.groups
    assert len(numbers.rows) == len(result.rules)
    width = len(section.numbers.columns)
    assert all(len(cells) == width for _, cells in numbers.rows)


def test_numbers_that_are_missing_are_dashes() -> None:
    (group,) = build_gate(gate(missing("peak_memory"))).numbers.groups
    cells = group.rows[0][1]
    assert [str(cell.text) for cell in cells[:3]] == ["–"] * 3
    assert all(cell.is_missing for cell in cells[:3])
    assert "0" not in {str(cell.text) for cell in cells}


def test_a_tiny_chance_is_not_told_as_none() -> None:
    (group,) = build_gate(gate(rule(p_worse=1e-9))).numbers.groups
    assert "< 0.0001" in {str(cell.text) for cell in group.rows[0][1]}


def test_sides_conditions_and_documents_are_there() -> None:
    shown = text(failed_html())
    for words in (
        accepted().digest,
        "2026-09-02 07:15 UTC by jane@example.com",
        "first release of the support centre",
        "2026-09-01 08:00 UTC – 2026-09-01 12:10 UTC",
        "latency, memory and energy can't be compared",
        "The contract does not say anything",
        "99 more are not listed.",
        "choose/summaries: the candidate was not asked this task.",
    ):
        assert words in shown


def test_what_there_is_none_of_is_left_out() -> None:
    page = html(gate(baseline=replace(accepted(), accepted_at=None, accepted_by=None)))
    gate_part = page[page.index('<section class="gate"') : page.index('id="summary"')]
    for words in ("Conditions that differ", "changed sides", "Read this first"):
        assert words not in gate_part


def test_a_comparison_has_no_verdict() -> None:
    page = html(compared())
    part = page[page.index('<section class="gate"') : page.index('id="summary"')]
    assert "Comparison with the baseline" in part
    for words in ("stamp", "✓ pass", "margin", "Critical", "Upgrade gate<"):
        assert words not in part
    assert '<li><a href="#gate">Comparison with the baseline</a></li>' in page


def test_its_words_are_explained_at_the_end() -> None:
    terms = failed_html()[failed_html().index('id="terms"') :]
    for term in ("critical, supporting, advisory", "one-sided bound", "Holm's correction"):
        assert term in unescape(terms)


def test_it_is_told_in_german() -> None:
    shown = text(html(failed(), code="de"))
    assert "Der Kandidat darf den bisherigen Stand nicht ersetzen" in shown
    assert "höchstens 1,3 Punkte schlechter; 2 erlaubt" in shown


def test_methods_of_intervals_are_told_in_german() -> None:
    change = np.array([0.0] * 40 + [1.0, -1.0, 1.0])
    right_or_wrong = paired_bounds(change, is_share=True, confidence=0.95)
    assert right_or_wrong is not None
    result = gate(rule(method=mover([0.0], [right_or_wrong], [1.0]).method))
    assert "MOVER (Tango, one-sided 95 %, paired)" in text(html(result))
    assert "MOVER (Tango, einseitig 95 %, gepaart)" in text(html(result, code="de"))


def test_the_same_result_gives_the_same_bytes() -> None:
    assert html(failed()) == failed_html()


def test_a_result_that_was_written_and_read_gives_the_same_page() -> None:
    read = TypeAdapter(GateResult).validate_json(gate_to_json(failed()))
    assert html(read) == failed_html()


@pytest.mark.parametrize(
    "nasty", ["</style></section><script>x</script>", "{{ 7*7 }}", "\x1b[31m\u202e"]
)
def test_hostile_texts_are_text(nasty: str) -> None:
    page = html(hostile(nasty))
    assert ("{{" in nasty) == (nasty in page)
    assert page.count("<script>") == failed_html().count("<script>")


def test_ids_are_unique() -> None:
    for page in (failed_html(), html(undecided()), html(passed(), with_decision=True)):
        ids = re.findall(r'\bid="([^"]+)"', page)
        assert len(ids) == len(set(ids))
