"""The section of the sliders: which there are, how far they go, what the script is given, and what is told."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from math import isclose
from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from evalkit.analysis.tco.analyse import Case
from evalkit.analysis.tco.likely import likely
from evalkit.config.scenario import ScenarioConfig
from evalkit.decision.verdict import decide
from evalkit.report.decision.simulator import BLOCK, Simulator, build_simulator, pair_cells
from evalkit.report.decision.sliders import HORIZON, Slider, number, scenario_keys, sliders
from evalkit.report.html import render_template
from evalkit.report.language import ENGLISH
from tests.pseudo import PSEUDO, untold
from tests.scenarios import by_contract, case, quality_run, rented, right, scenario

LOAD, PRICE, FTE = "load.requests_per_month", "price.gpt.api_contract.api", "fte.self_hosted:"
LETTERS = re.compile(r"[^\W\d_]{3,}")
OWNED = {
    "name": "servers",
    "kind": "owned",
    "model": "open",
    "capacity": {"requests_per_s": [2, 3, 4]},
    "gpus_per_server": 1,
    "server_price": [20_000, 30_000, 45_000],
    "load_power": 300,
}
SIDE = {
    "staff": {"fte": [0.1, 0.2, 0.4], "cost_per_year": 80_000},
    "electricity_price": 0.2,
    "useful_life_years": [0.5, 4, 6],
    "headroom": [0.02, 0.8, 1],
}


def made(*options: dict[str, Any], **changes: Any) -> tuple[Case, ScenarioConfig]:
    given = options or (OWNED, rented("rented"), by_contract("api", 2.0))
    config = scenario(*given, **{"self_hosted": SIDE, "horizon_months": 36, **changes})
    run = quality_run({"open": right(60, 0.6), "gpt": right(60, 0.8)})
    return case(config, run), config


def built(*options: dict[str, Any], language: Any = ENGLISH, **changes: Any) -> Simulator:
    found, config = made(*options, **changes)
    section = build_simulator(found, decide(found, config), language)
    assert section is not None
    return section


def slider(key: str, *options: dict[str, Any], **changes: Any) -> Slider:
    return next(s for s in sliders(made(*options, **changes)[0]) if s.key == key)


def data(section: Simulator) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(re.sub(r"<[^>]*>", "", section.data))
    return found


def test_load_horizon_prices_and_own_staff_are_in_front() -> None:
    section = built()
    assert [s.key for s in section.main] == [LOAD, HORIZON, PRICE, FTE]
    more = {s.key for s in section.more}
    assert {"capacity.servers", "server_price.servers", "headroom", "useful_life_years"} <= more
    assert not more & {LOAD, "discount_rate", "electricity_price"}


def test_each_input_has_one_slider_and_each_slider_its_own_id() -> None:
    for part in ("key", "element"):
        each = [getattr(s, part) for s in sliders(made()[0])]
        assert len(each) == len(set(each))


def test_the_load_goes_thirty_times_both_ways() -> None:
    s = slider(LOAD)
    assert (s.low, s.value, s.high) == (pytest.approx(1e6 / 30), 1e6, 3e7)
    assert (s.scale, s.start, s.steps) == ("log", 150, 300)


@pytest.mark.parametrize(("months", "most"), [(12, 84), (120, 120)])
def test_the_horizon_goes_to_seven_years_or_as_far_as_the_scenario(months: int, most: int) -> None:
    s = slider(HORIZON, horizon_months=months)
    assert (s.low, s.value, s.high, s.steps) == (1, months, most, most - 1)
    assert s.low + s.start == months


def test_a_price_goes_from_nothing_to_three_times() -> None:
    s = slider(PRICE)
    assert (s.low, s.high) == (0, pytest.approx(3 * 0.0015))
    assert slider(PRICE, rented(), by_contract("api", 0)).high > 0


def test_prices_of_one_model_are_told_apart_by_their_options() -> None:
    labels = [s.label for s in built(by_contract("day"), by_contract("night", 0.5)).main]
    assert labels[2:] == ["price of day", "price of night"]


@pytest.mark.parametrize(("fte", "most"), [(0.2, 5), (4, 12)])
def test_staff_goes_from_none_to_five_or_three_times(fte: float, most: float) -> None:
    side = {"staff": {"fte": fte, "cost_per_year": 80_000}}
    s = slider(FTE, rented(), by_contract(), self_hosted=side)
    assert (s.low, s.high) == (0, most)


def test_no_slider_goes_where_a_scenario_may_not() -> None:
    found = {s.key: s for s in sliders(made()[0])}
    assert found["headroom"].low > 0
    assert found["headroom"].high <= 1
    assert found["useful_life_years"].low >= 0.25
    assert found["capacity.servers"].low > 0


@for_all(st.floats(1e-6, 1e6), st.floats(1.001, 10), st.floats(1.001, 10))
def test_steps_are_even_few_and_reach_around_the_range(low: float, up: float, more: float) -> None:
    price = [low, low * up, low * up * more]
    s = slider("server_price.servers", {**OWNED, "server_price": price}, by_contract())
    assert isclose(s.low + s.steps * s.step, s.high, rel_tol=1e-9)
    assert s.steps <= 201
    assert s.low <= price[0] + s.step
    assert s.high >= price[2] - s.step
    assert abs(s.low + s.start * s.step - s.value) <= s.step


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "0"),
        (0.2, "0.2"),
        (1 / 3, "0.3333"),
        (0.00001234, "0.00001234"),
        (36, "36"),
        (999.96, "1000"),
        (1234.5678, "1,235"),
        (2_500_000, "2,500,000"),
    ],
)
def test_numbers_have_four_figures_and_no_exponent(value: float, words: str) -> None:
    assert number(value) == words


def test_the_table_has_the_most_likely_numbers() -> None:
    section = built(rented(), by_contract(), self_hosted={"staff": None, "adoption_cost": 0})
    own, api = section.options
    assert own.cells[:4] == ("USD 1,460", "USD 1,460", "USD 52,560", "USD 1.46")
    assert own.cells[5:] == ("1", "1")
    assert api.cells[5:] == ("–", "–")
    assert section.pairs[0].name == "own against api"
    assert section.pairs[0].cells == ("1,900,000", "not within the horizon", "USD −25,560")
    assert own.note.startswith("INCOMPLETE, without: staff of own")


def test_an_option_that_breaks_a_rule_says_so() -> None:
    section = built(policy={"data_class": "confidential"})
    assert {o.name: o.note for o in section.options}["api"] == "breaks a rule of the policy"
    assert {o["name"]: o["broken"] for o in data(section)["deployments"]}["api"]


def test_unknown_costs_are_named_and_not_drawn() -> None:
    lost = {"name": "lost", "kind": "owned", "model": "open", "capacity": {"requests_per_s": 1}}
    section = built(lost, by_contract())
    assert section.left_out == ("lost",)
    assert [o.name for o in section.options] == ["api"]
    found, config = made(lost)
    assert build_simulator(found, decide(found, config), ENGLISH) is None


def test_pairs_say_what_never_happens() -> None:
    found = likely(made(rented(), by_contract())[0]).pairs[0]
    never = replace(found, break_even_per_month=None, payback_months=None)
    assert pair_cells(never, "USD", 1e6)[:2] == (
        "no load makes it cheaper",
        "not within the horizon",
    )
    at_once = replace(found, break_even_per_month=0.0, payback_months=1.0)
    far = replace(found, break_even_per_month=5.1e6)
    assert pair_cells(far, "USD", 1e6)[0] == "none within reach"
    assert pair_cells(at_once, "USD", 1e6)[:2] == ("the smallest", "1 month")


def test_every_key_the_script_reads_has_a_value() -> None:
    found = data(built(blends=None))

    def keys(node: Any) -> set[str]:
        inner = node.values() if isinstance(node, dict) else node
        if isinstance(node, dict | list):
            return set().union(*(keys(x) for x in inner))
        return {node} if isinstance(node, str) else set()

    parts = [d[name] for d in found["deployments"] for name in ("fleet", "api", "people")]
    used = keys(parts) | keys(found["workload"]) | {s["key"] for s in found["sliders"]} - {HORIZON}
    used |= {k["key"] for k in found["yaml"] if "key" in k}
    assert used <= set(found["inputs"])


def test_every_main_slider_has_a_key_in_the_scenario() -> None:
    found, _ = made()
    known = {key for k in scenario_keys(found) for key in k.on}
    assert {s.key for s in sliders(found) if s.is_main} <= known | {HORIZON}


def test_power_goes_with_a_capacity_that_replaces_the_bench() -> None:
    at = {k.at[-1]: k.on for k in scenario_keys(made()[0]) if k.at[:2] == ("options", "servers")}
    assert "capacity.servers" in at["load_power"]
    assert "capacity.servers" in at["idle_power"]
    assert "load_power.servers" in at["idle_power"]


def test_shared_staff_stands_on_the_side_and_own_staff_at_the_option() -> None:
    mine = rented("mine", staff={"fte": 1, "cost_per_year": 1000})
    at = {k.at for k in scenario_keys(made(mine, rented("shared"), by_contract())[0])}
    assert ("self_hosted", "staff", "fte") in at
    assert ("options", "mine", "staff", "fte") in at
    assert ("options", "shared", "staff", "fte") not in at


def test_all_words_are_told() -> None:
    section = built(language=PSEUDO)
    for name, words in data(section)["words"].items():
        assert not LETTERS.search(untold(re.sub(r"\{\w+\}|⟦⟧", "", words))), name
    page = render_template("sections/simulator.html.j2", PSEUDO, simulator=section).decode()
    shown = re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
    shown = untold(re.sub(r"<[^>]*>", " ", shown))
    labels = {str(s.label) for s in (*section.main, *section.more)}
    for name in sorted({*labels, "servers", "rented", "api", "gpt", "USD"}, key=len, reverse=True):
        shown = shown.replace(name, " ")
    assert not LETTERS.findall(shown)


def test_hostile_names_stay_inert() -> None:
    found, config = made(rented(), by_contract())
    verdict = decide(found, config)
    name = "</script><b>\u202eapi"
    api = found.futures.pop("api")
    facts = replace(
        found.facts,
        options=tuple(replace(o, name=name) if o.name == "api" else o for o in found.facts.options),
        pairs=(),
    )
    deployment = replace(api.deployment, name=name)
    futures = {**found.futures, name: replace(api, deployment=deployment)}
    hostile = replace(found, facts=facts, futures=futures)
    section = build_simulator(hostile, verdict, ENGLISH)
    page = render_template("sections/simulator.html.j2", ENGLISH, simulator=section).decode()
    assert page.count("</script>") == 1
    assert "<b>" not in page
    assert "\u202e" not in page
    assert BLOCK in page
