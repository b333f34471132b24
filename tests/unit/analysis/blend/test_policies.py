"""What policies decide: by hand where it is small, and never on the docs that they were learned from."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.analysis.blend.pairs import Pairs
from evalkit.analysis.blend.policies import (
    TARGETS,
    Folds,
    by_task,
    cascade,
    deal,
    learn_thresholds,
    oracle,
    rank_docs,
    rank_tasks,
)
from evalkit.analysis.outcomes import Signal
from tests.unit.analysis.blend.made import pairs_of, world

NAN = np.nan


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def quality(pairs: Pairs, escalated: np.ndarray) -> np.ndarray:
    """Return the quality of each setting."""
    return pairs.weight @ (pairs.local[:, None] + escalated * pairs.gain[:, None])


# --- folds --------------------------------------------------------------------------------------------------------


def test_every_fold_has_its_share_of_every_task() -> None:
    pairs = world(0, n=103, n_tasks=4)
    folds = deal(pairs, rng())
    assert folds.n == 5
    counts = np.zeros((4, 5))
    np.add.at(counts, (pairs.task, folds.fold), 1)
    assert np.ptp(counts, axis=1).max() <= 1
    assert np.ptp(counts.sum(axis=0)) <= 1


@pytest.mark.parametrize(
    ("task", "n_folds", "reason"),
    [
        ([0] * 9 + [1] * 3, 5, ""),
        ([0] * 9 + [1], 5, ""),
        ([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 5, ""),
        ([0] * 5 + [1] * 4, 0, "9 docs; it takes 10"),
    ],
)
def test_a_small_task_takes_the_folds_from_no_other(
    task: list[int], n_folds: int, reason: str
) -> None:
    folds = deal(pairs_of(task, np.ones(len(task)), np.ones(len(task))), rng())
    assert folds.n == n_folds
    assert reason in folds.reason


def test_docs_of_a_small_task_are_in_different_folds() -> None:
    folds = deal(pairs_of([0] * 9 + [1] * 2, np.ones(11), np.ones(11)), rng())
    assert folds.fold[9] != folds.fold[10]


def test_a_task_with_one_doc_stays_and_the_others_are_sent_all_the_same() -> None:
    """The vendor is better on b, and on the one doc of c, which nothing else tells about."""
    task = [0] * 20 + [1] * 20 + [2]
    local = np.array([1.0] * 20 + [0.0] * 21)
    vendor = np.array([0.0] * 20 + [1.0] * 21)
    pairs = pairs_of(task, local, vendor)
    found = by_task(pairs, deal(pairs, rng()))
    assert found.tasks[1] == ("b",)
    assert found.escalated[40].tolist() == [0, 0, 0, 1]
    assert found.tasks[-1] == ("a", "b", "c")


# --- thresholds ---------------------------------------------------------------------------------------------------


def test_a_threshold_is_the_weighted_quantile() -> None:
    """Weights 1, 2, 1 of confidences 0.1, 0.5, 0.9: a quarter lies below or at 0.1, three quarters at 0.5."""
    learned = learn_thresholds(
        np.array([0.9, 0.1, 0.5]), np.array([1.0, 1, 2]), (0.25, 0.5, 0.75, 1)
    )
    assert learned.at.tolist() == [0.1, 0.5, 0.5, 0.9]
    assert learned.tie_share == pytest.approx([1, 0.5, 1, 1])


def test_docs_below_the_threshold_go_and_ties_by_lot() -> None:
    learned = learn_thresholds(np.array([0.0] * 4 + [1.0] * 4), np.ones(8), (0.25,))
    confidence = np.array([-1, 0, 0, 1, NAN])
    sent = learned.apply(confidence, np.array([0.99, 0.49, 0.51, 0.0, 0.0]))
    assert sent[:, 0].tolist() == [1, 1, 0, 0, 0]


def test_docs_without_the_signal_count_as_surest() -> None:
    """Of four docs two have the signal: half can be reached, no threshold reaches more."""
    learned = learn_thresholds(np.array([0.1, NAN, 0.2, NAN]), np.ones(4), (0.25, 0.5, 0.75))
    assert learned.at.tolist() == [0.1, 0.2, np.inf]
    sent = learned.apply(np.array([0.15, NAN, 0.3]), np.zeros(3))
    assert sent.T.tolist() == [[0, 0, 0], [1, 0, 0], [1, 0, 1]]


def test_without_any_known_signal_to_learn_from_all_that_have_it_go() -> None:
    learned = learn_thresholds(np.array([NAN, NAN]), np.ones(2), (0.5,))
    assert learned.apply(np.array([0.4, NAN]), np.zeros(2))[:, 0].tolist() == [1, 0]


def test_a_coarse_signal_reaches_any_share() -> None:
    n = 4000
    coarse = (np.arange(n) % 10 > 0).astype(float)
    pairs = pairs_of([0] * n, coarse, np.ones(n), confidence={Signal.PARSED: coarse})
    sent = cascade(pairs, Signal.PARSED, deal(pairs, rng()), rng(1).random(n)).escalated
    assert sent.mean(axis=0) == pytest.approx(TARGETS, abs=0.03)
    assert sent[coarse == 0, 3:].all()


@given(st.integers(0, 1000), st.floats(0, 1))
def test_a_higher_target_never_takes_a_doc_back(seed: int, knows: float) -> None:
    pairs = world(seed, n=60, knows=knows)
    margin = np.round(pairs.confidence[Signal.MARGIN], 1)
    margin[::7] = NAN
    pairs.confidence[Signal.MARGIN][:] = margin
    decisions = cascade(pairs, Signal.MARGIN, deal(pairs, rng(seed)), rng(seed).random(60))
    assert (np.diff(decisions.escalated, axis=1) >= 0).all()
    assert not decisions.escalated[:, 0].any()
    assert decisions.escalated[:, -1].all()
    assert not decisions.escalated[np.isnan(margin), :-1].any()


def test_a_doc_is_judged_by_thresholds_of_the_other_folds() -> None:
    """One fold's confidences are far below all others: learned on itself, its docs would be divided."""
    n = 20
    folds = Folds(np.arange(n) % 2, 2)
    confidence = np.where(folds.fold == 0, 0.0, 10.0) + np.arange(n) / 100
    pairs = pairs_of([0] * n, np.ones(n), np.ones(n), confidence={Signal.MARGIN: confidence})
    sent = cascade(pairs, Signal.MARGIN, folds, np.zeros(n)).escalated[:, 10]
    assert sent[folds.fold == 0].all()
    assert not sent[folds.fold == 1].any()


