"""The decision page, its terminal tables and its JSON: whole, honest about gaps, inert, repeatable."""

from __future__ import annotations

import json
import math
import re
from dataclasses import fields, is_dataclass, replace
from functools import cache
from itertools import pairwise
from typing import Any

import pytest
from pydantic import TypeAdapter
from rich.console import Console

from evalkit.analysis.facts import Estimate
from evalkit.analysis.tco.facts import Assumption, Breakdown, Figure, TcoFacts
from evalkit.decision.facts import Check, Decision, Outcome, Verdict
from evalkit.report import format as text
from evalkit.report.blocks import Cell, Table
from evalkit.report.decision.cells import figure_cell
from evalkit.report.decision.costs import cost_grid
from evalkit.report.decision.export import decision_json
from evalkit.report.decision.page import build_decision, pair_grid
from evalkit.report.decision.terminal import decision_tables
from tests.builders import HOSTILE
from tests.decisions import (
    API,
    BLEND,
    INPUTS,
    LOAD,
    OWN,
    UNKNOWN,
    api_option,
    blend_fact,
    decision_facts,
    figure,
    nothing,
    option,
    pair,
    render_decision,
    unit_costs,
    unknown_option,
    verdict,
)
from tests.unit.report.test_html import Parsed

ZERO = re.compile(r"(?<![\d.,\u202f])0(?:\.0+)?(?![\d.,\u202f])(?! of \d)")
"""A number that is 0."""


def page_of(facts: TcoFacts | None = None, given: Verdict | None = None) -> str:
    if facts is None and given is None:
        return ordinary_page()
    return render_decision(facts or decision_facts(), given or verdict()).decode()


@cache
def ordinary_page() -> str:
    return render_decision(decision_facts(), verdict()).decode()


def terminal(facts: TcoFacts, given: Verdict, width: int = 100) -> str:
    console = Console(width=width, record=True, file=None, force_terminal=False)
    with console.capture() as capture:
        for part in decision_tables(facts, given):
            console.print(part)
    return capture.get()


def row(grid: Table, name: str) -> tuple[Cell, ...]:
    return next(cells for group in grid.groups for head, cells in group.rows if head.text == name)


def without_numbers(value: Any) -> Any:
    """Return facts in which every number that may be missing is."""
    if isinstance(value, Figure):
        return Figure(None, value.unit, reason="nobody knows")
    if isinstance(value, Estimate):
        return nothing(value.unit, "nobody measured")
    if isinstance(value, tuple):
        return tuple(map(without_numbers, value))
    if is_dataclass(value) and not isinstance(value, type):
        return replace(
            value, **{f.name: without_numbers(getattr(value, f.name)) for f in fields(value)}
        )
    return value


def hostile(value: Any) -> Any:
    """Return facts in which every free text is hostile."""
    if isinstance(value, str) and type(value) is str:
        return f"{value}{HOSTILE}" if value else value
    if isinstance(value, tuple):
        return tuple(map(hostile, value))
    if is_dataclass(value) and not isinstance(value, type):
        keep = {"side", "kind", "currency", "unit", "date", "today", "rule"}
        return replace(
            value, **{f.name: hostile(getattr(value, f.name)) for f in fields(value) if f.name not in keep}
        )  # fmt: skip
    return value


def test_the_parts_come_in_the_order_a_reader_needs_them() -> None:
    html = page_of()
    ids = re.findall(r'<h2 id="([a-z]+)"', html)
    assert ids == [
        "verdict", "options", "tiles", "why", "costs", "tornado", "blends", "warnings", "errors", "assumptions",
        "audit", "terms",
    ]  # fmt: skip
    assert html.index(verdict().sentence) < html.index('id="options"')


