"""No word of the decision page is lost on its way to a reader of another language, in tables or in figures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from functools import cache
from html import unescape
from typing import Any

import pytest

from evalkit.analysis.tco.facts import TcoFacts
from evalkit.analysis.tco.values import Provenance
from evalkit.decision.facts import Decision, Outcome, Verdict
from evalkit.report.decision import words
from evalkit.report.decision.cells import PROVENANCES, between, quantity, unit_words
from evalkit.report.decision.charts import chance
from evalkit.report.decision.page import DecisionPage, build_decision
from evalkit.report.format import money, percent
from evalkit.report.language import spoken
from evalkit.report.style import SIDE_MARKERS
from evalkit.wording import Said, say, tell
from tests.decisions import (
    LOAD,
    OWN,
    blend_fact,
    decision_facts,
    figure,
    nothing,
    option,
    pair,
    unknown_option,
    verdict,
)
from tests.pseudo import PSEUDO, untold

GERMAN = spoken("de")
CODES = {"side", "kind", "rule", "data_class", "outcome", "decision", "becomes_side"}
LETTERS = re.compile(r"[^\W\d_]+")
CURRENCY = "¤"


def masked(value: Any, field: str = "") -> Any:
    """Return facts whose data have no letters: what then has letters has to be a message."""
    if isinstance(value, Said | Enum) or field in CODES:
        return value
    if isinstance(value, str):
        if field in ("unit", "currency"):
            return value.replace("EUR", CURRENCY)
        return "".join(str(ord(c) % 10) if c.isalpha() else c for c in value)
    if isinstance(value, tuple):
        return tuple(masked(v, field) for v in value)
    if is_dataclass(value) and not isinstance(value, type):
        named = {f.name: masked(getattr(value, f.name), f.name) for f in fields(value)}
        return replace(value, **named)
    return value


def never() -> TcoFacts:
    """No load makes the own deployment cheaper, nobody gave staff and adoption, one option, no quality."""
    no_staff = say("staff of {option}: give `{key}`", option="1", key="2")
    no_adoption = say("adoption cost of {option}: give `{key}`", option="1", key="2")
    quality = nothing("share", "")
    infeasible = pair(
        break_even_per_month=figure(None),
        payback_months=figure(None),
        payback_share=0.004,
        quality_difference=quality,
        cheaper_by_month=(0.001, 0.999),
    )
    own = option(
        no_staff=(no_staff,),
        no_adoption=(no_adoption,),
        quality=quality,
        upfront=figure(0.0),
        service_level="",
    )
    still = replace(LOAD, low=1e6, mode=1e6, high=1e6)
    return decision_facts(
        options=(own, unknown_option()), pairs=(infeasible,), load=still, data_class="public"
    )


def bare() -> TcoFacts:
    """Nothing is known."""
    blend = blend_fact(frontiers=(), tasks=(), n_docs=0, reason=say("nothing was asked"))
    return decision_facts(
        options=(unknown_option(),), pairs=(), curves=(), blends=(blend,), runs=(), assumptions=()
    )


def open_verdict() -> Verdict:
    return verdict(
        decision=Decision.NOT_DECIDABLE, option=None, leaning=OWN, against=None, confidence=None
    )


CASES = {
    "ordinary": (decision_facts, verdict),
    "never": (never, open_verdict),
    "by rules": (decision_facts, lambda: verdict(confidence=None, against=None)),
    "bare": (bare, lambda: verdict(option=None, confidence=None, checks=(), swings=())),
}


@cache
def page_of(case: str) -> DecisionPage:
    facts, given = CASES[case]
    return build_decision(masked(facts()), masked(given()), language=PSEUDO)


def said(value: Any, at: str, kind: str = "Said") -> Iterator[tuple[str, str]]:
    """Yield every text for readers with where it is; a field that is declared `str` holds data, codes or pictures."""
    if is_dataclass(value) and not isinstance(value, type):
        for f in fields(value):
            yield from said(getattr(value, f.name), f"{at}.{f.name}", str(f.type))
    elif isinstance(value, tuple):
        for i, part in enumerate(value):
            yield from said(part, f"{at}[{i}]", kind)
    elif isinstance(value, Said) or (isinstance(value, str) and "str" not in kind):
        yield at, value


def drawn(page: DecisionPage) -> Iterator[str]:
    """Yield every text in the figures, and what describes them."""
    pictures = [c.svg for c in page.charts] + [b.chart.svg for b in page.blends if b.chart]
    for svg in pictures:
        for text in re.findall(r"<(?:text|title|desc)\b[^>]*>(.*?)</", svg, re.DOTALL):
            yield unescape(re.sub(r"<[^>]*>", "", text))


@pytest.mark.parametrize("case", CASES)
def test_every_word_of_the_page_comes_from_a_message(case: str) -> None:
    page = page_of(case)
    lost = {at: text for at, text in said(page, "page") if LETTERS.search(untold(text))}
    assert lost == {}


@pytest.mark.parametrize("case", CASES)
def test_every_word_in_the_figures_comes_from_a_message(case: str) -> None:
    assert [t for t in drawn(page_of(case)) if LETTERS.search(untold(t))] == []


def test_figures_are_drawn_in_the_language_of_the_page() -> None:
    page = build_decision(decision_facts(), verdict(), language=GERMAN)
    texts = {*drawn(page)}
    for german in ("Monate", "Ihre Last", "200 Tsd.", "1 Mio.", "gewählt", "nach Zufall"):
        assert german in texts
    assert not {"months", "your load", "1 M", "chosen", "quality"} & texts


def test_the_same_page_is_told_in_both_languages() -> None:
    page = build_decision(decision_facts(), verdict())
    quality, load, payback = page.tiles
    assert [tell(t.value, GERMAN) for t in page.tiles] == [
        "+3,4 Punkte",
        "2,2 Mio.",
        "26 Monate",
    ]
    assert tell(quality.lines[0], GERMAN) == "95 %: +1,2 bis +5,6; n\u00a0=\u00a0400"
    assert tell(load.lines[-1], GERMAN) == "Ihre: 3 Mio. (2 Mio. bis 4,5 Mio.)"
    assert tell(payback.lines[0], GERMAN) == "P10: 21 Monate; P90: nicht innerhalb von 36 Monaten"
    assert (
        tell(page.subtitle, GERMAN)
        == "3 Mio. Anfragen pro Monat · 36 Monate · EUR · Daten: intern · 23.11.2026"
    )


def test_bounds_share_their_unit_wherever_the_language_has_it() -> None:
    bounds = between(money(900_000.0, "EUR"), money(1_200_000.0, "EUR"))
    assert bounds == "EUR 900,000 to 1.20 M"
    assert tell(bounds, GERMAN) == "900.000 bis 1,20 Mio. EUR"
    shares = between(percent(0.7), percent(0.8))
    assert tell(shares, GERMAN) == "70,0 bis 80,0 %"
    low = money(-61_000.0, "EUR")
    assert between(low, money(345_000.0, "EUR")) == "EUR −61,000 to 345,000"


@pytest.mark.parametrize(
    ("value", "unit", "german"),
    [
        (0.19, "EUR/kWh", "0,19 EUR/kWh"),
        (2.5, "FTE", f"2,5 {GERMAN.message('FTE')}"),
        (0.3, "share/year", f"30 %/{GERMAN.message('year')}"),
        (4.0, "years", f"4 {GERMAN.message('years')}"),
        (320_000.0, "EUR/server", f"320.000 EUR/{GERMAN.message('server')}"),
    ],
)
def test_quantities_are_told_with_their_unit(value: float, unit: str, german: str) -> None:
    assert tell(quantity(value, unit, "EUR"), GERMAN) == german


def test_units_that_are_not_known_stay_as_they_are() -> None:
    assert tell(unit_words("W/GPU"), GERMAN) == "W/GPU"
    assert tell(unit_words("furlongs"), GERMAN) == "furlongs"


def test_every_code_of_the_facts_has_words() -> None:
    assert set(PROVENANCES) == set(Provenance)
    assert set(words.OUTCOMES) == set(Outcome)
    assert set(words.HEADLINES) == set(Decision)
    assert set(words.SIDES) == set(SIDE_MARKERS) == {"build", "buy", "blend"}


def test_badges_keep_their_code_and_are_told() -> None:
    page = build_decision(decision_facts(), verdict())
    assert [code for code, _, _ in page.badges] == list(map(str, Provenance))
    (head, cells) = page.costs.groups[1].rows[0]
    assert head.text == "to pay first, cash"
    assert [b.code for b in cells[0].badges] == ["measured", "your input", "catalogue"]
    assert [tell(b.text, GERMAN) for b in cells[0].badges] == [
        GERMAN.message(b.code) for b in cells[0].badges
    ]


def test_certainty_is_never_rounded_to_in_any_language() -> None:
    assert [tell(chance(p), GERMAN) for p in (0.0, 0.004, 0.5, 0.996, 1.0)] == [
        "0 %", "< 1 %", "50 %", "> 99 %", "100 %",
    ]  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_the_german_page_says_nothing_in_english(case: str) -> None:
    english = {"the", "of", "and", "with", "cost", "costs", "month", "months", "requests"}
    page = page_of(case)
    told = {at: tell(text, GERMAN) for at, text in said(page, "page") if isinstance(text, Said)}
    left = {
        at: text for at, text in told.items() if english & {*map(str.lower, LETTERS.findall(text))}
    }
    assert left == {}
