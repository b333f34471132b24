"""Pairs of answers → quality and cost of every policy, with intervals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from evalkit.analysis.arrays import ROUNDING, Array
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
from evalkit.analysis.weighted import (
    ALL_ALONE,
    Level,
    Levels,
    difference_estimate,
    score_estimate,
)
from evalkit.wording import NOTHING, Said, say, say_n

_ABSENT = {
    Signal.MARGIN: say("no doc has log-likelihoods of several choices"),
    Signal.LOGPROB: say("no doc has log-probabilities of its generated tokens"),
    Signal.SELF_REPORTED: say("no answer says how sure it is"),
    Signal.PARSED: say("no task tells whether it could read the answer"),
}


CHOICE_OF_TASKS = 1.1
"""How much farther away the bounds of a setting by task are than those of fixed decisions: which tasks go to the
vendor was learned from the other folds, and varies with them (docs/statistics.md)."""


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What every policy would do with the docs of two models, before anything is bounded."""

    pairs: Pairs
    decisions: Mapping[Policy, Decisions]
    """Policies that have settings."""
    reasons: Mapping[Policy, Said]
    """Why the others have none."""
    seed: int

    def scores(self, policy: Policy) -> Array:
        """Return what each doc scores at each setting, `[docs, settings]`."""
        pairs = self.pairs
        return pairs.local[:, None] + self.decisions[policy].escalated * pairs.gain[:, None]

    def blended(self, policies: Iterable[Policy]) -> Iterator[Array]:
        """Yield what each doc scores at each setting of some policies that sends some docs, not all: `[docs]`."""
        for policy in policies:
            if policy in self.decisions:
                shares = self.pairs.weight @ self.decisions[policy].escalated
                is_blend = (shares > ROUNDING) & (shares < 1 - ROUNDING)
                yield from self.scores(policy)[:, is_blend].T


def plan(pairs: Pairs, seed: int = SEED) -> Plan:
    """Return what every policy would do.

    Args:
        pairs: The docs of two models.
        seed: Deals the folds, draws the lots of ties, and later the resamples.
    """
    if not pairs.n:
        return Plan(pairs, {}, {}, seed)
    folds = deal(pairs, np.random.default_rng([seed, 1]))
    lot = np.random.default_rng([seed, 2]).random(pairs.n)
    reasons = {policy: _reason(policy, pairs, folds) for policy in Policy}
    decisions = {p: _decide(p, pairs, folds, lot) for p, reason in reasons.items() if not reason}
    return Plan(pairs, decisions, reasons, seed)


def blend_fact(
    local_name: str, vendor_name: str, planned: Plan, levels: Levels = ALL_ALONE
) -> BlendFact:
    """Return what two models score and cost together, by every policy.

    Args:
        local_name: The model that answers first.
        vendor_name: The one that docs are escalated to.
        planned: Their docs, and what each policy does with them.
        levels: How sure the bounds of scores are.
    """
    pairs = planned.pairs
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
    return BlendFact(
        local=local_name,
        vendor=vendor_name,
        n_docs=pairs.n,
        n_unpaired=pairs.n_unpaired,
        tasks=tuple(_task_pairs(pairs, levels)),
        local_quality=score_estimate(pairs.parts(pairs.local), levels.mean),
        vendor_quality=score_estimate(pairs.parts(pairs.vendor), levels.mean),
        difference=difference_estimate(pairs.parts(pairs.gain)),
        frontiers=tuple(_frontiers(planned, levels.mean)),
        notes=(*pairs.notes, *_alone(pairs)),
        together=levels.mean.together,
    )


def _alone(pairs: Pairs) -> Iterator[Said]:
    """Say which tasks have a single doc: nothing can be chosen on others of it."""
    for name, n in zip(
        pairs.names, np.bincount(pairs.task, minlength=len(pairs.names)), strict=True
    ):
        if n == 1:
            yield say(
                "Task {task} has one document: by task it stays with the own model.", task=name
            )


def _frontiers(planned: Plan, level: Level) -> Iterator[Frontier]:
    pairs = planned.pairs
    resamples = resample(pairs.task, pairs.weight, np.random.default_rng([planned.seed, 0]))
    for policy in Policy:
        has_points = policy in planned.decisions
        yield Frontier(
            policy=policy,
            points=_points(policy, planned, resamples, level) if has_points else (),
            is_cascade=policy.is_cascade,
            n_docs=pairs.n,
            coverage=_coverage(policy, pairs),
            reason=planned.reasons[policy],
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


def _points(policy: Policy, planned: Plan, resamples: Resamples, level: Level) -> tuple[Point, ...]:
    pairs, decisions = planned.pairs, planned.decisions[policy]
    chosen = decisions.escalated
    ends, inner = level, level.wider(CHOICE_OF_TASKS) if policy is Policy.TASK else level
    last = chosen.shape[1] - 1
    qualities = [
        score_estimate(pairs.parts(scores), inner if 0 < i < last else ends)
        for i, scores in enumerate(planned.scores(policy).T)
    ]
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


def _task_pairs(pairs: Pairs, levels: Levels) -> Iterator[TaskPair]:
    sides = (pairs.parts(scores) for scores in (pairs.local, pairs.vendor, pairs.gain))
    for name, metric, local, vendor, gain in zip(pairs.names, pairs.metrics, *sides, strict=True):
        yield TaskPair(
            task=name,
            metric=metric,
            n=len(gain.scores),
            local=score_estimate([local], levels.of_task(name)),
            vendor=score_estimate([vendor], levels.of_task(name)),
            difference=difference_estimate([gain]),
        )
