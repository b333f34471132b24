"""What is got for the money: by hand, with dominated options, worths, and doing nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from evalkit.analysis.tco.analyse import Case
from evalkit.analysis.tco.facts import BenefitFact
from evalkit.decision.facts import Verdict
from evalkit.decision.verdict import decide
from evalkit.report.decision.benefit import benefit_grid
from evalkit.store.run_dir import Run
from tests.scenarios import by_contract, case, quality_run, rented, right, scenario

OWN, API = 1460 * 12, 6000 * 12
"""What a year costs: the own machine, and an API at 8 per million tokens."""
REQUESTS = 12e6


def asked(own: float, api: float, n: int = 400) -> Run:
    rng = np.random.default_rng(7)
    scores = {"open": right(n, own), "gpt": right(n, api)}
    return quality_run({m: list(rng.permutation(each)) for m, each in scores.items()})


def made(own: float, api: float, *runs: Run, **changes: Any) -> tuple[Case, Verdict]:
    config = scenario(rented(), by_contract(price=8), **changes)
    found = case(config, *(runs or (asked(own, api),)))
    return found, decide(found, config)


def of(found: Case, name: str) -> BenefitFact:
    return next(b for b in found.facts.benefits if b.option == name)


def worth(right: Any, wrong: Any) -> dict[str, Any]:
    return {"policy": {"worth": {"right": right, "wrong": wrong}}}


def test_an_additional_right_answer_costs_the_difference_over_the_gain() -> None:
    """54,480 more for 30 points of 12 million requests: 1.5 cents."""
    found, verdict = made(0.6, 0.9)
    assert [b.option for b in found.facts.benefits] == ["own", "api"]
    one = of(found, "api")
    assert one.compared_with == "own"
    assert one.per_additional is not None
    assert one.per_additional.value == pytest.approx((API - OWN) / (0.3 * REQUESTS), rel=0.01)
    low, high = one.per_additional.low, one.per_additional.high
    assert low is not None
    assert high is not None
    assert low < one.per_additional.value < high
    assert of(found, "own").right_answers.value == pytest.approx(0.6 * REQUESTS, rel=0.02)
    assert verdict.option == "own"
    assert not any("Each right answer" in text for text in verdict.reasons)


def test_it_is_said_of_the_option_that_the_verdict_means() -> None:
    rule = {"policy": {"quality": {"at_least": 0.8}}}
    _, verdict = made(0.6, 0.9, **rule)
    assert verdict.option == "api"
    assert "Each right answer that api gives beyond own costs USD 0.015." in verdict.reasons


def test_what_costs_more_and_is_no_better_is_dominated() -> None:
    found, _ = made(0.9, 0.6)
    one = of(found, "api")
    assert (one.is_dominated, one.per_additional, one.compared_with) == (True, None, "own")


def test_a_gain_that_may_be_none_has_an_open_range() -> None:
    found, _ = made(0.80, 0.81)
    one = of(found, "api").per_additional
    assert one is not None
    assert one.high is None


def test_a_dominated_option_is_no_measure_for_the_next() -> None:
    """Of three, the middle one is dearer and worse than the first: the last is compared with the first."""
    rng = np.random.default_rng(1)
    scores = {"open": right(400, 0.7), "gpt": right(400, 0.5), "best": right(400, 0.9)}
    run = quality_run(
        {m: list(rng.permutation(s)) for m, s in scores.items()}, apis=("gpt", "best")
    )
    options = (rented(), by_contract("poor", 4), by_contract("rich", 8, model="best"))
    found = case(scenario(*options), run)
    assert [(b.option, b.compared_with, b.is_dominated) for b in found.facts.benefits] == [
        ("own", None, False),
        ("poor", "own", True),
        ("rich", "own", False),
    ]


def test_net_benefit_is_worth_less_harm_less_cost() -> None:
    found, verdict = made(0.6, 0.9, **worth(0.02, 0.03))
    own, api = of(found, "own").net_benefit, of(found, "api").net_benefit
    assert own is not None
    assert api is not None
    assert own.value == pytest.approx((0.6 * 0.02 - 0.4 * 0.03) * REQUESTS - OWN, abs=6000)
    assert api.value == pytest.approx((0.9 * 0.02 - 0.1 * 0.03) * REQUESTS - API, abs=6000)
    assert any("api gives the most: USD" in text for text in verdict.reasons)


def test_doing_nothing_may_be_better() -> None:
    found, verdict = made(0.6, 0.9, **worth(0.001, 0))
    assert all(((b.net_benefit and b.net_benefit.value) or 0) < 0 for b in found.facts.benefits)
    assert any("doing nothing is better: the best option, own, costs" in r for r in verdict.reasons)


def test_worths_are_discounted_like_costs() -> None:
    """A worth of what each request costs comes to nothing at any discount rate."""
    run = quality_run({"open": [1.0] * 50, "gpt": [1.0] * 50})
    found, _ = made(1, 1, run, **worth(0.006, 0), discount_rate=0.2, horizon_months=36)
    one = of(found, "api").net_benefit
    assert one is not None
    assert one.value == pytest.approx(0, abs=0.02 * 6000 * 36)


def test_worths_have_ranges_and_stand_among_the_assumptions() -> None:
    found, _ = made(0.6, 0.9, **worth([0.01, 0.02, 0.05], 0.0))
    labels = {a.given.key: a.given for a in found.facts.assumptions}
    assert labels["worth.right"].unit == "USD/answer"
    assert labels["worth.right"].is_varied


def test_the_table_has_a_row_for_doing_nothing_only_with_worths() -> None:
    with_worth = benefit_grid(made(0.6, 0.9, **worth(0.02, 0.03))[0].facts)
    without = benefit_grid(made(0.6, 0.9)[0].facts)
    assert with_worth is not None
    assert without is not None
    assert [head.text for head, _ in with_worth.groups[0].rows] == ["own", "api", "do nothing"]
    assert [len(c) for _, c in with_worth.groups[0].rows] == [3, 3, 3]
    assert [head.text for head, _ in without.groups[0].rows] == ["own", "api"]
    assert without.groups[0].rows[0][1][1].note == "the cheapest"


def test_without_a_measured_quality_there_is_no_table() -> None:
    config = scenario(rented(), by_contract(price=8))
    assert benefit_grid(case(config).facts) is None
