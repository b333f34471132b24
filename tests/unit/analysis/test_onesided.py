"""One-sided bounds: what they are where the answer is known, how they turn and widen, and how often they err."""

from __future__ import annotations

from math import inf, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

from evalkit.analysis.onesided import (
    FEWEST_CLUSTERS,
    MOST_FOR_FLIPS,
    MOST_FOR_RATIOS,
    Bounds,
    cluster_bounds,
    holm,
    mover,
    p_worse,
    p_worse_binary,
    paired_bounds,
    ratio_bounds,
    share_bounds,
)
from evalkit.analysis.paired import tango

C = 0.95
COUNTS = st.tuples(st.integers(0, 30), st.integers(0, 30), st.integers(0, 60)).filter(any)
FEW = 999
"""Resamples where many intervals are made."""
CONFIDENCES = st.sampled_from([0.8, 0.9, 0.95, 0.99, 0.999])


def signs(wins: int, losses: int, ties: int) -> np.ndarray:
    return np.repeat([1.0, -1.0, 0.0], [wins, losses, ties])


def bounds(change: np.ndarray, confidence: float = C, *, is_share: bool = True) -> Bounds:
    found = paired_bounds(change, is_share=is_share, confidence=confidence)
    assert found is not None
    return found


def graded(n: int, seed: int = 0, share: float = 0.3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.where(rng.random(n) < share, rng.beta(2, 2, n) - 0.6, 0.0)


# -- right and wrong --------------------------------------------------------------------------------------------------


def test_right_and_wrong_get_tangos_bounds() -> None:
    found = bounds(signs(30, 20, 150))
    assert found[:2] == tango(30, 20, 200, 0.9)
    assert found.method == "Tango, one-sided 95 %, paired"


@pytest.mark.parametrize(("losses", "n"), [(0, 60), (3, 100), (9, 40)])
def test_docs_that_all_flip_one_way_get_the_exact_bound_where_it_is_wider(
    losses: int, n: int
) -> None:
    """It is scipy's Clopper-Pearson; Tango's alone would err 6.9 times in a hundred (docs/statistics.md)."""
    found = bounds(signs(0, losses, n - losses))
    low, high = stats.binomtest(losses, n).proportion_ci(0.9, "exact")
    least, most = tango(0, losses, n, 0.9)
    assert found.least == pytest.approx(min(-high, least), abs=1e-8)
    assert found.most == pytest.approx(max(-low, most) if losses else max(high, most), abs=1e-8)
    assert found.method.startswith("Tango and Clopper-Pearson")


def test_no_doc_in_59_that_differs_shows_five_points_and_in_58_does_not() -> None:
    """The rule of three: 0.95^n ≤ 0.05."""
    assert bounds(signs(0, 0, 59)).most <= 0.05 < bounds(signs(0, 0, 58)).most


@given(COUNTS, CONFIDENCES)
def test_bounds_hold_the_difference_and_mirror(
    counts: tuple[int, int, int], confidence: float
) -> None:
    wins, losses, ties = counts
    a, b = (bounds(signs(*c, ties), confidence) for c in ((wins, losses), (losses, wins)))
    assert -1 <= a.least <= (wins - losses) / (wins + losses + ties) <= a.most <= 1
    assert (a.least, a.most) == pytest.approx((-b.most, -b.least), abs=1e-9)


@given(COUNTS)
def test_surer_bounds_are_wider(counts: tuple[int, int, int]) -> None:
    found = [bounds(signs(*counts), c) for c in (0.8, 0.9, 0.95, 0.99)]
    assert [b.least for b in found] == sorted((b.least for b in found), reverse=True)
    assert [b.most for b in found] == sorted(b.most for b in found)


# -- other scores -----------------------------------------------------------------------------------------------------


@settings(max_examples=40)
@given(st.integers(0, 200), CONFIDENCES)
def test_bounds_of_other_scores_mirror_but_for_the_resampling(seed: int, confidence: float) -> None:
    change = graded(30, seed)
    a, b = bounds(change, confidence), bounds(-change, confidence)
    width = a.most - a.least
    assert a.least <= change.mean() <= a.most
    assert (a.least, a.most) == pytest.approx((-b.most, -b.least), abs=0.05 * width)


def test_one_doc_that_differs_a_little_does_not_promise_that_none_differs_much() -> None:
    one, none = np.zeros(100), np.zeros(100)
    one[0] = 0.01
    assert bounds(one).least == pytest.approx(bounds(none).least, rel=0.15)


def test_dense_scores_get_about_the_t_bounds() -> None:
    change = np.random.default_rng(0).normal(0.1, 0.2, 150).clip(-1, 1)
    t = stats.ttest_1samp(change, 0).confidence_interval(0.9)
    assert bounds(change)[:2] == pytest.approx((t.low, t.high), abs=0.1 * (t.high - t.low))


@pytest.mark.parametrize("n", [1, 2, 20])
def test_equal_differences_of_bounded_scores_are_not_certain(n: int) -> None:
    found = bounds(np.full(n, 0.25))
    assert found.least < 0.25 < found.most


@pytest.mark.parametrize("change", [[0.3], [2.0, 2.0]])
def test_scores_without_bounds_need_docs_that_differ(change: list[float]) -> None:
    assert paired_bounds(np.array(change), is_share=False, confidence=C) is None


def test_scores_without_bounds_scale() -> None:
    change = graded(40)
    small, large = bounds(change, is_share=False), bounds(100 * change, is_share=False)
    assert large[:2] == pytest.approx((100 * small.least, 100 * small.most), rel=1e-6)


def errors(change: np.ndarray, truth: float) -> float:
    """Share of rows whose upper bound is below the truth."""
    return float(np.mean([bounds(row).most < truth for row in change]))


@pytest.mark.parametrize("share", [0.1, 0.9])
def test_graded_scores_err_as_often_as_they_say(
    share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """n = 40. BCa alone: 0.13 where one doc in ten differs. Expected here: at most 0.05, and chance."""
    monkeypatch.setattr("evalkit.analysis.stats.RESAMPLES", FEW)
    rng = np.random.default_rng(0)
    size = rng.choice([-1.0, 1.0], (300, 40)) * rng.beta(0.5, 0.5, (300, 40))
    assert errors(np.where(rng.random((300, 40)) < share, size, 0.0), 0.0) < 0.08


# -- clusters ---------------------------------------------------------------------------------------------------------


def test_clusters_of_one_doc_are_docs() -> None:
    change = graded(60)
    found = cluster_bounds(change, np.arange(60), C)
    assert found is not None
    assert found[:2] == pytest.approx(bounds(change)[:2], abs=1e-9)


def test_repeating_each_doc_tells_nothing_new() -> None:
    change = graded(40)
    once, often = (
        cluster_bounds(np.repeat(change, k), np.repeat(np.arange(40), k), C) for k in (1, 7)
    )
    assert once is not None
    assert often is not None
    assert often[:2] == pytest.approx(once[:2], abs=1e-9)


def test_names_and_order_of_clusters_do_not_matter() -> None:
    change, clusters = graded(60), np.repeat(np.arange(12), 5)
    order = np.random.default_rng(0).permutation(60)
    a = cluster_bounds(change, clusters, C)
    b = cluster_bounds(change[order], (100 - 3 * clusters)[order], C)
    assert a is not None
    assert b is not None
    assert a[:2] == pytest.approx(b[:2], rel=0.05)


def test_docs_that_rise_together_tell_less() -> None:
    change = np.repeat(np.random.default_rng(1).choice([-1.0, 0.0, 1.0], 30), 10)
    found = cluster_bounds(change, np.repeat(np.arange(30), 10), C)
    assert found is not None
    assert found.most - found.least > 2.5 * (bounds(change).most - bounds(change).least)


def test_where_no_doc_differs_the_cluster_is_the_unit() -> None:
    found = cluster_bounds(np.zeros(200), np.repeat(np.arange(20), 10), C)
    assert found is not None
    assert found[:2] == bounds(np.zeros(20))[:2]


def test_too_few_clusters_or_no_difference_of_unbounded_scores_have_no_bounds() -> None:
    few = np.arange(20) % (FEWEST_CLUSTERS - 1)
    assert cluster_bounds(graded(20), few, C) is None
    assert cluster_bounds(np.zeros(20), np.arange(20), C, is_share=False) is None


def test_bounds_over_clusters_stay_within_what_scores_can_reach() -> None:
    change = np.r_[np.ones(40), np.zeros(4)]
    found = cluster_bounds(change, np.r_[np.zeros(40, dtype=int), 1, 2, 3, 4], C)
    assert found is not None
    assert -1 <= found.least <= found.most <= 1


def test_clusters_err_as_often_as_they_say(monkeypatch: pytest.MonkeyPatch) -> None:
    """12 passages of 8 docs of which whole passages flip; a cluster bootstrap alone errs in 8 to 10 of a hundred."""
    monkeypatch.setattr("evalkit.analysis.stats.RESAMPLES", FEW)
    rng = np.random.default_rng(0)
    clusters = np.repeat(np.arange(12), 8)
    found = []
    for _ in range(200):
        flips, loses = rng.beta(0.8, 3.2, 12), rng.random(12)
        sign = np.where(rng.random(96) < loses[clusters], -1.0, 1.0)
        change = np.where(rng.random(96) < flips[clusters], sign, 0.0)
        b = cluster_bounds(change, clusters, C)
        assert b is not None
        found.append(b.most < 0)
    assert np.mean(found) < 0.08


# -- levels -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "n"), [(0, 30), (3, 100), (47, 50), (30, 30)])
def test_shares_get_the_wider_of_wilson_and_clopper_pearson(count: int, n: int) -> None:
    found = share_bounds(np.repeat([1.0, 0.0], [count, n - count]), C)
    assert found is not None
    both = [stats.binomtest(count, n).proportion_ci(0.9, m) for m in ("wilson", "exact")]
    assert found.least == pytest.approx(min(low for low, _ in both), abs=1e-8)
    assert found.most == pytest.approx(max(high for _, high in both), abs=1e-8)


def test_levels_of_other_scores_hold_the_mean_and_stay_within_0_and_1() -> None:
    for values in (np.random.default_rng(0).beta(5, 0.3, 30), np.full(10, 0.4), np.array([0.7])):
        found = share_bounds(values, C)
        assert found is not None
        assert 0 <= found.least < values.mean() < found.most <= 1


def test_no_score_has_no_bounds() -> None:
    assert share_bounds(np.array([]), C) is None


# -- sums -------------------------------------------------------------------------------------------------------------


def test_mover_of_one_task_is_that_task() -> None:
    own = Bounds(-0.04, 0.03, "Tango")
    assert mover([0.01], [own], [1.0]) == Bounds(
        pytest.approx(-0.04), pytest.approx(0.03), "MOVER (Tango)"
    )


def test_mover_of_equal_symmetric_tasks_is_the_square_root_law() -> None:
    found = mover([0.0] * 4, [Bounds(-0.1, 0.1, "t")] * 4, [0.25] * 4)
    assert found[:2] == pytest.approx((-0.05, 0.05))


def test_mover_takes_the_other_bound_where_a_weight_is_negative() -> None:
    """The difference of two numbers, from Zou and Donner's formula by hand."""
    found = mover([0.5, 0.2], [Bounds(0.4, 0.7, "a"), Bounds(0.1, 0.4, "b")], [1.0, -1.0])
    assert found[:2] == pytest.approx((0.3 - (0.01 + 0.04) ** 0.5, 0.3 + (0.04 + 0.01) ** 0.5))
    assert found.method == "MOVER (a; b)"


def costs(n: int, seed: int, p: float = 0.7) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    base = rng.lognormal(0, 0.5, n)
    right = (rng.random(n) < p).astype(float)
    other = np.where(rng.random(n) < 0.1, 1 - right, right)
    return base, right, base * rng.lognormal(0.1, 0.1, n), other


@pytest.mark.parametrize("n", [60, MOST_FOR_RATIOS + 1])
def test_the_ratio_of_costs_lies_between_its_bounds_and_swaps(n: int) -> None:
    a, b, c, d = costs(n, 0)
    found, swapped = ratio_bounds(a, b, c, d, C), ratio_bounds(c, d, a, b, C)
    assert found is not None
    assert swapped is not None
    assert found.least < log((c.sum() / d.sum()) / (a.sum() / b.sum())) < found.most
    width = found.most - found.least
    assert (found.least, found.most) == pytest.approx(
        (-swapped.most, -swapped.least), abs=0.06 * width
    )


def test_the_bootstrap_of_a_ratio_nears_its_limit() -> None:
    n = MOST_FOR_RATIOS
    at, beyond = (ratio_bounds(*costs(m, 3), C) for m in (n, 4 * n))
    assert at is not None
    assert beyond is not None
    assert (at.most - at.least) / 2 == pytest.approx(beyond.most - beyond.least, rel=0.1)


def test_a_price_twice_as_high_is_certain_but_for_docs_that_may_flip() -> None:
    right = np.tile([1.0, 0.0], 100)
    cost = np.full(200, 0.01)
    found = ratio_bounds(cost, right, 2 * cost, right, C)
    assert found is not None
    assert found.least < log(2) < found.most
    flip = bounds(np.zeros(200)).most
    assert found.most == pytest.approx(log(2 * (1 + flip) / (1 - flip)))


def test_few_right_answers_leave_the_cost_of_one_open() -> None:
    right = np.r_[1.0, np.zeros(19)]
    found = ratio_bounds(np.ones(20), right, np.ones(20), np.roll(right, 1), C)
    assert found is not None
    assert (found.least, found.most) == (-inf, inf)


def test_a_side_that_is_known_gives_the_level_of_the_other() -> None:
    """Costs alone: a share of 40 in 100 right answers of known cost has about the bounds of that share."""
    right, ones = np.repeat([1.0, 0.0], [40, 60]), np.ones(100)
    found, share = ratio_bounds(ones, ones, ones, right, C), share_bounds(right, C)
    assert found is not None
    assert share is not None
    assert (found.least, found.most) == pytest.approx(
        (-log(share.most), -log(share.least)), abs=0.03
    )


@pytest.mark.parametrize("column", range(4))
def test_a_side_without_cost_or_right_answer_has_no_ratio(column: int) -> None:
    columns = list(costs(30, 1))
    columns[column] = np.zeros(30)
    assert ratio_bounds(*columns, C) is None


def test_cost_per_right_answer_errs_as_often_as_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bootstrap alone: 0.12 at 50 docs of which few flip."""
    monkeypatch.setattr("evalkit.analysis.onesided.RESAMPLES", FEW)
    truth, found = 0.1 + 0.1**2 / 2, []
    for seed in range(200):
        b = ratio_bounds(*costs(50, seed, 0.5), C)
        assert b is not None
        found.append(b.most < truth)
    assert np.mean(found) < 0.09


# -- p-values ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("wins", "losses"), [(0, 5), (3, 12), (10, 11)])
def test_the_exact_test_is_half_of_statsmodels_mcnemar(wins: int, losses: int) -> None:
    two_sided = mcnemar([[50, wins], [losses, 50]], exact=True).pvalue
    middle = stats.binom.pmf(min(wins, losses), wins + losses, 0.5) if wins == losses else 0.0
    assert p_worse_binary(wins, losses) == pytest.approx(min(1, two_sided / 2 + middle), abs=1e-8)


@given(st.integers(0, 40), st.integers(0, 40))
def test_p_values_of_both_directions_share_the_tie(wins: int, losses: int) -> None:
    tie = stats.binom.pmf(wins, wins + losses, 0.5) if wins + losses else 1.0
    assert p_worse_binary(wins, losses) + p_worse_binary(losses, wins) == pytest.approx(1 + tie)


def test_p_worse_of_right_and_wrong_is_mcnemars_whatever_the_size() -> None:
    assert p_worse(signs(3, 12, 500)) == p_worse_binary(3, 12)


@pytest.mark.parametrize("change", [[0.0] * 50, []])
def test_nothing_that_differs_is_no_evidence(change: list[float]) -> None:
    assert p_worse(np.array(change)) == 1.0


def test_flipped_signs_are_enumerated_where_that_is_possible() -> None:
    """−1, −2, −3 halves: the lowest of 2³ sums, whatever ties stand beside them."""
    assert p_worse(np.array([-0.5, -1.0, -1.5, 0.0, 0.0])) == pytest.approx(1 / 8)


def test_flipped_signs_and_t_agree_where_both_are_good() -> None:
    change = np.random.default_rng(2).normal(-0.05, 0.5, MOST_FOR_FLIPS + 1)
    assert p_worse(change) == stats.ttest_1samp(change, 0, alternative="less").pvalue
    flipped = p_worse(change[:MOST_FOR_FLIPS])
    t = stats.ttest_1samp(change[:MOST_FOR_FLIPS], 0, alternative="less").pvalue
    assert flipped == pytest.approx(t, abs=0.02)


def test_differences_of_one_size_are_mcnemars_whatever_that_size() -> None:
    assert p_worse(np.full(100_000, -0.25)) == 0
    assert p_worse(np.repeat([0.5, -0.5, 1e-17], [3, 9, 80])) == p_worse_binary(3, 9)


def test_holm_is_as_by_hand() -> None:
    """Holm 1979: times 4, 3, 2, 1 in order of size, never falling."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02], abs=1e-12)
    assert holm([]) == []


@settings(max_examples=5)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_never_makes_a_p_value_smaller(p_values: list[float]) -> None:
    found = holm(p_values)
    assert all(p <= q <= 1 for p, q in zip(p_values, found, strict=True))
    assert found == pytest.approx(multipletests(p_values, method="holm")[1], abs=1e-8)


# -- Tango's bound from first principles ------------------------------------------------------------------------------


def likelihood_bound(wins: int, losses: int, n: int, z: float) -> float:
    """The upper bound, with the constrained likelihood maximised by search instead of in closed form."""

    def score(d: float) -> float:
        def minus_log_likelihood(q: float) -> float:
            shares = (q + d, q, 1 - 2 * q - d)
            counts = (wins, losses, n - wins - losses)
            return -sum(k * log(p) for k, p in zip(counts, shares, strict=True) if k)

        low, high = max(0.0, -d) + 1e-12, (1 - d) / 2 - 1e-12
        q = optimize.minimize_scalar(
            minus_log_likelihood, bounds=(low, high), method="bounded", options={"xatol": 1e-12}
        ).x
        return float((wins - losses - n * d) / (n * (2 * q + d - d * d)) ** 0.5)

    return float(optimize.brentq(lambda d: score(d) + z, (wins - losses) / n, 0.9))


@pytest.mark.parametrize(("wins", "losses", "n"), [(9, 3, 44), (20, 31, 200), (2, 1, 50)])
def test_tangos_bound_follows_from_the_likelihood(wins: int, losses: int, n: int) -> None:
    most = bounds(signs(wins, losses, n - wins - losses)).most
    z = float(stats.norm.ppf(C))
    assert most == pytest.approx(likelihood_bound(wins, losses, n, z), abs=1e-6)
