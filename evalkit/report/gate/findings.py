"""One rule in words: what was found, what is allowed, what follows."""

from __future__ import annotations

from math import isfinite

from evalkit.gate.facts import KEPT, GateResult, RuleResult, Status
from evalkit.report import format as text
from evalkit.report.gate.amounts import (
    NO_CHANGE,
    allowed,
    bound,
    change,
    change_range,
    confidence_words,
    count_words,
    documents,
    limit,
)
from evalkit.report.gate.names import status_words
from evalkit.wording import NOTHING, Said, joined, say, say_n


def rule_sentence(name: Said, rule: RuleResult, result: GateResult) -> Said:
    """Say what was found on a rule and what follows, in a sentence that stands alone."""
    if result.policy is None:
        return say("{name}: {finding}.", name=name, finding=_compared(rule))
    found = _finding(rule, confidence_words(result.confidence))
    if not found:
        return say("{name}: {outcome}.", name=name, outcome=outcome(rule))
    return say("{name}: {finding}: {outcome}.", name=name, finding=found, outcome=outcome(rule))


def found_words(rule: RuleResult, result: GateResult) -> Said:
    """Say what was found on a rule, beside its status: what follows only where it says more than that."""
    if result.policy is None:
        return _compared(rule)
    found = _finding(rule, NOTHING)
    is_clear = rule.status in KEPT or rule.status is Status.FAIL
    if found and (rule.scale == "class" or (is_clear and not rule.reason)):
        return found
    return joined((found, outcome(rule)), ": ")


def outcome(rule: RuleResult) -> Said:
    """Say what follows, in the middle of a sentence."""
    words = status_words(rule)
    if rule.scale == "class":
        return words
    if rule.status is Status.MISSING and rule.reason:
        return say("not measured: {reason}", reason=rule.reason)
    if rule.reason:
        return say("{words} ({reason})", words=words, reason=rule.reason)
    return _undecided(rule) if _is_counted(rule) else words


def note(rule: RuleResult, result: GateResult) -> Said:
    """Say what else is known about a rule, for small print."""
    parts = []
    if rule.is_regressed and rule.status is not Status.FAIL:
        parts.append(say("surely worse than the baseline"))
    if rule.wins is not None and rule.losses is not None:
        wins, losses = documents(rule.wins), text.count(rule.losses)
        parts.append(say("better on {wins}, worse on {losses}", wins=wins, losses=losses))
    is_told = result.policy is not None and _is_counted(rule) and not rule.reason
    if rule.n and not is_told:
        parts.append(say("rests on {n}", n=count_words(rule)))
    return joined(parts, "; ")


def _bounds(rule: RuleResult) -> tuple[float, float] | None:
    if rule.least is None or rule.most is None:
        return None
    return (rule.least, rule.most) if isfinite(rule.least) and isfinite(rule.most) else None


def _is_counted(rule: RuleResult) -> bool:
    """Tell whether a rule can't be decided although there is an interval: it takes more of the same."""
    return rule.status is Status.INCONCLUSIVE and rule.n > 0 and _bounds(rule) is not None


def _finding(rule: RuleResult, confidence: Said) -> Said:
    """Say what the interval says, against what is allowed; empty where there is none."""
    if rule.scale == "class":
        is_same = rule.status in KEPT and not rule.reason
        return say("the same as the baseline's") if is_same else rule.reason
    bounds = _bounds(rule)
    if bounds is None or rule.status is Status.MISSING:
        return NOTHING
    if rule.kind != "change":
        return _limit_finding(rule, bounds, confidence)
    return _change_finding(rule, bounds, confidence)


def _change_finding(rule: RuleResult, bounds: tuple[float, float], confidence: Said) -> Said:
    least, most = bounds
    if rule.status is Status.IMPROVED:
        return say("surely {bound}", bound=_at_most(rule, most))
    may = say("{margin} allowed", margin=allowed(rule))
    if rule.status is Status.FAIL:
        found = say("surely at least {change}", change=change(rule, least, up=False))
    elif rule.status is Status.PASS:
        found = _with(_at_most(rule, most), confidence)
    else:
        found = change_range(rule, least, most)
    return joined((found, may), "; ")


def _limit_finding(rule: RuleResult, bounds: tuple[float, float], confidence: Said) -> Said:
    low, high = bound(rule, bounds[0], up=False), bound(rule, bounds[1], up=True)
    is_floor = rule.kind == "at_least"
    wanted = (
        say("{limit} wanted", limit=limit(rule))
        if is_floor
        else say("{limit} allowed", limit=limit(rule))
    )
    if rule.status is Status.INCONCLUSIVE:
        found = say("the candidate is between {low} and {high}", low=low, high=high)
    elif (rule.status in KEPT) == is_floor:
        found = _with(say("the candidate reaches at least {low}", low=low), confidence)
    else:
        found = _with(say("the candidate reaches at most {high}", high=high), confidence)
    return joined((wanted, found), "; ")


def _with(said: Said, confidence: Said) -> Said:
    """Add how sure a bound is, unless that is said elsewhere."""
    if not confidence:
        return said
    return say("{bound} with {confidence} confidence", bound=said, confidence=confidence)


def _at_most(rule: RuleResult, most: float) -> Said:
    """Say an upper bound of the damage: below none, it is the least that the candidate is better."""
    shown = change(rule, most, up=True)
    if shown == NO_CHANGE:
        return say("no worse")
    if most < 0:
        return say("at least {change}", change=shown)
    return say("at most {change}", change=shown)


def _compared(rule: RuleResult) -> Said:
    """Say how the sides differ, without what a policy makes of it."""
    bounds, parts = _bounds(rule), []
    if rule.scale == "class":
        return rule.reason or say("the same as the baseline's")
    if rule.kind != "change" and bounds is not None:
        low, high = bound(rule, bounds[0], up=False), bound(rule, bounds[1], up=True)
        parts.append(say("the candidate is between {low} and {high}", low=low, high=high))
    elif rule.damage is not None and isfinite(rule.damage):
        parts.append(change(rule, rule.damage))
        if bounds is not None:
            parts.append(change_range(rule, *bounds))
    found = joined(dict.fromkeys(parts), "; ") or text.NOT_MEASURED
    return say("{words} ({reason})", words=found, reason=rule.reason) if rule.reason else found


def _undecided(rule: RuleResult) -> Said:
    match rule.n_unit:
        case "runs":
            return say_n(
                "can't be decided with {n} run per side",
                "can't be decided with {n} runs per side",
                rule.n,
            )
        case "clusters":
            return say_n(
                "can't be decided with documents of {n} source",
                "can't be decided with documents of {n} sources",
                rule.n,
            )
        case _:
            return say_n(
                "can't be decided with {n} document", "can't be decided with {n} documents", rule.n
            )
