"""The weighted scorecard: how criteria become numbers, who is ranked, and how often each option wins."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.analysis.blend.facts import Policy
from evalkit.analysis.tco.analyse import Case
from evalkit.analysis.tco.facts import OptionFact
from evalkit.decision.facts import Check, Outcome
from evalkit.decision.scorecard import (
    Criterion,
    Score,
    Scorecard,
    Scored,
    ranks_of,
    scorecard,
    totals_of,
)
from evalkit.wording import NOTHING
from tests import scenarios
from tests.decisions import (
    API,
    BLEND,
    OWN,
    UNKNOWN,
    api_option,
    blend_option,
    decision_facts,
    figure,
    nothing,
    option,
    share,
    unknown_option,
    verdict,
)

FAST = share(0.9)


def card(*options: OptionFact, broken: tuple[str, ...] = (), **policy: Any) -> Scorecard | None:
    facts = decision_facts(options=options)
    checks = tuple(Check(name, "data", Outcome.FAIL, "Data would leave.") for name in broken)
    config = scenarios.scenario(policy=policy) if policy else scenarios.scenario()
    case = Case(facts, scenarios.workload(), {}, {})
    return scorecard(case, verdict(checks=checks), config)


def known(*options: OptionFact, **more: Any) -> Scorecard:
    found = card(*options, **more)
    assert found is not None
    return found


def score(of: Scorecard, name: str, criterion: Criterion) -> Score:
    row = next(o for o in of.options if o.option == name)
    return row.scores[of.criteria.index(criterion)]


def row(of: Scorecard, name: str) -> Scored:
    return next(o for o in of.options if o.option == name)


BLENDED = blend_option(slo_share=FAST)
THREE = (option(), api_option(), BLENDED)


# --- criteria -----------------------------------------------------------------------------------------------------


def test_quality_is_a_share_of_the_best_one() -> None:
    found = known(*THREE)
    assert score(found, API, Criterion.QUALITY).value == 1
    assert score(found, OWN, Criterion.QUALITY).value == pytest.approx(0.812 / 0.846)
    assert score(found, OWN, Criterion.QUALITY).measured == 0.812


def test_where_nothing_is_right_quality_is_0_and_known() -> None:
    found = known(option(quality=share(0.0)), api_option(quality=share(0.0)))
    assert [o.scores[0].value for o in found.options] == [0, 0]


def test_cost_is_the_lowest_present_value_over_ones_own() -> None:
    found = known(*THREE)
    assert score(found, OWN, Criterion.COST).value == 1
    assert score(found, API, Criterion.COST).value == pytest.approx(738 / 886)


def test_what_costs_nothing_is_the_best_and_does_not_divide_by_0() -> None:
    found = known(option(total=figure(0.0)), api_option())
    assert [o.scores[1].value for o in found.options] == [1, 0]


def test_costs_that_nobody_gave_are_named() -> None:
    found = known(option(no_staff=("staff of own",)), api_option())
    assert "staff of own" in score(found, OWN, Criterion.COST).reason
    assert score(found, API, Criterion.COST).reason == ""


def test_speed_is_the_measured_share_within_the_service_level() -> None:
    found = known(*THREE)
    assert score(found, BLEND, Criterion.SPEED).value == 0.9


def test_certainty_is_the_low_end_of_the_cost_over_its_high_end() -> None:
    found = known(option(total=figure(100.0, low=60.0, high=120.0)), api_option())
    assert score(found, OWN, Criterion.CERTAINTY).value == pytest.approx(0.5)
    sure = known(option(total=figure(100.0, low=100.0, high=100.0)), api_option())
    assert score(sure, OWN, Criterion.CERTAINTY).value == 1


def test_data_control_is_the_share_that_stays() -> None:
    found = known(*THREE)
    stays = [o.scores[3].value for o in found.options]
    assert stays == [1, 0, pytest.approx(0.8)]


@pytest.mark.parametrize(
    ("own_leaves", "api_leaves", "policy", "stays"),
    [
        (False, True, Policy.MARGIN, 0.8),
        (False, True, Policy.TASK, 0.8),
        (False, False, Policy.MARGIN, 1.0),
        (True, True, Policy.TASK, 0.0),
        (True, False, Policy.MARGIN, 0.0),  # the first model sees every request
        (True, False, Policy.TASK, 0.2),
    ],
)
def test_a_blend_keeps_what_neither_of_its_models_sends_away(
    own_leaves: bool, api_leaves: bool, policy: Policy, stays: float
) -> None:
    leaves = own_leaves or api_leaves
    found = known(
        option(leaves_network=own_leaves),
        api_option(leaves_network=api_leaves),
        blend_option(leaves_network=leaves, policy=policy),
    )
    assert score(found, BLEND, Criterion.DATA_CONTROL).value == pytest.approx(stays)


def test_what_is_not_known_is_none_and_says_why() -> None:
    found = known(*THREE, unknown_option())
    for criterion in (Criterion.QUALITY, Criterion.COST, Criterion.SPEED, Criterion.CERTAINTY):
        assert score(found, UNKNOWN, criterion).value is None
        assert score(found, UNKNOWN, criterion).reason
    assert score(found, UNKNOWN, Criterion.DATA_CONTROL).value == 1


# --- ranking ------------------------------------------------------------------------------------------------------


def test_the_total_is_the_weighted_mean() -> None:
    found = known(*THREE, weights={"quality": 3, "cost": 1})
    assert found.weights == (3, 1, 0, 0, 0)
    assert found.is_given
    assert row(found, OWN).total == pytest.approx((3 * 0.812 / 0.846 + 1) / 4)


def test_without_weights_everything_known_counts_the_same() -> None:
    slow = nothing("share", "no service level is set")
    found = known(option(slo_share=slow), api_option(slo_share=slow))
    assert found.weights == (1, 1, 0, 1, 1)
    assert not found.is_given
    assert all(o.rank is not None for o in found.options)


def test_an_option_of_which_something_that_counts_is_not_known_is_not_ranked() -> None:
    found = known(*THREE, unknown_option(), weights={"quality": 1, "data_control": 1})
    unknown = row(found, UNKNOWN)
    assert (unknown.total, unknown.rank, unknown.wins) == (None, None, None)
    only_data = known(*THREE, unknown_option(), weights={"data_control": 1})
    assert row(only_data, UNKNOWN).rank == 1


def test_an_option_that_breaks_a_rule_is_shown_but_not_ranked() -> None:
    found = known(*THREE, broken=(API,))
    api = row(found, API)
    assert api.broken == ("Data would leave.",)
    assert (api.total, api.rank, api.wins) == (None, None, None)
    assert score(found, API, Criterion.QUALITY).value == 1  # and its quality is the measure still
    assert sum(o.wins for o in found.options if o.wins is not None) == pytest.approx(1)


def test_level_options_share_a_rank_and_there_is_no_single_winner() -> None:
    twin = option("twin")
    found = known(option(), twin)
    assert found.leaders == (OWN, "twin")
    assert found.winner is None
    assert [o.wins for o in found.options] == [0.5, 0.5]


def test_ranks_count_who_is_better() -> None:
    assert ranks_of((0.5, None, 0.7, 0.7 + 1e-12, 0.1)) == (3, None, 1, 1, 4)
    assert ranks_of(()) == ()


def test_without_any_weight_there_is_no_total() -> None:
    assert totals_of(known(*THREE).options, (0, 0, 0, 0, 0)) == (None, None, None)


def test_one_option_alone_has_no_scorecard() -> None:
    assert card(option()) is None
    assert card() is None


# --- how much hangs on the weights --------------------------------------------------------------------------------


def test_an_option_that_is_best_by_everything_wins_all_weightings() -> None:
    worse = option("worse", total=figure(1e6, spread=0.5), quality=share(0.5), slo_share=share(0.5))
    found = known(option(), worse)
    assert [o.wins for o in found.options] == [1.0, 0.0]


def test_two_criteria_that_disagree_split_the_weightings_where_they_are_level() -> None:
    """Scores (1, 0.5) and (0.8, 1): level at weights w·1 + (1−w)·0.5 = 0.8w + 1 − w, so w = 5/7."""
    a = option(quality=share(1.0), total=figure(200.0))
    b = api_option(quality=share(0.8), total=figure(100.0))
    found = known(a, b, weights={"quality": 1, "cost": 1})
    wins = [o.wins for o in found.options]
    assert wins == [pytest.approx(2 / 7, abs=0.02), pytest.approx(5 / 7, abs=0.02)]


def test_the_same_seed_gives_the_same_shares() -> None:
    assert known(*THREE) == known(*THREE)


values = st.one_of(st.none(), st.floats(0, 1))
rows = st.lists(st.tuples(values, values, values, st.booleans()), min_size=1, max_size=6)


@given(rows, st.lists(st.floats(0, 5), min_size=3, max_size=3))
@settings(max_examples=200)
def test_totals_are_means_within_the_scores(
    found: list[tuple[Any, ...]], weights: list[float]
) -> None:
    broken = (NOTHING,)
    options = [
        Scored(str(i), tuple(Score(v) for v in r[:3]), broken if r[3] else (), ())
        for i, r in enumerate(found)
    ]
    totals = totals_of(options, weights)
    for r, total in zip(found, totals, strict=True):
        counted = [v for v, w in zip(r[:3], weights, strict=True) if w > 0]
        if r[3] or not counted or None in counted:
            assert total is None
        else:
            assert total is not None
            assert min(counted) - 1e-9 <= total <= max(counted) + 1e-9
    ranks = [r for r in ranks_of(totals) if r is not None]
    assert not ranks or min(ranks) == 1


def test_it_can_be_made_of_real_runs() -> None:
    run = scenarios.quality_run(
        {"open": scenarios.right(200, 0.8), "gpt": scenarios.right(200, 0.9)}
    )
    config = scenarios.scenario(
        scenarios.rented(), scenarios.by_contract(), policy={"weights": {"quality": 2, "cost": 1}}
    )
    case = scenarios.case(config, run)
    found = scorecard(case, scenarios.verdict(config, run), config)
    assert found is not None
    assert [o.option for o in found.options] == ["own", "api"]
    assert score(found, "own", Criterion.QUALITY).value == pytest.approx(0.8 / 0.9)
    # rent of 2 an hour for 730 hours against 750 a month
    assert score(found, "own", Criterion.COST).value == pytest.approx(750 / 1460)
    assert math.isclose(sum(o.wins or 0 for o in found.options), 1)
    assert np.isclose(row(found, "own").total or 0, (2 * 0.8 / 0.9 + 750 / 1460) / 3)
