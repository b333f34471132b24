"""Latency, memory and energy over runs: what is known in closed form, what must cancel, how often bounds err."""

from __future__ import annotations

from math import exp, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from evalkit.analysis import repeated
from evalkit.analysis.repeated import (
    RatioBounds,
    quantile_bounds,
    quantile_ratio,
    values_bounds,
    values_ratio,
)
from evalkit.analysis.stats import SEED

C = 0.95
Runs = list[np.ndarray]


def sides(
    seed: int = 0, slower: float = 0.0, runs: int = 5, prompts: int = 40, noise: float = 0.05
) -> tuple[Runs, Runs]:
    """Both sides answer the same prompts; every run has its own level."""
    rng = np.random.default_rng(seed)
    base = rng.lognormal(-1, 0.5, prompts)
    made = [
        base * exp(0.03 * rng.standard_normal()) * rng.lognormal(0, noise, prompts)
        for _ in range(2 * runs)
    ]
    return made[:runs], [(1 + slower) * run for run in made[runs:]]


def ratio(a: Runs, b: Runs, q: float = 0.5, *, is_interleaved: bool = True) -> RatioBounds:
    found = quantile_ratio(a, b, q, C, is_interleaved=is_interleaved)
    assert found is not None
    return found


# -- one number per run -----------------------------------------------------------------------------------------------


def test_pairs_of_runs_get_the_paired_t_interval_of_the_log_ratio() -> None:
    a, b = [1.0, 1.2, 1.1, 1.3], [1.1, 1.25, 1.3, 1.35]
    found = values_ratio(a, b, C, is_interleaved=True)
    t = stats.ttest_rel(np.log(b), np.log(a), alternative="greater")
    both = stats.ttest_rel(np.log(b), np.log(a)).confidence_interval(0.9)
    assert found is not None
    assert (found.least, found.most) == pytest.approx((both.low, both.high), abs=1e-12)
    assert found.p_worse == pytest.approx(t.pvalue, abs=1e-12)
    assert found.candidate / found.baseline == pytest.approx(exp(found.log_ratio))
    assert (found.baseline, found.n_runs) == (pytest.approx(stats.gmean(a)), 4)


def test_runs_apart_get_welchs_interval_of_the_log_ratio() -> None:
    a, b = [1.0, 1.2, 1.1, 1.3, 1.0], [1.1, 1.9, 1.3]
    found = values_ratio(a, b, C, is_interleaved=False)
    t = stats.ttest_ind(np.log(b), np.log(a), equal_var=False, alternative="greater")
    both = stats.ttest_ind(np.log(b), np.log(a), equal_var=False).confidence_interval(0.9)
    assert found is not None
    assert (found.least, found.most) == pytest.approx((both.low, both.high), abs=1e-12)
    assert (found.p_worse, found.n_runs) == (pytest.approx(t.pvalue, abs=1e-12), 3)


def test_the_level_of_one_side_is_the_t_interval_of_its_logarithms() -> None:
    values = [10.0, 12.0, 11.0, 13.0]
    found = values_bounds(values, C)
    t = stats.ttest_1samp(np.log(values), 0).confidence_interval(0.9)
    assert found is not None
    assert (found.least, found.most) == pytest.approx((exp(t.low), exp(t.high)))


def test_memory_that_is_the_same_to_the_byte_is_known_from_three_runs_on() -> None:
    found = values_ratio([8e9] * 3, [9e9] * 3, C, is_interleaved=False)
    assert found is not None
    assert found.least == found.log_ratio == found.most == pytest.approx(log(9 / 8))
    assert found.p_worse == 0
    same = values_ratio([8e9] * 3, [8e9] * 3, C, is_interleaved=True)
    assert same is not None
    assert (same.least, same.most, same.p_worse) == (0, 0, 1)
    assert values_ratio([8e9] * 2, [9e9] * 2, C, is_interleaved=False) is None
    assert values_bounds([8e9] * 2, C) is None


