"""The sliders in a browser: they compute what the Python model does, and say what it costs to get the same from it."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from functools import cache

import pytest
import yaml
from playwright.sync_api import expect

from evalkit.analysis.tco.analyse import Case
from evalkit.analysis.tco.likely import Likely, likely, likely_under
from evalkit.config.scenario import ScenarioConfig
from evalkit.decision.verdict import decide
from evalkit.report.decision.simulator import SCRIPTS, build_simulator, option_cells, pair_cells
from evalkit.report.decision.sliders import HORIZON, Slider, sliders
from evalkit.report.html import content_security_policy, render_template, static
from evalkit.report.language import spoken
from evalkit.wording import tell
from tests.accessible import WCAG, violations
from tests.scenarios import by_contract, case, quality_run, rented, right, scenario

PHONE = {"width": 390, "height": 844}
LOAD, PRICE, FTE = "load.requests_per_month", "price.gpt.api_contract.api", "fte.self_hosted:"
OWNED = {
    "name": "own-servers",
    "kind": "owned",
    "model": "open",
    "capacity": {"requests_per_s": [2, 3, 4]},
    "gpus_per_server": 4,
    "gpus_per_replica": 2,
    "server_price": [20_000, 30_000, 45_000],
    "load_power": [200, 300, 400],
}
SIDE = {
    "staff": {"fte": [0.1, 0.2, 0.4], "cost_per_year": [70_000, 85_000, 100_000]},
    "adoption_cost": [5_000, 10_000, 20_000],
    "electricity_price": [0.1, 0.2, 0.3],
    "residual_share": [0, 0.1, 0.2],
    "pue": [1.1, 1.4, 2],
}
LOADS = {"requests_per_month": [500_000, 1_000_000, 3_000_000], "growth_per_year": [-0.2, 0.1, 0.5]}


@dataclass(frozen=True)
class Shown:
    """A case, what made it, and its section as a page."""

    config: ScenarioConfig
    case: Case
    html: bytes


def run():
    margins = [0.05 if i % 3 else 0.9 for i in range(90)]
    scores = {"open": right(90, 0.6), "gpt": right(90, 0.8)}
    return quality_run(scores, margins=margins)


def config(name: str) -> ScenarioConfig:
    """Scenarios that between them have every kind of option, and interest or none."""
    api = by_contract("api", 2.0)
    changes = {"load": LOADS, "self_hosted": SIDE, "horizon_months": 36}
    policy = {"quality": {"at_least": 0.55}, "data_class": "internal"}
    batch = {
        "name": "night",
        "kind": "api_batch",
        "model": "gpt",
        "batch_discount": [0.4, 0.5, 0.6],
    }
    discount = {
        "discount_rate": [0.02, 0.08, 0.15],
        "api": {"price_decline_per_year": [0, 0.2, 0.4]},
    }
    spare = {**SIDE, "spare_replicas": 1}
    extra = {
        "exit_cost": [0, 5_000, 9_000],
        "egress_per_1000_requests": 0.02,
        "revalidation_cost": [1_000, 4_000, 9_000],
        "revalidations_per_year": [0.5, 1, 2],
        "minimum_spend_per_month": [500, 2_000, 4_000],
    }
    hourly = rented(
        "hourly", [1, 2, 4], kind="rented_on_demand", failover="api", active_hours_per_week=60
    )
    seconds = rented("seconds", [2, 3, 5], kind="rented_serverless")
    return {
        "all": lambda: scenario(OWNED, rented("rented"), api, **{**changes, **discount}, blends=None, policy=policy),
        "owned": lambda: scenario(OWNED, api, **{**changes, "self_hosted": spare, **discount}),
        "rented": lambda: scenario(rented("rented", [1, 2, 4]), api, **changes),
        "elastic": lambda: scenario(hourly, seconds, api, **{**changes, "load": {**LOADS, "peak_to_mean": [2, 6, 15]}}),
        "taxed": lambda: scenario(
            OWNED, seconds, api, **{**changes, **discount, "horizon_months": 60, "api": {**extra, **discount["api"]}},
            tax={"vat_not_deductible": 0.19, "income_tax": [0.2, 0.3, 0.35]},
        ),
        "lengths": lambda: scenario(
            {**OWNED, "capacity": {"requests_per_s": 3}}, rented("h", 2, kind="rented_on_demand", failover="api"), api,
            **{**changes, "load": {**LOADS, "input_tokens": [200, 500, 2000], "output_tokens": [100, 250, 600]}},
        ),
        "batch": lambda: scenario(OWNED, batch, api, **changes, policy={"interactive": False}),
        "one": lambda: scenario(by_contract("api", 2.0), **changes),
        "excluded": lambda: scenario(OWNED, api, **changes, policy={"data_class": "confidential"}),
    }[name]()  # fmt: skip


NAMES = ("all", "owned", "rented", "elastic", "taxed", "lengths", "batch", "one", "excluded")


@cache
def built(name: str, code: str = "en") -> Shown:
    """The section alone in a page, under the report's own security policy."""
    made = config(name)
    found = case(made, run())
    language = spoken(code)
    section = build_simulator(found, decide(found, made), language)
    part = render_template("sections/simulator.html.j2", language, simulator=section).decode()
    js = static(*SCRIPTS)
    head = (
        f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{content_security_policy(js)}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><title>What if</title>'
        f"<style>{static('report.css', 'decision.css', 'simulator.css')}</style>"
    )
    body = f"<main><h1>Report</h1><h2>Costs</h2>{part}</main><script>{js}</script>"
    page = f'<!DOCTYPE html><html lang="{code}"><head>{head}</head><body>{body}</body></html>'
    return Shown(made, found, page.encode())


