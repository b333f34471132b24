"""Which option is chosen: each rule of the docstring on its own."""

from __future__ import annotations

import numpy as np
import pytest

from evalkit.config.policy import PolicySpec
from evalkit.decision.choose import Choice, Standing, choose, standing
from evalkit.decision.facts import Check, Outcome
from tests.decisions import option

SIDES = {"own": "build", "own-b": "build", "api": "buy", "api-b": "buy", "both": "blend"}
RNG = np.random.default_rng(0)


def totals(**costs: float | tuple[float, float]) -> dict[str, np.ndarray]:
    """Option → its cost in 1,000 draws: a number, or mean and spread."""
    return {
        name: np.full(1000, cost) if not isinstance(cost, tuple) else RNG.normal(*cost, size=1000)
        for name, cost in costs.items()
    }


def chosen(
    costs: dict[str, np.ndarray],
    passing: str,
    unclear: str = "",
    failed: str = "",
    confidence: float = 0.8,
) -> Choice:
    groups = (tuple(x.split()) for x in (passing, unclear, failed))
    return choose(Standing(*groups), SIDES, costs, PolicySpec(confidence=confidence))


# --- standing -----------------------------------------------------------------------------------------------------


def test_options_stand_by_their_worst_rule_and_then_by_cost() -> None:
    options = [option(name) for name in ("a", "b", "c", "d", "e")]
    said = {
        "a": "pass pass",
        "b": "pass fail unclear",
        "c": "unclear pass",
        "d": "pass",
        "e": "unclear",
    }
    checks = [
        Check(name, "rule", Outcome(outcome), "")
        for name, outcomes in said.items()
        for outcome in outcomes.split()
    ]
    costs = {"a": np.array([5.0]), "c": np.array([1.0]), "d": np.array([3.0])}
    found = standing(options, checks, costs)
    assert (found.passing, found.unclear, found.failed) == (("d", "a"), ("c", "e"), ("b",))


def test_without_rules_everything_passes() -> None:
    assert standing([option("a")], [], {}).passing == ("a",)


# --- the choice ---------------------------------------------------------------------------------------------------


def test_the_cheapest_that_keeps_every_rule_is_chosen() -> None:
    found = chosen(totals(own=100, api=200), "own api")
    assert found == Choice("own", "api", 1.0, is_decided=True)


def test_what_broke_a_rule_does_not_count_however_cheap() -> None:
    found = chosen(totals(own=100, api=1), "own", failed="api")
    assert found == Choice("own", is_decided=True)


def test_the_only_kind_left_needs_no_confidence() -> None:
    found = chosen(totals(own=(200, 40), **{"own-b": (201, 40)}), "own own-b")
    assert (found.best, found.rival, found.confidence, found.is_decided) == (
        "own",
        None,
        None,
        True,
    )


@pytest.mark.parametrize(("wanted", "is_decided"), [(0.7, True), (0.85, False)])
def test_below_the_policys_confidence_nothing_is_decided(wanted: float, is_decided: bool) -> None:
    found = chosen(totals(own=100, api=(110, 13)), "own api", confidence=wanted)
    assert found.confidence == pytest.approx(0.78, abs=0.04)
    assert (found.best, found.is_decided) == ("own", is_decided)


def test_confidence_is_against_all_other_kinds_at_once() -> None:
    one = chosen(totals(own=100, api=(110, 13)), "own api")
    both = chosen(totals(own=100, api=(110, 13), both=(110, 13)), "own api both")
    assert one.confidence is not None
    assert both.confidence == pytest.approx(one.confidence**2, abs=0.06)


def test_others_of_the_same_kind_do_not_shake_it() -> None:
    found = chosen(totals(own=(100, 20), **{"own-b": (101, 20)}, api=500), "own own-b api")
    assert (found.rival, found.confidence, found.is_decided) == ("api", 1.0, True)


