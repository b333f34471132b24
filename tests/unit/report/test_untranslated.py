"""A report told in a made-up language has words in it that are data, and no others."""

import re
from collections.abc import Sequence
from html import unescape

from evalkit.analysis.summary import analyse
from evalkit.report.document import Look
from evalkit.report.glossary import METRICS
from evalkit.report.html import render_report
from evalkit.store.run_dir import Run
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


def test_words_that_lost_their_language_are_found() -> None:
    assert words_left("<p>⟦said⟧ <b>and not</b></p>", set()) == {"and", "not"}
