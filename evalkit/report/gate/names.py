"""What readers call the parts of a gate: metrics, statuses, tiers, and conditions of measuring."""

from __future__ import annotations

from evalkit.gate.facts import Difference, RuleResult, Status
from evalkit.metrics.catalogue.gate import GATE
from evalkit.report.decision.labels import one_line
from evalkit.wording import NOTHING, Said, say, verbatim

_LONGEST = 80
"""Letters of a task's name."""
STATUSES = {
    Status.PASS: say("pass"),
    Status.IMPROVED: say("improved"),
    Status.FAIL: say("fail"),
    Status.INCONCLUSIVE: say("can't be decided"),
    Status.MISSING: say("not measured"),
}
"""Names of a status in the middle of a sentence."""
BADGES = {
    Status.PASS: say("✓ pass"),
    Status.IMPROVED: say("✓ improved"),
    Status.FAIL: say("✗ fail"),
    Status.INCONCLUSIVE: say("? undecided"),
    Status.MISSING: say("– not measured"),
}
"""Names of a status on its own: a sign and a word."""
MARKS = {
    Status.PASS: "pass",
    Status.IMPROVED: "pass",
    Status.FAIL: "fail",
    Status.INCONCLUSIVE: "unclear",
    Status.MISSING: "none",
}
"""Classes that colour them."""
TIER_TITLES = {
    "critical": say("Critical: must be shown to keep their margin"),
    "supporting": say("Supporting: must not be shown to break their margin"),
    "advisory": say("Advisory: are shown, decide nothing"),
}
CONDITIONS = {
    "task-version": say("version of the task"),
    "fewshot": say("worked examples (few-shot)"),
    "template": say("chat template"),
    "decoding": say("decoding"),
    "limit": say("how many documents were asked for"),
    "documents": say("documents"),
    "mode": say("way of asking"),
    "hardware": say("hardware"),
    "order": say("order of the runs"),
}
"""`Difference.name` → words."""
TERMS: tuple[tuple[Said, Said], ...] = (
    (say("baseline, candidate"), say(
        "The baseline is what was accepted and is used today, the candidate what is to replace it.")),
    (say("gate"), say(
        "Rules that decide whether a candidate may replace the baseline, each by an interval and a margin.")),
    (say("margin"), say(
        "How much worse the candidate may be. A rule is kept when the whole interval lies within its margin, broken"
        " when the whole interval lies beyond it, and can't be decided when the interval lies on both sides.")),
    (say("one-sided bound"), say(
        "The least, or the most, that the difference really is, each with the gate's confidence.")),
    (say("critical, supporting, advisory"), say(
        "A critical rule must be shown to keep its margin. A supporting rule must not be shown to break it. An"
        " advisory rule is shown and decides nothing.")),
    (say("Holm's correction"), say(
        "With many rules one looks worse by chance sooner or later. The correction asks more of each, so that among"
        " all of them a false alarm stays as unlikely as the confidence says.")),
)  # fmt: skip
"""Terms for the list of words at the end of a report."""


def metric_words(metric: str) -> Said:
    """Name a metric; one that is not known is shown as it is called."""
    return say(GATE[metric].name) if metric in GATE else verbatim(one_line(metric, _LONGEST))


def metric_meaning(metric: str) -> Said:
    """Say in a line what a metric is; empty where it is not known."""
    return say(GATE[metric].meaning) if metric in GATE else NOTHING


def status_words(rule: RuleResult) -> Said:
    """Say what follows from a rule, in the middle of a sentence."""
    return STATUSES[_shown(rule)]


def badge(rule: RuleResult) -> Said:
    """Say what follows from a rule, on its own."""
    return BADGES[_shown(rule)]


def mark(rule: RuleResult) -> str:
    """Return the class that colours a rule's badge."""
    return MARKS[_shown(rule)]


def _shown(rule: RuleResult) -> Status:
    """A licence is read and not measured: where it is not known, nothing can be decided."""
    is_unread = rule.scale == "class" and rule.status is Status.MISSING
    return Status.INCONCLUSIVE if is_unread else rule.status


def condition_words(difference: Difference) -> Said:
    """Name a condition that differs."""
    return CONDITIONS.get(difference.name, verbatim(difference.name))


def consequence_words(difference: Difference) -> Said:
    """Say what follows from a condition that differs."""
    if difference.is_allowed:
        return say("allowed")
    if difference.is_fatal:  # a gate would have refused: this is a comparison
        return say("differences below may come from this")
    return say("latency, memory and energy can't be compared")


def rule_names(rules: tuple[RuleResult, ...]) -> tuple[Said, ...]:
    """Name every rule, with the suite or the score where it takes them to tell two rules apart."""
    suites: dict[str | None, set[str | None]] = {}
    keys: dict[str, set[str]] = {}
    for rule in rules:
        suites.setdefault(rule.task, set()).add(rule.suite)
        keys.setdefault(rule.key, set()).add(rule.score)
    return tuple(
        _rule_name(r, with_suite=len(suites[r.task]) > 1, with_score=len(keys[r.key]) > 1)
        for r in rules
    )


def _rule_name(rule: RuleResult, *, with_suite: bool, with_score: bool) -> Said:
    name = metric_words(rule.metric)
    if with_score and rule.score:
        name = say("{metric} ({score})", metric=name, score=one_line(rule.score, _LONGEST))
    if rule.task is not None:
        task = f"{rule.suite}/{rule.task}" if with_suite else rule.task
        name = say("{metric} on {task}", metric=name, task=one_line(task, _LONGEST))
    return name if rule.kind == "change" else say("{name}, limit", name=name)
