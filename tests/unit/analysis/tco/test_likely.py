"""Costs at the most likely values: by hand, as the facts have them, and with other inputs and horizons."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from evalkit.analysis.tco.analyse import Case
from evalkit.analysis.tco.likely import Likely, LikelyOption, LikelyPair, likely, likely_under
from evalkit.cli import main
from evalkit.config import load_scenario
from evalkit.config.scenario import ScenarioConfig
from evalkit.store.run_dir import Run
from tests.scenarios import by_contract, case, pair, quality_run, rented, right, scenario, written

LOAD = "load.requests_per_month"
PRICE = "price.gpt.api_contract.api"


def runs() -> list[Run]:
    return [quality_run({"open": right(40, 0.5), "gpt": right(40, 0.8)})]


def simple(**changes: object) -> Case:
    """1460 a month for one rented GPU against 750 for a million requests; half and four fifths are right."""
    return case(scenario(rented(), by_contract(), **changes), *runs())


def option(found: Likely, name: str) -> LikelyOption:
    return next(o for o in found.options if o.name == name)


def test_every_number_by_hand() -> None:
    found = likely(simple())
    assert found.requests_per_month == 1e6
    assert (found.currency, found.horizon_months) == ("USD", 12)
    own, api = found.options
    assert own.first_month == own.per_month == pytest.approx(1460)
    assert own.total == pytest.approx(12 * 1460)
    assert (own.replicas, own.servers) == ((1, 1), (1, 1))
    assert own.per_1000_requests == pytest.approx(1.46)
    assert own.per_correct_answer == pytest.approx(0.00146 / 0.5)
    assert api.first_month == pytest.approx(750)
    assert (api.replicas, api.servers) == (None, None)
    assert api.per_correct_answer == pytest.approx(0.00075 / 0.8)
    assert found.pairs == (
        LikelyPair("own", "api", pytest.approx(1460 / 0.00075), None, pytest.approx(12 * -710)),
    )


def test_a_dearer_api_lets_own_machines_pay_back() -> None:
    """At 0.003 a request the API costs 1540 more a month; 10,000 are back after seven months."""
    base = simple(self_hosted={"adoption_cost": 10_000})
    found = likely_under(base, {PRICE: 0.003}, None)
    assert found.pairs[0].payback_months == 7
    assert found.pairs[0].break_even_per_month == pytest.approx(1460 / 0.003)
    assert found.pairs[0].saving == pytest.approx(12 * 1540 - 10_000)
    assert likely_under(base, {PRICE: 0.003}, 6).pairs[0].payback_months is None


def test_load_growth_and_horizon_change_replicas() -> None:
    """One replica serves 5.256 million requests a month at twice the mean."""
    base = simple(load={"growth_per_year": 1.0})
    found = likely_under(base, {LOAD: 5e6}, 13)
    own = option(found, "own")
    assert own.replicas == (1, 2)
    assert own.servers == (1, 2)
    assert option(found, "api").per_month == pytest.approx(
        0.00075 * sum(5e6 * 2 ** (t / 12) for t in range(13)) / 13
    )


def test_interest_discounts_the_total_and_not_the_mean() -> None:
    found = option(likely(simple(discount_rate=0.1)), "api")
    assert found.total == pytest.approx(sum(750 / 1.1 ** (t / 12) for t in range(1, 13)))
    assert found.per_month == pytest.approx(750)


def test_quality_that_is_not_known_leaves_the_cost_of_a_correct_answer_out() -> None:
    found = likely(case(scenario(rented(), by_contract()), quality_run({"open": right(9, 0.5)})))
    assert option(found, "api").per_correct_answer is None
    nothing_right = quality_run({"open": [0.0] * 9, "gpt": [1.0] * 9})
    assert option(likely(case(scenario(), nothing_right)), "own").per_correct_answer is None


def test_it_says_what_the_facts_say_at_the_most_likely_values() -> None:
    base = simple(
        load={"requests_per_month": [1e6, 3e6, 9e6], "growth_per_year": [0, 0.2, 0.4]},
        horizon_months=24,
    )
    found = likely(base)
    for o, fact in zip(found.options, base.facts.options, strict=True):
        assert fact.first_month is not None
        assert o.first_month == pytest.approx(fact.first_month.total)
        assert o.per_month == pytest.approx(sum(fact.months) / 24)
    assert found.pairs[0].break_even_per_month == pair(base).likely_break_even_per_month


def test_nothing_moved_is_the_same() -> None:
    base = simple()
    assert likely_under(base, {}, 12) == likely_under(base, {LOAD: 1e6}, None) == likely(base)


def test_it_is_data_for_json() -> None:
    assert json.loads(json.dumps(asdict(likely(simple()))))["options"][0]["replicas"] == [1, 1]


def test_a_key_that_no_input_has_is_refused() -> None:
    with pytest.raises(ValueError, match="'load'"):
        likely_under(simple(), {"load": 1.0}, None)
    with pytest.raises(ValueError, match="0 months"):
        likely_under(simple(), {}, 0)


def owned(**changes: object) -> dict[str, object]:
    values = {
        "name": "own",
        "kind": "owned",
        "model": "open",
        "capacity": {"requests_per_s": [2, 3, 4]},
        "gpus_per_server": 2,
        "server_price": [20_000, 30_000, 45_000],
        "load_power": [200, 300, 400],
    }
    return {**values, **changes}


def numbers(found: Likely) -> list[float]:
    """Every number of it, in order; a missing one is negative."""
    rows = [list(asdict(row).values()) for row in (*found.options, *found.pairs)]
    flat = [
        x for row in rows for cell in row for x in (cell if isinstance(cell, tuple) else [cell])
    ]
    return [-1.0 if x is None else x for x in flat if not isinstance(x, str)]


def moved_scenarios() -> tuple[ScenarioConfig, ScenarioConfig]:
    """The same scenario, and with other numbers of its load, price, server, staff and horizon."""
    sides = {"staff": {"fte": [0.1, 0.2, 0.4], "cost_per_year": 80_000}, "electricity_price": 0.2}
    common = {"load": {"requests_per_month": [1e6, 2e6, 4e6]}, "discount_rate": 0.06}
    before = scenario(owned(), by_contract(), self_hosted=sides, **common)
    sides = {**sides, "staff": {"fte": 1.25, "cost_per_year": 80_000}}
    after = scenario(
        owned(server_price=40_000),
        by_contract(price=4.0),
        self_hosted=sides,
        horizon_months=30,
        **{**common, "load": {"requests_per_month": 7.5e6}},
    )
    return before, after


MOVED = {LOAD: 7.5e6, PRICE: 0.003, "server_price.own": 40_000.0, "fte.self_hosted:": 1.25}


def test_a_scenario_with_the_same_changes_gives_the_same_numbers() -> None:
    before, after = moved_scenarios()
    found = likely(case(after, *runs()))
    wanted = likely_under(case(before, *runs()), MOVED, 30)
    assert numbers(found) == pytest.approx(numbers(wanted), rel=1e-12)


def test_evalkit_tco_gives_the_same_numbers_for_a_file_with_the_changes(tmp_path: Path) -> None:
    before, after = moved_scenarios()
    run = written(runs()[0], tmp_path / "run")
    file = tmp_path / "moved.yaml"
    file.write_text(yaml.safe_dump(after.model_dump(mode="json", exclude_unset=True)))
    assert load_scenario(file) == after
    done = CliRunner().invoke(main, ["tco", str(run), "-s", str(file), "--json"])
    assert done.exit_code == 0, done.output
    facts = json.loads(done.stdout)["tco"]
    wanted = likely_under(case(before, *runs()), MOVED, 30)
    for one, other in zip(facts["options"], wanted.options, strict=True):
        assert sum(one["first_month"].values()) == pytest.approx(other.first_month, rel=1e-9)
        assert sum(one["months"]) / 30 == pytest.approx(other.per_month, rel=1e-9)
        assert one["replicas"] == (other.replicas[0] if other.replicas else None)
    even = facts["pairs"][0]["likely_break_even_per_month"]
    assert even == pytest.approx(wanted.pairs[0].break_even_per_month, rel=1e-9)
