"""Frontiers of all policies: what must hold for any docs, and what is known of made-up worlds."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.analysis.blend import evaluate, resampling
from evalkit.analysis.blend.evaluate import blend_fact, plan
from evalkit.analysis.blend.facts import BlendFact, Frontier, Policy
from evalkit.analysis.blend.pairs import Pairs, pair
from evalkit.analysis.blend.policies import TARGETS, at_random, cascade, deal
from evalkit.analysis.facts import Estimate
from evalkit.analysis.outcomes import Signal
from evalkit.analysis.weighted import difference_estimate, score_estimate
from tests.unit.analysis.blend.made import pairs_of, world
from tests.unit.analysis.blend.test_pairs import outcome, paid, price
from tests.waiting import LONGEST_S


@pytest.fixture(autouse=True)
def _few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resampling, "RESAMPLES", 200)


def fact_of(pairs: Pairs, seed: int = 1) -> BlendFact:
    return blend_fact("own", "gpt", plan(pairs, seed))


def frontier(fact: BlendFact, policy: Policy) -> Frontier:
    return next(f for f in fact.frontiers if f.policy is policy)


def values(fact: BlendFact, policy: Policy, what: str = "quality") -> np.ndarray:
    return np.array([getattr(p, what).value for p in frontier(fact, policy).points])


def bounds(e: Estimate) -> tuple[float, float]:
    assert e.low is not None
    assert e.high is not None
    return e.low, e.high


# --- by hand ------------------------------------------------------------------------------------------------------


def small() -> Pairs:
    """Task a: 6 docs, 3 right here, 6 there; task b: 4 docs, 3 right here, 3 there. a weighs twice as much as b.

    The margin is low just where the vendor gains.
    """
    return pairs_of(
        [0] * 6 + [1] * 4,
        [0, 0, 0, 1, 1, 1, 0, 1, 1, 1],
        [1, 1, 1, 1, 1, 1, 1, 1, 1, 0],
        [0.02] * 6 + [0.01] * 4,
        weights=[2, 1],
        confidence={Signal.MARGIN: [0.1, 0.11, 0.12, 0.8, 0.81, 0.82, 0.13, 0.83, 0.84, 0.85]},
    )


def test_a_small_case_is_as_computed_by_hand() -> None:
    fact = fact_of(small())
    assert (fact.local, fact.vendor, fact.n_docs) == ("own", "gpt", 10)
    assert fact.local_quality.value == pytest.approx(2 / 3 * 3 / 6 + 1 / 3 * 3 / 4)
    assert fact.vendor_quality.value == pytest.approx(2 / 3 + 1 / 3 * 3 / 4)
    assert fact.difference.value == pytest.approx(1 / 3)
    a, b = fact.tasks
    assert (a.task, a.n, a.local.value, a.vendor.value, a.difference.value) == ("a", 6, 0.5, 1, 0.5)
    assert (b.task, b.n, b.local.value, b.vendor.value, b.difference.value) == (
        "b",
        4,
        0.75,
        0.75,
        0,
    )

    random = frontier(fact, Policy.RANDOM).points[10]
    assert random.quality.value == pytest.approx((0.58333 + 0.91667) / 2, abs=1e-4)
    assert random.vendor_cost.value == pytest.approx((2 / 3 * 0.02 + 1 / 3 * 0.01) / 2)

    # 3 docs of a weigh 1/9 each, one of b 1/12: 0.4167 of the workload goes for the best that can be
    best = frontier(fact, Policy.ORACLE).points[9]
    assert best.target == 0.45
    assert best.quality.value == pytest.approx(1)

    tasks = frontier(fact, Policy.TASK)
    assert tasks.points[-1].tasks == ("a", "b")
    assert [p.target for p in tasks.points] == [0, 0.5, 1]


def test_every_policy_is_there_and_says_what_it_is() -> None:
    fact = fact_of(small())
    assert [f.policy for f in fact.frontiers] == list(Policy)
    assert [f.is_cascade for f in fact.frontiers] == [True] * 4 + [False] * 3
    assert {f.policy: f.reason for f in fact.frontiers if not f.points} == {
        Policy.LOGPROB: "no doc has log-probabilities of its generated tokens",
        Policy.SELF_REPORTED: "no answer says how sure it is",
        Policy.PARSED: "no task tells whether it could read the answer",
    }
    assert frontier(fact, Policy.MARGIN).coverage == 1
    assert frontier(fact, Policy.PARSED).coverage == 0


# --- what holds for any docs --------------------------------------------------------------------------------------

worlds = st.builds(
    world,
    seed=st.integers(0, 1000),
    n=st.integers(20, 60),
    n_tasks=st.integers(1, 4),
    local=st.floats(0, 1),
    vendor=st.floats(0, 1),
    knows=st.floats(0, 1),
)


@settings(max_examples=25, deadline=None)
@given(worlds)
def test_both_ends_are_the_models_alone(pairs: Pairs) -> None:
    fact = fact_of(pairs)
    for f in fact.frontiers:
        if f.points:
            first, last = f.points[0], f.points[-1]
            assert (first.target, last.target) == (0, 1)
            assert first.escalated.value == pytest.approx(0)
            assert first.vendor_cost.value == pytest.approx(0)
            assert first.quality.value == pytest.approx(fact.local_quality.value)
            assert last.escalated.value == pytest.approx(1)
            assert last.quality.value == pytest.approx(fact.vendor_quality.value)
            assert first.threshold is None
            assert last.threshold is None


@settings(max_examples=25, deadline=None)
@given(worlds)
def test_no_policy_beats_the_oracle_at_the_same_cost(pairs: Pairs) -> None:
    """All docs cost the same here, so the cost is the share."""
    fact = fact_of(pairs)
    bound_cost, bound = (values(fact, Policy.ORACLE, w) for w in ("vendor_cost", "quality"))
    step = 2 * pairs.weight.max()  # the curve is only known at the points: one doc may fall between
    for policy in Policy:
        for cost, reached in zip(
            values(fact, policy, "vendor_cost"), values(fact, policy), strict=True
        ):
            assert reached <= np.interp(cost, bound_cost, bound) + step


@settings(max_examples=25, deadline=None)
@given(worlds)
def test_random_is_the_straight_line_between_the_models(pairs: Pairs) -> None:
    fact = fact_of(pairs)
    share = np.asarray(TARGETS)
    a, b = fact.local_quality.value, fact.vendor_quality.value
    assert a is not None
    assert b is not None
    assert values(fact, Policy.RANDOM) == pytest.approx(a + share * (b - a))
    assert values(fact, Policy.RANDOM, "escalated") == pytest.approx(share)
    assert values(fact, Policy.RANDOM, "vendor_cost") == pytest.approx(0.01 * share)


@settings(max_examples=10, deadline=None)
@given(worlds)
def test_every_estimate_lies_in_its_interval(pairs: Pairs) -> None:
    fact = fact_of(pairs)
    points = [p for f in fact.frontiers for p in f.points]
    every = [e for p in points for e in (p.escalated, p.quality, p.vendor_cost)]
    every += [e for t in fact.tasks for e in (t.local, t.vendor, t.difference)]
    for e in [*every, fact.local_quality, fact.vendor_quality, fact.difference]:
        low, high = bounds(e)
        assert e.value is not None
        assert low <= e.value <= high
        assert e.method
    for p in points:
        low, high = bounds(p.quality)
        assert 0 <= low < high <= 1


def test_the_order_of_docs_does_not_matter() -> None:
    r = np.random.default_rng(1)
    local = [
        outcome(
            i, float(r.random() < 0.5), task="tu"[i % 2], confidence={Signal.MARGIN: r.random()}
        )
        for i in range(40)
    ]
    vendor = [outcome(i, 1.0, task="tu"[i % 2], requests=(paid(0.01),)) for i in range(40)]
    one = pair(local, vendor, price)
    other = pair(r.permutation(np.array(local, dtype=object)).tolist(), vendor[::-1], price)
    assert fact_of(one) == fact_of(other)


def test_the_same_seed_gives_the_same_fact_and_another_seed_another() -> None:
    assert fact_of(world(1), seed=1) == fact_of(world(1), seed=1)
    one, other = fact_of(world(1), seed=1), fact_of(world(1), seed=2)
    assert one != other
    assert one.local_quality.value == other.local_quality.value


# --- worlds where the truth is known ------------------------------------------------------------------------------


def test_a_perfect_signal_comes_close_to_the_oracle() -> None:
    fact = fact_of(world(2, n=1500, knows=1.0))
    gap = values(fact, Policy.ORACLE) - values(fact, Policy.MARGIN)
    assert gap.max() < 0.02
    assert (values(fact, Policy.MARGIN) - values(fact, Policy.RANDOM)).max() > 0.15


def test_a_useless_signal_is_no_better_than_chance() -> None:
    gaps = [
        values(fact, Policy.MARGIN) - values(fact, Policy.RANDOM)
        for fact in (fact_of(world(seed, n=600, knows=0.0)) for seed in range(8))
    ]
    assert np.abs(np.mean(gaps, axis=0)).max() < 0.02


def test_sending_tasks_helps_where_the_vendor_is_better_on_some() -> None:
    r = np.random.default_rng(3)
    task = np.repeat([0, 1], 150)
    local = r.random(300) < np.where(task == 0, 0.9, 0.3)
    vendor = r.random(300) < np.where(task == 0, 0.6, 0.9)
    fact = fact_of(pairs_of(task.tolist(), local, vendor, np.full(300, 0.01)))
    middle = frontier(fact, Policy.TASK).points[1]
    assert middle.tasks == ("b",)
    assert middle.quality.value == pytest.approx(0.9, abs=0.05)
    assert bounds(middle.escalated) == pytest.approx((0.5, 0.5))


def test_intervals_of_blends_hold_the_truth_19_times_of_20() -> None:
    """At half of the docs: drawn at random 0.725 are right; by this margin 0.35 · 1 + 0.65 · 0.65, roughly."""
    truths = ((0.6 + 0.85) / 2, _margin_at_half(world(10_000, n=200_000, knows=0.6))[0], 0.25)
    hits = np.zeros(3)
    for seed in range(200):
        pairs = world(seed, n=150, knows=0.6)
        half = at_random(pairs).escalated[:, 10]
        mixes = (pairs.local + half * pairs.gain, _margin_at_half(pairs)[1])
        found = [score_estimate(pairs.parts(scores)) for scores in mixes]
        found += [difference_estimate(pairs.parts(pairs.gain))]
        for i, (e, truth) in enumerate(zip(found, truths, strict=True)):
            low, high = bounds(e)
            hits[i] += low <= truth <= high
    assert (hits >= 185).all()


def _margin_at_half(pairs: Pairs) -> tuple[float, np.ndarray]:
    """Return quality and scores of the cascade by margin at half of the docs."""
    folds = deal(pairs, np.random.default_rng(1))
    sent = cascade(pairs, Signal.MARGIN, folds, np.random.default_rng(2).random(pairs.n))
    scores = pairs.local + sent.escalated[:, 10] * pairs.gain
    return float(pairs.weight @ scores), scores


# --- the edges ----------------------------------------------------------------------------------------------------


def test_no_pairs_give_a_reason_and_no_numbers() -> None:
    fact = fact_of(pair([outcome()], [outcome(1)], price))
    assert fact.n_docs == 0
    assert fact.n_unpaired == 2
    assert fact.reason == "no doc has a score of both models"
    assert fact.local_quality.value is None
    assert fact.frontiers == ()


def test_few_docs_only_have_references() -> None:
    pairs = small()
    few = pairs_of([0] * 5, pairs.local[:5], pairs.vendor[:5], confidence={Signal.MARGIN: range(5)})
    fact = fact_of(few)
    assert [f.policy for f in fact.frontiers if f.points] == [Policy.RANDOM, Policy.ORACLE]
    assert frontier(fact, Policy.MARGIN).reason.startswith("5 docs")
    assert fact.local_quality.value == 0.4


def test_identical_models_gain_nothing_anywhere() -> None:
    pairs = world(4, n=60)
    same = replace(pairs, vendor=pairs.local)
    fact = fact_of(same)
    assert fact.difference.value == 0
    assert bounds(fact.difference)[0] < 0 < bounds(fact.difference)[1]
    for f in fact.frontiers:
        assert values(fact, f.policy) == pytest.approx(fact.local_quality.value)


def test_a_vendor_that_is_worse_everywhere_is_never_worth_it() -> None:
    fact = fact_of(world(5, n=120, local=1.0, vendor=0.0))
    assert fact.difference.value == -1
    for policy in (Policy.ORACLE, Policy.RANDOM, Policy.MARGIN):
        assert (np.diff(values(fact, policy)) <= 1e-12).all()
    assert values(fact, Policy.TASK)[:-1] == pytest.approx(1)


def test_one_task_goes_as_a_whole_or_not_at_all() -> None:
    fact = fact_of(world(6, n=60, n_tasks=1))
    assert values(fact, Policy.TASK, "escalated").tolist() == pytest.approx([0, 1])


def test_unknown_prices_leave_the_cost_unknown() -> None:
    fact = fact_of(replace(world(7, n=60), cost=None))
    for f in fact.frontiers:
        for p in f.points:
            assert p.vendor_cost.value is None
            assert p.vendor_cost.reason
            assert p.quality.value is not None


def test_assumed_costs_are_told() -> None:
    fact = fact_of(replace(world(7, n=60), n_unknown_cost=3))
    reason = frontier(fact, Policy.RANDOM).points[1].vendor_cost.reason
    assert reason == "3 docs of unknown cost count with their task's mean"


def test_a_signal_of_some_docs_reaches_only_those() -> None:
    pairs = world(8, n=200, n_tasks=2)
    pairs.confidence[Signal.MARGIN][pairs.task == 1] = np.nan
    f = frontier(fact_of(pairs), Policy.MARGIN)
    assert f.coverage == pytest.approx(0.5)
    shares = [p.escalated.value for p in f.points]
    assert shares[5] == pytest.approx(0.25, abs=0.03)
    assert shares[15:20] == pytest.approx([0.5] * 5)
    assert shares[20] == pytest.approx(1)


def test_a_signal_that_is_always_the_same_is_no_policy() -> None:
    pairs = world(9, n=60)
    f = frontier(
        fact_of(replace(pairs, confidence=pairs.confidence | {Signal.PARSED: np.ones(60)})),
        Policy.PARSED,
    )
    assert f.points == ()
    assert "same value" in f.reason


def test_scores_that_do_not_vary_do_not_look_certain() -> None:
    fact = fact_of(world(11, n=60, local=1.0, vendor=1.0))
    for e in (fact.local_quality, fact.difference, fact.tasks[0].vendor):
        assert bounds(e)[1] - bounds(e)[0] > 0.04


def test_a_hundred_thousand_docs_take_no_hours() -> None:
    """Some seconds on an idle machine; what grows with the square of the docs would take hours."""
    pairs = world(12, n=100_000, n_tasks=5, knows=0.3)
    every = dict.fromkeys(Signal, pairs.confidence[Signal.MARGIN])
    start = time.perf_counter()
    fact = fact_of(replace(pairs, confidence=every))
    assert time.perf_counter() - start < LONGEST_S
    assert all(f.points for f in fact.frontiers)


def test_reasons_exist_for_every_signal() -> None:
    assert set(evaluate._ABSENT) == set(Signal)
    assert {Policy(s.value) for s in Signal} == {p for p in Policy if p.is_cascade}