def test_the_verdict_says_how_sure_it_is_what_is_missing_and_what_would_change_it() -> None:
    html = page_of()
    assert "81 of 100 simulated futures" in html
    assert "INCOMPLETE" in html
    assert "staff of gpt-list" in html
    assert verdict().changes[0].text in html
    assert "INCOMPLETE" not in page_of(given=verdict(is_incomplete=False, incomplete=()))


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (1.0, "100 of 100 simulated futures of these assumptions"),
        (0.9999, "more than 99 of 100"),
        (0.55, "55 of 100 simulated futures of these assumptions"),
        (0.001, "fewer than 1 of 100"),
        (None, "decided by the rules, not by cost"),
        (math.nan, "decided by the rules, not by cost"),
    ],
)
def test_confidence_is_a_share_of_futures_and_is_never_rounded_to_certainty(
    share: float | None, words: str
) -> None:
    assert words in build_decision(decision_facts(), verdict(confidence=share)).verdict.confidence


def test_beside_the_confidence_stands_what_was_not_varied() -> None:
    fixed = tuple(replace(INPUTS[3], key=f"k{i}", label=f"input {i}") for i in range(10))
    meaning = build_decision(decision_facts(), verdict(fixed=fixed)).verdict.meaning
    assert "Not varied, so taken for certain: input 0; input 1;" in meaning
    assert meaning.endswith("input 7, and 2 more.")
    assert "Not varied" not in build_decision(decision_facts(), verdict()).verdict.meaning


def test_an_open_verdict_names_the_best_so_far() -> None:
    given = verdict(decision=Decision.NOT_DECIDABLE, option=None, leaning=OWN, confidence=None)
    box = build_decision(decision_facts(), given).verdict
    assert box.headline == "Not decidable yet"
    assert OWN in box.leaning
    assert box.confidence == "not known"


def test_tiles_tell_quality_break_even_load_and_payback() -> None:
    quality, load, payback = build_decision(decision_facts(), verdict()).tiles
    assert quality.value == "+3.4 points"
    assert "The API is clearly better." in quality.lines
    assert load.value == "2.2 M"
    assert any("3 M" in line for line in load.lines)
    assert payback.value == "26 months"
    assert "P90: not within 36 months" in " ".join(payback.lines)


def test_tiles_are_silent_about_options_that_a_rule_has_thrown_out() -> None:
    out = Check(API, "quality", Outcome.FAIL, "too few right")
    given = verdict(checks=(*verdict().checks, out))
    assert build_decision(decision_facts(), given).tiles == ()
    other = pair(buy="other-api")
    facts = decision_facts(pairs=(pair(), other))
    tiles = build_decision(facts, given).tiles
    assert len(tiles) == 3
    assert any("other-api" in line for line in tiles[0].lines)


def test_a_break_even_load_that_some_futures_never_reach_has_an_open_range() -> None:
    some = pair(break_even_per_month=figure(9.38e6, "requests/month", low=1.47e6, high=None))
    facts = decision_facts(pairs=(some,))
    told = "P10: 1.5 M; P90: no load makes it cheaper"
    assert told in build_decision(facts, verdict()).tiles[1].lines
    grid = pair_grid(facts)
    assert grid is not None
    assert told in grid.groups[0].rows[0][1][0].note


def test_an_assumption_of_many_options_counts_them() -> None:
    first, *rest = decision_facts().assumptions
    names = tuple(f"option {i}" for i in range(40))
    found = build_decision(
        decision_facts(assumptions=(replace(first, used_by=names), *rest)), verdict()
    ).assumptions
    assert found is not None
    cells = [cells[-1].text for _, cells in found.groups[0].rows]
    assert cells[0].startswith("40 of ")
    assert cells[1:] == [", ".join(a.used_by) or "–" for a in rest]


def test_a_load_that_never_breaks_even_is_said_in_words() -> None:
    never = pair(break_even_per_month=figure(None), break_even_per_s=figure(None), never_share=0.7)
    facts = decision_facts(pairs=(never,))
    assert "at no load, in 70 % of futures" in page_of(facts)
    grid = pair_grid(facts)
    assert grid is not None
    assert grid.groups[0].rows[0][1][0].text == "at no load, in 70 % of futures"
    tile = build_decision(facts, verdict()).tiles[1]
    assert (tile.value, tile.is_missing) == ("none", False)


