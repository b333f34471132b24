"""How many docs and runs a gate needs: published formulas, exact sums, and the bounds the gate itself uses."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.power import TTestPower

from evalkit.analysis.onesided import Bounds, paired_bounds
from evalkit.analysis.power import (
    breaks_margin,
    docs_needed,
    docs_to_pass,
    keeps_margin,
    least_docs,
    power_to_fail,
    power_to_pass,
    runs_needed,
)


def bounds(losses: int, wins: int, n: int, confidence: float = 0.95) -> Bounds:
    damage = np.repeat([1.0, -1.0, 0.0], [losses, wins, n - losses - wins])
    found = paired_bounds(damage, is_share=True, confidence=confidence)
    assert found is not None
    return found


def most_damage(losses: int, wins: int, n: int, confidence: float = 0.95) -> float:
    return bounds(losses, wins, n, confidence).most


@pytest.mark.parametrize(
    ("discordance", "docs"),
    [
        (0.05, [3092, 773, 344, 124]),
        (0.10, [6183, 1546, 687, 248]),
        (0.20, [12366, 3092, 1374, 495]),
    ],
)
def test_docs_for_margins_of_1_2_3_and_5_points(discordance: float, docs: list[int]) -> None:
    margins = (0.01, 0.02, 0.03, 0.05)
    assert [docs_needed(m, discordance, 0.95, 0.8) for m in margins] == docs


def test_a_candidate_that_is_better_needs_fewer_docs_and_one_that_is_worse_more() -> None:
    better, same, worse = (docs_needed(0.03, 0.1, 0.95, 0.8, e) for e in (-0.02, 0.0, 0.02))
    assert better < same < worse


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.999])
@pytest.mark.parametrize("margin", [0.01, 0.03, 0.1])
def test_the_least_docs_pass_without_a_doc_that_differs_and_one_fewer_does_not(
    margin: float, confidence: float
) -> None:
    n = least_docs(margin, confidence)
    assert most_damage(0, 0, n, confidence) <= margin < most_damage(0, 0, n - 1, confidence)


def test_only_a_candidate_that_is_better_can_keep_a_margin_of_nothing() -> None:
    """2.4865² · (0.1 − 0.03²) / 0.03² = 680.8."""
    assert docs_needed(0.0, 0.1, 0.95, 0.8, -0.03) == 681
    with pytest.raises(ValueError, match="margin of 0"):
        least_docs(0.0, 0.95)
    assert least_docs(1.0, 0.95) == 1


@pytest.mark.parametrize(
    ("margin", "discordance", "effect"), [(0.03, 0.1, 0.03), (0.05, 0.02, 0.04)]
)
def test_what_can_never_pass_or_never_happen_is_refused(
    margin: float, discordance: float, effect: float
) -> None:
    with pytest.raises(ValueError, match="effect"):
        docs_needed(margin, discordance, 0.95, 0.8, effect)


@settings(max_examples=60)
@given(st.integers(1, 30), st.integers(0, 30), st.integers(0, 60), st.floats(0.005, 0.3))
def test_counts_are_judged_as_the_bounds_judge_them(
    losses: int, wins: int, ties: int, margin: float
) -> None:
    n = losses + wins + ties
    counts = np.array([wins]), np.array([losses])
    found = bounds(losses, wins, n)
    kept, broken = (f(*counts, n, margin, 0.95)[0] for f in (keeps_margin, breaks_margin))
    assert kept == (found.most <= margin) or abs(found.most - margin) < 1e-9
    assert broken == (found.least > margin) or abs(found.least - margin) < 1e-9


@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 99), st.floats(0, 0.5))
def test_what_keeps_a_margin_keeps_a_wider_one(
    losses: int, wins: int, ties: int, margin: float
) -> None:
    n = losses + wins + ties + 1
    kept = [
        keeps_margin(np.array([wins]), np.array([losses]), n, m, 0.95)[0]
        for m in (margin, margin + 0.02, margin + 0.2)
    ]
    assert kept == sorted(kept)


@pytest.mark.parametrize(
    ("n", "margin", "discordance", "effect"),
    [(40, 0.1, 0.2, 0.0), (60, 0.05, 0.05, 0.05), (60, 0.08, 0.3, -0.1), (59, 0.05, 0.0, 0.0)],
)
def test_power_is_the_sum_over_all_counts(
    n: int, margin: float, discordance: float, effect: float
) -> None:
    lose, win = (discordance + effect) / 2, (discordance - effect) / 2
    passing = failing = 0.0
    for losses in range(n + 1):
        for wins in range(n + 1 - losses):
            p = comb(n, losses) * comb(n - losses, wins)
            p *= lose**losses * win**wins * (1 - discordance) ** (n - losses - wins)
            if p > 1e-15:
                found = bounds(losses, wins, n)
                passing += p * (found.most <= margin)
                failing += p * (found.least > margin)
    assert power_to_pass(n, margin, discordance, 0.95, effect) == pytest.approx(passing, abs=1e-9)
    assert power_to_fail(n, margin, discordance, 0.95, effect) == pytest.approx(failing, abs=1e-9)


@pytest.mark.parametrize("n", [50, 52, 88, 100, 200, 300, 1000])
@pytest.mark.parametrize("margin", [0.02, 0.03, 0.05])
def test_a_candidate_at_the_margin_passes_about_5_times_in_a_hundred_at_most(
    n: int, margin: float
) -> None:
    """However many docs differ. Tango's bound alone: up to 6.9, where every doc that differs is a loss."""
    shares = np.r_[margin, np.linspace(1.1 * margin, 0.6, 25)]
    assert max(power_to_pass(n, margin, d, 0.95, margin) for d in shares) < 0.06