def move(page, key: str, to: int, of: Case) -> None:
    """Move the slider of an input to a position."""
    element = next(s.element for s in sliders(of) if s.key == key)
    page.evaluate(
        """([id, to]) => { const input = document.getElementById(id); input.value = to;
                           input.dispatchEvent(new Event("input", {bubbles: true})); }""",
        [element, to],
    )


def cells(page, table: str) -> list[tuple[str, ...]]:
    rows = page.locator(f"#{table} tbody tr").all()
    return [tuple(td.inner_text().strip() for td in row.locator("td").all()) for row in rows]


def in_words(found: Likely, code: str = "en") -> list[tuple[str, ...]]:
    language = spoken(code)
    options = [option_cells(o, found.currency) for o in found.options]
    pairs = [pair_cells(p, found.currency, found.requests_per_month) for p in found.pairs]
    return [tuple(tell(c, language) for c in row) for row in (*options, *pairs)]


def on_page(page) -> list[tuple[str, ...]]:
    return cells(page, "sim-options") + cells(page, "sim-pairs")


# --- the same numbers ---------------------------------------------------------------------------------------------


def between(slider: Slider, share: float) -> float:
    if slider.scale == "log":
        return slider.low * (slider.high / slider.low) ** share
    return slider.low + (slider.high - slider.low) * share


def settings(of: Case, n: int, seed: int) -> list[tuple[dict[str, float], int]]:
    """Every slider at random positions, a fifth of them at an end; and the ends of the main ones."""
    rng = random.Random(seed)
    numbers = [s for s in sliders(of) if s.key != HORIZON]
    found: list[tuple[dict[str, float], int]] = []
    for i in range(n):
        few = numbers if i % 2 else rng.sample(numbers, min(3, len(numbers)))
        where = {s.key: rng.choice([0.0, 1.0]) if rng.random() < 0.2 else rng.random() for s in few}
        values = {s.key: between(s, where[s.key]) for s in few}
        if rng.random() < 0.3:
            values["discount_rate"] = 0.0
        found.append((values, rng.choice([1, 2, 12, 36, 84, rng.randint(1, 84)])))
    return found


def flat(found: Likely) -> list[object]:
    """The numbers in the order in which the script gives them."""
    options = [
        [o.first_month, o.per_month, o.total, o.per_1000_requests, o.per_correct_answer, o.replicas, o.servers]
        for o in found.options
    ]  # fmt: skip
    pairs = [[p.break_even_per_month, p.payback_months, p.saving] for p in found.pairs]
    return [options, pairs]


COMPUTE = """vectors => {
  const data = JSON.parse(document.getElementById("simulator-data").textContent);
  return vectors.map(([values, months]) => {
    const found = costModel(data, {...data.inputs, ...values}, months);
    return [found.options.map(o => [o.first, o.mean, o.total, o.per1000, o.perCorrect, o.replicas, o.servers]),
            found.pairs.map(p => [p.breakEven, p.payback, p.saving])];
  });
}"""


@pytest.mark.parametrize("name", NAMES)
def test_the_page_computes_what_the_python_model_computes(open_html, name):
    shown = built(name)
    vectors = [({}, 36), *settings(shown.case, 200, seed=NAMES.index(name))]
    computed = open_html(shown.html).page.evaluate(COMPUTE, [list(v) for v in vectors])
    for (values, months), (options, pairs) in zip(vectors, computed, strict=True):
        wanted_options, wanted_pairs = flat(likely_under(shown.case, values, months))
        assert len(options) == len(wanted_options)
        for found, wanted in zip(options, wanted_options, strict=True):
            assert found[:5] == [pytest.approx(w, rel=1e-9) for w in wanted[:5]], values
            assert found[5:] == [None if w is None else list(w) for w in wanted[5:]], values
        most = max(abs(o[2]) for o in options)
        for found, wanted in zip(pairs, wanted_pairs, strict=True):
            assert found[0] == (
                None if wanted[0] is None else pytest.approx(wanted[0], rel=1e-9)
            ), values
            assert found[1] == wanted[1], values
            # a small difference of large sums has the sums' rounding
            assert found[2] == pytest.approx(wanted[2], rel=1e-9, abs=1e-9 * most), values