def test_a_load_beyond_reach_is_told_without_digits_that_nobody_believes() -> None:
    """Half of all futures need more than 31 times the load: neither tile, table nor ring give a number of requests."""
    far = pair(
        break_even_per_month=figure(93.8e6, "requests/month", low=14.7e6, high=None),
        likely_break_even_per_month=37e6,
        never_share=0.4,
    )
    facts = decision_facts(pairs=(far,))
    page = build_decision(facts, verdict())
    told = "only beyond reach, from about 31 times your load on (in 40 % of futures at none)"
    assert page.tiles[1].value == "none within reach"
    assert any(told in line for line in page.tiles[1].lines)
    assert page.pairs is not None
    assert page.pairs.groups[0].rows[0][1][0].text == told
    over_load = next(c for c in page.charts if c.name == "over_load")
    assert "A ring marks" not in over_load.caption
    assert (
        "A ring marks"
        in next(
            c for c in build_decision(decision_facts(), verdict()).charts if c.name == "over_load"
        ).caption
    )


def test_every_missing_number_is_said_to_be_missing_and_is_no_zero() -> None:
    facts, given = without_numbers(decision_facts()), without_numbers(verdict(confidence=None))
    grid = cost_grid(facts)
    for name in (
        "to pay first, cash",
        "mean per month, unit cost",
        "36 months, cash",
        "per request",
        "utilisation",
        "per Mtok, input",
    ):
        for cell in row(grid, name):
            assert cell.is_missing, name
            assert not ZERO.search(cell.text)
    for cell in row(grid, "quality"):
        assert (cell.text, cell.note) == ("not measured", "nobody measured")
    page = build_decision(facts, given)
    assert page.tiles[0].is_missing
    for tile in page.tiles[:2]:
        assert not ZERO.search(tile.value)
    pairs = page.pairs
    assert pairs is not None
    cells = pairs.groups[0].rows[0][1]
    assert [c.is_missing for c in cells[4:]] == [True] * 2
    html = page_of(facts, given)
    assert "nobody knows" in html
    assert "nobody measured" in html
    assert not re.search(r"\b(nan|inf|None)\b", html)


def test_an_option_that_could_not_be_costed_says_what_is_missing() -> None:
    html = page_of()
    assert f"{UNKNOWN}: costs not known. Missing: no load test" in html
    grid = cost_grid(decision_facts())
    names = [c.text for c in grid.columns]
    for _, cells in grid.groups[1].rows:
        cell = cells[names.index(UNKNOWN)]
        assert cell.text == "not known"
        assert cell.is_missing


def test_staff_that_nobody_gave_is_not_shown_as_free() -> None:
    first = Breakdown(8400.0, 1350.0, 2100.0, 0.0, 0.0)
    facts = decision_facts(
        options=(
            option(
                no_staff=("staff of own-h100",),
                no_adoption=("adoption cost of own-h100",),
                first_month=first,
            ),
        )
    )
    grid = cost_grid(facts)
    (staff,) = row(grid, "… staff")
    assert staff.is_missing
    assert "nobody gave it" in staff.note
    (total,) = row(grid, "36 months, cash")
    assert "INCOMPLETE" in total.note


def test_an_adoption_cost_that_nobody_gave_is_not_shown_as_free() -> None:
    api = api_option(no_adoption=("adoption cost of gpt-list",), upfront=figure(0.0))
    facts = decision_facts(options=(option(no_adoption=("adoption cost of own-h100",)), api))
    own, bought = row(cost_grid(facts), "to pay first, cash")
    assert "INCOMPLETE" in own.note
    assert bought.is_missing
    assert "nobody gave the adoption cost" in bought.note
    assert not re.search(r"gpt-list +0 ", terminal(facts, verdict()))


