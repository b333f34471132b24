"""A gate for the pages of build servers: annotations of GitHub, and a metrics report of GitLab."""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import isfinite

from evalkit.gate.facts import GateResult, RuleResult, Status
from evalkit.report import format as text
from evalkit.report.gate.names import rule_names
from evalkit.report.gate.severity import RED, Severity, severities
from evalkit.report.gate.words import headline, sentences
from evalkit.report.text_safety import visible
from evalkit.wording import say

MOST = 10
"""Annotations of one kind that GitHub shows per step; what comes after them is lost."""
_TITLE = say("Upgrade gate")
_LONGEST, _LONGEST_LABEL = 2_000, 200
_FAMILIES = (
    ("evalkit_gate_baseline", "What the baseline measured, in base units.", "baseline"),
    ("evalkit_gate_candidate", "What the candidate measured, in base units.", "candidate"),
    ("evalkit_gate_damage", "How much worse the candidate is, as share of 1.", "damage"),
    ("evalkit_gate_damage_least", "Lower bound of the damage, or of the value.", "least"),
    ("evalkit_gate_damage_most", "Upper bound of the damage, or of the value.", "most"),
    ("evalkit_gate_margin", "How much worse the candidate may be, or the limit of its value.", "margin"),
)  # fmt: skip
"""Name, meaning, and field of the rule."""
_SEPARATING = re.compile(r"[#\s]")


def github_annotations(result: GateResult) -> list[str]:
    """Return workflow commands, one a line: errors for what stops the candidate, warnings for what does not."""
    return [*_kind("error", tuple(_errors(result))), *_kind("warning", tuple(_warnings(result)))]


def gitlab_metrics(result: GateResult) -> str:
    """Return the numbers of all rules as OpenMetrics text; a number that is missing has no line.

    GitLab takes `#` for a comment wherever it stands and splits lines like a shell, so labels are kept free of both.
    """
    return "\n".join((*_metric_lines(result), "# EOF", ""))


def _errors(result: GateResult) -> Iterator[tuple[str, str]]:
    if result.exit_code != 0:
        yield _TITLE, headline(result)
    yield from _told(result, RED)


def _warnings(result: GateResult) -> Iterator[tuple[str, str]]:
    yield from ((_TITLE, warning) for warning in result.warnings)
    yield from _told(result, frozenset({Severity.NOTE}))


def _told(result: GateResult, loud: frozenset[Severity]) -> Iterator[tuple[str, str]]:
    told = zip(result.rules, severities(result), sentences(result), strict=True)
    for name, (rule, severity, said) in zip(rule_names(result.rules), told, strict=True):
        # what nobody measures would be told anew every day
        is_dull = rule.status is Status.MISSING and rule.tier != "critical"
        if severity in loud and not is_dull:
            yield name, said


def _kind(kind: str, messages: tuple[tuple[str, str], ...]) -> Iterator[str]:
    shown = messages if len(messages) <= MOST else messages[: MOST - 1]
    for title, message in shown:
        yield f"::{kind} title={_property(title)}::{_data(message)}"
    if left := len(messages) - len(shown):
        more = say("{n} more are in the summary of the build.", n=text.count(left))
        yield f"::{kind} title={_property(_TITLE)}::{_data(more)}"


def _data(text: str) -> str:
    shown = visible(text)[:_LONGEST]
    return shown.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _metric_lines(result: GateResult) -> Iterator[str]:
    for family, meaning, field in _FAMILIES:
        values: dict[str, float] = {}
        for rule in result.rules:
            value: float | None = getattr(rule, field)
            if value is not None and isfinite(value):
                values.setdefault(_labels(rule), value)
        if values:
            yield from (f"# TYPE {family} gauge", f"# HELP {family} {meaning}")
            yield from (f"{family}{labels} {_number(value)}" for labels, value in values.items())
    yield "# TYPE evalkit_gate_exit_code gauge"
    yield "# HELP evalkit_gate_exit_code 0: may replace the baseline; 1: may not; 3: not decided."
    yield f"evalkit_gate_exit_code {result.exit_code}"


def _number(value: float) -> str:
    """Return six digits: GitLab compares numbers as text, so the last bits would look like a change."""
    return repr(float(f"{value:.6g}"))


def _labels(rule: RuleResult) -> str:
    named = {
        "metric": rule.metric,
        "kind": rule.kind,
        "suite": rule.suite,
        "task": rule.task,
        "score": rule.score,
    }
    pairs = (f'{name}="{_label(value)}"' for name, value in named.items() if value)
    return "{" + ",".join(pairs) + "}"


def _label(text: str) -> str:
    shown = _SEPARATING.sub("_", visible(text[:_LONGEST_LABEL]))
    return shown.replace("\\", "\\\\").replace('"', '\\"')
