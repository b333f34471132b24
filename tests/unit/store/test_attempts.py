"""The journal knows of an attempt before it is sent, and forgets none."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from evalkit.execute.limits import spent_usd
from evalkit.records import Answer, SentAttempt
from evalkit.store.journal import Journal
from tests.builders import attempt, request


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal.sqlite", create=True)


def sending(number: int, **changes: object) -> SentAttempt:
    first = SentAttempt("r", "m/s/0", 0, number, 1000 + number, 0.5, None)
    return replace(first, **changes)  # type: ignore[arg-type]


FAILED = replace(attempt(), status="error", error_class="timeout", cost_usd=0.1)


def test_an_attempt_without_an_outcome_is_lost(journal: Journal) -> None:
    journal.add_requests([], [], [sending(0)])
    (lost,) = journal.open_attempts("m/s/0")["r"]
    assert (lost.status, lost.cost_usd, lost.reserved_usd) == ("lost", None, 0.5)
    assert lost.t_queued_ns == 1000


def test_a_retry_tells_how_the_attempt_before_it_ended(journal: Journal) -> None:
    journal.add_requests([], [], [sending(0)])
    journal.add_requests([], [], [sending(1, failed=FAILED)])
    assert [a.status for a in journal.open_attempts()["r"]] == ["error", "lost"]


def test_the_final_record_takes_over_its_attempts(journal: Journal) -> None:
    journal.add_requests([], [], [sending(0)])
    journal.add_requests([request(0, request_id="r")], [])
    assert journal.open_attempts() == {}


def test_a_failed_request_may_be_repeated_an_answered_one_not(journal: Journal) -> None:
    failed = request(0, request_id="r", answer=None, attempts=(FAILED,))
    journal.add_requests([failed], [])
    journal.add_requests([request(0, request_id="r", answer=Answer(text=""))], [])
    assert [r.answer for r in journal.requests()] == [Answer(text="")]
    with pytest.raises(sqlite3.IntegrityError):
        journal.add_requests([request(0, request_id="r")], [])


def test_attempts_of_other_cells_are_left_out(journal: Journal) -> None:
    journal.add_requests([], [], [sending(0), sending(0, request_id="x", cell_id="other")])
    assert list(journal.open_attempts("other")) == ["x"]


def test_unknown_costs_count_as_what_was_set_aside(journal: Journal) -> None:
    journal.add_requests([], [], [sending(0)])
    answered = request(0, attempts=(FAILED, replace(attempt(), cost_usd=0.2, reserved_usd=0.5)))
    local = request(1)
    assert spent_usd([answered, local], journal.open_attempts()["r"]) == pytest.approx(0.8)
