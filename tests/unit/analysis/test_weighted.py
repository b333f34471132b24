"""Bounds of a mean over tasks: each errs as seldom as it says, and a score has one interval wherever it stands."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.analysis.arrays import Array
from evalkit.analysis.stats import clopper_pearson
from evalkit.analysis.weighted import (
    Part,
    difference_estimate,
    effective_docs,
    score_estimate,
    weighted_bounds,
)

SCORES = st.lists(st.floats(0, 1), min_size=1, max_size=30)
TAIL = 0.025


def right(n_right: int, n: int, weight: float = 1.0) -> Part:
    return Part(weight, np.array([1.0] * n_right + [0.0] * (n - n_right)))


def error(parts: Sequence[Sequence[Array]], truth: float) -> float:
    """How often the lower bound is above the truth."""
    lows = [weighted_bounds([Part(1.0, s) for s in some])[0] for some in parts]
    return float(np.mean(np.array(lows) > truth + 1e-9))


@pytest.mark.parametrize(
    ("n_right", "n"), [(0, 1), (1, 1), (1, 2), (3, 5), (5, 5), (0, 7), (19, 20)]
)
def test_one_task_has_the_exact_limits(n_right: int, n: int) -> None:
    assert weighted_bounds([right(n_right, n)]) == pytest.approx(clopper_pearson(n_right, n))


def test_all_right_is_not_certain_and_all_wrong_neither() -> None:
    """The audit's table: 0.712 with five docs all right; the exact limit is 0.025 to the power of 1/5."""
    assert weighted_bounds([right(5, 5)])[0] == pytest.approx(0.025**0.2)
    assert weighted_bounds([right(0, 5)])[1] == pytest.approx(1 - 0.025**0.2)
    low, high = weighted_bounds([right(5, 5), right(5, 5)])
    assert 0.6 < low <= 0.025**0.1
    assert high == 1


@pytest.mark.parametrize("n", [5, 20])
@pytest.mark.parametrize("n_tasks", [2, 5])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.97])
def test_a_lower_bound_is_above_the_truth_at_most_3_times_in_100(
    n: int, n_tasks: int, share: float
) -> None:
    rng = np.random.default_rng(1)
    worlds = (rng.random((1500, n_tasks, n)) < share).astype(float)
    assert error(worlds, share) <= 0.03 + 2 * (0.03 * 0.97 / 1500) ** 0.5


@pytest.mark.parametrize("low", [0.0, 0.6])
def test_rare_low_scores_that_were_not_seen_are_reckoned_with(low: float) -> None:
    """One doc in twenty scores low, the others 0.8: with 50 docs often none of them is seen."""
    rng = np.random.default_rng(2)
    worlds = np.where(rng.random((1500, 1, 50)) < 0.05, low, 0.8)
    assert error(worlds, 0.05 * low + 0.95 * 0.8) <= 0.035


def test_docs_of_one_source_do_not_count_as_many() -> None:
    """20 sources of 5 docs, alike with an intraclass correlation of 0.3."""
    rng = np.random.default_rng(3)
    source = np.repeat(np.arange(20), 5)
    false = 0
    for _ in range(1000):
        share = rng.beta(0.8 * 7 / 3, 0.2 * 7 / 3, 20)
        scores = (rng.random(100) < share[source]).astype(float)
        false += weighted_bounds([Part(1.0, scores, source)])[0] > 0.8
    assert false <= 35


def test_a_doc_asked_five_times_counts_once() -> None:
    source = np.repeat(np.arange(8), 5)
    same = Part(1.0, np.repeat([1.0, 1, 1, 1, 1, 1, 0, 0], 5), source)
    assert effective_docs(same, TAIL) == pytest.approx(8)
    assert weighted_bounds([same]) == pytest.approx(clopper_pearson(6, 8))
    every = Part(1.0, np.ones(40), source)
    assert weighted_bounds([every]) == pytest.approx(clopper_pearson(8, 8))


def test_sources_of_one_doc_each_are_docs() -> None:
    alone = Part(1.0, right(7, 10).scores, np.arange(10))
    assert weighted_bounds([alone]) == weighted_bounds([right(7, 10)])


def test_few_sources_have_no_interval_and_say_so() -> None:
    few = score_estimate([Part(1.0, np.ones(20), np.repeat(np.arange(4), 5)), right(3, 4)])
    assert few.value == pytest.approx(0.875)
    assert (few.low, few.high) == (None, None)
    assert "5 sources" in few.reason


def test_weights_are_proportions() -> None:
    one = score_estimate([right(8, 10, 3.0), right(2, 10, 1.0)])
    other = score_estimate([right(8, 10, 0.75), right(2, 10, 0.25)])
    assert one.value == pytest.approx(0.65)
    assert (one.low, one.high) == pytest.approx((other.low, other.high))


@given(st.lists(SCORES, min_size=1, max_size=20), st.integers(0, 3))
def test_a_mean_of_shares_is_a_share_within_its_interval(
    tasks: list[list[float]], heavy: int
) -> None:
    parts = [Part(1.0 + heavy * (i == 0), np.array(s)) for i, s in enumerate(tasks)]
    e = score_estimate(parts)
    assert e.value is not None
    assert e.low is not None
    assert e.high is not None
    assert 0 <= e.low <= e.value + 1e-12
    assert e.value <= e.high + 1e-12
    assert e.high <= 1


@given(st.lists(SCORES, min_size=1, max_size=4))
def test_bounds_are_mirrored_with_the_scores(tasks: list[list[float]]) -> None:
    low, high = weighted_bounds([Part(1.0, np.array(s)) for s in tasks])
    turned = weighted_bounds([Part(1.0, 1 - np.array(s)) for s in tasks])
    assert turned == pytest.approx((1 - high, 1 - low), abs=1e-9)


def test_a_difference_has_the_gates_bounds() -> None:
    e = difference_estimate([Part(1.0, np.zeros(100))])
    assert e.value == 0
    assert e.low == pytest.approx(
        -0.037, abs=5e-4
    )  # Clopper and Pearson's 3 / n, since none differs
    assert e.high == pytest.approx(0.037, abs=5e-4)
    one = difference_estimate([Part(1.0, np.array([1.0]))])
    assert one.value == 1
    assert one.low is not None
    assert one.low < 0.1