def test_a_new_setting_is_computed_at_once(open_html):
    shown = built("all")
    vectors = [list(v) for v in settings(shown.case, 50, seed=9)]
    timed = f"""vectors => {{ const compute = {COMPUTE}; compute(vectors); const start = performance.now();
                compute(vectors); return (performance.now() - start) / vectors.length; }}"""
    assert open_html(shown.html).page.evaluate(timed, vectors) < 5


# --- what a reader sees -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["en", "de"])
@pytest.mark.parametrize("name", NAMES)
def test_the_script_changes_nothing_before_a_slider_moves(open_html, name, code):
    shown = built(name, code)
    opened = open_html(shown.html)
    assert on_page(opened.page) == in_words(likely(shown.case), code)
    opened.assert_quiet()


MOVES = [
    {LOAD: 0}, {LOAD: 300}, {LOAD: 210}, {PRICE: 0}, {PRICE: 200}, {FTE: 30}, {HORIZON: 0}, {HORIZON: 83},
    {LOAD: 260, PRICE: 40, FTE: 3, HORIZON: 11}, {"server_price.own-servers": 5, "discount_rate": 0, "pue": 3},
]  # fmt: skip


def value_at(slider, position: int) -> float:
    if position == slider.start:
        return slider.value
    if slider.scale == "log":
        load = slider.low * (slider.high / slider.low) ** (position / slider.steps)
        return max(float(f"{load:.3g}"), 1.0)
    return float(f"{slider.low + position * slider.step:.12g}")


@pytest.mark.parametrize("code", ["en", "de"])
def test_a_moved_slider_shows_what_python_says(open_html, code):
    shown = built("all", code)
    opened = open_html(shown.html)
    by_key = {s.key: s for s in sliders(shown.case)}
    for each in MOVES:
        moves = {key: min(to, by_key[key].steps) for key, to in each.items()}
        values = {key: value_at(by_key[key], to) for key, to in moves.items()}
        for key, to in moves.items():
            move(opened.page, key, to, shown.case)
        months = values.pop(HORIZON, None)
        wanted = likely_under(shown.case, values, None if months is None else round(months))
        assert on_page(opened.page) == in_words(wanted, code), each
        for key in moves:
            move(opened.page, key, by_key[key].start, shown.case)
    assert on_page(opened.page) == in_words(likely(shown.case), code)
    opened.assert_quiet()


def merged(given: dict, change: dict) -> dict:
    """A scenario with the keys that the page says; options are told by their names."""
    out = dict(given)
    for key, value in change.items():
        if key == "options":
            more = {o["name"]: o for o in value}
            out[key] = [merged(o, more.get(o["name"], {})) for o in given[key]]
        else:
            inner = out.get(key)
            out[key] = (
                merged(inner, value)
                if isinstance(value, dict) and inner and key != "price"
                else value
            )
    return out


@pytest.mark.parametrize(
    ("name", "moves"),
    [
        ("owned", {LOAD: 210, HORIZON: 23, FTE: 12}),
        ("owned", {PRICE: 150}),
        (
            "owned",
            {"load_power.own-servers": 70, "capacity.own-servers": 20, "electricity_price": 9},
        ),
        ("rented", {"rent.rented": 2, "load.growth_per_year": 4, "salary.self_hosted:": 9}),
        ("excluded", {"server_price.own-servers": 9, "adoption.self_hosted:": 1, "pue": 2}),
    ],
    ids=str,
)
def test_the_keys_it_names_give_the_same_numbers(open_html, name, moves):
    shown = built(name)
    page = open_html(shown.html).page
    for key, to in moves.items():
        move(page, key, to, shown.case)
    change = yaml.safe_load(page.locator("#sim-yaml").inner_text())
    given = shown.config.model_dump(mode="json", exclude_unset=True)
    moved = ScenarioConfig.model_validate(merged(given, change))
    assert on_page(page) == in_words(likely(case(moved, run())))


