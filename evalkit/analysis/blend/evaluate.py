"""Pairs of answers → quality and cost of every policy, with intervals."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from evalkit.analysis.arrays import Array
from evalkit.analysis.blend.facts import (
    CASCADES,
    BlendFact,
    Frontier,
    Point,
    Policy,
    TaskPair,
)
from evalkit.analysis.blend.pairs import Pairs
from evalkit.analysis.blend.policies import (
    Decisions,
    Folds,
    at_random,
    by_task,
    cascade,
    deal,
    oracle,
)
from evalkit.analysis.blend.resampling import Kind, Resamples, resample
from evalkit.analysis.facts import SHARE, Estimate
from evalkit.analysis.outcomes import Signal
from evalkit.analysis.stats import SEED
from evalkit.analysis.weighted import difference_estimate, score_estimate
from evalkit.wording import NOTHING, Said, say, say_n

_ABSENT = {
    Signal.MARGIN: say("no doc has log-likelihoods of several choices"),
    Signal.LOGPROB: say("no doc has log-probabilities of its generated tokens"),
    Signal.SELF_REPORTED: say("no answer says how sure it is"),
    Signal.PARSED: say("no task tells whether it could read the answer"),
}


def blend_fact(local_name: str, vendor_name: str, pairs: Pairs, seed: int = SEED) -> BlendFact:
    """Return what two models score and cost together, by every policy.

    Args:
        local_name: The model that answers first.
        vendor_name: The one that docs are escalated to.
        pairs: Their docs.
        seed: Deals the folds, draws the lots of ties and the resamples.
    """
    if not pairs.n:
        none = Estimate(None, SHARE, 0, reason=pairs.reason)
        return BlendFact(
            local=local_name,
            vendor=vendor_name,
            n_docs=0,
            n_unpaired=pairs.n_unpaired,
            tasks=(),
            local_quality=none,
            vendor_quality=none,
            difference=none,
            frontiers=(),
            reason=pairs.reason,
            notes=pairs.notes,
        )
    resamples = resample(pairs.task, pairs.weight, np.random.default_rng([seed, 0]))
    local, vendor = _scores(pairs, np.stack([pairs.local, pairs.vendor], axis=1))
    return BlendFact(
        local=local_name,
        vendor=vendor_name,
        n_docs=pairs.n,
        n_unpaired=pairs.n_unpaired,
        tasks=tuple(_task_pairs(pairs)),
        local_quality=local,
        vendor_quality=vendor,
        difference=difference_estimate(pairs.parts(pairs.gain)),
        frontiers=tuple(_frontiers(pairs, resamples, seed)),
        notes=pairs.notes,
    )


def _frontiers(pairs: Pairs, resamples: Resamples, seed: int) -> Iterator[Frontier]:
    folds = deal(pairs, np.random.default_rng([seed, 1]))
    lot = np.random.default_rng([seed, 2]).random(pairs.n)
    for policy in Policy:
        reason = _reason(policy, pairs, folds)
        decisions = None if reason else _decide(policy, pairs, folds, lot)
        yield Frontier(
            policy=policy,
            points=() if decisions is None else _points(policy, pairs, decisions, resamples),
            is_cascade=policy.is_cascade,
            n_docs=pairs.n,
            coverage=_coverage(policy, pairs),
            reason=reason,
        )


def _reason(policy: Policy, pairs: Pairs, folds: Folds) -> Said:
    """Return why a policy has no points; empty: it has."""
    if policy in (Policy.RANDOM, Policy.ORACLE):
        return NOTHING
    if policy in CASCADES:
        signal = Signal(policy.value)
        confidence = pairs.confidence[signal]
        if np.isnan(confidence).all():
            return _ABSENT[signal]
        if len(np.unique(confidence)) == 1:  # NaNs count as one value
            return say("every doc has the same value, so it tells none apart")
    return folds.reason


def _coverage(policy: Policy, pairs: Pairs) -> float:
    if policy not in CASCADES:
        return 1.0
    has = ~np.isnan(pairs.confidence[Signal(policy.value)])
    return 1.0 if has.all() else float(pairs.weight[has].sum())


def _decide(policy: Policy, pairs: Pairs, folds: Folds, lot: Array) -> Decisions:
    if policy is Policy.TASK:
        return by_task(pairs, folds)
    if policy is Policy.RANDOM:
        return at_random(pairs)
    if policy is Policy.ORACLE:
        return oracle(pairs)
    return cascade(pairs, Signal(policy.value), folds, lot)


def _points(
    policy: Policy, pairs: Pairs, decisions: Decisions, resamples: Resamples
) -> tuple[Point, ...]:
    chosen = decisions.escalated
    qualities = _scores(pairs, pairs.local[:, None] + chosen * pairs.gain[:, None])
    shares = resamples.estimates(chosen, Kind.FIXED, SHARE)
    if policy in CASCADES:
        # nobody of a few docs was unsure: the next one may be; at both ends it is set
        shares[1:-1] = resamples.estimates(chosen[:, 1:-1], Kind.SHARE, SHARE)
    return tuple(
        Point(target, share, quality, cost, threshold, tasks)
        for target, share, quality, cost, threshold, tasks in zip(
            decisions.targets,
            shares,
            qualities,
            _costs(pairs, resamples, chosen),
            decisions.thresholds,
            decisions.tasks,
            strict=True,
        )
    )


def _costs(pairs: Pairs, resamples: Resamples, chosen: Array) -> list[Estimate]:
    if pairs.cost is None:
        none = Estimate(None, "", 0, reason=say("the price of the vendor's answers is not known"))
        return [none] * chosen.shape[1]
    reason = NOTHING
    if pairs.n_unknown_cost:
        reason = say_n(
            "{n} doc of unknown cost counts with its task's mean",
            "{n} docs of unknown cost count with their task's mean",
            pairs.n_unknown_cost,
        )
    return resamples.estimates(chosen * pairs.cost[:, None], Kind.FIXED, "", reason)


def _scores(pairs: Pairs, columns: Array) -> list[Estimate]:
    return [score_estimate(pairs.parts(scores)) for scores in columns.T]


def _task_pairs(pairs: Pairs) -> Iterator[TaskPair]:
    sides = (pairs.parts(scores) for scores in (pairs.local, pairs.vendor, pairs.gain))
    for name, metric, local, vendor, gain in zip(pairs.names, pairs.metrics, *sides, strict=True):
        yield TaskPair(
            task=name,
            metric=metric,
            n=len(gain.scores),
            local=score_estimate([local]),
            vendor=score_estimate([vendor]),
            difference=difference_estimate([gain]),
        )
