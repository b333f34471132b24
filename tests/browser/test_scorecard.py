"""The scorecard in a browser: sliders weigh anew exactly as Python does; without a script the table is there."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import Any

import pytest

from evalkit.analysis.tco.analyse import Case
from evalkit.decision.facts import Check, Outcome
from evalkit.decision.scorecard import Scorecard, ranks_of, scorecard, totals_of
from evalkit.report.decision.scorecard import build_scorecard
from evalkit.report.html import content_security_policy, render_template, static
from evalkit.report.language import ENGLISH, Spoken, spoken
from evalkit.wording import say
from tests import scenarios
from tests.accessible import violations
from tests.decisions import (
    API,
    OWN,
    api_option,
    blend_option,
    decision_facts,
    figure,
    option,
    share,
    unknown_option,
    verdict,
)

HOSTILE = "$& {option} <b>\u202egnp"
OPTIONS = (
    option(),
    api_option(),
    blend_option(slo_share=share(0.91)),
    unknown_option(),
    option(HOSTILE, quality=share(0.87), total=figure(1_100_000.0), leaves_network=True),
    option("out", quality=share(0.99)),
)
OUT = Check("out", "data", Outcome.FAIL, say("Data would leave."))
FACTS = decision_facts(options=OPTIONS)


def card(**policy: Any) -> Scorecard:
    config = scenarios.scenario(policy=policy) if policy else scenarios.scenario()
    found = scorecard(Case(FACTS, scenarios.workload(), {}, {}), verdict(checks=(OUT,)), config)
    assert found is not None
    return found


def page(of: Scorecard, language: Spoken = ENGLISH) -> bytes:
    """The section in the least page that it needs, under the report's own content security policy."""
    section = build_scorecard(of, FACTS, language)
    body = render_template("sections/scorecard.html.j2", language, scorecard=section).decode()
    css, js = static("report.css", "decision.css", "scorecard.css"), static("scorecard.js")
    head = f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{content_security_policy(js)}">'
    return (
        f'<!DOCTYPE html><html lang="{language.code}"><head>{head}<title>x</title><style>{css}</style></head>'
        f"<body><main>{body}</main><script>{js}</script></body></html>"
    ).encode()


SHOWN = """() => Array.from(document.querySelectorAll("#scorecard-table tbody tr"), (row) => [
  row.querySelector(".total data").value, row.querySelector(".rank").textContent,
  row.querySelector(".total data").textContent, row.querySelector(".state").textContent])"""
MOVE = """(all) => all.map((weights) => {
  const inputs = document.querySelectorAll("#scorecard-weights input");
  weights.forEach((w, i) => { inputs[i].value = String(w); inputs[i].dispatchEvent(new Event("input")); });
  return [document.getElementById("scorecard-yours").textContent, (SHOWN)()];
})""".replace("SHOWN", SHOWN)


def expected(of: Scorecard, weights: tuple[float, ...]) -> list[list[str]]:
    totals = totals_of(of.options, weights)
    ranks = ["–" if r is None else str(r) for r in ranks_of(totals)]
    return [
        ["" if t is None else repr(t), rank, "–" if t is None else f"{t:.2f}"]
        for t, rank in zip(totals, ranks, strict=True)
    ]


def same(found: list[list[str]], wanted: list[list[str]]) -> bool:
    """Whether totals are the same number to the last bit, and ranks and texts the same."""

    def number(text: str) -> float | None:
        return float(text) if text else None

    totals = [[number(row[0]) for row in rows] for rows in (found, wanted)]
    return totals[0] == totals[1] and [f[1:3] for f in found] == [w[1:] for w in wanted]


def test_sliders_weigh_exactly_as_python_does(open_html: Callable[..., Any]) -> None:
    of, rng = card(), random.Random(1)
    opened = open_html(page(of))
    steps = [0.5 * i for i in range(11)]
    all_weights = [tuple(rng.choice((0.0, *steps)) for _ in range(5)) for _ in range(200)]
    all_weights += [tuple(float(i == j) for j in range(5)) for i in range(5)] + [(5.0,) * 5]
    found = opened.page.evaluate(MOVE, [list(w) for w in all_weights])
    for weights, (_, rows) in zip(all_weights, found, strict=True):
        assert same(rows, expected(of, weights)), (weights, rows, expected(of, weights))
    opened.assert_quiet()