def test_what_is_in_the_rent_or_the_price_is_not_shown_as_free() -> None:
    rented = option(kind="rented_on_demand", first_month=Breakdown(9000.0, 0.0, 0.0, 100.0, 0.0))
    grid = cost_grid(decision_facts(options=(rented, api_option())))
    assert [c.note for c in row(grid, "… energy")] == ["in the rent", "in the API's price"]
    assert not any(ZERO.search(c.text) for c in row(grid, "… energy"))


def test_numbers_that_are_not_finite_are_missing() -> None:
    odd = pair(
        break_even_per_month=figure(math.inf),
        saving=figure(math.nan),
        cheaper_by_month=(),
        quality_difference=replace(pair().quality_difference, value=math.nan),
    )
    broken = option(total=figure(math.inf), cumulated=(math.nan, 1.0), unit=unit_costs(math.nan))
    facts = decision_facts(pairs=(odd,), options=(broken, api_option()))
    for shown in (page_of(facts), terminal(facts, verdict())):
        assert not re.search(r"\b(nan|inf)\b", shown, re.IGNORECASE)
    assert "NaN" not in decision_json(facts, verdict())
    assert "Infinity" not in decision_json(facts, verdict())


def test_a_decision_without_anything_still_renders() -> None:
    bare = decision_facts(
        options=(), pairs=(), curves=(), blends=(), assumptions=(), runs=(), rates=(), warnings=()
    )
    given = verdict(
        decision=Decision.NOT_DECIDABLE, option=None, against=None, confidence=None, reasons=(), checks=(), changes=(),
        swings=(), assumptions=(), next_measurements=(),
    )  # fmt: skip
    html = page_of(bare, given)
    assert "Nothing to draw" in html
    assert "<svg" not in html
    assert "VERDICT" in terminal(bare, given)


def test_a_blend_without_results_gives_its_reason() -> None:
    empty = blend_fact(frontiers=(), tasks=(), n_docs=0, reason="no doc was answered by both")
    assert "no doc was answered by both" in page_of(decision_facts(blends=(empty,)))


def test_a_single_option_at_one_load_is_drawn() -> None:
    (own, *_) = decision_facts().curves
    one = replace(own, requests_per_month=(1e6,), cost=(5.0,), replicas=(1,))
    still = replace(LOAD, low=1e6, mode=1e6, high=1e6)
    facts = decision_facts(options=(option(),), curves=(one,), load=still)
    assert "Cost of a month against the load" in page_of(facts)


def test_every_figure_is_described_and_has_its_numbers() -> None:
    html = page_of()
    page = Parsed(html)
    figures = [attrs for attrs in page.all("svg") if attrs.get("aria-hidden") != "true"]
    assert len(figures) == 5
    ids = {attrs.get("id") for _, attrs in page.tags}
    for attrs in figures:
        assert attrs["role"] == "img"
        assert set((attrs["aria-labelledby"] or "").split()) <= ids
    assert html.count("<summary>The numbers of") == 5
    assert "bound: knows the answers" in html


def test_ranges_are_named_by_what_they_are() -> None:
    computed = figure_cell(figure(100.0), text.amount)
    assert computed.note == "P10–P90: 80 to 120"
    assert [b.code for b in computed.badges] == ["measured", "your input", "catalogue"]
    measured = row(cost_grid(decision_facts()), "λ_SLO of one replica")[0]
    assert measured.note.startswith("95 %: 7.56 to 9.24 requests/s")


def test_the_first_tile_says_what_the_blend_scores_that_is_recommended() -> None:
    given = verdict(decision=Decision.BLEND, option=BLEND)
    lines = build_decision(decision_facts(), given).tiles[0].lines
    assert any(line.startswith(f"{BLEND}: ") for line in lines)
    alone = build_decision(decision_facts(), verdict(decision=Decision.BUY, option=API))
    assert not any(line.startswith(f"{BLEND}: ") for line in alone.tiles[0].lines)


