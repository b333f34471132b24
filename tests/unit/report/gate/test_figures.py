"""The pictures of a gate: a row per rule, its bounds against its margin, and words for what has no number."""

from __future__ import annotations

import re
from html import unescape

import pytest

from evalkit.gate.facts import GateResult, RuleResult
from evalkit.report.gate.figures import pictures
from evalkit.report.language import ENGLISH, spoken
from tests.gates import compared, failed, gate, hostile, latency, licence, missing, rule
from tests.hostile import everything


def svgs(result: GateResult, code: str = "en") -> list[str]:
    return [p.svg for p in pictures(result, spoken(code))]


def texts(svg: str) -> list[str]:
    return [unescape(t) for t in re.findall(r"<text\b[^>]*>([^<]*)</text>", svg)]


def test_points_and_relative_changes_are_drawn_apart() -> None:
    points, relative = svgs(failed())
    assert "Accuracy on contract_terms" in texts(points)
    assert "Peak memory" in texts(relative)
    assert "Peak memory" not in texts(points)


def test_a_row_has_its_numbers_and_its_status() -> None:
    (svg,) = svgs(gate(rule()))
    assert {"Accuracy on ticket_routing", "+0.3 (−0.7 to +1.3)", "✓ pass"} <= set(texts(svg))
    (svg,) = svgs(gate(latency()))
    assert "+2.0 (−1.0 to +4.0) %" in texts(svg)


def test_a_missing_row_says_so() -> None:
    (svg,) = svgs(gate(rule(), missing("macro_mean", scale="points")))
    assert {"Mean over all tasks", "not measured", "– not measured"} <= set(texts(svg))


def test_without_any_number_there_is_no_picture() -> None:
    assert svgs(gate(missing("peak_memory"), licence())) == []


def test_limits_are_not_drawn() -> None:
    assert svgs(gate(rule(kind="at_least", margin=0.6, least=0.6, most=0.7))) == []


def test_it_is_named_and_described() -> None:
    for svg in svgs(failed()):
        assert svg.startswith('<svg role="img" aria-labelledby="')
        assert "<title " in svg
        assert "<desc " in svg


def test_the_margin_is_explained_only_where_something_is_judged() -> None:
    judged = next(iter(pictures(gate(rule()), ENGLISH)))
    assert "The line is the margin" in judged.caption
    for picture in pictures(compared(), ENGLISH):
        assert "margin" not in picture.caption
        assert "✓ pass" not in texts(picture.svg)


def test_what_is_far_out_is_cut_and_the_caption_says_so() -> None:
    near, far = latency(), latency(metric="e2e_p50", damage=9.0, least=7.0, most=12.0)
    assert "arrow" not in next(iter(pictures(gate(near), ENGLISH))).caption
    picture = next(iter(pictures(gate(near, far), ENGLISH)))
    assert "A bar with an arrow goes on beyond the picture." in picture.caption
    assert "+900 (+700 to +1,200) %" in texts(picture.svg)


@pytest.mark.parametrize(
    "strange",
    [
        rule(damage=0.0, least=0.0, most=0.0, margin=0.0),
        rule(damage=float("nan"), least=float("-inf"), most=0.1),
        rule(damage=0.01, least=None, most=None),
        rule(damage=None),
        rule(margin=None),
    ],
)
def test_strange_numbers_are_drawn(strange: RuleResult) -> None:
    for result in (gate(strange), gate(rule(), strange)):
        assert all("nan" not in svg and "inf" not in svg for svg in svgs(result))


def test_many_rules_go_into_several_pictures() -> None:
    found = svgs(gate(*(rule(task=f"task-{i}") for i in range(70))))
    assert len(found) == 3
    assert len({re.search(r'aria-labelledby="([^"]*)"', svg)[1] for svg in found}) == 3


def test_ids_are_the_same_in_every_language() -> None:
    for english, german in zip(svgs(failed()), svgs(failed(), "de"), strict=True):
        ids = [re.findall(r'\bid="([^"]+)-t"', svg) for svg in (english, german)]
        assert ids[0] == ids[1]
    assert "✓ erfüllt" in texts(svgs(failed(), "de")[0])


@pytest.mark.parametrize("name", everything())
def test_hostile_names_are_text(name: str) -> None:
    for svg in svgs(hostile(everything()[name])):
        assert "<script" not in svg
        assert len(svg) < 300_000
