"""How a measured share is judged against a limit, and how many docs would tell."""

from __future__ import annotations

from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.analysis.facts import Estimate
from evalkit.decision.checks import at_least
from evalkit.decision.facts import Outcome
from evalkit.decision.next_steps import docs_needed


def share(value: float | None, low: float | None, high: float | None, n: int = 100) -> Estimate:
    return Estimate(value, "share", n, low, high, reason="why")


@pytest.mark.parametrize(
    ("estimate", "outcome"),
    [
        (share(0.9, 0.85, 0.95), Outcome.PASS),
        (share(0.9, 0.8, 0.95), Outcome.PASS),  # the limit itself is enough
        (share(0.85, 0.79, 0.9), Outcome.UNCLEAR),
        (share(0.75, 0.7, 0.8), Outcome.UNCLEAR),
        (share(0.7, 0.6, 0.79), Outcome.FAIL),
        (share(0.9, None, None), Outcome.UNCLEAR),  # without an interval nothing is sure
        (share(0.1, None, None), Outcome.UNCLEAR),
        (share(None, None, None, 0), Outcome.UNCLEAR),
    ],
)
def test_a_share_is_judged_by_its_whole_interval(estimate: Estimate, outcome: Outcome) -> None:
    assert at_least(estimate, 0.8, "Score")[0] is outcome


def test_what_was_not_measured_says_why() -> None:
    text = at_least(share(None, None, None), 0.8, "Score")[1]
    assert text.startswith("Score")
    assert "why" in text


def test_docs_needed_by_hand() -> None:
    """Half width 0.06 with 100 docs; a distance of 0.02 needs nine times as many."""
    assert docs_needed(share(0.82, 0.76, 0.88), 0.8) == pytest.approx(900, abs=1)
    assert docs_needed(share(0.9, 0.84, 0.96), 0.8) == 100  # told already


@pytest.mark.parametrize(
    ("estimate", "required"),
    [
        (share(0.8, 0.7, 0.9), 0.8),  # exactly at the limit: no number tells
        (share(0.8001, 0.7, 0.9), 0.8),  # absurdly many
        (share(None, None, None), 0.8),
        (share(0.8, None, None), 0.7),
        (share(0.8, 0.7, 0.9), None),
    ],
)
def test_no_number_of_docs_where_none_would_do(estimate: Estimate, required: float | None) -> None:
    assert docs_needed(estimate, required) is None


@given(st.floats(0.1, 0.9), st.floats(0.01, 0.1), st.integers(10, 1000), st.floats(0, 1))
def test_so_many_docs_do_tell(value: float, half: float, n: int, required: float) -> None:
    needed = docs_needed(share(value, value - half, value + half, n), required)
    if needed is not None:
        assert needed >= n
        assert half * sqrt(n / needed) <= abs(value - required) * (1 + 1e-9)
