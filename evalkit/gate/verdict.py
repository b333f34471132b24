"""Baseline × candidate × policy → one verdict, and what it rests on."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from evalkit import __version__
from evalkit.analysis.onesided import holm
from evalkit.analysis.scores import TaskKey
from evalkit.config.gate import GatePolicy
from evalkit.errors import DataError, ExitCode
from evalkit.gate.conditions import differences, refused
from evalkit.gate.evidence import Evidence, evidence_of
from evalkit.gate.facts import (
    GATE_VERSION,
    Difference,
    GateResult,
    RuleResult,
    Status,
)
from evalkit.gate.flips import count_flips, find_flips
from evalkit.gate.judge_docs import judge_cost, judge_macro_mean, judge_task_rule
from evalkit.gate.judge_runs import judge_latency, judge_values
from evalkit.gate.licences import compare_licences
from evalkit.gate.rules import Rule, blank, rules_of, tasks_of
from evalkit.gate.side import Side
from evalkit.wording import Said, say, say_n

_SEVERITY = {"pass": 0, "hold": 1, "fail": 2}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the caller wants beside the verdict."""

    now: str
    """ISO 8601, UTC."""
    allowed: Collection[str] = ()
    """Conditions that may differ."""
    n_flips: int = 20
    """Flipped documents to list."""
    is_judged: bool = True
    """False: compare, and judge nothing; what was not measured alike is listed, not refused."""


def decide_gate(baseline: Side, candidate: Side, policy: GatePolicy, asked: Asked) -> GateResult:
    """Judge a candidate against a baseline.

    Raises:
        DataError: The two were not measured alike, and the differences are not allowed.
        UsageError: The policy names a task that neither side has.
    """
    evidence = evidence_of(baseline, candidate, _named(policy, baseline, candidate))
    found = differences(baseline, candidate, evidence.pairs, asked.allowed)
    if asked.is_judged:
        _refuse(found)
    judged = [r for rule in rules_of(policy) for r in _results(rule, policy, evidence, found)]
    rules = tuple(_with_holm(judged, policy.confidence))
    if not asked.is_judged:
        rules = tuple(r for r in rules if r.status != Status.MISSING)
    verdict, code = _verdict(rules, policy) if asked.is_judged else (Status.PASS, ExitCode.OK)
    n_worse, n_better = count_flips(evidence)
    return GateResult(
        gate_version=GATE_VERSION,
        evalkit_version=__version__,
        decided_at=asked.now,
        policy=policy.name if asked.is_judged else None,
        confidence=policy.confidence,
        verdict=verdict,
        exit_code=int(code),
        on_inconclusive=policy.inconclusive,
        on_missing=policy.missing,
        baseline=baseline.fact,
        candidate=candidate.fact,
        rules=rules,
        differences=found,
        flips=find_flips(evidence, asked.n_flips),
        n_worse=n_worse,
        n_better=n_better,
        warnings=tuple(_warnings(evidence, found)),
    )


def _named(policy: GatePolicy, baseline: Side, candidate: Side) -> dict[TaskKey, str]:
    """Return the score by which a policy judges the accuracy of a task, where it names one."""
    tasks = list(dict.fromkeys([*baseline.tasks, *candidate.tasks]))
    return {
        key: rule.spec.score
        for rule in rules_of(policy)
        if rule.spec.metric == "accuracy" and rule.spec.score is not None
        for key in tasks_of(rule, policy, tasks)
    }


def _refuse(found: Sequence[Difference]) -> None:
    """Refuse to compare what was not measured alike, naming every difference.

    Raises:
        DataError: A condition differs that no `--allow` names.
    """
    fatal = refused(found)
    if not fatal:
        return
    lines = [f"  {d.name} ({d.where}): {d.baseline}; candidate: {d.candidate}" for d in fatal]
    names = " ".join(f"--allow {name}" for name in dict.fromkeys(d.name for d in fatal))
    raise DataError(
        "baseline and candidate were not measured alike:\n" + "\n".join(lines),
        f"Measure the candidate as the baseline was; or, if you know what the difference does: {names}.",
    )


