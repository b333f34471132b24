"""What the gate says of candidates that are as good, better, worse, or measured too little."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from evalkit.config.gate import GatePolicy, RuleSpec
from evalkit.errors import DataError, UsageError
from evalkit.gate.facts import GateResult, RuleResult, Status
from evalkit.gate.side import Side
from evalkit.gate.verdict import Asked, decide_gate
from tests.gate_runs import Made, side_of, with_losses

NOW = "2026-11-25T12:00:00+00:00"
ACCURACY = GatePolicy(rules=(RuleSpec(metric="accuracy"),))


def gate(
    baseline: Side, candidate: Side, policy: GatePolicy = ACCURACY, *allowed: str
) -> GateResult:
    return decide_gate(baseline, candidate, policy, Asked(NOW, allowed))


def rule(result: GateResult, metric: str, kind: str = "change") -> RuleResult:
    (found,) = (r for r in result.rules if r.metric == metric and r.kind == kind)
    return found


def scored(folder: Path, n: int, losses: int, wins: int = 0, **more: object) -> GateResult:
    base, cand = with_losses(n, n // 2, losses, wins)
    a = side_of(folder / "a", Made({"t": base}))
    b = side_of(folder / "b", Made({"t": cand}, started=1))
    return gate(a, b, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("n", "losses", "wins", "status", "code"),
    [
        (1000, 5, 5, Status.PASS, 0),
        (1000, 2, 60, Status.IMPROVED, 0),
        (1000, 80, 5, Status.FAIL, 1),
        (1000, 30, 0, Status.INCONCLUSIVE, 3),
        (50, 0, 0, Status.INCONCLUSIVE, 3),
    ],
)
def test_the_status_is_what_the_interval_says_of_the_margin(
    tmp_path: Path, n: int, losses: int, wins: int, status: Status, code: int
) -> None:
    result = scored(tmp_path, n, losses, wins)
    found = rule(result, "accuracy")
    assert (found.status, result.exit_code) == (status, code)
    assert found.damage == pytest.approx((losses - wins) / n)
    assert (found.wins, found.losses, found.n) == (wins, losses, n)
    assert found.least is not None
    assert found.most is not None
    assert found.least <= (losses - wins) / n <= found.most
    assert (result.n_worse, result.n_better) == (losses, wins)


def test_no_regression_is_waved_through_because_the_test_set_is_small(tmp_path: Path) -> None:
    """A loss of 2 in 20 is no proof of anything, so it is no PASS either."""
    assert scored(tmp_path, 20, 2).verdict == Status.INCONCLUSIVE


@pytest.mark.parametrize(("mode", "code"), [("fail", 1), ("hold", 3), ("pass", 0)])
def test_the_policy_says_what_an_undecided_rule_does(tmp_path: Path, mode: str, code: int) -> None:
    policy = ACCURACY.model_copy(update={"inconclusive": mode})
    result = scored(tmp_path, 50, 0, policy=policy)
    assert (result.verdict, result.exit_code) == (Status.INCONCLUSIVE, code)


@pytest.mark.parametrize(
    ("tier", "losses", "code"),
    [
        ("critical", 80, 1), ("supporting", 80, 1), ("advisory", 80, 0),
        ("critical", 30, 3), ("supporting", 30, 0), ("advisory", 30, 0),
    ],
)  # fmt: skip
def test_tiers_weigh_differently(tmp_path: Path, tier: str, losses: int, code: int) -> None:
    policy = GatePolicy.model_validate({"rules": [{"metric": "accuracy", "tier": tier}]})
    assert scored(tmp_path, 1000, losses, policy=policy).exit_code == code


def test_a_metric_that_only_one_side_has_is_missing_and_holds_the_gate(tmp_path: Path) -> None:
    a = side_of(tmp_path / "a", Made({"t": [1.0] * 200, "u": [1.0] * 200}))
    b = side_of(tmp_path / "b", Made({"t": [1.0] * 200}, started=1))
    result = gate(a, b)
    assert [r.status for r in result.rules] == [Status.PASS, Status.MISSING]
    assert (result.verdict, result.exit_code) == (Status.INCONCLUSIVE, 3)
    assert "was not asked" in str(result.rules[1].reason)
    assert any("s/u" in w for w in result.warnings)


def test_docs_without_an_answer_on_one_side_take_a_pass_back(tmp_path: Path) -> None:
    scores = [1.0] * 500
    lost = [float("nan")] * 20 + [1.0] * 480
    a = side_of(tmp_path / "a", Made({"t": scores}))
    b = side_of(tmp_path / "b", Made({"t": lost}, started=1))
    found = rule(gate(a, b), "accuracy")
    assert found.status == Status.INCONCLUSIVE
    assert "20 of 500" in str(found.reason)


def test_the_mean_over_tasks_counts_every_task_the_same(tmp_path: Path) -> None:
    large, small = [1.0] * 900, [1.0] * 100
    worse = [0.0] * 20 + [1.0] * 80
    a = side_of(tmp_path / "a", Made({"t": large, "u": small}))
    b = side_of(tmp_path / "b", Made({"t": large, "u": worse}, started=1))
    policy = GatePolicy(rules=(RuleSpec(metric="macro_mean", margin_points=2),))
    found = rule(gate(a, b, policy), "macro_mean")
    assert found.damage == pytest.approx(0.1)
    assert found.status == Status.FAIL


def test_rates_get_worse_when_they_rise(tmp_path: Path) -> None:
    right = {"t": [1.0] * 400}
    a = side_of(tmp_path / "a", Made(right, extra={"hallucination_rate": [0.0] * 400}))
    more = [1.0] * 60 + [0.0] * 340
    b = side_of(tmp_path / "b", Made(right, started=1, extra={"hallucination_rate": more}))
    policy = GatePolicy(rules=(RuleSpec(metric="hallucinations", at_most=5),))
    result = gate(a, b, policy)
    assert rule(result, "hallucinations").damage == pytest.approx(0.15)
    assert rule(result, "hallucinations").status == Status.FAIL
    assert rule(result, "hallucinations", "at_most").status == Status.FAIL


@pytest.mark.parametrize(
    ("right", "limit", "status"),
    [(450, 80, Status.PASS), (350, 80, Status.FAIL), (400, 80, Status.INCONCLUSIVE)],
)
def test_a_floor_looks_at_the_candidate_alone(
    tmp_path: Path, right: int, limit: float, status: Status
) -> None:
    scores = [1.0] * right + [0.0] * (500 - right)
    a = side_of(tmp_path / "a", Made({"t": scores}))
    b = side_of(tmp_path / "b", Made({"t": scores}, started=1))
    policy = GatePolicy(rules=(RuleSpec(metric="accuracy", at_least=limit),))
    found = rule(gate(a, b, policy), "accuracy", "at_least")
    assert found.status == status
    assert found.margin == pytest.approx(0.8)


def test_rules_on_named_tasks_take_them_from_the_general_one(tmp_path: Path) -> None:
    tasks = {"t": [1.0] * 200, "u": [1.0] * 200}
    a = side_of(tmp_path / "a", Made(tasks))
    b = side_of(tmp_path / "b", Made(tasks, started=1))
    policy = GatePolicy.model_validate(
        {
            "rules": [
                {"metric": "accuracy"},
                {"metric": "accuracy", "tasks": ["u"], "margin_points": 5},
            ]
        }
    )
    assert [(r.task, r.margin) for r in gate(a, b, policy).rules] == [("t", 0.03), ("u", 0.05)]


def test_an_unknown_task_is_an_error_that_names_the_nearest(tmp_path: Path) -> None:
    a = side_of(tmp_path / "a", Made({"routing": [1.0] * 10}))
    policy = GatePolicy(rules=(RuleSpec(metric="accuracy", tasks=("rooting",)),))
    with pytest.raises(UsageError, match="rule 1") as error:
        gate(a, a, policy)
    assert "routing" in error.value.hint


def test_documents_of_one_source_are_resampled_together(tmp_path: Path) -> None:
    base, cand = with_losses(400, 200, losses=10)
    a = side_of(tmp_path / "a", Made({"t": base}), clusters={"t": "source"})
    b = side_of(tmp_path / "b", Made({"t": cand}, started=1), clusters={"t": "source"})
    found = rule(gate(a, b), "accuracy")
    plain = rule(gate(replace_clusters(a), replace_clusters(b)), "accuracy")
    assert (found.n, found.n_unit) == (80, "clusters")
    # ten losses from two sources are worth two, not ten
    assert found.most is not None
    assert plain.most is not None
    assert found.most > plain.most


def replace_clusters(side: Side) -> Side:
    return replace(side, tasks={k: replace(t, clusters=None) for k, t in side.tasks.items()})


def test_holm_names_the_metrics_that_surely_got_worse(tmp_path: Path) -> None:
    base, cand = with_losses(1000, 500, losses=40)
    _, slightly = with_losses(1000, 500, losses=6, wins=1)
    a = side_of(tmp_path / "a", Made({"t": base, "u": base}))
    b = side_of(tmp_path / "b", Made({"t": cand, "u": slightly}, started=1))
    t, u = gate(a, b).rules
    assert (t.is_regressed, u.is_regressed) == (True, False)
    assert u.p_worse == pytest.approx(8 / 2**7)
    assert u.p_holm == pytest.approx(8 / 2**7)
    assert t.p_holm == pytest.approx(2 * 0.5**40)


def test_scores_that_are_no_shares_are_not_judged_in_points(tmp_path: Path) -> None:
    a = side_of(tmp_path / "a", Made({"t": [55.0] * 200}))
    b = side_of(tmp_path / "b", Made({"t": [54.0] * 200}, started=1))
    rules = (RuleSpec(metric="accuracy", score="acc", tasks=("t",), at_least=50),)
    result = gate(a, b, GatePolicy(rules=rules))
    assert [r.status for r in result.rules] == [Status.MISSING] * 2
    assert "not between 0 and 1" in str(result.rules[0].reason)
    assert any("no metric of it" in w for w in result.warnings)
    macro = (RuleSpec(metric="macro_mean", score="acc"),)
    assert [r.status for r in gate(a, b, GatePolicy(rules=macro)).rules] == [Status.MISSING]


# --- cost and licence ---------------------------------------------------------------------------------------------


def test_cost_per_correct_answer_is_what_all_docs_cost_by_the_right_ones(tmp_path: Path) -> None:
    base, cand = with_losses(300, 200, losses=0, wins=50)
    a = side_of(tmp_path / "a", Made({"t": base}, cost_usd=[0.002] * 300))
    b = side_of(tmp_path / "b", Made({"t": cand}, started=1, cost_usd=[0.004] * 300))
    policy = GatePolicy(rules=(RuleSpec(metric="cost_per_correct", at_most=0.01),))
    result = gate(a, b, policy)
    found = rule(result, "cost_per_correct")
    assert found.baseline == pytest.approx(0.6 / 200)
    assert found.candidate == pytest.approx(1.2 / 250)
    assert found.damage == pytest.approx(1.6 - 1)
    assert found.status == Status.FAIL
    assert rule(result, "cost_per_correct", "at_most").status == Status.PASS


def test_cost_without_prices_is_missing_not_zero(tmp_path: Path) -> None:
    a = side_of(tmp_path / "a", Made())
    found = rule(
        gate(a, a, GatePolicy(rules=(RuleSpec(metric="cost_per_correct"),))), "cost_per_correct"
    )
    assert (found.status, found.baseline, found.most) == (Status.MISSING, None, None)


@pytest.mark.parametrize(
    ("before", "after", "allowed", "status"),
    [
        ("apache-2.0", "mit", None, Status.PASS),
        ("apache-2.0", "gemma", None, Status.FAIL),
        ("gemma", "apache-2.0", None, Status.PASS),
        ("llama3.2", "cc-by-nc-4.0", None, Status.FAIL),
        ("apache-2.0", "my own", None, Status.MISSING),
        ("apache-2.0", None, None, Status.MISSING),
        ("mit", "gemma", ("gemma", "mit"), Status.PASS),
        ("mit", "apache-2.0", ("mit",), Status.FAIL),
    ],
)
def test_a_licence_may_not_allow_less(
    tmp_path: Path, before: str, after: str | None, allowed: tuple[str, ...] | None, status: Status
) -> None:
    a = side_of(tmp_path / "a", Made())
    b = replace(a, fact=replace(a.fact, licence=after))
    a = replace(a, fact=replace(a.fact, licence=before))
    policy = GatePolicy(rules=(RuleSpec(metric="licence", allowed=allowed),))
    assert rule(gate(a, b, policy), "licence").status == status


# --- apples and pears ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("task-version", {"version": "2.0"}),
        ("fewshot", {"suite": {"num_fewshot": 5}}),
        ("template", {"suite": {"system_instruction": "Be brief."}}),
        ("template", {"prompts": "q"}),
        ("decoding", {"spec": {"generation": {"temperature": 0.7}}}),
        ("limit", {"suite": {"limit": 100}}),
        ("documents", {"docs": "e"}),
    ],
)
def test_what_was_not_measured_alike_is_refused_and_named(
    tmp_path: Path, name: str, change: dict[str, object]
) -> None:
    a = side_of(tmp_path / "a", Made())
    b = side_of(tmp_path / "b", Made(started=1, **change))  # type: ignore[arg-type]
    with pytest.raises(DataError) as error:
        gate(a, b)
    assert f"  {name} (" in error.value.message
    assert f"--allow {name}" in error.value.hint
    assert error.value.exit_code == 4
    if name != "documents":
        allowed = gate(a, b, ACCURACY, name)
        assert [d.name for d in allowed.differences if d.is_allowed] == [name]
        assert allowed.verdict == Status.PASS


def test_other_documents_leave_nothing_to_compare_even_when_allowed(tmp_path: Path) -> None:
    a = side_of(tmp_path / "a", Made())
    b = side_of(tmp_path / "b", Made(started=1, docs="e"))
    assert [r.status for r in gate(a, b, ACCURACY, "documents").rules] == [Status.MISSING]


def test_a_shorter_candidate_is_compared_on_what_it_has_when_allowed(tmp_path: Path) -> None:
    a = side_of(tmp_path / "a", Made({"t": [1.0] * 200}))
    b = side_of(tmp_path / "b", Made({"t": [1.0] * 150}, started=1, suite={"limit": 150}))
    result = gate(a, b, ACCURACY, "limit")
    assert rule(result, "accuracy").n == 150
    assert any("50 documents have no counterpart" in w for w in result.warnings)


def test_a_few_documents_without_counterpart_are_left_out_with_a_warning(tmp_path: Path) -> None:
    a = side_of(tmp_path / "a", Made({"t": [1.0] * 400}))
    b = side_of(tmp_path / "b", Made({"t": [1.0] * 398}, started=1))
    result = gate(a, b)
    assert result.verdict == Status.PASS
    assert any("2 documents have no counterpart" in w for w in result.warnings)


def test_flips_are_listed_worst_first_with_both_answers(tmp_path: Path) -> None:
    base, cand = with_losses(300, 150, losses=3, wins=2)
    a = side_of(tmp_path / "a", Made({"t": base}, responses=[f"old {i}" for i in range(300)]))
    b = side_of(
        tmp_path / "b", Made({"t": cand}, started=1, responses=[f"new {i}" for i in range(300)])
    )
    flips = decide_gate(a, b, ACCURACY, Asked(NOW, n_flips=4)).flips
    assert [f.is_worse for f in flips] == [True, True, True, False]
    first = flips[0]
    assert (first.baseline_answer, first.candidate_answer) == ("old 0", "new 0")
    assert first.prompt == "question 0"


def test_documents_are_listed_by_the_score_that_the_policy_names(tmp_path: Path) -> None:
    right, wrong = [0.0] * 40 + [1.0] * 20, [1.0] * 40 + [0.0] * 20
    before, after = [1.0] * 10 + [0.0] * 50, [0.0] * 10 + [1.0] * 5 + [0.0] * 45
    a = side_of(tmp_path / "a", Made({"t": right}, extra={"errors": before}))
    b = side_of(tmp_path / "b", Made({"t": wrong}, extra={"errors": after}, started=1))
    by_errors = GatePolicy(rules=(RuleSpec(metric="accuracy", score="errors"),))
    found = gate(a, b, by_errors)
    assert {f.score for f in found.flips} == {"errors"}
    assert (found.n_worse, found.n_better) == (5, 10)
    assert {f.score for f in gate(a, b).flips} == {"acc"}


def test_a_score_of_which_no_side_is_better_is_not_judged(tmp_path: Path) -> None:
    base, cand = with_losses(60, 30, 0, 30)
    sides = []
    for folder, scores in (("a", base), ("b", cand)):
        side = side_of(tmp_path / folder, Made({"t": scores}))
        tasks = {key: replace(t, is_higher_better={}) for key, t in side.tasks.items()}
        sides.append(replace(side, tasks=tasks))
    policy = GatePolicy(rules=(RuleSpec(metric="accuracy", score="acc"),))
    accuracy = rule(gate(*sides, policy), "accuracy")
    assert accuracy.status == Status.MISSING
    assert "which way" in accuracy.reason
