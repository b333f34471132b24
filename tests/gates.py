"""Gates of every kind: kept, broken, undecided, not measured, only compared, and with hostile texts everywhere."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from evalkit.gate.facts import (
    GATE_VERSION,
    Difference,
    Flip,
    GateResult,
    RuleResult,
    SideFact,
    Status,
)
from evalkit.wording import say, verbatim

SUITE = "choose"


def rule(**changes: Any) -> RuleResult:
    """Accuracy on a task, kept."""
    values: dict[str, Any] = {
        "rule": 0,
        "metric": "accuracy",
        "kind": "change",
        "suite": SUITE,
        "task": "ticket_routing",
        "score": "exact_match",
        "tier": "critical",
        "status": Status.PASS,
        "scale": "points",
        "baseline": 0.871,
        "candidate": 0.868,
        "damage": 0.003,
        "least": -0.007,
        "most": 0.013,
        "margin": 0.02,
        "n": 1200,
        "n_unit": "docs",
        "method": "tango",
        "wins": 31,
        "losses": 35,
        "p_worse": 0.31,
        "p_holm": 1.0,
    }
    return RuleResult(**{**values, **changes})


def latency(**changes: Any) -> RuleResult:
    """TTFT over all tasks, kept."""
    values: dict[str, Any] = {
        "rule": 5,
        "metric": "ttft_p50",
        "suite": None,
        "task": None,
        "score": "",
        "tier": "supporting",
        "scale": "relative",
        "baseline": 0.21,
        "candidate": 0.2142,
        "damage": 0.02,
        "least": -0.01,
        "most": 0.04,
        "margin": 0.1,
        "n": 5,
        "n_unit": "runs",
        "method": "hodges-lehmann",
        "wins": None,
        "losses": None,
    }
    return rule(**{**values, **changes})


def missing(metric: str, **changes: Any) -> RuleResult:
    """A rule of which nothing was measured."""
    nothing = dict.fromkeys(
        ("baseline", "candidate", "damage", "least", "most", "p_worse", "p_holm")
    )
    values: dict[str, Any] = {
        **nothing,
        "metric": metric,
        "status": Status.MISSING,
        "n": 0,
        "reason": say("no energy counter on both sides"),
    }
    return latency(**{**values, **changes})


def every_rule() -> tuple[RuleResult, ...]:
    """One rule of each status, scale, tier and kind."""
    return (
        rule(),
        rule(
            rule=1,
            task="contract_terms",
            status=Status.FAIL,
            baseline=0.82,
            candidate=0.754,
            damage=0.066,
            least=0.041,
            most=0.09,
            wins=12,
            losses=91,
            p_worse=0.00001,
            p_holm=0.0001,
            is_regressed=True,
        ),
        rule(
            rule=2,
            task="grounded_qa",
            status=Status.INCONCLUSIVE,
            damage=0.011,
            least=-0.012,
            most=0.034,
            n=120,
            wins=7,
            losses=9,
        ),
        rule(
            rule=3,
            task="invoice_fields",
            score="field_accuracy",
            status=Status.IMPROVED,
            baseline=0.9,
            candidate=0.93,
            damage=-0.03,
            least=-0.05,
            most=-0.008,
            n=400,
            n_unit="clusters",
            method=verbatim("bca"),
        ),
        rule(
            rule=4,
            metric="hallucinations",
            task="grounded_qa",
            score="hallucination_rate",
            baseline=0.04,
            candidate=0.05,
            damage=0.01,
            least=0.002,
            most=0.019,
            is_regressed=True,
        ),
        missing(
            "macro_mean", scale="points", tier="critical", reason=say("no task has such a number")
        ),
        rule(
            rule=6,
            kind="at_least",
            margin=0.6,
            baseline=None,
            candidate=0.664,
            damage=None,
            least=0.631,
            most=0.69,
            wins=None,
            losses=None,
        ),
        latency(),
        latency(
            rule=8,
            metric="tpot_p50",
            status=Status.INCONCLUSIVE,
            baseline=0.031,
            candidate=0.034,
            damage=0.09,
            least=0.03,
            most=0.16,
            n=5,
        ),
        latency(
            rule=9,
            metric="e2e_p95",
            tier="advisory",
            status=Status.FAIL,
            baseline=4.1,
            candidate=7.9,
            damage=0.93,
            least=0.7,
            most=1.2,
        ),
        latency(
            rule=10,
            metric="throughput_at_slo",
            baseline=12.0,
            candidate=11.8,
            damage=0.017,
            least=-0.02,
            most=0.05,
        ),
        latency(
            rule=11,
            metric="peak_memory",
            baseline=2.1e9,
            candidate=1.6e9,
            damage=-0.24,
            least=-0.26,
            most=-0.22,
            status=Status.IMPROVED,
        ),
        latency(
            rule=12,
            metric="ttft_p95",
            kind="at_most",
            tier="advisory",
            margin=0.5,
            baseline=None,
            candidate=0.42,
            damage=None,
            least=0.39,
            most=0.446,
        ),
        missing("energy_per_token", rule=13, tier="advisory"),
        latency(
            rule=14,
            metric="cost_per_correct",
            baseline=0.0021,
            candidate=0.0022,
            damage=0.04,
            least=0.01,
            most=0.07,
            n=1200,
            n_unit="docs",
            method=verbatim("bca"),
        ),
        licence(rule=15),
    )


def licence(**changes: Any) -> RuleResult:
    """Both licences allow the same."""
    values: dict[str, Any] = {
        "metric": "licence",
        "tier": "critical",
        "scale": "class",
        **dict.fromkeys(("baseline", "candidate", "damage", "least", "most", "margin")),
        "n": 0,
        "method": "",
        "p_worse": None,
        "p_holm": None,
        "reason": say("the candidate's is {licence}", licence="apache-2.0"),
    }
    return latency(**{**values, **changes})


def side(**changes: Any) -> SideFact:
    """Runs of a candidate."""
    values: dict[str, Any] = {
        "label": "results/candidate",
        "is_accepted": False,
        "model": "open-7b-v2",
        "source": "org/open-7b-v2",
        "revision": "0f3c2a9",
        "licence": "apache-2.0",
        "hardware": "2 × A100 80 GB",
        "n_runs": 5,
        "n_docs": 1720,
        "first_run": "2026-11-02T09:00:00Z",
        "last_run": "2026-11-02T14:30:00Z",
    }
    return SideFact(**{**values, **changes})


def accepted(**changes: Any) -> SideFact:
    """A baseline that somebody accepted."""
    values: dict[str, Any] = {
        "label": "baselines/support.json",
        "is_accepted": True,
        "model": "open-7b-v1",
        "source": "org/open-7b-v1",
        "revision": "77aa01b",
        "first_run": "2026-09-01T08:00:00Z",
        "last_run": "2026-09-01T12:10:00Z",
        "accepted_at": "2026-09-02T07:15:00Z",
        "accepted_by": "jane@example.com",
        "accepted_reason": "first release of the support centre",
        "digest": "5d41402abc4b2a76b9719d911017c592ae1f8b3c3f0c2c1d9a1d7f1f0c9e8b7a",
    }
    return side(**{**values, **changes})


def flip(doc_id: int = 17, **changes: Any) -> Flip:
    """A document that the baseline had right."""
    values: dict[str, Any] = {
        "suite": SUITE,
        "task": "contract_terms",
        "doc_id": doc_id,
        "score": "exact_match",
        "baseline": 1.0,
        "candidate": 0.0,
        "is_worse": True,
        "prompt": "Read the contract and answer with one word. How long is the period of notice, in weeks?",
        "target": "six",
        "baseline_answer": "six",
        "candidate_answer": "The contract does not say anything about a period of notice.",
    }
    return Flip(**{**values, **changes})


def differences() -> tuple[Difference, ...]:
    """A condition that rules out latencies, and one that was allowed."""
    return (
        Difference("hardware", "hardware", "1 × H100", "2 × A100 80 GB", False, is_fatal=False),
        Difference("fewshot", f"{SUITE}/ticket_routing", "3", "5", True),
    )


def gate(*rules: RuleResult, **changes: Any) -> GateResult:
    """A gate of some rules, or of one that is kept."""
    values: dict[str, Any] = {
        "gate_version": GATE_VERSION,
        "evalkit_version": "0.1.0",
        "decided_at": "2026-11-03T10:20:30Z",
        "policy": "support-centre",
        "confidence": 0.95,
        "verdict": Status.PASS,
        "exit_code": 0,
        "on_inconclusive": "hold",
        "on_missing": "hold",
        "baseline": accepted(),
        "candidate": side(),
        "rules": rules or (rule(),),
        "differences": (),
        "flips": (),
        "n_worse": 0,
        "n_better": 0,
        "warnings": (),
    }
    return GateResult(**{**values, **changes})


def passed(**changes: Any) -> GateResult:
    """All critical rules are kept; what counts less is not all decided."""
    kept = tuple(
        r
        for r in every_rule()
        if r.tier != "critical" or r.status in (Status.PASS, Status.IMPROVED)
    )
    return gate(*kept, **changes)


def failed(**changes: Any) -> GateResult:
    """A critical rule is broken, and there is one of everything else."""
    values: dict[str, Any] = {
        "verdict": Status.FAIL,
        "exit_code": 1,
        "differences": differences(),
        "flips": (
            flip(),
            flip(23, candidate_answer="four\nweeks"),
            flip(31, is_worse=False, baseline=0.0, candidate=1.0, task="ticket_routing"),
            flip(40, prompt=None, target=None, baseline_answer=None, candidate_answer=None),
        ),
        "n_worse": 91,
        "n_better": 12,
        "warnings": (
            say("{task}: the candidate was not asked this task.", task=f"{SUITE}/summaries"),
        ),
    }
    return gate(*every_rule(), **{**values, **changes})


def undecided(on_inconclusive: str = "hold", **changes: Any) -> GateResult:
    """A critical rule can't be decided, another was not measured."""
    rules = tuple(r for r in every_rule() if r.status is not Status.FAIL)
    code = {"fail": 1, "hold": 3, "pass": 0}[on_inconclusive]
    values: dict[str, Any] = {
        "verdict": Status.INCONCLUSIVE,
        "exit_code": code,
        "on_inconclusive": on_inconclusive,
        "on_missing": on_inconclusive,
    }
    return gate(*rules, **{**values, **changes})


