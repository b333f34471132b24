"""A gate as JUnit XML, which build servers read: one test case per rule.

A rule that stops the candidate is a `failure`, one that leaves it to people an `error`, one that was not decided and
holds nothing up is `skipped`. Without a red rule a gate that does not exit with 0 gets a test case of its own.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from xml.etree import ElementTree as ET

from evalkit.gate.facts import KEPT, GateResult, RuleResult
from evalkit.report.gate.severity import RED, Severity, severities
from evalkit.report.gate.words import details, headline, sentences
from evalkit.report.text_safety import visible

_ELEMENTS = {Severity.BREAK: "failure", Severity.HOLD: "error"}
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 can't hold, not even escaped."""


def to_junit(result: GateResult) -> bytes:
    """Encode a result; the bytes are the same for the same result."""
    loud = severities(result)
    suite = ET.Element("testsuite")
    ET.SubElement(suite, "properties").extend(
        ET.Element("property", name=_clean(name), value=_clean(value))
        for name, value in _properties(result)
    )
    for case in _cases(result, loud):
        suite.append(case)
    if result.exit_code != 0 and not RED.intersection(loud):
        suite.append(_verdict_case(result))
    said = "\n".join((headline(result), *details(result), *result.warnings))
    ET.SubElement(suite, "system-out").text = _clean(said)
    counts = {
        "tests": len(suite.findall("testcase")),
        "failures": len(suite.findall("testcase/failure")),
        "errors": len(suite.findall("testcase/error")),
    }
    root = ET.Element("testsuites", {name: str(n) for name, n in counts.items()})
    counts["skipped"] = len(suite.findall("testcase/skipped"))
    kind = "evalkit compare" if result.policy is None else f"evalkit gate {result.policy}"
    suite.attrib.update(name=_clean(kind), **{name: str(n) for name, n in counts.items()})
    if when := _timestamp(result.decided_at):
        suite.set("timestamp", when)
    root.append(suite)
    ET.indent(root)
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def _properties(result: GateResult) -> Iterator[tuple[str, str]]:
    yield "evalkit", result.evalkit_version
    yield "verdict", result.verdict if result.policy is not None else "none"
    yield "exit code", str(result.exit_code)
    yield "confidence", str(result.confidence)
    yield "baseline", f"{result.baseline.model} ({result.baseline.label})"
    yield "candidate", f"{result.candidate.model} ({result.candidate.label})"


def _cases(result: GateResult, loud: tuple[Severity, ...]) -> Iterator[ET.Element]:
    for name, rule, severity, said in zip(
        _names(result.rules), result.rules, loud, sentences(result), strict=True
    ):
        case = ET.Element(
            "testcase", name=_clean(name), classname=f"evalkit.gate.{_clean(rule.metric)}"
        )
        told = {"message": _clean(said), "type": f"{rule.tier} {rule.status}"}
        if severity in RED:
            ET.SubElement(case, _ELEMENTS[severity], told).text = _clean(said)
        elif severity is Severity.NOTE and _is_open(rule):
            ET.SubElement(case, "skipped", message=told["message"])
        ET.SubElement(case, "system-out").text = _clean(f"[{rule.tier}] {said}")
        yield case


def _verdict_case(result: GateResult) -> ET.Element:
    """Return what turns a build red where no single rule does."""
    case = ET.Element("testcase", name="verdict", classname="evalkit.gate")
    kind = "failure" if result.exit_code == 1 else "error"
    said = _clean(headline(result))
    ET.SubElement(case, kind, message=said, type=str(result.verdict)).text = said
    return case


def _names(rules: tuple[RuleResult, ...]) -> Iterator[str]:
    """Yield a name per rule that no other has: build servers keep one test case of a name."""
    seen: Counter[str] = Counter()
    doubled = {key for key, n in Counter(r.key for r in rules).items() if n > 1}
    for rule in rules:
        name = f"{rule.key} ({rule.score})" if rule.key in doubled and rule.score else rule.key
        seen[name] += 1
        yield name if seen[name] == 1 else f"{name} #{seen[name]}"


def _is_open(rule: RuleResult) -> bool:
    return rule.status not in KEPT and rule.status != "fail"


def _timestamp(moment: str) -> str:
    """Return a moment in UTC as JUnit has it, without its zone; empty where it is none."""
    try:
        return datetime.fromisoformat(moment).replace(tzinfo=None, microsecond=0).isoformat()
    except ValueError:
        return ""


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", visible(text))
