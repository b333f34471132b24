"""Rules about what a model gets right: the docs are the unit, paired."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from evalkit.analysis.arrays import EDGE, Array, Flags, Ints, are_shares
from evalkit.analysis.docs import DocPairs
from evalkit.analysis.onesided import (
    Bounds,
    cluster_bounds,
    mover,
    p_worse,
    p_worse_binary,
    paired_bounds,
    ratio_bounds,
    share_bounds,
)
from evalkit.analysis.scores import TaskKey, TaskScores
from evalkit.config.gate import GatePolicy
from evalkit.gate.evidence import Evidence, damage_of
from evalkit.gate.facts import RuleResult, Status
from evalkit.gate.rules import Rule, blank, judged, limits, missing_limits, tasks_of
from evalkit.wording import NOTHING, Said, say

MOST_UNSCORED = 0.01
"""Share of paired docs that only one side has a score for, beyond which a PASS is not given."""
_TOO_FEW = say("too few documents, or too few that differ, for an interval")


_NO_WAY = say("the task does not say which way of this score is better")
_NO_SHARE = say("this score is not between 0 and 1, so points of 100 mean nothing for it")


@dataclass(frozen=True, slots=True)
class PairedScores:
    """Scores of the docs that both sides have one for; arrays are `[docs]`."""

    score: str
    is_higher_better: bool
    baseline: Array
    candidate: Array
    clusters: Ints | None
    n_one_sided: int
    """Docs that only one side scored."""

    @property
    def damage(self) -> Array:
        """How much worse the candidate is on each doc."""
        return damage_of(self.baseline, self.candidate, is_higher_better=self.is_higher_better)

    @property
    def is_share(self) -> bool:
        """Whether every score is between 0 and 1."""
        return are_shares(np.concatenate([self.baseline, self.candidate]))


def paired_scores(evidence: Evidence, key: TaskKey, wanted: str | None) -> PairedScores | None:
    """Return both sides' scores on a task's paired docs; None where one side has no such score.

    Args:
        evidence: Both sides.
        key: The task.
        wanted: Name of the score; None: the task's headline.
    """
    if key not in evidence.pairs:
        return None
    mine, theirs, pairs = (
        evidence.baseline.tasks[key],
        evidence.candidate.tasks[key],
        evidence.pairs[key],
    )
    score = evidence.score(key, wanted)
    if score is None or score not in mine.scores or score not in theirs.scores:
        return None
    a, b = mine.scores[score][pairs.one], theirs.scores[score][pairs.other]
    has_a, has_b = np.isfinite(a), np.isfinite(b)
    both = has_a & has_b
    if not both.any():
        return None
    return PairedScores(
        score=score,
        is_higher_better=mine.is_higher_better.get(score, True),
        baseline=a[both],
        candidate=b[both],
        clusters=_clusters(mine, pairs, both),
        n_one_sided=int((has_a != has_b).sum()),
    )


def _clusters(task: TaskScores, pairs: DocPairs, both: Flags) -> Ints | None:
    if task.clusters is None:
        return None
    names = [task.clusters[i] for i in pairs.one[both].tolist()]
    return np.unique(names, return_inverse=True)[1]


def judge_task_rule(rule: Rule, policy: GatePolicy, evidence: Evidence) -> Iterator[RuleResult]:
    """Yield the results of a rule on every task it applies to; where no task has the metric, one that says so."""
    wanted = rule.spec.score if rule.spec.metric == "accuracy" else rule.spec.metric
    is_named = rule.spec.tasks is not None
    n = 0
    for key in tasks_of(rule, policy, evidence.tasks):
        if _has(evidence, key, wanted) or is_named:
            n += 1
            yield from _on_task(rule, policy, evidence, key, wanted)
    if not n:
        result = blank(rule, None, say("no task has such a number"))
        yield result
        yield from missing_limits(rule, result)


def _has(evidence: Evidence, key: TaskKey, wanted: str | None) -> bool:
    """Tell whether either side has such a score."""
    sides = (evidence.baseline.tasks.get(key), evidence.candidate.tasks.get(key))
    score = evidence.score(key, wanted)
    return any(task is not None and score in task.scores for task in sides)


def _on_task(
    rule: Rule, policy: GatePolicy, evidence: Evidence, key: TaskKey, wanted: str | None
) -> Iterator[RuleResult]:
    found = paired_scores(evidence, key, wanted)
    result = blank(rule, key)
    if found is None:
        result = replace(result, reason=_why_missing(evidence, key, wanted))
    elif found.score not in evidence.baseline.tasks[key].is_higher_better:
        yield replace(result, score=found.score, reason=_NO_WAY)
        return
    elif not found.is_share:
        result = replace(result, score=found.score, reason=_NO_SHARE)
    else:
        result = _compared(result, found, policy.confidence)
    yield result
    level = _candidate_scores(evidence, key, wanted)
    if level is None:
        yield from missing_limits(rule, result)
        return
    bounds = share_bounds(level, policy.confidence) if are_shares(level) else None
    if bounds is None:
        yield from missing_limits(rule, replace(result, reason=_NO_SHARE))
        return
    own = replace(result, candidate=math.fsum(level) / len(level), n=len(level), n_unit="docs")
    yield from limits(rule, own, bounds.least, bounds.most, bounds.method)


def _candidate_scores(evidence: Evidence, key: TaskKey, wanted: str | None) -> Array | None:
    task, score = evidence.candidate.tasks.get(key), evidence.score(key, wanted)
    known = None if task is None or score is None else task.known(score)
    return known if known is not None and len(known) else None


def _why_missing(evidence: Evidence, key: TaskKey, wanted: str | None) -> Said:
    for side, name in (
        (evidence.baseline, say("the baseline")),
        (evidence.candidate, say("the candidate")),
    ):
        task = side.tasks.get(key)
        if task is None:
            return say("{side} was not asked this task", side=name)
        if evidence.score(key, wanted) not in task.scores:
            return say("{side} has no such score on this task", side=name)
    return say("no document has a score on both sides")


def _compared(result: RuleResult, found: PairedScores, confidence: float) -> RuleResult:
    """Return the comparison of one task."""
    damage = found.damage
    n = len(damage)
    bounds = _bounds(found, confidence)
    wins, losses = int((damage < -EDGE).sum()), int((damage > EDGE).sum())
    is_binary = bool(np.isin(damage, (-1.0, 0.0, 1.0)).all())
    p = p_worse_binary(wins, losses) if is_binary else p_worse(-damage)
    n_clusters = None if found.clusters is None else len(np.unique(found.clusters))
    judged_result = judged(
        replace(
            result,
            score=found.score,
            baseline=math.fsum(found.baseline) / n,
            candidate=math.fsum(found.candidate) / n,
            damage=math.fsum(damage) / n,
            least=None if bounds is None else bounds.least,
            most=None if bounds is None else bounds.most,
            n=n if n_clusters is None else n_clusters,
            n_unit="docs" if n_clusters is None else "clusters",
            method=NOTHING if bounds is None else bounds.method,
            wins=wins,
            losses=losses,
            p_worse=None if n_clusters is not None else p,
        )
    )
    if bounds is None:
        return replace(judged_result, reason=_TOO_FEW)
    return _held_back(judged_result, found.n_one_sided, n)


def _held_back(result: RuleResult, n_one_sided: int, n: int) -> RuleResult:
    """Take a PASS back where too many docs have a score on one side only: what got no answer may be what is hard."""
    if result.status == Status.FAIL or n_one_sided <= MOST_UNSCORED * (n + n_one_sided):
        return result
    reason = say(
        "{n} of {all} documents have a score on one side only",
        n=f"{n_one_sided}",
        all=f"{n + n_one_sided}",
    )
    return replace(result, status=Status.INCONCLUSIVE, reason=reason)


def _bounds(found: PairedScores, confidence: float) -> Bounds | None:
    if found.clusters is not None:
        return cluster_bounds(found.damage, found.clusters, confidence, is_share=found.is_share)
    return paired_bounds(found.damage, is_share=found.is_share, confidence=confidence)


# --- over all tasks -----------------------------------------------------------------------------------------------


def judge_macro_mean(rule: Rule, policy: GatePolicy, evidence: Evidence) -> Iterator[RuleResult]:
    """Yield the mean over tasks, each counting the same however many docs it has."""
    keys = [
        key
        for key in tasks_of(rule, policy, evidence.tasks)
        if _has(evidence, key, rule.spec.score)
    ]
    found = [paired_scores(evidence, key, rule.spec.score) for key in keys]
    result = blank(rule, None)
    known = [f for f in found if f is not None and f.is_share]
    lost = [key for key, f in zip(keys, found, strict=True) if f is None or not f.is_share]
    if lost or not known:
        reason = say("no score on both sides for {task}", task="/".join(lost[0]) if lost else "–")
        result = replace(result, reason=reason)
        yield result
        yield from missing_limits(rule, result)
        return
    bounds = [_bounds(f, policy.confidence) for f in known]
    damages = [math.fsum(f.damage) / len(f.damage) for f in known]
    n = sum(len(f.damage) for f in known)
    result = replace(
        result,
        score=", ".join(dict.fromkeys(f.score for f in known)),
        baseline=_mean([math.fsum(f.baseline) / len(f.baseline) for f in known]),
        candidate=_mean([math.fsum(f.candidate) / len(f.candidate) for f in known]),
        damage=_mean(damages),
        n=n,
    )
    together = _together(damages, bounds)
    if together is None:
        result = replace(result, status=Status.INCONCLUSIVE, reason=_TOO_FEW)
    else:
        result = judged(
            replace(result, least=together.least, most=together.most, method=together.method)
        )
        result = _held_back(result, sum(f.n_one_sided for f in known), n)
    yield result
    yield from _macro_limits(rule, result, known, policy.confidence)


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def _together(damages: Sequence[float], bounds: Sequence[Bounds | None]) -> Bounds | None:
    known = [b for b in bounds if b is not None]
    if len(known) < len(bounds):
        return None
    return mover(damages, known, [1 / len(known)] * len(known))


def _macro_limits(
    rule: Rule, result: RuleResult, found: Sequence[PairedScores], confidence: float
) -> Iterator[RuleResult]:
    levels = [_mean(f.candidate.tolist()) for f in found]
    together = _together(levels, [share_bounds(f.candidate, confidence) for f in found])
    if together is None:
        yield from missing_limits(rule, replace(result, reason=_TOO_FEW))
        return
    yield from limits(rule, result, together.least, together.most, together.method)


def judge_cost(rule: Rule, policy: GatePolicy, evidence: Evidence) -> Iterator[RuleResult]:
    """Yield cost per correct answer: what all paired docs cost / the sum of their headline scores."""
    parts = [p for key in evidence.pairs if (p := _priced(evidence, key)) is not None]
    result = blank(rule, None)
    if not parts:
        reason = say("no prices on both sides; `evalkit tco` tells what own machines cost")
        result = replace(result, reason=reason)
        yield result
        yield from missing_limits(rule, result)
        return
    base_cost, base_score, cost, score = (
        np.concatenate(column) for column in zip(*parts, strict=True)
    )
    n = len(cost)
    bounds = ratio_bounds(base_cost, base_score, cost, score, policy.confidence)
    before, after = _ratio(base_cost, base_score), _ratio(cost, score)
    result = replace(result, baseline=before, candidate=after, n=n)
    if bounds is None or before is None or after is None:
        reason = say("too few right answers for an interval")
        yield replace(result, status=Status.INCONCLUSIVE, reason=reason)
        return
    yield judged(
        replace(
            result,
            damage=after / before - 1 if before else None,
            least=math.expm1(bounds.least),
            most=math.expm1(bounds.most),
            method=bounds.method,
        )
    )
    if rule.spec.at_most is not None:
        ones = np.ones(n)
        level = ratio_bounds(ones, ones, cost, score, policy.confidence)
        if level is None:
            yield from missing_limits(rule, result)
        else:
            yield from limits(
                rule, result, math.exp(level.least), math.exp(level.most), level.method
            )


def _priced(evidence: Evidence, key: TaskKey) -> tuple[Array, Array, Array, Array] | None:
    """Return costs and scores of both sides on the docs that have all four."""
    pairs = evidence.pairs[key]
    mine, theirs = evidence.baseline.tasks[key].scores, evidence.candidate.tasks[key].scores
    score = evidence.score(key, None)
    if score is None or score not in mine or score not in theirs:
        return None
    columns = (
        evidence.baseline.costs[key][pairs.one],
        mine[score][pairs.one],
        evidence.candidate.costs[key][pairs.other],
        theirs[score][pairs.other],
    )
    whole = np.isfinite(np.vstack(columns)).all(axis=0)
    if not whole.any():
        return None
    a, b, c, d = (column[whole] for column in columns)
    return a, b, c, d


def _ratio(cost: Array, score: Array) -> float | None:
    right = float(score.sum())
    return float(cost.sum()) / right if right > 0 else None