def test_the_threshold_told_is_the_median_over_folds() -> None:
    pairs = world(1, n=500, knows=0.0)
    decisions = cascade(pairs, Signal.MARGIN, deal(pairs, rng()), rng(1).random(500))
    assert decisions.thresholds[0] is None
    assert decisions.thresholds[-1] is None
    assert decisions.thresholds[10] == pytest.approx(
        np.median(pairs.confidence[Signal.MARGIN]), abs=0.02
    )


# --- by task ------------------------------------------------------------------------------------------------------


def three_tasks(cost: list[float] | None = None) -> Pairs:
    """The vendor gains 0.5 on a, 0.25 on b, and loses on c."""
    local = [0, 0, 1, 1] * 2 + [0, 1, 1, 1] * 2 + [1, 1, 1, 1] * 2
    vendor = [1] * 8 + [1] * 8 + [0, 1, 1, 1] * 2
    each = None if cost is None else np.repeat(cost, 8)
    return pairs_of(np.repeat([0, 1, 2], 8).tolist(), local, vendor, each)


@pytest.mark.parametrize(
    ("cost", "order"),
    [
        (None, [0, 1]),
        ([0.01, 0.01, 0.01], [0, 1]),
        ([0.03, 0.01, 0.01], [1, 0]),
        ([0.03, 0.0, 0.0], [1, 0]),
        ([0.0, 0.0, 0.0], [0, 1]),
    ],
)
def test_tasks_go_by_gain_per_dollar_and_only_those_that_gain(
    cost: list[float] | None, order: list[int]
) -> None:
    assert rank_tasks(three_tasks(cost), np.ones(24, dtype=bool)) == order


