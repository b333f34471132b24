"""A gate in sentences: may the candidate replace the baseline, what stands against it, and what is close."""

from __future__ import annotations

from collections.abc import Iterator

from evalkit.gate.facts import KEPT, GateResult, SideFact, Status
from evalkit.report import format as text
from evalkit.report.gate.amounts import confidence_words, documents
from evalkit.report.gate.findings import rule_sentence
from evalkit.report.gate.names import condition_words, rule_names, status_words
from evalkit.wording import NOTHING, Said, joined, numeral, say, say_n, verbatim

_OPEN = frozenset({Status.INCONCLUSIVE, Status.MISSING})
_MOST_NAMES = 5
"""Rules named in a headline; of more, it says how many."""


def sentences(result: GateResult) -> tuple[Said, ...]:
    """Say of every rule what was found and what follows, each in a sentence that stands alone."""
    named = zip(rule_names(result.rules), result.rules, strict=True)
    return tuple(rule_sentence(name, rule, result) for name, rule in named)


def headline(result: GateResult) -> Said:
    """Say in a sentence whether the candidate may replace the baseline."""
    critical = [r for r in result.rules if r.tier == "critical"]
    if result.policy is None:
        return say(
            "The candidate was compared with the baseline; without a policy nothing is judged."
        )
    if result.verdict is Status.PASS and result.exit_code == 0:
        if not critical:
            return say("The candidate may replace the baseline: no rule that counts is broken.")
        return say_n(
            "The candidate may replace the baseline: the critical rule is kept.",
            "The candidate may replace the baseline: all {n} critical rules are kept.",
            len(critical),
        )
    if result.exit_code == 1:
        return _refused(result)
    if result.exit_code == 0:
        return say(
            "Not decided, and the policy lets the candidate through: {why}.", why=_why_open(result)
        )
    return say("Not decided: {why}.", why=_why_open(result))


def details(result: GateResult) -> Iterator[Said]:
    """Yield what a reader should know besides the headline: what counts less, and what is close."""
    if result.policy is None:
        yield _surely_worse(result)
        return
    supporting = [r for r in result.rules if r.tier == "supporting"]
    n_open = sum(r.status in _OPEN for r in supporting)
    if n_open:
        yield say_n(
            "{n} of {all} supporting rules is not decided or not measured, which does not hold the candidate up.",
            "{n} of {all} supporting rules are not decided or not measured, which does not hold the candidate up.",
            n_open,
            all=text.count(len(supporting)),
        )
    n_worse = sum(r.is_regressed for r in result.rules if r.status in KEPT)
    if n_worse:
        yield say_n(
            "On {n} rule the candidate is surely worse, though by no more than is allowed.",
            "On {n} rules the candidate is surely worse, though by no more than is allowed.",
            n_worse,
        )
    advisory = [r for r in result.rules if r.tier == "advisory" and r.status is Status.FAIL]
    if advisory:
        yield say_n(
            "{n} advisory rule is broken, which decides nothing.",
            "{n} advisory rules are broken, which decides nothing.",
            len(advisory),
        )


def sureness(result: GateResult) -> Said:
    """Say what “surely” and “at most” mean."""
    sure = confidence_words(result.confidence)
    if result.policy is None:
        return say(
            "Each end of a range holds with {confidence} confidence on its own.", confidence=sure
        )
    return say(
        "Surely, at least, at most: each of these bounds holds with {confidence} confidence.",
        confidence=sure,
    )


def decided_words(result: GateResult) -> Said:
    """Say when it was decided, and by which policy."""
    when = moment(result.decided_at)
    if result.policy is None:
        return say("Compared on {when}.", when=when)
    return say("Decided on {when} by the policy “{policy}”.", when=when, policy=result.policy)


def flips_words(result: GateResult) -> Said:
    """Say how many documents went the other way."""
    return say(
        "The candidate is worse on {worse} and better on {better}.",
        worse=documents(result.n_worse),
        better=text.count(result.n_better),
    )


def more_flips(result: GateResult) -> Said:
    """Say how many of these documents are not listed; empty where all are."""
    left = result.n_worse + result.n_better - len(result.flips)
    return (
        say_n("{n} more is not listed.", "{n} more are not listed.", left) if left > 0 else NOTHING
    )


def accepted_words(side: SideFact) -> Said:
    """Say when and by whom a baseline was accepted; empty where it was not."""
    when, who = moment(side.accepted_at or ""), side.accepted_by or ""
    if when and who:
        return say("{when} by {who}", when=when, who=who)
    return when or verbatim(who)


def moment(iso: str) -> Said:
    """Return a moment in UTC to the minute."""
    return say("{time} UTC", time=iso.replace("T", " ")[:16]) if iso else NOTHING


def side_words(side: SideFact) -> Said:
    """Name a side: its model and where its numbers are."""
    return say("{model} ({label})", model=side.model, label=side.label)


# --- parts of the headline ----------------------------------------------------------------------------------------


def _refused(result: GateResult) -> Said:
    names = rule_names(result.rules)
    broken = tuple(
        name
        for name, rule in zip(names, result.rules, strict=True)
        if rule.status is Status.FAIL and rule.tier != "advisory"
    )
    if not broken:
        return say(
            "The candidate may not replace the baseline, since the policy takes what is not decided as broken: {why}.",
            why=_why_open(result),
        )
    return say_n(
        "The candidate may not replace the baseline: a rule is broken, {names}.",
        "The candidate may not replace the baseline: {n} rules are broken: {names}.",
        len(broken),
        names=_listed(broken),
    )


def _surely_worse(result: GateResult) -> Said:
    names = zip(rule_names(result.rules), result.rules, strict=True)
    worse = tuple(name for name, rule in names if rule.is_regressed)
    if not worse:
        return say("It is surely worse on no metric.")
    return say("Surely worse: {names}.", names=_listed(worse))


def _why_open(result: GateResult) -> Said:
    """Say what could not be decided, in the middle of a sentence."""
    unlike = dict.fromkeys(
        condition_words(d) for d in result.differences if d.is_fatal and not d.is_allowed
    )
    if unlike:
        return say(
            "the two sides were not measured alike ({conditions})",
            conditions=_listed(tuple(unlike)),
        )
    return _listed(tuple(_open_names(result))) or say("nothing could be compared")


def _open_names(result: GateResult) -> Iterator[Said]:
    names = rule_names(result.rules)
    for name, rule in zip(names, result.rules, strict=True):
        if rule.status in _OPEN and rule.tier == "critical":
            yield say("{name} {status}", name=name, status=status_words(rule))


def _listed(names: tuple[Said, ...]) -> Said:
    shown = list(names[:_MOST_NAMES])
    if len(names) > _MOST_NAMES:
        shown.append(say("{n} more", n=numeral(str(len(names) - _MOST_NAMES))))
    return joined(shown)
