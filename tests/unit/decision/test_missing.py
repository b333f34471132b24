"""Costs that nobody gave: from which amount they turn the verdict, and when they can't."""

from __future__ import annotations

from typing import Any

import pytest

from evalkit.decision.facts import Decision, MissingCost, Unpaid, Verdict
from tests.scenarios import by_contract, case, rented, scenario, verdict

NOBODY = {"staff": {"fte": 0, "cost_per_year": 0}}
UNKNOWN: dict[str, Any] = {"staff": None}
SALARY = 100_000
OWN = 1460 * 12


def staffed(fte: float) -> dict[str, Any]:
    return {"staff": {"fte": fte, "cost_per_year": SALARY}}


def said(own: dict[str, Any], api: dict[str, Any], less: float = 19_340, **changes: Any) -> Verdict:
    """Own machines cost `less` than the API over a year, with the staff that is known."""
    known = api["staff"]["fte"] * SALARY if api.get("staff") else 0
    price = (OWN + less - known) / 12 / 750
    options = (rented(), by_contract(price=price))
    return verdict(scenario(*options, self_hosted=own, api=api, **changes))


def only(found: Verdict) -> MissingCost:
    (one,) = found.missing
    return one


def test_own_staff_that_nobody_gave_makes_it_undecidable_from_an_amount_on() -> None:
    found = said(UNKNOWN, staffed(0.2))
    assert (found.decision, found.option, found.leaning) == (Decision.NOT_DECIDABLE, None, "own")
    assert (only(found).turns_at, only(found).becomes) == (pytest.approx(19_340), "api")
    assert only(found).fte == pytest.approx(0.1934)
    assert (
        "above 0.19 FTE at USD 100,000 (USD 19,000 a year) api becomes the cheapest"
        in found.sentence
    )
    assert found.is_incomplete


@pytest.mark.parametrize(("factor", "decision"), [(0.5, Decision.BUILD), (2, Decision.BUY)])
def test_with_the_amount_given_it_turns_there(factor: float, decision: Decision) -> None:
    assert said(staffed(0.1934 * factor), staffed(0.2)).decision is decision


def test_without_a_salary_the_amount_is_a_year() -> None:
    found = said(UNKNOWN, NOBODY, less=8000)
    assert only(found).fte is None
    assert "above USD 8,000 a year api becomes the cheapest" in found.sentence


def test_over_two_years_with_interest_the_amount_is_still_a_year() -> None:
    """The saving over the horizon / what 1 a year is worth over it."""
    found = said(UNKNOWN, NOBODY, less=8000, horizon_months=24, discount_rate=0.1)
    assert only(found).turns_at == pytest.approx(8000, rel=1e-9)


def test_a_missing_cost_of_the_dearer_side_is_harmless() -> None:
    found = said(NOBODY, UNKNOWN)
    assert (found.decision, only(found).harmless) == (Decision.BUILD, Unpaid.BY_BEST)
    assert not found.is_incomplete
    assert any("Nobody gave the staff of api; it can't turn" in text for text in found.reasons)
    assert not any("staff" in text for text in found.next_measurements)


def test_where_both_lack_it_the_difference_counts() -> None:
    found = said(UNKNOWN, UNKNOWN)
    assert found.decision is Decision.NOT_DECIDABLE
    own, api = found.missing
    assert (own.turns_at, own.is_difference) == (pytest.approx(19_340), True)
    assert api.harmless is Unpaid.BY_BEST
    assert "once it is USD 19,000 a year more than that of api" in found.sentence


def test_an_api_that_is_cheaper_without_any_staff_is_cheaper_with_it() -> None:
    """Own machines take no less staff than an API does."""
    found = said(UNKNOWN, UNKNOWN, less=-10_000)
    assert found.decision is Decision.BUY
    assert {m.harmless for m in found.missing} == {Unpaid.BY_BEST, Unpaid.OWN_TAKES_MORE}


def test_what_all_that_may_be_chosen_bear_is_harmless() -> None:
    found = verdict(scenario(rented(), rented("own-b", rent=9), self_hosted=UNKNOWN))
    assert (found.decision, only(found).harmless) == (Decision.BUILD, Unpaid.NO_RIVAL)
    assert only(found).options == ("own", "own-b")


def test_adoption_turns_it_once() -> None:
    found = said({"adoption_cost": None}, NOBODY, horizon_months=24, discount_rate=0.1)
    saving = case(
        scenario(
            rented(), by_contract(price=(OWN + 19_340) / 9000), horizon_months=24, discount_rate=0.1
        )
    )
    assert only(found).what == "adoption"
    gap = saving.futures["api"].total - saving.futures["own"].total
    assert only(found).turns_at == pytest.approx(float(gap[0]))
    assert "Nobody gave the adoption cost of own: above USD" in found.sentence