def compared(**changes: Any) -> GateResult:
    """The numbers of everything without a policy: nothing is judged."""
    numbers = tuple(
        replace(r, margin=None) for r in every_rule() if r.kind == "change" and r.scale != "class"
    )
    values: dict[str, Any] = {
        "policy": None,
        "flips": failed().flips,
        "n_worse": 91,
        "n_better": 12,
    }
    return gate(*numbers, **{**values, **changes})


def hostile(text: str) -> GateResult:
    """A gate in which everything that others wrote is this text."""
    named = {"suite": text, "task": text, "score": text}
    rules = (
        rule(**named, method=verbatim(text)),
        rule(rule=1, **named, status=Status.FAIL, least=0.05, most=0.1, damage=0.07),
        missing("accuracy", rule=2, **named, scale="points", reason=verbatim(text)),
        rule(rule=3, metric=text, **named),
        licence(rule=4, reason=verbatim(text)),
    )
    written = dict.fromkeys(
        ("label", "model", "source", "revision", "licence", "hardware", "first_run", "last_run"),
        text,
    )
    signed = dict.fromkeys(("accepted_at", "accepted_by", "accepted_reason", "digest"), text)
    answers = dict.fromkeys(("prompt", "target", "baseline_answer", "candidate_answer"), text)
    return failed(
        policy=text,
        evalkit_version=text,
        decided_at=text,
        baseline=accepted(**written, **signed),
        candidate=side(**written),
        rules=rules,
        differences=(Difference(text, text, text, text, False),),
        flips=(flip(**named, **answers),),
        warnings=(verbatim(text),),
    )