@pytest.mark.parametrize("values", [[1.0], [1.0, 0.0, 2.0], [1.0, float("nan"), 2.0]])
def test_one_run_or_a_value_that_has_no_logarithm_gives_nothing(values: list[float]) -> None:
    good = [1.0, 1.1, 1.2][: len(values)]
    assert values_bounds(values, C) is None
    assert values_ratio(good, values, C, is_interleaved=False) is None


def test_sides_of_different_length_are_not_interleaved() -> None:
    with pytest.raises(ValueError, match="3 and 2 runs"):
        values_ratio([1.0, 2.0, 3.0], [1.0, 2.0], C, is_interleaved=True)


@given(st.lists(st.floats(0.1, 10), min_size=3, max_size=8), st.sampled_from([0.8, 0.95, 0.99]))
def test_swapping_sides_mirrors_and_surer_bounds_are_wider(
    values: list[float], confidence: float
) -> None:
    a, b = values, [v * 1.1 + 0.01 * i for i, v in enumerate(values)]
    for is_interleaved in (True, False):
        one = values_ratio(a, b, confidence, is_interleaved=is_interleaved)
        two = values_ratio(b, a, confidence, is_interleaved=is_interleaved)
        surer = values_ratio(a, b, 0.999, is_interleaved=is_interleaved)
        assert one is not None
        assert two is not None
        assert surer is not None
        assert (one.least, one.most) == pytest.approx((-two.most, -two.least))
        assert surer.least <= one.least <= one.log_ratio <= one.most <= surer.most
        assert one.p_worse + two.p_worse == pytest.approx(1)


# -- quantiles over prompts -------------------------------------------------------------------------------------------


def test_the_quantile_is_that_of_each_run() -> None:
    a, b = sides(slower=0.2)
    for q in (0.5, 0.95):
        found = ratio(a, b, q)
        assert found.baseline == pytest.approx(stats.gmean([np.quantile(x, q) for x in a]))
        assert found.candidate == pytest.approx(stats.gmean([np.quantile(x, q) for x in b]))
        assert found.log_ratio == pytest.approx(log(found.candidate / found.baseline))


@pytest.mark.parametrize("q", [0.0, 0.3, 0.5, 0.95, 1.0])
def test_drawn_quantiles_are_those_of_the_drawn_prompts(q: float) -> None:
    runs = np.array(sides(runs=1, prompts=23)[0])
    part = repeated._log_quantiles(runs, q)
    assert part is not None
    assert part.drawn is not None
    drawn = np.random.default_rng(SEED).integers(0, 23, (repeated.RESAMPLES, 23))
    expected = np.log(np.quantile(runs[0][drawn], q, axis=1))
    assert part.drawn[:, 0] == pytest.approx(expected, abs=1e-12)


def test_what_a_prompt_costs_on_both_sides_cancels() -> None:
    """Prompts differ by a factor of ten; each run is its level times the prompt, so only levels vary."""
    prompts = np.geomspace(0.1, 1, 30)
    a, b = (
        [level * prompts for level in levels] for levels in ([1.0, 1.1, 1.05], [1.2, 1.25, 1.3])
    )
    found = ratio(a, b)
    alone = values_ratio([1.0, 1.1, 1.05], [1.2, 1.25, 1.3], C, is_interleaved=True)
    assert alone is not None
    assert found[:3] == pytest.approx(alone[:3], abs=1e-9)


def test_only_prompts_that_every_run_has_count() -> None:
    a, b = sides(prompts=30)
    whole = ratio([x[:25] for x in a], [x[:25] for x in b])
    a[0][25:28], b[3][28:] = np.nan, np.nan
    assert ratio(a, b) == whole


