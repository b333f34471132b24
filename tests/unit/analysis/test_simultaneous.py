"""Bounds of many scores hold together: as sure as one alone, and no wider than what the docs they share ask for."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from evalkit.analysis.arrays import Array
from evalkit.analysis.blend.evaluate import CHOICE_OF_TASKS, plan
from evalkit.analysis.blend.facts import Policy
from evalkit.analysis.simultaneous import Column, influence, level_of
from evalkit.analysis.weighted import ALONE, Level, Part, score_estimate, weighted_bounds
from tests.unit.analysis.blend.made import pairs_of

TASK = np.repeat(np.arange(3), 40)
WEIGHT = np.full(120, 1 / 120)


def column(scores: Array, docs: range | list[int] = range(120)) -> Column:
    return Column(list(docs), influence(TASK, WEIGHT, scores))


def drawn(n: int, seed: int = 1, share: float = 0.5) -> Array:
    return (np.random.default_rng(seed).random((n, 120)) < share).astype(float)


def tail(level: Level) -> float:
    return (1 - level.confidence) / 2


def test_one_score_is_bounded_alone() -> None:
    assert level_of([]) == ALONE
    assert level_of([column(drawn(1)[0])]) == ALONE


def test_the_same_score_twice_is_looked_at_once() -> None:
    one = column(drawn(1)[0])
    assert tail(level_of([one, one])) == pytest.approx(0.025, rel=0.1)


@pytest.mark.parametrize("n", [2, 5, 20])
def test_unrelated_scores_share_the_error_among_them(n: int) -> None:
    """Each on docs of its own: 1 − (1 − t)^n = 0.025."""
    columns = [column(s, range(1000 * i, 1000 * i + 120)) for i, s in enumerate(drawn(n))]
    assert tail(level_of(columns)) == pytest.approx(1 - 0.975 ** (1 / n), rel=0.15)
    assert level_of(columns).together == n


def test_it_is_never_wider_than_bonferronis() -> None:
    level = level_of([column(s) for s in drawn(50)])
    assert tail(level) >= 0.025 / 50 * (1 - 1e-9)


def test_scores_without_variance_count_as_unrelated() -> None:
    level = level_of([column(np.ones(120)), column(np.zeros(120))])
    assert tail(level) == pytest.approx(1 - 0.975**0.5, rel=0.15)


def test_opposite_scores_do_not_help_each_other() -> None:
    scores = drawn(1)[0]
    assert tail(level_of([column(scores), column(1 - scores)])) == pytest.approx(0.0125, rel=0.15)


def test_docs_of_one_source_are_one() -> None:
    """Two models that are right on the same sources, in turns within each: their errors hang together by source."""
    scores = np.repeat(drawn(1)[0][:60], 2)
    source = np.repeat(np.arange(60), 2).tolist()
    both = [column(scores, source), column(scores[::-1].copy(), source[::-1])]
    assert tail(level_of(both)) == pytest.approx(0.025, rel=0.15)


def test_the_same_scores_give_the_same_level() -> None:
    columns = [column(s) for s in drawn(4)]
    assert level_of(columns) == level_of(columns)


def test_of_20_models_exactly_at_the_requirement_one_passes_3_times_in_100() -> None:
    """By its own interval one passes in every third case and more."""
    false = np.zeros(2)
    for seed in range(100):
        scores = drawn(20, seed)
        levels = (ALONE, level_of([column(s) for s in scores]))
        best = scores[np.argmax(scores.sum(axis=1))]
        parts = [Part(1.0, best[t == TASK]) for t in range(3)]
        false += [weighted_bounds(parts, level.confidence)[0] > 0.5 for level in levels]
    assert false[0] > 15
    assert false[1] <= stats.binom.ppf(0.999, 100, 0.03)


def test_equal_models_at_the_requirement_blend_to_no_pass() -> None:
    """Some setting by task passes by its own interval in every tenth case."""
    false = np.zeros(2)
    for seed in range(200):
        local, vendor = drawn(2, seed)
        planned = plan(pairs_of(TASK.tolist(), local, vendor, np.full(120, 0.01)), seed)
        blends = list(planned.blended([Policy.TASK]))
        level = level_of([column(s) for s in (local, vendor, *blends)]).wider(CHOICE_OF_TASKS)
        for i, at in enumerate((ALONE, level)):
            lows = [score_estimate(planned.pairs.parts(s), at).low for s in blends]
            false[i] += any(low is not None and low > 0.5 for low in lows)
    assert false[0] >= 8
    assert false[1] <= stats.binom.ppf(0.999, 200, 0.03)


def test_wider_bounds_are_that_many_times_as_far() -> None:
    assert tail(ALONE.wider(2)) == pytest.approx(stats.norm.sf(2 * 1.959964))
    assert ALONE.wider(1).confidence == pytest.approx(0.95)
