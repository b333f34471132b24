"""What would turn the verdict: at the number that is told, and not before."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from evalkit.analysis.tco.analyse import Case
from evalkit.analysis.tco.uncertainty import future
from evalkit.analysis.tco.values import drawn, replaced
from evalkit.config.scenario import ScenarioConfig
from evalkit.decision.facts import Change, Verdict
from evalkit.decision.verdict import decide
from evalkit.store.run_dir import Run
from tests.scenarios import by_contract, case, quality_run, rented, right, scenario

KEYS = {
    "load": "load.requests_per_month",
    "price of api": "price.gpt.api_contract.api",
    "capacity of own": "capacity.own",
    "staff, own side": "fte.self_hosted:",
    "staff, API side": "fte.api:",
}
SIDES: dict[str, Any] = {
    "self_hosted": {"staff": {"fte": [0.1, 0.2, 0.4], "cost_per_year": 80_000}, "adoption_cost": 20_000},
    "api": {"staff": {"fte": 0.05, "cost_per_year": 80_000}, "adoption_cost": 5000},
}  # fmt: skip


def decided(config: ScenarioConfig, *runs: Run) -> tuple[Case, Verdict]:
    found = case(config, *runs)
    return found, decide(found, config)


def uncertain(price: float) -> ScenarioConfig:
    load = {"requests_per_month": [8e5, 1e6, 1.3e6], "peak_to_mean": [2, 3, 5]}
    return scenario(
        rented(rent=[1.5, 2, 3]), by_contract(price=price), load=load, horizon_months=24, draws=4000, **SIDES
    )  # fmt: skip


def cheapest(of: Case, config: ScenarioConfig, key: str, factor: float) -> str:
    """Compare medians over draws of its own, with one input moved."""
    read = replaced(drawn(4000, config.seed + 99), key, lambda x: x * factor)
    costs = {
        name: float(np.median(future(f.deployment, of.workload, read).total))
        for name, f in of.futures.items()
    }
    return min(costs, key=lambda name: costs[name])


@pytest.mark.parametrize("price", [1.0, 2.5, 6.0, 15.0])
def test_a_tenth_before_it_the_verdict_holds_and_a_tenth_behind_it_is_turned(price: float) -> None:
    config = uncertain(price)
    found, verdict = decided(config)
    best = verdict.option or verdict.leaning
    assert best is not None
    told = [c for c in verdict.changes if c.what != "required quality"]
    assert {"load", "price of api"} & {c.what for c in told}
    for change in told:
        factor = change.at / change.now
        assert (factor > 1) is change.is_above
        # what is a small part of the cost turns it less sharply, and the search takes a few hundred draws
        wide, narrow = (1.35, 0.75) if "staff" in change.what else (1.1, 0.9)
        out, back = (wide, narrow) if change.is_above else (narrow, wide)
        assert cheapest(found, config, KEYS[change.what], factor * out) == change.becomes
        assert cheapest(found, config, KEYS[change.what], factor * back) == best


def only(verdict: Verdict, what: str) -> list[Change]:
    return [c for c in verdict.changes if c.what == what]


def test_the_load_that_turns_it_is_the_break_even_where_nothing_is_uncertain() -> None:
    """1460 a month / $0.00075."""
    config = scenario()
    _, verdict = decided(config)
    (change,) = only(verdict, "load")
    assert (change.now, change.becomes, change.becomes_side) == (1e6, "own", "build")
    assert change.is_above
    assert change.at == pytest.approx(1460 / 0.00075, rel=2e-3)
    assert change.at >= 1460 / 0.00075
    assert "With load above 1,9" in change.text
    assert "own would then be used to 15" in change.text


def test_the_price_that_turns_it() -> None:
    _, verdict = decided(scenario(rented(), by_contract(price=8)))
    (change,) = only(verdict, "price of api")
    assert (change.is_above, change.becomes) == (False, "api")
    assert change.at == pytest.approx(0.00146, rel=2e-3)
    assert change.unit == "USD/request"


def test_what_does_not_turn_it_within_thirty_times_is_not_told() -> None:
    _, verdict = decided(scenario(rented(), by_contract(price=0.001)))
    assert only(verdict, "load") == []
    assert all(c.at <= c.now * 30.001 for c in verdict.changes)


def test_where_only_one_kind_may_be_chosen_no_price_turns_it() -> None:
    _, verdict = decided(scenario(policy={"data_class": "confidential"}))
    assert verdict.option == "own"
    assert verdict.changes == ()


def measured(own: float, api: float) -> Run:
    return quality_run({"open": right(400, own), "gpt": right(400, api)})


def test_a_higher_required_quality_turns_to_the_better_model() -> None:
    rule = {"quality": {"at_least": 0.7}}
    config = scenario(rented(), by_contract(price=8), policy=rule)
    found, verdict = decided(config, measured(0.8, 0.95))
    assert verdict.option == "own"
    (change,) = only(verdict, "required quality")
    low = next(o.quality.low for o in found.facts.options if o.name == "own")
    assert (change.now, change.at, change.is_above, change.becomes) == (0.7, low, True, "api")
    for at_least, name in ((change.at - 1e-6, "own"), (change.at + 1e-6, "api")):
        again = scenario(rented(), by_contract(price=8), policy={"quality": {"at_least": at_least}})
        _, moved = decided(again, measured(0.8, 0.95))
        assert name in (moved.option, *(n for n in [moved.leaning] if n))


def test_a_lower_required_quality_lets_a_cheaper_model_in() -> None:
    config = scenario(rented(), by_contract(price=8), policy={"quality": {"at_least": 0.9}})
    found, verdict = decided(config, measured(0.8, 0.97))
    assert verdict.option == "api"
    down = [c for c in only(verdict, "required quality") if not c.is_above]
    assert [c.becomes for c in down] == ["own"]
    again = scenario(
        rented(), by_contract(price=8), policy={"quality": {"at_least": down[0].at - 1e-6}}
    )
    assert decided(again, measured(0.8, 0.97))[1].option == "own"
    assert found.task_quality[("open", "t")].value == pytest.approx(0.8)


def test_where_a_better_one_breaks_another_rule_it_is_not_said_that_nothing_reaches_it() -> None:
    rule = {"quality": {"at_least": 0.7}, "data_class": "confidential"}
    _, verdict = decided(scenario(rented(), by_contract(price=8), policy=rule), measured(0.8, 0.95))
    (change,) = only(verdict, "required quality")
    assert change.becomes == "not decidable"
    assert change.text.endswith("and nothing else that keeps the other rules does.")


def test_nothing_turns_what_is_not_there() -> None:
    _, verdict = decided(scenario(policy={"quality": {"at_least": 0.9}}))
    assert verdict.option is None
    assert verdict.changes == ()
