"""How loudly a rule is told to a build server, so that one which reads nothing else agrees with the exit code."""

from __future__ import annotations

from enum import StrEnum

from evalkit.gate.facts import KEPT, GateResult, RuleResult, Status


class Severity(StrEnum):
    """What a rule does to a build."""

    FINE = "fine"
    NOTE = "note"
    """The finding is shown, and stops nothing."""
    HOLD = "hold"
    """Nobody knows yet: a person has to decide."""
    BREAK = "break"


RED = frozenset({Severity.HOLD, Severity.BREAK})


def severities(result: GateResult) -> tuple[Severity, ...]:
    """Return how loud each rule is; one is red only where the gate does not exit with 0."""
    found = tuple(_severity(rule, result) for rule in result.rules)
    if result.exit_code == 0:
        return tuple(Severity.NOTE if s in RED else s for s in found)
    return found


def _severity(rule: RuleResult, result: GateResult) -> Severity:
    if result.policy is None or rule.status in KEPT:
        return Severity.FINE
    if rule.tier == "advisory":
        return Severity.NOTE
    if rule.status is Status.FAIL:
        return Severity.BREAK
    if rule.tier != "critical":
        return Severity.NOTE
    is_missing = rule.status is Status.MISSING
    return _OPEN.get(result.on_missing if is_missing else result.on_inconclusive, Severity.HOLD)


_OPEN = {"fail": Severity.BREAK, "hold": Severity.HOLD, "pass": Severity.NOTE}
"""What an undecided critical rule does, by the policy."""