@pytest.mark.parametrize("weights", [{"quality": 3, "cost": 1 / 3}, {"cost": 7.25, "speed": 0.1}])
def test_it_starts_with_the_scenarios_weights_to_the_last_bit(
    open_html: Callable[..., Any], weights: dict[str, float]
) -> None:
    of = card(weights=weights)
    opened = open_html(page(of))
    assert same(opened.page.evaluate(SHOWN), expected(of, of.weights))
    opened.assert_quiet()


def test_it_says_who_is_first_who_is_level_and_why_nobody_is(open_html: Callable[..., Any]) -> None:
    opened = open_html(page(card()))
    said = [
        text
        for text, _ in opened.page.evaluate(
            MOVE, [[0, 5, 0, 0, 0], [0, 0, 0, 1, 0], [5, 0, 0, 0, 0], [0, 0, 0, 0, 0]]
        )
    ]
    assert said[0] == f"With your weights: {OWN}."
    assert said[1] == f"With your weights these are level: {OWN}, own-b200."  # all data stay
    assert said[2].startswith("With your weights: $& {option} <b>⟨U+202E⟩gnp")
    assert said[3] == "No weights given: move a slider."
    assert opened.page.locator("#scorecard-keep").is_hidden()
    opened.assert_quiet()


def test_an_option_is_ranked_once_what_is_unknown_does_not_count(
    open_html: Callable[..., Any],
) -> None:
    opened = open_html(page(card()))
    (_, before), (_, after) = opened.page.evaluate(MOVE, [[1, 0, 0, 1, 0], [0, 0, 0, 1, 0]])
    assert before[3][1:] == ["–", "–", "not ranked; not known: Quality"]
    assert after[3][1:] == ["1", "1.00", ""]
    assert after[5][3] == "not ranked: breaks a rule of the policy"


def test_keys_move_a_slider_and_reset_brings_the_scenario_back(
    open_html: Callable[..., Any],
) -> None:
    of = card(weights={"quality": 3, "data_control": 1})
    opened = open_html(page(of))
    p = opened.page
    start = p.evaluate(SHOWN)
    assert p.locator("#scorecard-reset").is_disabled()
    p.get_by_label("Quality").focus()
    p.keyboard.press("ArrowLeft")
    assert p.locator("#weight-of-quality").text_content() == "2.5"
    assert p.locator("output[for=weight-quality]").text_content() == "2.5"
    yaml = p.locator("#scorecard-keep code").text_content()
    assert yaml == "policy: {weights: {quality: 2.5, data_control: 1}}"
    assert p.evaluate(SHOWN) != start
    p.locator("#scorecard-reset").click()
    assert p.evaluate(SHOWN) == start
    assert p.get_by_label("Quality").input_value() == "3"
    opened.assert_quiet()


def test_numbers_are_written_as_the_reader_writes_them(open_html: Callable[..., Any]) -> None:
    opened = open_html(page(card(), spoken("de")))
    ((text, rows),) = opened.page.evaluate(MOVE, [[2.5, 1, 0, 0, 0]])
    assert re.fullmatch(r"0,\d\d", rows[0][2])
    assert text.startswith("Mit Ihren Gewichten: ")
    assert opened.page.locator("#weight-of-quality").text_content() == "2,5"
    opened.assert_quiet()


def test_without_a_script_the_table_stands_and_sliders_are_hidden(
    open_html: Callable[..., Any],
) -> None:
    of = card(weights={"quality": 3, "cost": 1})
    opened = open_html(page(of), java_script_enabled=False)
    p = opened.page
    assert p.locator("#scorecard-table tbody tr").count() == len(OPTIONS)
    assert p.locator("#scorecard-table tbody tr.first th").text_content().startswith(OWN)
    assert p.locator("#scorecard-weights input").first.is_hidden()
    assert p.locator("#scorecard-reset").is_hidden()
    assert p.get_by_text("weight 3").first.is_visible()
    total = p.locator(".total data").nth(1).get_attribute("value")
    assert float(total) == totals_of(of.options, of.weights)[1]
    assert API in p.locator("#scorecard-table").text_content()


def test_axe_finds_nothing(open_html: Callable[..., Any]) -> None:
    for scheme in ("light", "dark"):
        opened = open_html(page(card()), color_scheme=scheme, bypass_csp=True)
        # the page around it is not the report's: its landmarks and headings are tested there
        whole = {"page-has-heading-one", "region", "landmark-one-main"}
        assert [v for v in violations(opened.page) if v[0] not in whole] == []
