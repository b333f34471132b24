"""Intervals of paired differences: Tango's for right and wrong, BCa for other scores."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.analysis.paired import MOST_FOR_BOOTSTRAP, limit_of_bca, paired_interval, tango
from evalkit.analysis.stats import bootstrap

Z = 1.959963984540054
LEVELS = {0.8: 1.2815515655446004, 0.9: 1.6448536269514722, 0.99: 2.5758293035489004}


def score(wins: int, losses: int, n: int, d: float) -> float:
    """Tango's statistic, written as in the paper."""
    a, b = 2 * n, -wins - losses + (2 * n - wins + losses) * d
    c = -losses * d * (1 - d)
    q = (math.sqrt(b * b - 4 * a * c) - b) / (2 * a)
    return (wins - losses - n * d) / math.sqrt(n * (2 * q + d * (1 - d)))


@pytest.mark.parametrize(("wins", "losses", "n"), [(30, 20, 200), (6, 0, 100), (1, 9, 40)])
def test_a_bound_is_where_the_score_is_as_large_as_chance_allows(
    wins: int, losses: int, n: int
) -> None:
    low, high = tango(wins, losses, n)
    assert score(wins, losses, n, low) == pytest.approx(Z, abs=1e-6)
    assert score(wins, losses, n, high) == pytest.approx(-Z, abs=1e-6)


def test_where_no_doc_differs_the_interval_is_known_in_closed_form() -> None:
    bound = Z**2 / (100 + Z**2)
    assert tango(0, 0, 100) == (pytest.approx(-bound), pytest.approx(bound))


@pytest.mark.parametrize("confidence", LEVELS)
def test_surer_or_less_sure_bounds_follow_the_same_equation(confidence: float) -> None:
    low, high = tango(30, 20, 200, confidence)
    assert score(30, 20, 200, low) == pytest.approx(LEVELS[confidence], abs=1e-6)
    assert score(30, 20, 200, high) == pytest.approx(-LEVELS[confidence], abs=1e-6)


@pytest.mark.parametrize(
    ("change", "method"),
    [
        (np.array([1.0, -1.0, 0.0, 0.0]), "Tango 90 %, paired"),
        (np.full(4, 0.5), "Wilson 90 %, paired"),
        (np.linspace(-0.5, 0.6, 20), "BCa bootstrap 90 %, paired"),
        (np.linspace(-0.5, 0.6, MOST_FOR_BOOTSTRAP + 1), "BCa 90 % in its limit, paired"),
    ],
)
def test_every_method_takes_and_names_the_confidence(change: np.ndarray, method: str) -> None:
    wide, narrow = (paired_interval(change, is_share=True, confidence=c) for c in (0.95, 0.9))
    assert wide is not None
    assert narrow is not None
    assert narrow.method == method
    assert wide.low <= narrow.low <= narrow.high <= wide.high
    assert wide.high - wide.low > narrow.high - narrow.low
    assert paired_interval(change, is_share=True) == wide


@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 40))
def test_it_holds_the_difference_and_mirrors(wins: int, losses: int, ties: int) -> None:
    n = wins + losses + ties
    if n == 0:
        return
    low, high = tango(wins, losses, n)
    assert -1 <= low <= (wins - losses) / n <= high <= 1
    assert tango(losses, wins, n) == (pytest.approx(-high, abs=1e-7), pytest.approx(-low, abs=1e-7))


def test_three_wins_and_no_loss_do_not_tell_but_twelve_do() -> None:
    """As the exact test of McNemar says: p = 0.25 for three, 0.0005 for twelve. BCa would call three clear."""
    few, many = np.zeros(1000), np.zeros(1000)
    few[:3], many[:12] = 1, 1
    tells = [paired_interval(x, is_share=True) for x in (few, many)]
    assert [t is not None and t.low > 0 for t in tells] == [False, True]
    assert limit_of_bca(few)[0] > 0


@pytest.mark.parametrize("seed", range(3))
def test_the_limit_is_what_the_bootstrap_gives_for_many_docs(seed: int) -> None:
    rng = np.random.default_rng(seed)
    change = rng.beta(0.5, 0.5, 800) - rng.beta(2, 0.5, 800) * (rng.random(800) < 0.3)
    width = float(np.subtract(*bootstrap(change)[::-1]))
    for a, b in zip(limit_of_bca(change), bootstrap(change), strict=True):
        assert a == pytest.approx(b, abs=0.03 * width)


def test_the_limit_leans_to_where_the_docs_spread() -> None:
    """A long tail upwards: the interval reaches further up than down."""
    change = np.random.default_rng(1).exponential(1.0, 400)
    low, high = limit_of_bca(change)
    assert high - change.mean() > change.mean() - low


@pytest.mark.parametrize("n", [10, MOST_FOR_BOOTSTRAP, MOST_FOR_BOOTSTRAP + 1])
def test_other_scores_get_bca_whose_method_is_named(n: int) -> None:
    found = paired_interval(np.random.default_rng(0).uniform(-1, 1, n), is_share=True)
    assert found is not None
    assert found.method.startswith("BCa bootstrap" if n <= MOST_FOR_BOOTSTRAP else "BCa 95 %")


def test_equal_differences_are_not_certain() -> None:
    found = paired_interval(np.full(20, 0.25), is_share=True)
    mirrored = paired_interval(np.full(20, -0.25), is_share=True)
    assert found is not None
    assert mirrored is not None
    assert found.low < 0.25 < found.high
    assert (mirrored.low, mirrored.high) == (-found.high, -found.low)


@pytest.mark.parametrize("change", [[0.3], [2.0, 2.0], [7.0]])
def test_scores_without_bounds_need_docs_that_differ(change: list[float]) -> None:
    assert paired_interval(np.array(change), is_share=False) is None
