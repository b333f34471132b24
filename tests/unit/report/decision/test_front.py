"""The first screen: one table of the options for every form, what the verdict rests on, and what would turn it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evalkit.decision.facts import Change, Check, Decision, Information, Outcome, Source
from evalkit.report.blocks import Cell
from evalkit.report.decision.cash import parts_table, unit_table, years_table
from evalkit.report.decision.front import build_front
from evalkit.report.format import about
from evalkit.report.language import spoken
from evalkit.report.render.markdown import table_lines
from evalkit.wording import tell
from tests.decisions import (
    API,
    BLEND,
    CASH,
    INPUTS,
    OWN,
    UNKNOWN,
    api_option,
    blend_option,
    decision_facts,
    figure,
    given,
    option,
    unknown_option,
    verdict,
)

CASH_COLUMN, FIRST, THOUSAND, RIGHT, LEAVES, SPEED, RULES = range(7)


def cells(name: str, front=None) -> tuple[Cell, ...]:
    front = front or build_front(decision_facts(), verdict())
    return next(row for head, row in front.options.rows if head.text == name)


def line(front, name: str) -> str:
    return dict(front.lines)[name]


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        (528_383, "530,000"),
        (1_249_000, "1,200,000"),
        (99.6, "100"),
        (7.86, "7.90"),
        (0.0523, "0.052"),
        (-3820, "−3,800"),
        (0, "0"),
        (None, "–"),
    ],
)
def test_money_of_a_simulation_has_two_figures(amount: float | None, shown: str) -> None:
    assert about(amount) == shown


def test_an_option_is_told_by_cash_first_payment_unit_cost_quality_data_speed_and_rules() -> None:
    row = cells(API)
    assert row[CASH_COLUMN].text == "890,000"
    assert row[CASH_COLUMN].note == "710,000 to 1,100,000"
    assert row[FIRST].text == "40,000"
    assert row[THOUSAND].text == "7.90"
    assert (row[RIGHT].text, row[RIGHT].note) == ("85 %", "82 to 88 %")
    assert row[LEAVES].text == "everything"
    assert row[RULES].text == "✓ all"
    assert cells(OWN)[LEAVES].text == "nothing"
    assert cells(BLEND)[LEAVES].text == "20 % of requests"


def test_every_column_of_money_names_its_view() -> None:
    heads = build_front(decision_facts(), verdict()).options.columns
    assert heads[CASH_COLUMN].text == "36 months, cash"
    assert heads[THOUSAND].note == "EUR, unit cost"
    one = build_front(decision_facts(horizon_months=1), verdict()).options.columns
    assert one[CASH_COLUMN].text == "1 month, cash"


def test_the_bars_of_all_ranges_have_one_scale() -> None:
    front = build_front(decision_facts(), verdict())
    bars = [row[CASH_COLUMN].bar for _, row in front.options.rows]
    assert max(bar.high for bar in bars if bar) == 1.0
    assert all(0 <= bar.low <= bar.middle <= bar.high for bar in bars if bar)
    assert cells(UNKNOWN)[CASH_COLUMN].bar is None


def test_only_what_is_recommended_is_marked() -> None:
    front = build_front(decision_facts(), verdict())
    assert [head.text for head, _ in front.options.rows if head.is_chosen] == [OWN]
    assert any(row.startswith(f"| **▸ {OWN}**") for row in table_lines(front.options, spoken("en")))
    undecided = verdict(decision=Decision.NOT_DECIDABLE, option=None, leaning=OWN)
    rows = build_front(decision_facts(), undecided).options.rows
    assert not any(head.is_chosen for head, _ in rows)
    assert rows[0][0].text == OWN


def test_a_broken_rule_is_named_and_its_option_comes_last() -> None:
    out = Check(BLEND, "quality", Outcome.FAIL, "too few right")
    front = build_front(decision_facts(), verdict(checks=(*verdict().checks, out)))
    assert cells(BLEND, front)[RULES] == Cell("✗ quality", mark="fail")
    assert cells(OWN, front)[RULES].text == "? quality"
    assert front.options.rows[0][0].text == OWN
    assert {head.text for head, _ in front.options.rows[-2:]} == {BLEND, UNKNOWN}


def test_a_speed_that_rests_on_few_requests_says_how_many() -> None:
    weak = option(capacity_n=5, speed_doubt="5 requests are too few for p95")
    checks = (Check(OWN, "service level", Outcome.UNCLEAR, "too few"),)
    facts = decision_facts(options=(weak, api_option()))
    front = build_front(facts, verdict(checks=checks))
    assert cells(OWN, front)[SPEED] == Cell("? unclear", "n = 5", mark="unclear")
    assert "capacity 8.4 requests/s from 5 requests (weak)" in line(front, "It rests on")
    batch = (Check(API, "interactive", Outcome.FAIL, "within a day; somebody waits"),)
    front = build_front(facts, verdict(checks=batch))
    assert cells(API, front)[SPEED] == Cell("✗ not kept", "within a day", mark="fail")


def test_what_is_not_known_is_a_word_and_no_number() -> None:
    row = cells(UNKNOWN)
    assert all(row[i].is_missing for i in (CASH_COLUMN, FIRST, THOUSAND, RIGHT))
    no_adoption = option(no_adoption=("adoption",), upfront=figure(0.0))
    front = build_front(decision_facts(options=(no_adoption,)), verdict())
    assert cells(OWN, front)[FIRST].note == "nobody gave the adoption cost"
    assert "INCOMPLETE" in cells(OWN, front)[CASH_COLUMN].note


def test_it_rests_on_documents_capacity_staff_and_the_sale_of_servers() -> None:
    fte = given("fte", "staff, own side", "FTE", 0.5, 0.8, 1.5)
    facts = decision_facts(
        options=(option(resale=figure(90_000.0)), api_option()),
        assumptions=(replace(decision_facts().assumptions[0], given=fte, used_by=(OWN,)),),
    )
    told = line(build_front(facts, verdict()), "It rests on")
    assert told.startswith("400 documents a model · ")
    assert f"{OWN}: capacity 8.4 requests/s (measured), staff 0.8 FTE (yours)" in told
    assert "EUR 90,000 from selling the servers" in told
    none = option(no_staff=("staff",), resale=figure(10.0))
    told = line(build_front(decision_facts(options=(none,)), verdict()), "It rests on")
    assert "staff not given" in told
    assert "selling" not in told


def test_it_would_turn_tells_a_few_changes_in_two_figures() -> None:
    changes = (
        Change("load", 3e6, 11_815_443, "requests/month", True, API, "buy", "…"),
        Change("required quality", 0.34, 0.3462, "share", True, "not decidable", "", "…"),
    )
    told = line(build_front(decision_facts(), verdict(changes=changes)), "It would turn")
    assert told == (
        f"load above 12 M requests/month → {API} · required quality above 34.6 % → not decidable"
    )
    none = line(build_front(decision_facts(), verdict(changes=())), "It would turn")
    assert none == "no single number was found that turns it within its limits"


def test_find_out_first_ranks_by_money_and_leaves_out_what_is_worth_nothing() -> None:
    known = (
        Information(Source.INPUT, 38_000.0, given=INPUTS[0]),
        Information(Source.DOCUMENTS, 4100.0, cost=12.4, option=OWN, n=200),
        Information(Source.BENCH, 2000.0, option=OWN, given=INPUTS[0], n=4),
        Information(Source.INPUT, 1500.0, given=INPUTS[1]),
        Information(Source.INPUT, 1.0, given=INPUTS[2]),
    )
    told = line(build_front(decision_facts(), verdict(information=known)), "Find out first")
    assert told == (
        "requests per month, exactly: worth at most EUR 38,000"
        f" · 200 more documents for {OWN}: about EUR 12, worth about EUR 4,100"
        f" · a longer load test of {OWN}: worth about EUR 2,000"
    )
    bare = build_front(decision_facts(), verdict())
    assert line(bare, "Find out first") == verdict().next_measurements[0]


def test_options_without_room_are_counted() -> None:
    many = tuple(option(f"o{i}") for i in range(12))
    front = build_front(decision_facts(options=(*many, option())), verdict(), most=6)
    assert len(front.options.rows) == 6
    assert front.options.rows[0][0].text == OWN
    assert front.more == "7 more options are in the costs."


def test_cash_is_told_by_part_and_by_year_and_adds_up() -> None:
    facts = decision_facts(options=(option(cash=CASH), api_option(), unknown_option()))
    parts, years = parts_table(facts), years_table(facts)
    assert parts is not None
    assert years is not None
    by_part = {head.text: row[0].text for head, row in parts.rows}
    assert by_part["purchases"] == "320,000"
    assert by_part["rent"] == "–"
    assert by_part["value at the end"] == "−80,000"
    assert by_part["together"] == "600,000"
    assert [head.text for head, _ in years.rows] == ["at the beginning", "year 1"]
    assert years.rows[0][1][0].text == "390,000"
    assert "present value" in parts.title
    assert "not discounted" in years.title
    assert parts_table(decision_facts(options=(unknown_option(),))) is None


def test_staff_that_nobody_gave_is_no_dash_among_the_parts() -> None:
    none = replace(CASH, staff=0.0)
    facts = decision_facts(options=(option(cash=none, no_staff=("staff",)), blend_option()))
    parts = parts_table(facts)
    assert parts is not None
    assert {h.text: r[0].note for h, r in parts.rows}["staff"] == "nobody gave it"


def test_unit_costs_are_called_so() -> None:
    block = unit_table(decision_facts())
    assert "Unit cost in EUR" in block.title
    assert {h.text: r[2].is_missing for h, r in block.rows}[UNKNOWN]


def test_the_first_screen_is_told_in_german() -> None:
    front = build_front(decision_facts(), verdict())
    german = "\n".join(table_lines(front.options, spoken("de")))
    assert "36 Monate, Zahlungen" in german
    assert "710.000 bis 1.100.000" in german
    assert tell(front.lines[0][0], spoken("de")) == "Es beruht auf"
