"""The rules of a policy, each on the tasks it applies to, and what an interval says about a margin."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from evalkit.analysis.scores import TaskKey
from evalkit.config.gate import GatePolicy, RuleSpec
from evalkit.errors import UsageError, did_you_mean
from evalkit.gate.facts import RuleResult, Status
from evalkit.wording import NOTHING, Said, say


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a policy."""

    position: int
    """Place in the policy, from 0."""
    spec: RuleSpec


def rules_of(policy: GatePolicy) -> tuple[Rule, ...]:
    """Return the rules in the policy's order."""
    return tuple(Rule(i, spec) for i, spec in enumerate(policy.rules))


def tasks_of(rule: Rule, policy: GatePolicy, known: Sequence[TaskKey]) -> list[TaskKey]:
    """Return the tasks a rule applies to: those it names, else those that no other rule of its metric names.

    Raises:
        UsageError: It names a task that neither side has.
    """
    if rule.spec.tasks is not None:
        return [key for name in rule.spec.tasks for key in _named(name, rule, known)]
    claimed = {
        key
        for other in policy.rules
        if other is not rule.spec and other.metric == rule.spec.metric and other.tasks
        for name in other.tasks
        for key in _matching(name, known)
    }
    return [key for key in known if key not in claimed]


def _named(name: str, rule: Rule, known: Sequence[TaskKey]) -> list[TaskKey]:
    found = _matching(name, known)
    if not found:
        names = [task for _, task in known]
        hint = did_you_mean(name, names, f"There are: {', '.join(dict.fromkeys(names))}.")
        raise UsageError(
            f"policy, rule {rule.position + 1} ({rule.spec.metric}): neither side has a task {name!r}.",
            hint,
        )
    return found


def _matching(name: str, known: Sequence[TaskKey]) -> list[TaskKey]:
    return [key for key in known if name in (key[1], "/".join(key))]


def blank(rule: Rule, key: TaskKey | None, reason: Said = NOTHING) -> RuleResult:
    """Return a result of a rule for which nothing was measured."""
    family = rule.spec.kind.family
    return RuleResult(
        rule=rule.position,
        metric=rule.spec.metric,
        kind="change",
        suite=key[0] if key else None,
        task=key[1] if key else None,
        score="",
        tier=rule.spec.weight,
        status=Status.MISSING,
        scale="points" if family == "docs" else "class" if family == "licence" else "relative",
        baseline=None,
        candidate=None,
        damage=None,
        least=None,
        most=None,
        margin=None if family == "licence" else rule.spec.margin,
        n=0,
        n_unit="docs" if family in ("docs", "cost") else "runs",
        method=NOTHING,
        reason=reason,
    )


def judged(result: RuleResult) -> RuleResult:
    """Return a result with the status that its bounds and its margin have."""
    if result.least is None or result.most is None or result.margin is None:
        return replace(result, status=Status.INCONCLUSIVE)
    if result.kind == "at_least":
        kept, broken = result.least >= result.margin, result.most < result.margin
    else:
        kept, broken = result.most <= result.margin, result.least > result.margin
    if kept:
        is_better = result.kind == "change" and result.most < 0
        return replace(result, status=Status.IMPROVED if is_better else Status.PASS)
    return replace(result, status=Status.FAIL if broken else Status.INCONCLUSIVE)


def limits(
    rule: Rule, result: RuleResult, least: float, most: float, method: Said
) -> Iterator[RuleResult]:
    """Yield the results of a rule's own limits on the candidate.

    Args:
        rule: With `at_least` or `at_most`, or neither.
        result: Of the same rule's comparison: what it is about.
        least: Lower bound of the candidate's value, in the metric's base unit.
        most: Upper bound.
        method: Of the bounds.
    """
    for kind, limit in _limits_of(rule.spec):
        found = replace(
            result,
            kind=kind,
            least=least,
            most=most,
            margin=limit,
            method=method,
            baseline=None,
            damage=None,
            wins=None,
            losses=None,
            p_worse=None,
            reason=NOTHING,
        )
        yield judged(found)


def missing_limits(rule: Rule, result: RuleResult) -> Iterator[RuleResult]:
    """Yield a missing result for each limit of a rule whose metric the candidate lacks."""
    for kind, limit in _limits_of(rule.spec):
        reason = result.reason or say("the candidate has no such number")
        missing = replace(result, kind=kind, status=Status.MISSING, margin=limit, reason=reason)
        yield replace(missing, baseline=None, damage=None, least=None, most=None, p_worse=None)


def _limits_of(spec: RuleSpec) -> Iterator[tuple[str, float]]:
    for kind, limit in (("at_least", spec.at_least), ("at_most", spec.at_most)):
        if limit is not None:
            yield kind, limit * spec.kind.scale
