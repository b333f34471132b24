"""`gate plan`: how many documents a margin needs, and which rules can never decide."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from evalkit.config.gate import GatePolicy, RuleSpec
from evalkit.gate.discordance import observed_discordance
from evalkit.gate.plan import RulePlan, plan_gate
from tests.gate_runs import Made, side_of, with_losses


def only(folder: Path, rule: RuleSpec, *runs: Made, power: float = 0.8) -> RulePlan:
    side = side_of(folder, *runs)
    (found,) = plan_gate(side, GatePolicy(rules=(rule,)), power, 0.1)
    return found


@pytest.mark.parametrize(("margin", "needed"), [(1, 6203), (2, 1565), (3, 705), (5, 269)])
def test_documents_needed_are_those_with_which_one_as_good_passes(
    tmp_path: Path, margin: float, needed: int
) -> None:
    plan = only(
        tmp_path, RuleSpec(metric="accuracy", margin_points=margin), Made({"t": [1.0] * 300})
    )
    assert plan.n_needed == needed
    assert plan.can_decide == ((plan.n_least or 0) <= 300)


@pytest.mark.parametrize("n", [20, 60, 300, 1565, 6203])
def test_the_margin_that_the_documents_can_show_is_one_with_which_they_suffice(
    tmp_path: Path, n: int
) -> None:
    shown = only(tmp_path / "a", RuleSpec(metric="accuracy"), Made({"t": [1.0] * n})).margin_shown
    assert shown is not None

    def suffices(points: float) -> bool:
        rule = RuleSpec(metric="accuracy", margin_points=points)
        plan = only(tmp_path / f"{points}", rule, Made({"t": [1.0] * n}))
        return plan.can_decide and (plan.power or 0) >= 0.8

    assert suffices(round(100 * shown, 1))
    assert not suffices(round(100 * shown - 0.1, 1))


def test_too_few_documents_can_not_decide(tmp_path: Path) -> None:
    plan = only(tmp_path, RuleSpec(metric="accuracy"), Made({"t": [1.0] * 50}))
    assert not plan.can_decide
    assert plan.power is not None
    assert plan.power < 0.2
    assert "answers alike does not pass" in str(plan.reason)


def test_a_margin_of_0_is_for_better_candidates_only(tmp_path: Path) -> None:
    plan = only(tmp_path, RuleSpec(metric="accuracy", margin_points=0), Made())
    assert (plan.can_decide, plan.n_needed) == (False, None)


def test_unequal_tasks_weigh_as_their_harmonic_mean(tmp_path: Path) -> None:
    made = Made({"t": [1.0] * 1000, "u": [1.0] * 200})
    plan = only(tmp_path, RuleSpec(metric="macro_mean"), made)
    assert plan.n == int(4 / (1 / 1000 + 1 / 200))


def test_runs_needed_follow_from_their_spread(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    runs = [
        Made({"t": [1.0] * 40}, started=k, ttft_ms=[int(200 * f)] * 40)
        for k, f in enumerate(np.exp(rng.normal(0, 0.05, 8)))
    ]
    plan = only(tmp_path, RuleSpec(metric="ttft_p50"), *runs)
    assert plan.unit == "runs"
    assert plan.spread == pytest.approx(0.05, rel=0.6)
    assert plan.n_needed is not None
    assert 5 <= plan.n_needed <= 20


def test_nothing_measured_says_so(tmp_path: Path) -> None:
    plan = only(tmp_path, RuleSpec(metric="energy_per_token"), Made())
    assert (plan.can_decide, plan.n) == (False, 0)
    assert "no such number" in str(plan.reason)


def test_the_share_that_differs_comes_from_two_runs(tmp_path: Path) -> None:
    base, cand = with_losses(200, 100, losses=6, wins=4)
    a = side_of(tmp_path / "a", Made({"t": base}))
    b = side_of(tmp_path / "b", Made({"t": cand}, started=1))
    assert observed_discordance(a, b) == pytest.approx(0.05)