def test_what_no_scenario_says_is_a_comment(open_html):
    shown = built("all")
    page = open_html(shown.html).page
    key = next(s.key for s in sliders(shown.case) if s.key.startswith("billed."))
    move(page, key, 1, shown.case)
    text = page.locator("#sim-yaml").inner_text()
    assert text.startswith("# share of the API's bill in ")
    assert yaml.safe_load(text) is None


def test_reset_goes_back_to_the_scenario(open_html):
    shown = built("all")
    page = open_html(shown.html).page
    before = on_page(page)
    assert page.locator("#sim-yaml").is_hidden()
    assert page.get_by_role("button", name="Reset").is_disabled()
    move(page, LOAD, 280, shown.case)
    assert on_page(page) != before
    assert "with moved numbers" in page.locator("#sim-options caption").inner_text()
    page.get_by_role("button", name="Reset").click()
    expect(page.locator("#sim-yaml")).to_be_hidden()
    assert on_page(page) == before
    assert "most likely" in page.locator("#sim-options caption").inner_text()


def test_the_sentence_names_what_costs_least(open_html):
    shown = built("all")
    page = open_html(shown.html).page
    sentence = page.locator("#sim-sentence")
    assert sentence.get_attribute("aria-live") == "polite"
    expect(sentence).to_have_text(re.compile(r"^Over 36 months, api costs least: USD\s39,685, "))
    move(page, LOAD, 300, shown.case)
    expect(sentence).to_contain_text("30,000,000")
    assert "Over 36 months, api" not in sentence.inner_text()
    move(page, HORIZON, 0, shown.case)
    expect(sentence).to_contain_text("Over 1 month, ")


def test_an_option_that_breaks_a_rule_is_not_recommended(open_html):
    page = open_html(built("excluded").html).page
    expect(page.locator("#sim-sentence")).not_to_be_empty()
    text = page.locator("#sim-sentence").inner_text()
    assert "api (breaks a rule of the policy) costs least" in text
    assert "Of those that break no rule, own-servers costs least" in text
    row = page.locator("#sim-options tbody tr").filter(has_text="breaks a rule")
    assert row.count() == 1


def test_german_words_and_numbers(open_html):
    shown = built("all", "de")
    page = open_html(shown.html).page
    move(page, LOAD, 210, shown.case)
    output = page.locator("#what-if-0-shown")
    assert output.inner_text() == "3.900.000"
    assert re.fullmatch(r"\d+\.\d{3} USD", cells(page, "sim-options")[0][0].split("▾ ")[-1])
    expect(page.locator("#sim-sentence")).not_to_be_empty()
    assert page.locator("#sim-sentence").inner_text().startswith("Über 36 Monate kostet ")
    assert "Tsd." in page.locator("#sim-load svg").text_content()


# --- how it is built ----------------------------------------------------------------------------------------------


def test_keys_move_a_slider_and_say_its_value(open_html):
    page = open_html(built("all").html).page
    load = page.get_by_label("load requests per month")
    load.focus()
    page.keyboard.press("ArrowRight")
    assert (
        load.get_attribute("aria-valuetext")
        == page.locator("#what-if-0-shown").inner_text()
        == "1,020,000"
    )


def test_charts_are_described_and_follow(open_html):
    shown = built("all")
    page = open_html(shown.html).page
    for chart in ("#sim-load svg", "#sim-months svg"):
        before = page.locator(chart).get_attribute("aria-label")
        assert page.locator(chart).get_attribute("role") == "img"
        assert "api: USD" in before
        move(page, LOAD, 250 if "load" in chart else 280, shown.case)
        assert page.locator(chart).get_attribute("aria-label") != before
        assert "NaN" not in page.locator(chart).inner_html()


def test_without_javascript_there_are_numbers_and_no_sliders(open_html):
    page = open_html(built("all").html, java_script_enabled=False).page
    assert page.locator("#sim-options").is_visible()
    assert on_page(page) == in_words(likely(built("all").case))
    assert page.locator("input:visible, button:visible, output:visible").count() == 0
    assert page.get_by_text("stay as they are").is_visible()


def test_print_has_the_table_and_no_sliders(open_html):
    page = open_html(built("all").html).page
    page.emulate_media(media="print")
    assert page.locator("#sim-options").is_visible()
    assert page.locator("#what-if-0").is_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_wcag_rules_are_kept(open_html, scheme):
    page = open_html(built("all").html, color_scheme=scheme, bypass_csp=True).page
    page.locator(".sim-controls summary").click()
    assert violations(page, rules=WCAG) == []


def test_a_phone_scrolls_down_and_not_sideways(open_html):
    page = open_html(built("all", "de").html, viewport=PHONE).page
    assert page.evaluate("document.scrollingElement.scrollWidth") <= PHONE["width"]
