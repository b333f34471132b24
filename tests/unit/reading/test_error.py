"""The readers' error on the corpus: within its bounds, and told as measured."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest

from evalkit.reading.error import Shares, error_of, reading_error
from evalkit.reading.measure import READERS, corpus_hash, measured
from evalkit.report.tables import read_wrongly
from evalkit.wording import NOTHING

CORPUS = Path(__file__).parent / "corpus"
LEAST_RIGHT, MOST_WRONG = 0.98, 0.01


@pytest.fixture(scope="module")
def shares() -> tuple[Shares, ...]:
    return measured(CORPUS, "today").shares


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("reader", READERS)
def test_readers_keep_their_bounds(shares: tuple[Shares, ...], reader: str, language: str) -> None:
    own = next(s for s in shares if (s.reader, s.language) == (reader, language))
    assert own.n_right >= LEAST_RIGHT * own.n, own
    assert own.n_wrong <= MOST_WRONG * own.n, own


def test_the_error_that_reports_show_is_what_is_measured(shares: tuple[Shares, ...]) -> None:
    hint = "run `python benchmarks/reading.py --write`"
    told = reading_error()
    assert told.corpus == corpus_hash(CORPUS), hint
    assert [asdict(s) for s in told.shares] == [asdict(s) for s in shares], hint


def test_docs_show_the_same_error() -> None:
    docs = (Path(__file__).parents[3] / "docs/metrics.md").read_text(encoding="utf-8")
    error = reading_error()
    assert f"Measured {error.date}, corpus {error.corpus}." in docs
    for s in error.shares:
        shares = " | ".join(f"{100 * n / s.n:.1f} %" for n in (s.n_right, s.n_wrong, s.n_unread))
        assert f"| {s.reader} | {s.language} | {s.n} | {shares} |" in docs


def test_tasks_rest_on_their_readers() -> None:
    assert error_of("ticket_routing_generate", "acc") == reading_error().of("letter")
    assert error_of("table_arithmetic", "exact_match") == reading_error().of("number")
    assert error_of("table_arithmetic", "format_followed") is None
    assert error_of("ticket_routing", "acc") is None, "chosen by log-likelihood: nothing is read"


def test_reports_show_the_error_beside_the_interval_of_what_was_read() -> None:
    assert reading_error().of("number") < 0.02
    shown = str(read_wrongly("table_arithmetic", "exact_match"))
    assert shown.startswith("reading error")
    assert shown.endswith("%")
    assert read_wrongly("table_arithmetic", "format_followed") == NOTHING
