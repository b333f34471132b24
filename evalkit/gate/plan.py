"""Before anything is measured: how many documents and runs a policy needs, and which of its rules can't decide."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from evalkit.analysis.docs import headlines
from evalkit.analysis.power import (
    docs_to_pass,
    least_docs,
    margin_to_pass,
    power_to_pass,
    runs_needed,
)
from evalkit.analysis.scores import TaskKey
from evalkit.config.gate import GatePolicy
from evalkit.gate.evidence import accuracy_of
from evalkit.gate.rules import Rule, rules_of, tasks_of
from evalkit.gate.side import Side
from evalkit.wording import NOTHING, Said, say, say_n

DISCORDANCE = 0.1
"""Share of documents on which two models of the same size usually differ; used where nothing was measured."""


@dataclass(frozen=True, slots=True)
class RulePlan:
    """What one rule needs on one task."""

    rule: int
    metric: str
    suite: str | None
    task: str | None
    tier: str
    margin: float
    """Share of 1, or relative."""
    unit: str
    """`docs` or `runs`."""
    n: int
    """How many docs or runs there are."""
    n_needed: int | None
    """How many give the power asked for; None: it can't be told, `reason` says why."""
    n_least: int | None
    """Fewest with which a candidate passes that answers alike."""
    power: float | None
    """Probability that a candidate as good as the baseline passes, with what there is."""
    margin_shown: float | None
    """Smallest margin that the documents at hand can show with the power asked for; None: none, or it counts runs."""
    spread: float | None
    """Assumed: share of documents that differ, or the spread of a run's log latency."""
    can_decide: bool
    reason: Said = NOTHING


def plan_gate(
    baseline: Side, policy: GatePolicy, power: float, discordance: float | None = None
) -> tuple[RulePlan, ...]:
    """Return what every rule with a margin needs.

    Args:
        baseline: What would be compared with: its documents and runs are what there is.
        policy: Its margins and confidence.
        power: Wanted probability that a candidate as good as the baseline passes.
        discordance: Share of documents on which the two will differ; None: 10 %.

    Raises:
        UsageError: The policy names a task that the baseline lacks.
    """
    share = DISCORDANCE if discordance is None else discordance
    return tuple(
        found for rule in rules_of(policy) for found in _plans(rule, policy, baseline, power, share)
    )


def _plans(
    rule: Rule, policy: GatePolicy, baseline: Side, power: float, discordance: float
) -> Iterator[RulePlan]:
    family = rule.spec.kind.family
    if rule.spec.metric == "macro_mean":
        yield _macro(rule, policy, baseline, power, discordance)
    elif family == "docs":
        for key in tasks_of(rule, policy, list(baseline.tasks)):
            n = _n_docs(
                baseline,
                key,
                rule.spec.score if rule.spec.metric == "accuracy" else rule.spec.metric,
            )
            if n or rule.spec.tasks is not None:
                yield _docs(rule, policy, key, n, power, discordance)
    elif family in ("latency", "runs"):
        yield _runs(rule, policy, baseline, power)


def _n_docs(side: Side, key: TaskKey, wanted: str | None) -> int:
    score = wanted or accuracy_of(headlines([side.tasks]), key)
    return 0 if score is None else len(side.tasks[key].known(score))


def _docs(
    rule: Rule, policy: GatePolicy, key: TaskKey | None, n: int, power: float, discordance: float
) -> RulePlan:
    margin = rule.spec.margin
    shown = margin_to_pass(n, discordance, policy.confidence, power)
    if margin <= 0:
        return RulePlan(
            rule.position,
            rule.spec.metric,
            key[0] if key else None,
            key[1] if key else None,
            rule.spec.weight,
            margin,
            "docs",
            n,
            None,
            None,
            None,
            shown,
            discordance,
            can_decide=False,
            reason=say("with a margin of 0 only a candidate that is better passes"),
        )
    least = least_docs(margin, policy.confidence)
    reason = NOTHING
    if not n:
        reason = say("the baseline has no such score on this task")
    elif n < least:
        reason = say("too few documents: even a candidate that answers alike does not pass")
    return RulePlan(
        rule=rule.position,
        metric=rule.spec.metric,
        suite=key[0] if key else None,
        task=key[1] if key else None,
        tier=rule.spec.weight,
        margin=margin,
        unit="docs",
        n=n,
        n_needed=max(least, docs_to_pass(margin, discordance, policy.confidence, power)),
        n_least=least,
        power=power_to_pass(n, margin, discordance, policy.confidence) if n else None,
        margin_shown=shown,
        spread=discordance,
        can_decide=n >= least,
        reason=reason,
    )


def _macro(
    rule: Rule, policy: GatePolicy, baseline: Side, power: float, discordance: float
) -> RulePlan:
    """Return the plan of a mean over tasks: as one task of the documents that weigh as much together."""
    keys = tasks_of(rule, policy, list(baseline.tasks))
    sizes = [n for key in keys if (n := _n_docs(baseline, key, rule.spec.score))]
    # var = Σ (1/T)² d/n_t, as that of one task of T² / Σ 1/n_t documents
    n = math.floor(len(sizes) ** 2 / sum(1 / n for n in sizes)) if sizes else 0
    return _docs(rule, policy, None, n, power, discordance)


def _runs(rule: Rule, policy: GatePolicy, baseline: Side, power: float) -> RulePlan:
    is_latency = rule.spec.kind.family == "latency"
    series = _series(rule, baseline)
    least = policy.min_runs if is_latency else 2
    spread = float(np.std(np.log(series), ddof=1)) if len(series) > 1 and min(series) > 0 else None
    reason = NOTHING
    if not series:
        reason = say("the baseline has no such number")
    elif len(series) < least:
        reason = say_n(
            "{n} run; {least} are wanted",
            "{n} runs; {least} are wanted",
            len(series),
            least=f"{least}",
        )
    needed = None
    if spread is not None and rule.spec.margin > 0:
        # two runs differ by √2 times the spread of one
        noise, margin = max(spread, 1e-4) * math.sqrt(2), math.log1p(rule.spec.margin)
        needed = max(least, runs_needed(noise, margin, policy.confidence, power))
    return RulePlan(
        rule=rule.position,
        metric=rule.spec.metric,
        suite=None,
        task=None,
        tier=rule.spec.weight,
        margin=rule.spec.margin,
        unit="runs",
        n=len(series),
        n_needed=needed,
        n_least=least,
        power=None,
        margin_shown=None,
        spread=spread,
        can_decide=len(series) >= least,
        reason=reason,
    )


def _series(rule: Rule, side: Side) -> Sequence[float]:
    """Return the rule's number of each run."""
    if rule.spec.kind.family == "latency":
        name, _, q = rule.spec.metric.partition("_p")
        values = [r.latency[name] for r in side.timed_runs]
        return [float(np.nanpercentile(v, int(q))) for v in values if np.isfinite(v).any()]
    prefix = rule.spec.kind.prefix or rule.spec.metric
    names = sorted({n for r in side.runs for n in r.values if n.startswith(prefix)})
    return [r.values[names[0]] for r in side.runs if names and names[0] in r.values]