def test_tasks_are_sent_one_by_one_and_at_last_all() -> None:
    pairs = three_tasks()
    folds = Folds(np.arange(24) // 4 % 2, 2)  # each half of a task is like the other
    decisions = by_task(pairs, folds)
    assert decisions.targets == pytest.approx((0, 1 / 3, 2 / 3, 1))
    assert decisions.tasks == ((), ("a",), ("a", "b"), ("a", "b", "c"))
    assert decisions.escalated.mean(axis=0) == pytest.approx([0, 1 / 3, 2 / 3, 1])
    # (local: 0.5, 0.75, 1; vendor: 1, 1, 0.75)
    assert quality(pairs, decisions.escalated) == pytest.approx([0.75, 2.75 / 3, 1, 2.75 / 3])


def test_where_the_vendor_never_gains_tasks_go_only_at_last() -> None:
    n = 20
    decisions = by_task(
        pairs_of([0] * 10 + [1] * 10, np.ones(n), np.zeros(n)), Folds(np.arange(n) % 5, 5)
    )
    assert decisions.tasks == ((), (), ("a", "b"))


# --- proof of cross-validation ------------------------------------------------------------------------------------


def noise(seed: int) -> Pairs:
    """20 tasks of 10 docs on which both models guess: no choice of tasks is better than 0.5."""
    r = rng(seed)
    scores = r.integers(0, 2, size=(2, 200)).astype(float)
    return pairs_of(np.repeat(np.arange(20), 10).tolist(), *scores)


def in_sample_quality(pairs: Pairs) -> float:
    """Return the quality of the choice of tasks that is best on the docs it is scored on."""
    sent = np.isin(pairs.task, rank_tasks(pairs, np.ones(pairs.n, dtype=bool)))
    return float(quality(pairs, sent[:, None].astype(float))[0])


def test_choosing_tasks_on_the_docs_that_score_it_would_flatter_and_held_out_does_not() -> None:
    """The optimism is there, 8 points of it, and cross-validation takes all of it away."""
    worlds = [noise(seed) for seed in range(200)]
    flattering = [in_sample_quality(pairs) for pairs in worlds]
    honest = [
        quality(pairs, by_task(pairs, deal(pairs, rng(i))).escalated)[19]
        for i, pairs in enumerate(worlds)
    ]
    error = np.std(honest) / np.sqrt(len(honest))
    assert np.mean(flattering) > 0.57
    assert abs(np.mean(honest) - 0.5) < 3 * error
    assert error < 0.005


# --- the bound ----------------------------------------------------------------------------------------------------


def test_the_oracle_sends_what_gains_most_per_dollar() -> None:
    pairs = pairs_of(
        [0] * 6, [0, 1, 0, 1, 0, 0], [1, 0, 1, 1, 0, 1], [0.4, 0.1, 0.1, 0.2, 0.1, 0.2]
    )
    # gains of 1 for 0.1, 0.2, 0.4; no gain for 0.1, 0.2; a loss
    assert rank_docs(pairs).tolist() == [2, 5, 0, 4, 3, 1]
    decisions = oracle(pairs)
    assert decisions.escalated[:, 10] == pytest.approx([1, 0, 1, 0, 0, 1])
    assert decisions.escalated[:, 5] == pytest.approx([0, 0, 1, 0, 0, 0.5])
    assert decisions.escalated.mean(axis=0) == pytest.approx(TARGETS)


@given(st.integers(0, 10_000))
def test_no_choice_of_docs_beats_the_oracle_at_the_same_cost(seed: int) -> None:
    r = rng(seed)
    n = 30
    pairs = pairs_of(
        np.sort(r.integers(0, 3, n)).tolist() if seed % 2 else [0] * n,
        r.random(n).round(1),
        r.random(n).round(1),
        r.integers(0, 3, n) / 10,
    )
    sent = (r.random((n, 20)) < r.random(20)).astype(float)
    assert pairs.cost is not None
    order = rank_docs(pairs)
    gain = np.append(0, np.cumsum((pairs.weight * pairs.gain)[order]))
    cost = np.append(0, np.cumsum((pairs.weight * pairs.cost)[order]))
    for asked, reached in zip(
        (pairs.weight * pairs.cost) @ sent, (pairs.weight * pairs.gain) @ sent, strict=True
    ):
        # where docs are free, several gains have one cost: the best of them counts
        best = max(np.interp(asked, cost, gain), gain[np.isclose(cost, asked)].max(initial=-1))
        assert reached <= best + 1e-9
