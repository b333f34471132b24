"""JUnit XML of a gate: valid, whatever is in it, and red exactly where the exit code says so."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from evalkit.gate.facts import GateResult, Status
from evalkit.report.gate.junit import to_junit
from evalkit.report.gate.words import headline, sentences
from evalkit.wording import say, verbatim
from tests.gates import compared, failed, gate, hostile, missing, passed, rule, undecided
from tests.hostile import everything

NASTY = everything() | {
    "non-characters": "a\ufffeb\uffffc",
    "every control character": "".join(map(chr, range(0x20))),
    "c1": "".join(map(chr, range(0x7F, 0xA0))),
}


@cache
def schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(Path(__file__).with_name("junit.xsd")))


def read(result: GateResult) -> Any:
    """Parse, and check against the schema."""
    root = etree.fromstring(to_junit(result), etree.XMLParser(huge_tree=True))
    schema().assertValid(root)
    return root


def outcomes(result: GateResult) -> dict[str, str]:
    """Name of each test case → what happened to it."""
    return {
        case.get("name"): next((e.tag for e in case if e.tag != "system-out"), "passed")
        for case in read(result).iter("testcase")
    }


@pytest.mark.parametrize(
    "result",
    [
        gate(),
        failed(),
        passed(),
        compared(),
        undecided("hold"),
        undecided("fail"),
        undecided("pass"),
    ],
)
def test_it_is_valid_and_its_counts_are_right(result: GateResult) -> None:
    root = read(result)
    (suite,) = root
    found = list(outcomes(result).values())
    assert len(found) >= len(result.rules)
    for name, kind in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        assert int(suite.get(name)) == found.count(kind)
    assert int(suite.get("tests")) == int(root.get("tests")) == len(found)


def test_a_rule_is_a_test_case_with_its_sentence() -> None:
    result = failed()
    case = next(c for c in read(result).iter("testcase") if "contract_terms" in c.get("name"))
    assert case.get("classname") == "evalkit.gate.accuracy"
    assert case.get("name") == "accuracy:choose/contract_terms"
    failure = case.find("failure")
    assert failure.get("message") == failure.text == sentences(result)[1]
    assert failure.get("type") == "critical fail"
    assert case.findtext("system-out") == f"[critical] {sentences(result)[1]}"
    assert headline(result) in read(result)[0].findtext("system-out")


def test_what_holds_up_is_an_error_and_what_does_not_is_skipped() -> None:
    found = outcomes(undecided("hold"))
    assert found["accuracy:choose/grounded_qa"] == "error"
    assert found["macro_mean"] == "error"
    assert found["tpot_p50"] == "skipped"
    assert found["energy_per_token"] == "skipped"
    assert found["accuracy:choose/ticket_routing"] == "passed"


def test_what_the_policy_takes_as_broken_fails_and_what_it_lets_through_does_not() -> None:
    assert outcomes(undecided("fail"))["accuracy:choose/grounded_qa"] == "failure"
    assert outcomes(undecided("pass"))["accuracy:choose/grounded_qa"] == "skipped"


def test_an_advisory_rule_never_fails() -> None:
    assert outcomes(failed())["e2e_p95"] == "passed"


def test_a_comparison_is_never_red() -> None:
    assert set(outcomes(compared()).values()) == {"passed"}


RED = {"failure", "error"}
MATRIX = list(
    product(
        ("critical", "supporting", "advisory"),
        Status,
        (("hold", 3), ("fail", 1), ("pass", 0)),
    )
)


@pytest.mark.parametrize(("tier", "status", "policy"), MATRIX)
def test_whoever_reads_only_this_agrees_with_the_exit_code(
    tier: str, status: Status, policy: tuple[str, int]
) -> None:
    on_inconclusive, code = policy
    is_open = status in (Status.INCONCLUSIVE, Status.MISSING)
    if tier == "advisory" or (tier == "supporting" and is_open):
        code = 0
    elif not is_open:
        code = 1 if status is Status.FAIL else 0
    only = rule(tier=tier, status=status, reason=say("too few documents"))
    result = gate(only, exit_code=code, on_inconclusive=on_inconclusive, on_missing=on_inconclusive)
    found = set(outcomes(result).values())
    assert bool(found & RED) == (code != 0)
    assert ("failure" in found) == (code == 1)


@pytest.mark.parametrize("policy", ["hold", "pass"])
def test_missing_metrics_may_be_stricter_than_undecided_ones(policy: str) -> None:
    only = missing("accuracy", tier="critical")
    result = gate(
        only, exit_code=1, verdict=Status.INCONCLUSIVE, on_inconclusive=policy, on_missing="fail"
    )
    assert "failure" in outcomes(result).values()


@pytest.mark.parametrize(("code", "kind"), [(1, "failure"), (3, "error"), (4, "error")])
def test_a_gate_that_no_rule_turns_red_has_a_red_case_of_its_own(code: int, kind: str) -> None:
    result = gate(rule(tier="advisory"), exit_code=code, verdict=Status.INCONCLUSIVE)
    assert outcomes(result)["verdict"] == kind


def test_names_are_unique() -> None:
    rules = (rule(), rule(score="f1"), rule(), rule(task="b"))
    assert list(outcomes(gate(*rules))) == [
        "accuracy:choose/ticket_routing (exact_match)",
        "accuracy:choose/ticket_routing (f1)",
        "accuracy:choose/ticket_routing (exact_match) #2",
        "accuracy:choose/b",
    ]


@pytest.mark.parametrize("name", NASTY)
def test_hostile_texts_do_not_break_it(name: str) -> None:
    result = hostile(NASTY[name])
    assert len(outcomes(result)) == len(result.rules)


def test_the_time_is_told_without_a_zone_or_not_at_all() -> None:
    assert read(gate())[0].get("timestamp") == "2026-11-03T10:20:30"
    assert read(gate(decided_at="yesterday"))[0].get("timestamp") is None


def test_the_same_result_gives_the_same_bytes() -> None:
    assert to_junit(failed()) == to_junit(replace(failed()))


def test_a_text_with_markup_is_text() -> None:
    found = read(gate(rule(status=Status.FAIL, reason=verbatim("<b>]]>&amp;")), exit_code=1))
    assert "<b>]]>&amp;" in found.find(".//failure").text
