"""What it is worth to find something out: against closed forms, brute force, and whole verdicts."""

from __future__ import annotations

from math import pi, sqrt
from typing import Any

import numpy as np
import pytest

from evalkit.analysis.facts import Estimate
from evalkit.analysis.tco.uncertainty import future
from evalkit.analysis.tco.values import drawn, replaced
from evalkit.decision.facts import Information, Source, Verdict
from evalkit.decision.information import LONGER, chance_to_pass, value_of_information
from evalkit.decision.words import about
from tests.capacities import GOOD, LATE, bench
from tests.scenarios import by_contract, case, quality_run, rented, right, scenario, verdict

DRAWS = 20_000
LOSS = 1 / sqrt(2 * pi)
"""E[max(0, z)] of a standard normal."""
RNG = np.random.default_rng(3)


def normal() -> np.ndarray:
    return RNG.normal(size=DRAWS)


# --- one input ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gap", [0.0, 0.5])
def test_knowing_all_that_is_uncertain_saves_the_expected_loss(gap: float) -> None:
    """Two options that differ by N(gap, 1): z and φ of a textbook's unit normal loss."""
    z = normal()
    benefits = np.stack([np.zeros(DRAWS), z - gap], axis=-1)
    exact = np.maximum(z - gap, 0).mean()
    assert value_of_information(z, benefits) == pytest.approx(exact, rel=0.02)
    if gap == 0:
        assert exact == pytest.approx(LOSS, rel=0.03)


def test_of_two_inputs_each_is_worth_its_own_part() -> None:
    large, small = normal(), normal()
    benefits = np.stack([np.zeros(DRAWS), 2 * large + small], axis=-1)
    assert value_of_information(large, benefits) == pytest.approx(2 * LOSS, rel=0.05)
    assert value_of_information(small, benefits) == pytest.approx(LOSS, rel=0.1)


def test_what_changes_nothing_is_worth_nothing() -> None:
    """Chance alone makes bins of it differ; that is not taken for knowledge."""
    benefits = np.stack([np.zeros(DRAWS), normal()], axis=-1)
    assert [value_of_information(normal(), benefits) for _ in range(20)] == [0.0] * 20


def test_what_moves_every_option_alike_is_worth_nothing() -> None:
    x = normal()
    benefits = np.stack([5 * x, 5 * x - 1], axis=-1)
    assert value_of_information(x, benefits) == 0.0


def test_what_can_not_turn_the_choice_is_worth_nothing() -> None:
    x = RNG.random(DRAWS)
    benefits = np.stack([np.zeros(DRAWS), x - 2], axis=-1)
    assert value_of_information(x, benefits) == 0.0


def test_steps_are_seen() -> None:
    """A replica more from one value on, as of a load."""
    x = RNG.random(DRAWS)
    benefits = np.stack([np.zeros(DRAWS), np.where(x > 0.9, 8.0, -1.0)], axis=-1)
    assert value_of_information(x, benefits) == pytest.approx(0.8, rel=0.05)


def test_a_longer_measurement_is_worth_less_than_knowing() -> None:
    """Three quarters of the variance removed: √0.75 of the loss."""
    x = normal()
    benefits = np.stack([np.zeros(DRAWS), x], axis=-1)
    assert value_of_information(x, benefits, 0.75) == pytest.approx(sqrt(0.75) * LOSS, rel=0.03)


# --- documents ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("value", "more"), [(0.82, 300), (0.78, 900), (0.81, 50)])
def test_the_chance_to_pass_is_that_of_simulated_answers(value: float, more: int) -> None:
    """The truth is drawn around the estimate, more documents are asked, and the interval is judged."""
    n, required = 200, 0.8
    error = sqrt(value * (1 - value) / n)
    e = Estimate(value, "share", n, value - 1.96 * error, value + 1.96 * error)
    truth = np.clip(RNG.normal(value, error, size=40_000), 0, 1)
    found = (value * n + RNG.binomial(more, truth)) / (n + more)
    passes = found - 1.96 * error * sqrt(n / (n + more)) >= required
    assert chance_to_pass(e, required, more) == pytest.approx(passes.mean(), abs=0.02)


# --- whole verdicts -----------------------------------------------------------------------------------------------


def of(found: Verdict, source: Source) -> list[Information]:
    return [i for i in found.information if i.source is source]


LOAD = {"requests_per_month": [5e5, 2e6, 6e6]}