def test_bounds_are_as_wide_as_levels_of_runs_and_prompts_make_them() -> None:
    """A mean over runs and prompts in place of a quantile, whose variance is known: σa²/K + σb²/P + σe²/(KP)."""
    runs, prompts, sigma = 6, 50, (0.03, 0.2, 0.1)
    rng = np.random.default_rng(0)
    found = []
    for _ in range(200):
        a = sigma[0] * rng.standard_normal((runs, 1)) + sigma[1] * rng.standard_normal(prompts)
        x = a + sigma[2] * rng.standard_normal((runs, prompts))
        counts = rng.multinomial(prompts, [1 / prompts] * prompts, 400)
        error = repeated._error([repeated._Part(x.mean(axis=1), counts @ x.T / prompts)])
        assert error is not None
        found.append(error.se**2)
    known = sigma[0] ** 2 / runs + sigma[1] ** 2 / prompts + sigma[2] ** 2 / (runs * prompts)
    assert np.mean(found) == pytest.approx(known, rel=0.05)


def test_many_runs_and_prompts_narrow_the_bounds() -> None:
    widths = [
        (found := ratio(*sides(runs=k, prompts=p))).most - found.least
        for k, p in ((4, 30), (16, 30), (16, 300))
    ]
    assert widths == sorted(widths, reverse=True)


def test_prompts_beyond_what_can_be_drawn_get_fewer_resamples() -> None:
    part = repeated._log_quantiles(np.array(sides(runs=2, prompts=9000)[0]), 0.5)
    assert part is not None
    assert part.drawn is not None
    assert part.drawn.shape == (2_000_000 // 9000, 2)


def test_the_same_data_give_the_same_bounds() -> None:
    assert ratio(*sides()) == ratio(*sides())


def test_swapped_sides_mirror() -> None:
    a, b = sides(slower=0.1)
    for is_interleaved in (True, False):
        one, two = (ratio(x, y, is_interleaved=is_interleaved) for x, y in ((a, b), (b, a)))
        assert (one.least, one.most) == pytest.approx((-two.most, -two.least))


def test_a_drift_that_pairs_share_cancels_only_where_runs_are_interleaved() -> None:
    a, b = sides(runs=6)
    drift = np.exp(0.1 * np.arange(6))
    a, b = ([x * d for x, d in zip(side, drift, strict=True)] for side in (a, b))
    near, apart = (ratio(a, b, is_interleaved=i) for i in (True, False))
    assert near.most - near.least < 0.5 * (apart.most - apart.least)
    assert ("pairs of runs" in near.method, "Welch" in apart.method) == (True, True)


def test_the_level_of_one_side_varies_with_its_prompts() -> None:
    """How long prompts are cancels in a ratio, not in a level."""
    a, b = sides()
    level, relative = quantile_bounds(a, 0.5, C), ratio(a, b)
    assert level is not None
    at = stats.gmean([np.median(x) for x in a])
    assert level.least < at < level.most
    assert log(level.most / level.least) > 2 * (relative.most - relative.least)


@pytest.mark.parametrize(
    "change",
    [
        lambda a: a[:1],
        lambda a: [np.where(np.arange(40) < 39, np.nan, x) for x in a],
        lambda a: [x * 0 for x in a],
        lambda a: [a[0], a[0]],
    ],
    ids=["one run", "one prompt", "no time", "two equal runs"],
)
def test_too_little_to_tell_gives_nothing(change: object) -> None:
    assert callable(change)
    a = change(sides()[0])
    assert quantile_ratio(a, a, 0.5, C, is_interleaved=True) is None
    assert quantile_bounds(a, 0.5, C) is None


def test_equal_sides_are_called_slower_as_often_as_is_said() -> None:
    """5 interleaved runs of 40 prompts, level of each run ± 3 %; 5 in a hundred and chance."""
    p_values = [ratio(*sides(seed)).p_worse for seed in range(200)]
    assert 0.01 < np.mean(np.array(p_values) < 0.05) < 0.08


def test_a_tenth_slower_is_found() -> None:
    assert np.mean([ratio(*sides(seed, slower=0.1)).least > 0 for seed in range(60)]) > 0.9
