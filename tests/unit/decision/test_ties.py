"""Costs that can't be told apart, and options of one kind of which one is not known well enough."""

from __future__ import annotations

from typing import Any

import pytest

from evalkit.decision.facts import Decision, Verdict
from tests.scenarios import by_contract, quality_run, rented, right, scenario, verdict

OWN = 1460 * 12
"""What one rented machine costs in a year."""


def costing(total: float, name: str = "api", **changes: Any) -> dict[str, Any]:
    """An API that costs so much over the twelve months of a scenario."""
    return by_contract(name, price=total / 12 / 750, **changes)


def test_three_equal_options_of_two_kinds_are_not_decidable_on_cost() -> None:
    found = verdict(scenario(rented(), costing(OWN, "a"), costing(OWN, "b")))
    assert (found.decision, found.option) == (Decision.NOT_DECIDABLE, None)
    assert found.confidence == 0.5
    assert {found.leaning, *found.equivalent} == {"own", "a", "b"}
    assert found.sentence.startswith("Not decidable on cost: own, a and b are equivalent.")
    assert "differ by no more than 5 % of about USD 18,000 in cash over 12 months" in found.sentence


def test_no_pair_of_equal_options_is_said_to_pay_off_or_not() -> None:
    found = verdict(scenario(rented(), costing(OWN)))
    (text,) = [r for r in found.reasons if r.startswith("own and api")]
    assert "equivalent on cost: over 12 months they differ by no more than 5 %" in text
    assert not any("pay off" in r for r in found.reasons)


def test_a_hair_thin_gap_decides_nothing_though_it_is_sure() -> None:
    found = verdict(scenario(rented(), costing(OWN + 9)))
    assert (found.decision, found.confidence) == (Decision.NOT_DECIDABLE, 1.0)
    assert found.equivalent == ("api",)


def test_without_a_margin_it_decides() -> None:
    found = verdict(scenario(rented(), costing(OWN + 9), policy={"equivalence": 0}))
    assert (found.decision, found.option) == (Decision.BUILD, "own")
    tie = verdict(scenario(rented(), costing(OWN), policy={"equivalence": 0}))
    assert tie.decision is Decision.NOT_DECIDABLE


def test_two_equal_options_of_one_kind_are_both_named() -> None:
    found = verdict(scenario(rented(), costing(6000, "a"), costing(6000, "b")))
    assert (found.decision, found.option, found.equivalent) == (Decision.BUY, "a", ("b",))
    assert "as a." in found.sentence
    assert "Equivalent on cost, with a difference of no more than 5 %: b." in found.sentence


def test_a_clear_winner_stays() -> None:
    found = verdict(scenario(rented(), costing(2 * OWN)))
    assert (found.decision, found.option, found.confidence) == (Decision.BUILD, "own", 1.0)
    assert found.equivalent == ()


@pytest.mark.parametrize(("price", "becomes"), [(0.00153, "own"), (0.00139, "api")])
def test_what_would_break_a_tie_is_said(price: float, becomes: str) -> None:
    """1460 a month on both sides: 5 % more or less for a million requests."""
    found = verdict(scenario(rented(), costing(OWN)))
    changes = [c for c in found.changes if c.what == "price of api" and c.becomes == becomes]
    assert [c.at for c in changes] == [pytest.approx(price, rel=0.01)]


# --- one of the same kind, not measured ---------------------------------------------------------------------------


def unmeasured(price: float) -> Verdict:
    """An API that was measured, beside one that was not and costs `price` per million tokens."""
    run = quality_run({"open": right(400, 0.95), "gpt": right(400, 0.95)})
    options = (rented(), by_contract("a", price=0.5), by_contract("x", price, model="other"))
    return verdict(scenario(*options, policy={"quality": {"at_least": 0.8}}), run)


def test_an_unmeasured_api_that_is_cheaper_leaves_the_kind_and_takes_the_name() -> None:
    found = unmeasured(0.05)
    assert (found.decision, found.option, found.leaning) == (Decision.BUY, None, "a")
    assert found.open_options == ("x",)
    assert found.sentence.startswith(
        "Buy; which API is open: a keeps every rule, x may cost less, and is not known well enough."
    )
    assert any("Measure the quality of other" in text for text in found.next_measurements)


def test_an_unmeasured_api_that_is_dearer_takes_nothing() -> None:
    found = unmeasured(5)
    assert (found.decision, found.option, found.open_options) == (Decision.BUY, "a", ())