def test_a_large_loss_fails_more_often_with_more_docs() -> None:
    powers = [power_to_fail(n, 0.03, 0.1, 0.95, 0.06) for n in (50, 200, 1000)]
    assert powers == sorted(powers)
    assert powers[-1] > 0.9


def test_power_of_many_docs_is_what_the_formula_promises() -> None:
    n = docs_needed(0.01, 0.2, 0.95, 0.8)
    assert power_to_pass(n, 0.01, 0.2, 0.95) == pytest.approx(0.8, abs=0.002)


def test_power_grows_with_docs_and_margin_and_shrinks_with_the_effect() -> None:
    by_docs = [power_to_pass(n, 0.03, 0.1, 0.95) for n in (100, 300, 1000, 100_000)]
    by_margin = [power_to_pass(300, m, 0.1, 0.95) for m in (0.01, 0.02, 0.05)]
    by_effect = [power_to_pass(300, 0.05, 0.1, 0.95, e) for e in (0.05, 0.02, 0.0, -0.03)]
    for powers in (by_docs, by_margin, by_effect):
        assert powers == sorted(powers)


def test_no_effect_is_larger_than_the_share_of_docs_that_differ() -> None:
    with pytest.raises(ValueError, match=r"0\.02 of docs differ"):
        power_to_pass(100, 0.03, 0.02, 0.95, 0.05)


@pytest.mark.parametrize(("margin", "discordance"), [(0.05, 0.05), (0.03, 0.1), (0.05, 0.2)])
def test_docs_to_pass_reach_the_power_that_the_formula_misses(
    margin: float, discordance: float
) -> None:
    n = docs_to_pass(margin, discordance, 0.95, 0.8)
    assert n >= docs_needed(margin, discordance, 0.95, 0.8)
    assert power_to_pass(n, margin, discordance, 0.95) >= 0.8
    assert power_to_pass(n - 1, margin, discordance, 0.95) < 0.8


@pytest.mark.parametrize("noise_sd", [0.05, 0.1, 0.3])
@pytest.mark.parametrize("power", [0.8, 0.95])
def test_runs_are_those_of_statsmodels(noise_sd: float, power: float) -> None:
    runs = TTestPower().solve_power(
        effect_size=np.log(1.1) / noise_sd, alpha=0.05, power=power, alternative="larger"
    )
    assert runs_needed(noise_sd, 0.1, 0.95, power) == max(3, int(np.ceil(runs)))


def test_runs_are_never_fewer_than_three() -> None:
    assert runs_needed(0.0, 0.1, 0.95, 0.8) == runs_needed(0.001, 0.1, 0.95, 0.8) == 3
    with pytest.raises(ValueError, match="margin of 0"):
        runs_needed(0.05, 0.0, 0.95, 0.8)