def test_old_sources_are_marked() -> None:
    html = page_of()
    assert "older than 180 days" in html
    fresh = tuple(
        Assumption(replace(a.given, is_old=False), a.used_by) for a in decision_facts().assumptions
    )
    assert 'class="m-old"' not in page_of(decision_facts(assumptions=fresh))


def test_checks_show_a_sign_and_a_sentence() -> None:
    grid = build_decision(decision_facts(), verdict()).checks
    assert grid is not None
    assert [c.text for c in grid.columns] == [OWN, API, UNKNOWN]
    signs = [c.text for c in row(grid, "quality")]
    assert signs == ["? unclear", "✓ pass", "? unclear"]


def test_the_same_facts_give_the_same_bytes() -> None:
    assert page_of() == render_decision(decision_facts(), verdict()).decode()


def test_nothing_is_loaded_and_nothing_runs() -> None:
    html = page_of()
    page = Parsed(html)
    (csp,) = (m["content"] for m in page.all("meta") if m.get("http-equiv"))
    assert csp.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:;")
    for tag, attrs in page.tags:
        for name in ("src", "href", "xlink:href", "data", "action"):
            target = attrs.get(name)
            assert target is None or target.startswith("#"), (tag, attrs)
    assert not page.all("script")
    assert not page.all("link")
    assert "@import" not in html
    assert not re.search(r"url\((?!#)", html)


def test_hostile_texts_stay_texts() -> None:
    facts, given = hostile(decision_facts()), hostile(verdict())
    html = page_of(facts, given)
    page = Parsed(html)
    assert not page.all("script")
    assert not page.all("img")
    assert not any(name.startswith("on") for _, attrs in page.tags for name in attrs)
    assert "&lt;script&gt;alert(1)" in html
    shown = terminal(facts, given)
    for output in (html, shown):
        assert "\u202e" not in output
        assert "\x1b" not in output


def test_ids_are_unique_and_headings_in_order() -> None:
    page = Parsed(page_of(decision_facts(blends=(blend_fact(), blend_fact()))))
    ids = [attrs["id"] for _, attrs in page.tags if attrs.get("id")]
    assert len(ids) == len(set(ids))
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))
    targets = {(a["href"] or "").removeprefix("#") for a in page.all("a")}
    assert targets <= set(ids)


def test_an_option_has_one_colour_everywhere() -> None:
    facts = decision_facts()
    grid = cost_grid(facts)
    assert [c.series for c in grid.columns] == [0, 1, 2, 3]
    page = build_decision(facts, verdict())
    tables = [c.data for c in page.charts if c.data] + [page.checks]
    for table in tables:
        assert table is not None
        for head in (*table.columns, *(h for g in table.groups for h, _ in g.rows)):
            if head.text in (OWN, API, BLEND, UNKNOWN):
                assert head.series == [OWN, API, BLEND, UNKNOWN].index(head.text)


def test_the_terminal_tells_the_verdict_and_why_within_its_width() -> None:
    shown = terminal(decision_facts(), verdict())
    for part in (
        "VERDICT: Build",
        "INCOMPLETE",
        "81 of 100",
        "✗",
        "not known",
        "no load test",
        "Below 2.2 M",
    ):
        assert part in shown
    assert max(map(len, shown.splitlines())) <= 100
    order = (
        "VERDICT",
        "The options",
        "It rests on",
        "Why",
        "Cash over 36",
        "Unit cost in EUR",
        "What to measure next",
    )
    places = [shown.index(part) for part in order]
    assert places == sorted(places)


def test_json_holds_all_facts_and_comes_back() -> None:
    facts, given = decision_facts(), verdict()
    document = json.loads(decision_json(facts, given))
    assert set(document) == {"likely", "tco", "verdict"}
    assert TypeAdapter(TcoFacts).validate_python(document["tco"]) == facts
    assert TypeAdapter(Verdict).validate_python(document["verdict"]) == given
    missing = document["tco"]["options"][3]
    assert missing["total"]["value"] is None
    assert missing["total"]["reason"] == unknown_option().total.reason
