"""A report told in a made-up language has words in it that are data, and no others."""

import re
from collections.abc import Callable, Sequence
from dataclasses import asdict
from html import unescape

import pytest

from evalkit.analysis.summary import analyse
from evalkit.gate.facts import GateResult
from evalkit.report.document import Look
from evalkit.report.glossary import METRICS
from evalkit.report.html import render_report
from evalkit.store.run_dir import Run
from tests import gates
from tests.builders import bench_run
from tests.pseudo import PSEUDO, unsaid
from tests.reports import decided, runs

CODE = re.compile(r"<(script|style|pre|code)\b.*?</\1>", re.DOTALL)
SPOKEN_ATTRIBUTES = re.compile(r"\b(?:title|aria-label|alt|placeholder)=\"([^\"]*)\"")
WORD = re.compile(r"[^\W\d_]{3,}")


def words_left(html: str, data: set[str]) -> set[str]:
    """Return words of a page that no message and no data account for."""
    shown = CODE.sub(" ", html)
    attributes = SPOKEN_ATTRIBUTES.findall(shown)
    texts = [re.sub(r"<[^>]*>", " ", shown), *attributes]
    left = " ".join(unsaid(unescape(t)) for t in texts)
    for name in sorted(data, key=len, reverse=True):
        left = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", " ", left)
    return set(WORD.findall(left))


def names(of: Sequence[Run]) -> set[str]:
    """Return what the scenario, its sources and its runs call things."""
    found = {"evalkit", "own", "servers", "SHA", "USD", "GPU", "kWh", "TTFT", *METRICS}
    for run in of:
        m = run.manifest
        found |= {m.name, m.run_id, m.started_at, m.hardware.os, *m.versions}
        found |= {*(c.cell_id for c in m.cells), *(c.suite for c in m.cells)}
        found |= {*(e.name for e in m.models), *(s.task for s in run.samples)}
        found |= {c.endpoint.host for c in m.cells if c.endpoint is not None}
    facts = decided().case.facts
    for option in facts.options:
        found |= {option.name, *option.models}
    for assumption in facts.assumptions:
        found |= {assumption.given.source, assumption.given.note}
    return {*filter(None, found)}


def test_no_word_of_a_decision_report_is_outside_the_catalogue() -> None:
    every = [*runs(), bench_run()]
    facts = [(run, analyse(run)) for run in every]
    page = render_report(facts, decided(), Look(language=PSEUDO)).decode()
    assert words_left(page, names(every)) == set()


@pytest.mark.parametrize("kind", [gates.failed, gates.passed, gates.undecided, gates.compared])
def test_no_word_of_a_gate_is_outside_the_catalogue(kind: Callable[[], GateResult]) -> None:
    every, result = runs(), kind()
    facts = [(run, analyse(run)) for run in every]
    page = render_report(facts, None, Look(language=PSEUDO), result).decode()
    assert words_left(page, names(every) | names_of_gate(result)) == set()


def names_of_gate(result: GateResult) -> set[str]:
    """Return what the sides, the tasks and the documents are called, and what was answered."""
    found = {"summaries"}
    found |= {result.policy or "", result.decided_at[:10]}
    for side in (result.baseline, result.candidate):
        found |= {value for value in asdict(side).values() if isinstance(value, str)}
        found |= {side.first_run[:10], side.last_run[:10]}
    for rule in result.rules:
        found |= {rule.task or "", rule.score, rule.method, rule.suite or ""}
    for d in result.differences:
        found |= {d.where, d.baseline, d.candidate}
    for flip in result.flips:
        texts = (flip.prompt, flip.target, flip.baseline_answer, flip.candidate_answer)
        found |= {" ".join(text.split()) for text in texts if text}
        found |= {flip.task, flip.score, f"{flip.suite}/{flip.task}"}
    return {*filter(None, found)}


def test_words_that_lost_their_language_are_found() -> None:
    assert words_left("<p>⟦said⟧ <b>and not</b></p>", set()) == {"and", "not"}
