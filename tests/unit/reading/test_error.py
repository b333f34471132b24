"""The readers' error: within its bounds on the answers they were written with, told as measured on others."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest

from evalkit.reading.error import Shares, error_of, reading_error
from evalkit.reading.measure import READERS, corpus_hash, measured, read_rows
from evalkit.report.tables import read_wrongly
from evalkit.wording import NOTHING

CORPUS = Path(__file__).parent / "corpus"
UNSEEN = Path(__file__).parent / "unseen"
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


def test_the_error_that_reports_show_is_measured_on_answers_the_readers_were_not_written_with() -> (
    None
):
    hint = "run `python benchmarks/reading.py --write`"
    told, found = reading_error(), measured(UNSEEN, "today")
    assert told.corpus == corpus_hash(UNSEEN), hint
    assert [asdict(s) for s in told.shares] == [asdict(s) for s in found.shares], hint


def test_no_answer_is_in_both() -> None:
    for reader in READERS:
        asked = [
            {(row["text"], str(row["context"])) for row in read_rows(place, reader)}
            for place in (CORPUS, UNSEEN)
        ]
        assert not asked[0] & asked[1]


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
    shown = str(read_wrongly("table_arithmetic", "exact_match"))
    assert shown.startswith("reading error")
    assert shown.endswith("%")
    assert read_wrongly("table_arithmetic", "format_followed") == NOTHING
