"""Quality against cost: what is drawn, what the table says, and what is said about size."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from evalkit.decision.facts import Check, Outcome
from evalkit.report.decision.pareto import ParetoSection, build_pareto, size_words
from evalkit.report.html import render_template
from evalkit.report.language import ENGLISH, Spoken, spoken
from evalkit.wording import say, tell
from tests.decisions import (
    API,
    OWN,
    UNKNOWN,
    api_option,
    blend_option,
    decision_facts,
    figure,
    option,
    share,
    unit_costs,
    unknown_option,
    verdict,
)
from tests.pseudo import untold

GERMAN = spoken("de")
SIZES = {"qwen-32b": 32_500_000_000, "gpt": None}
FAILS = Check(OWN, "data", Outcome.FAIL, say("Data would leave."))


def section(
    *options: Any, language: Spoken = ENGLISH, sizes: Any = SIZES, checks: Any = ()
) -> ParetoSection:
    found = options or (option(), api_option(), blend_option(), unknown_option())
    return build_pareto(
        decision_facts(options=found, pairs=()), verdict(checks=checks), sizes, language
    )


def cells(of: ParetoSection, name: str) -> list[str]:
    assert of.data is not None
    rows = {head.text: cells for g in of.data.groups for head, cells in g.rows}
    return [str(c.text) for c in rows[name]]


def test_the_table_has_cost_quality_size_and_the_front() -> None:
    found = section()
    assert cells(found, OWN) == ["81.2 %", "EUR 5.30", "EUR 0.00654", "32.5 B parameters", "yes"]
    assert cells(found, API)[3:] == ["size not disclosed", "yes"]


def test_what_is_beaten_is_not_on_the_front() -> None:
    dear = option("dear", unit=unit_costs(0.02), quality=share(0.7))
    assert cells(section(option(), dear), "dear")[-1] == "no"


def test_an_option_that_breaks_a_rule_is_hollow_and_not_on_the_front() -> None:
    found = section(checks=(FAILS,))
    assert cells(found, OWN)[-1] == "no: breaks a rule"
    assert "Hollow" in found.caption
    assert "Hollow" not in section().caption
    assert found.svg != section().svg


def test_what_can_not_be_drawn_is_named_with_its_reason() -> None:
    assert f"Not drawn: {UNKNOWN} (no load test of the model among the runs)." in section().caption
    none = section(unknown_option(), replace(unknown_option(), name="other"))
    assert none.svg == ""
    assert none.data is None
    assert none.caption.startswith("Nothing to draw")


def test_sizes_are_in_the_picture() -> None:
    svg = section().svg
    assert "32.5 B parameters" in svg
    assert "size not disclosed" in svg
    assert "Pareto front" in svg


@pytest.mark.parametrize(
    ("sizes", "said"),
    [
        ({"qwen-32b": 135_000_000}, "135 M parameters + size not known"),
        ({"qwen-32b": None, "gpt": None}, "size not disclosed + size not disclosed"),
    ],
)
def test_a_blend_has_the_sizes_of_both_models(sizes: dict[str, int | None], said: str) -> None:
    assert size_words(blend_option(), sizes) == said


def test_the_answer_on_size_rests_on_measured_differences() -> None:
    known = {"qwen-32b": 32_500_000_000, "gpt": 400_000_000_000}
    better = section(option(quality=share(0.5)), api_option(quality=share(0.7)), sizes=known)
    assert better.bigger == "Is bigger better here? Yes, where it can be told."
    assert better.evidence[0].startswith(
        "gpt (400.0 B parameters) against qwen-32b (32.5 B parameters): +20.0 points (95 %: +15.8 to"
    )
    assert better.evidence[0].endswith("clearly better.")
    worse = section(option(quality=share(0.9)), api_option(quality=share(0.7)), sizes=known)
    assert worse.bigger.startswith("Is bigger better here? No: ")
    level = section(option(quality=share(0.71)), api_option(quality=share(0.7)), sizes=known)
    assert level.bigger == "Is bigger better here? No clear difference."


def test_nothing_is_concluded_where_sizes_are_not_disclosed() -> None:
    found = section()
    assert found.bigger == "Is bigger better here? Not known."
    assert found.evidence[-1] == "Size not disclosed: gpt."


def test_many_options_are_numbered_and_listed() -> None:
    many = [
        option(f"option-{i}", unit=unit_costs(0.001 * (i + 1)), quality=share(0.6 + 0.02 * i))
        for i in range(9)
    ]
    svg = section(*many).svg
    assert "9  option-8" in svg


def test_options_at_the_same_place_and_without_ranges_can_be_drawn() -> None:
    bare = replace(share(0.8), low=None, high=None)
    unit = replace(unit_costs(0.005), per_request=figure(0.005, low=None, high=None))
    same = [option(name, quality=bare, unit=unit) for name in ("a", "b", "c")]
    assert section(*same).svg.count(">size not known<") == 0
    assert cells(section(*same), "c")[-1] == "yes"


def test_a_free_option_can_be_drawn() -> None:
    dear = option("dear", unit=unit_costs(0.9))
    svg = section(option(unit=unit_costs(0.0)), api_option(), dear).svg
    assert OWN in svg
    assert "nan" not in svg
    assert "inf" not in re.sub("<title.*?</desc>", "", svg)


def test_the_same_facts_give_the_same_bytes() -> None:
    assert section().svg == section().svg


def test_hostile_names_stay_text() -> None:
    page = render_template(
        "sections/pareto.html.j2", pareto=section(option("<script>x</script>"), api_option())
    ).decode()
    assert "<script>" not in page


def test_german_is_german() -> None:
    found = section(language=GERMAN, checks=(FAILS,))
    assert "EUR je 1000 Anfragen" in found.svg
    assert "Größe nicht genannt" in found.svg
    page = render_template("sections/pareto.html.j2", GERMAN, pareto=found).decode()
    assert "Ist größer hier besser? Nicht bekannt." in page
    assert "Hohl: verstößt gegen eine Regel" in page
    assert tell(found.title, GERMAN) == "Qualität und Kosten"


def test_every_word_is_from_the_catalogue() -> None:
    known = {"qwen-32b": 32_500_000_000, "gpt": 400_000_000_000}
    reason = "no load test of the model among the runs"
    data = ("own-h100+gpt-list", OWN, API, UNKNOWN, "qwen-32b", "gpt", reason)
    for found in (section(checks=(FAILS,)), section(sizes=known)):
        for said in (found.title, found.caption, found.bigger, *found.evidence):
            left = untold(said)
            for name in data:
                left = left.replace(name, "")
            assert not re.search("[A-Za-z]", left), left