@pytest.mark.parametrize(
    ("open_one", "cost", "blocks"),
    [
        ("api", 50, True),  # cheaper
        ("api", 200, False),  # dearer for sure
        ("api", (101, 30), True),  # dearer, perhaps
        ("own-b", 50, False),  # the same kind: build all the same
        ("both", 50, True),
    ],
)
def test_an_unclear_option_of_another_kind_blocks_if_it_may_be_cheaper(
    open_one: str, cost: float | tuple[float, float], blocks: bool
) -> None:
    found = chosen(totals(own=100, **{open_one: cost}), "own", open_one)
    assert found.blockers == ((open_one,) if blocks else ())
    assert found.is_decided is not blocks


def test_an_unclear_option_of_unknown_cost_blocks() -> None:
    assert chosen(totals(own=100), "own", "api").blockers == ("api",)
    assert chosen(totals(own=100), "own", "own-b").is_decided


def test_where_no_option_keeps_every_rule_nothing_is_decided() -> None:
    assert chosen(totals(own=100, api=50), "", "own", "api") == Choice()


def test_an_option_without_anything_uncertain_is_compared_with_every_draw() -> None:
    costs = {"own": np.array([100.0]), "api": RNG.normal(150, 5, 1000), "both": np.array([200.0])}
    assert chosen(costs, "own api both").confidence == 1.0


# --- ties ---------------------------------------------------------------------------------------------------------


def test_equal_options_of_different_kinds_are_decided_by_nothing() -> None:
    found = chosen(totals(own=100, api=100, both=100), "own api both")
    assert (found.best, found.equivalent, found.is_decided) == ("own", ("api", "both"), False)
    assert found.is_level
    assert found.confidence == 0.5


def test_equal_options_of_one_kind_leave_the_kind_decided() -> None:
    found = chosen(totals(api=100, own=200, **{"api-b": 100}), "api api-b own")
    assert (found.best, found.equivalent, found.is_decided) == ("api", ("api-b",), True)


@pytest.mark.parametrize(("dearer", "is_level"), [(100.05, True), (104.9, True), (106, False)])
def test_a_difference_within_the_margin_is_none(dearer: float, is_level: bool) -> None:
    found = chosen(totals(own=100, api=dearer), "own api")
    assert (found.is_level, found.is_decided) == (is_level, not is_level)


def test_costs_that_are_equal_in_the_middle_only_are_unsure_and_not_equivalent() -> None:
    found = chosen(totals(own=100, api=(101, 40)), "own api")
    assert (found.is_level, found.is_decided) == (False, False)


def test_an_unclear_option_that_is_equivalent_blocks_nothing() -> None:
    """There is nothing to gain by it, however dear or cheap it is within the margin."""
    for cost in (97, 103):
        found = chosen(totals(own=100, api=cost), "own", "api")
        assert (found.blockers, found.is_decided) == ((), True)


def test_an_unclear_option_of_the_same_kind_opens_the_option_and_not_the_kind() -> None:
    found = chosen(totals(api=100, own=300, **{"api-b": 10}), "api own", "api-b")
    assert (found.open_ones, found.is_decided) == (("api-b",), True)
    dearer = chosen(totals(api=100, own=300, **{"api-b": 200}), "api own", "api-b")
    assert dearer.open_ones == ()


def test_what_may_keep_the_rules_counts_in_the_confidence() -> None:
    """A rival that surely passes is always dearer; one that may pass is cheaper in a tenth of the futures."""
    totals = {
        "own": np.full(100, 100.0),
        "api": np.full(100, 150.0),
        "blend": np.where(np.arange(100) < 10, 50.0, 200.0),
    }
    sides = {"own": "build", "api": "buy", "blend": "blend"}
    found = choose(
        Standing(("own", "api"), ("blend",), ()), sides, totals, PolicySpec(confidence=0.8)
    )
    assert found.is_decided
    assert found.confidence == pytest.approx(0.9)