def _results(
    rule: Rule, policy: GatePolicy, evidence: Evidence, found: Sequence[Difference]
) -> Iterator[RuleResult]:
    sides = evidence.baseline, evidence.candidate
    family = rule.spec.kind.family
    if rule.spec.metric == "macro_mean":
        yield from judge_macro_mean(rule, policy, evidence)
    elif family == "docs":
        yield from judge_task_rule(rule, policy, evidence)
    elif family == "latency":
        yield from judge_latency(rule, policy, sides, found)
    elif family == "runs":
        yield from judge_values(rule, policy, sides, found)
    elif family == "cost":
        yield from judge_cost(rule, policy, evidence)
    else:
        yield _judge_licence(rule, evidence)


def _judge_licence(rule: Rule, evidence: Evidence) -> RuleResult:
    licence = compare_licences(evidence.baseline, evidence.candidate, rule.spec.allowed)
    status = {True: Status.PASS, False: Status.FAIL, None: Status.MISSING}[licence.is_kept]
    return replace(blank(rule, None, licence.text), status=status)


def _with_holm(results: Sequence[RuleResult], confidence: float) -> Iterator[RuleResult]:
    """Yield results with their p-values corrected for how many there are (Holm 1979)."""
    known = [r.p_worse for r in results if r.p_worse is not None]
    corrected = iter(holm(known)) if known else iter(())
    for r in results:
        if r.p_worse is None:
            yield r
            continue
        p = next(corrected)
        yield replace(r, p_holm=p, is_regressed=p <= 1 - confidence)


def _verdict(rules: Sequence[RuleResult], policy: GatePolicy) -> tuple[Status, ExitCode]:
    """Return the verdict of all rules together, and what the process exits with."""
    deciding = [r for r in rules if r.tier != "advisory"]
    if any(r.status == Status.FAIL for r in deciding):
        return Status.FAIL, ExitCode.FAILED
    critical = [r for r in rules if r.tier == "critical"]
    open_modes = [policy.inconclusive for r in critical if r.status == Status.INCONCLUSIVE]
    open_modes += [policy.missing for r in critical if r.status == Status.MISSING]
    if not open_modes:
        return Status.PASS, ExitCode.OK
    mode = max(open_modes, key=lambda m: _SEVERITY[m])
    code = {"fail": ExitCode.FAILED, "hold": ExitCode.PARTIAL, "pass": ExitCode.OK}[mode]
    return Status.INCONCLUSIVE, code


def _warnings(evidence: Evidence, found: Sequence[Difference]) -> Iterator[Said]:
    """Yield what a reader must know before relying on the verdict."""
    for d in found:
        if d.is_allowed:
            yield say(
                "{name} differs ({where}: {baseline}; candidate: {candidate}); allowed by --allow.",
                name=d.name,
                where=d.where,
                baseline=d.baseline,
                candidate=d.candidate,
            )
    for key, pairs in evidence.pairs.items():
        if pairs.n_unpaired:
            yield say_n(
                "{task}: {n} document has no counterpart and is left out.",
                "{task}: {n} documents have no counterpart and are left out.",
                pairs.n_unpaired,
                task="/".join(key),
            )
    for key in evidence.pairs:
        if evidence.score(key, None) is None:
            yield say(
                "{task}: no metric of it scores every document between 0 and 1, higher being better; it is judged only"
                " by rules that name a `score`.",
                task="/".join(key),
            )
    for key in evidence.tasks:
        if key not in evidence.baseline.tasks:
            yield say("{task}: the baseline was not asked this task.", task="/".join(key))
        elif key not in evidence.candidate.tasks:
            yield say("{task}: the candidate was not asked this task.", task="/".join(key))