def unsure(**changes: Any) -> Any:
    return scenario(
        rented(rent=[1.2, 2, 3.5]), by_contract(price=0.8), load=LOAD, draws=5000, **changes
    )


def test_the_worth_of_the_load_is_what_choosing_at_each_load_would_save() -> None:
    config = unsure()
    found = verdict(config)
    first = of(found, Source.INPUT)[0]
    assert first.given is not None
    assert first.given.key == "load.requests_per_month"
    known = case(config)
    loads = np.ravel(drawn(1000, 5)(first.given))
    rest = drawn(300, 6)
    means = []
    for load in loads[:300]:
        read = replaced(rest, first.given.key, lambda _, load=load: np.asarray(load))
        means.append(
            [
                future(f.deployment, known.workload, read).total.mean()
                for f in known.futures.values()
            ]
        )
    costs = np.array(means)
    exact = costs.mean(axis=0).min() - costs.min(axis=1).mean()
    assert first.worth == pytest.approx(exact, rel=0.25)
    assert f"load: knowing it exactly is worth at most {about(first.worth, 'USD')}." in (
        found.next_measurements
    )


def test_what_is_worth_most_stands_first() -> None:
    found = verdict(unsure())
    worths = [i.worth for i in found.information]
    assert worths == sorted(worths, reverse=True)
    assert len(worths) >= 2


def test_where_the_choice_is_sure_nothing_is_worth_finding_out() -> None:
    found = verdict(scenario(rented(rent=[1.5, 2, 3]), by_contract(price=20), draws=2000))
    assert found.information == ()
    assert found.next_measurements == ()


def test_a_longer_load_test_is_worth_less_than_the_capacity_itself() -> None:
    """20 answers: 1.2 to 3.1/s, two to four replicas, beside an API at the price of three."""
    config = scenario(
        rented(model="m", capacity=None),
        by_contract(price=23.3),
        load={"requests_per_month": 5e6, "input_tokens": 32, "output_tokens": 5},
        draws=4000,
    )
    found = verdict(config, bench({2: GOOD, 2.2: LATE}))
    (longer,) = of(found, Source.BENCH)
    (known,) = [i for i in of(found, Source.INPUT) if i.given is longer.given]
    assert (longer.option, longer.n) == ("own", LONGER)
    assert 0.5 * known.worth < longer.worth < known.worth
    told = f"a load test of {LONGER} times the requests is worth about {about(longer.worth, 'USD')}"
    assert any(told in text for text in found.next_measurements)


def test_more_documents_are_worth_what_a_cheaper_option_would_save() -> None:
    run = quality_run({"open": right(200, 0.95), "gpt": right(200, 0.84)})
    rule = {"quality": {"at_least": 0.8}}
    found = verdict(scenario(rented(), by_contract(price=0.5), policy=rule), run)
    (docs,) = of(found, Source.DOCUMENTS)
    saving = 12 * (1460 - 375)
    assert (docs.option, docs.n) == ("api", pytest.approx(200 * 1.2, rel=0.5))
    assert 0.4 * saving < docs.worth < saving
    assert docs.cost == pytest.approx((docs.n or 0) * 0.000375)
    (text,) = [t for t in found.next_measurements if "more documents" in t]
    assert f"{docs.n} more cost about USD 0.0" in text
    assert f"are worth about {about(docs.worth, 'USD')}." in text


def test_an_option_that_was_not_measured_is_worth_at_most_what_it_saves() -> None:
    run = quality_run({"open": right(400, 0.95)}, apis=())
    config = scenario(rented(), by_contract(price=0.5), policy={"quality": {"at_least": 0.8}})
    (rule,) = of(verdict(config, run), Source.RULE)
    assert (rule.worth, rule.is_most) == (pytest.approx(12 * (1460 - 375)), True)


def test_without_anything_to_fall_back_on_no_amount_is_told() -> None:
    run = quality_run({"open": right(200, 0.82), "gpt": right(200, 0.82)})
    config = scenario(rented(), by_contract(price=0.5), policy={"quality": {"at_least": 0.8}})
    found = verdict(config, run)
    assert found.information == ()
    assert any("more documents" in text for text in found.next_measurements)


def test_amounts_are_told_in_two_digits() -> None:
    assert [about(x, "USD") for x in (38_412.0, 12.4, 0.0241, 3.14, 0.0, 1_449.0)] == [
        "USD 38,000", "USD 12", "USD 0.024", "USD 3.10", "USD 0", "USD 1,400",
    ]  # fmt: skip
