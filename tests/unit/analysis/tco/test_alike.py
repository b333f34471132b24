"""Mean scores are over the same tasks for every model, or no rule on them is sure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from evalkit.decision.facts import Check, Decision, Outcome
from evalkit.store.run_dir import Run
from tests.scenarios import by_contract, case, option, rented, right, scenario, tasks_run, verdict

GOOD, BAD = right(200, 0.9), right(200, 0.3)


def check(config: Any, name: str, *runs: Run, rule: str = "quality") -> Check:
    found = verdict(config, *runs).checks
    return next(c for c in found if (c.option, c.rule) == (name, rule))


def asking(least: float = 0.8, **changes: Any) -> Any:
    policy = {"quality": {"at_least": least, **changes.pop("quality", {})}}
    return scenario(rented(), by_contract(), policy=policy, **changes)


def penalised(scores: Sequence[float], by: float = -0.03) -> list[float]:
    return [by, *scores[1:]]


def both(**tasks: tuple[Sequence[float], Sequence[float]]) -> Run:
    """Tasks of the own model and of the API's."""
    own: Mapping[str, Sequence[float]] = {task: mine for task, (mine, _) in tasks.items()}
    return tasks_run({"open": own, "gpt": {task: theirs for task, (_, theirs) in tasks.items()}})


def test_one_penalty_does_not_drop_its_task_from_one_model_alone() -> None:
    """The audit's case: the own model fails the hard task, and a penalty there must not let it pass on the easy one."""
    run = both(easy=(GOOD, GOOD), hard=(penalised(BAD), GOOD))
    found = case(asking(), run)
    assert option(found, "own").quality.value == option(found, "api").quality.value
    for name in ("own", "api"):
        one = check(asking(), name, run)
        assert one.outcome is Outcome.UNCLEAR
        assert "hard is left out, since document 0 of open scores −0.03 by acc" in one.text
    assert any(
        w.startswith("hard counts in no model's mean score: document 0 of open scores −0.03")
        for w in found.facts.warnings
    )
    assert verdict(asking(), run).decision is Decision.NOT_DECIDABLE


@pytest.mark.parametrize("score", [-1.0, 1.0000001, 2.0])
def test_any_score_outside_0_to_1_is_named(score: float) -> None:
    found = case(asking(), both(easy=(GOOD, GOOD), hard=(penalised(BAD, score), GOOD)))
    assert any("document 0 of open" in w for w in found.facts.warnings)


def test_without_weight_the_task_does_not_matter() -> None:
    run = both(easy=(GOOD, GOOD), hard=(penalised(BAD), GOOD))
    config = asking(load={"task_weights": {"easy": 1, "hard": 0}})
    assert check(config, "own", run).outcome is Outcome.PASS


def test_a_rule_on_the_task_itself_is_unclear_and_says_why() -> None:
    run = both(easy=(GOOD, GOOD), hard=(penalised(BAD), GOOD))
    config = asking(quality={"tasks": {"hard": 0.2}})
    one = check(config, "api", run, rule="quality of hard")
    assert one.outcome is Outcome.UNCLEAR
    assert "document 0 of open scores −0.03" in one.text


def test_another_metric_between_0_and_1_judges_all_models_and_is_said() -> None:
    run = both(hard=(BAD, GOOD))
    scores = [
        replace(s, scores={"points": -0.03 if s.doc_id == 3 else 0.5, **s.scores})
        for s in run.samples
    ]
    results = [replace(r, metric="points") for r in run.results] + list(run.results)
    both_metrics = replace(run, samples=scores, results=results)
    found = case(asking(), both_metrics)
    assert option(found, "own").quality.value == pytest.approx(0.3)
    assert option(found, "api").quality.value == pytest.approx(0.9)
    assert any(w.startswith("hard is judged by acc for every model") for w in found.facts.warnings)
    assert check(asking(), "api", both_metrics).outcome is Outcome.PASS


def test_a_mean_over_fewer_tasks_than_the_rivals_keeps_no_rule() -> None:
    run = tasks_run({"open": {"easy": GOOD}, "gpt": {"easy": GOOD, "hard": GOOD}})
    own = check(asking(), "own", run)
    assert own.outcome is Outcome.UNCLEAR
    assert "no score on hard" in own.text
    assert check(asking(), "api", run).outcome is Outcome.PASS


def test_nor_does_it_break_one() -> None:
    run = tasks_run({"open": {"hard": BAD}, "gpt": {"easy": GOOD, "hard": GOOD}})
    assert check(asking(), "own", run).outcome is Outcome.UNCLEAR


def test_a_blend_of_models_with_one_task_in_common_keeps_no_rule() -> None:
    mine, theirs = {"a": GOOD, "b": BAD}, {"a": BAD, "b": GOOD}
    config = asking(0.5, blends=None)
    assert (
        check(config, "own + api", tasks_run({"open": mine, "gpt": theirs})).outcome is Outcome.PASS
    )
    run = tasks_run({"open": mine, "gpt": {**theirs, "hard": GOOD}})
    blend = check(config, "own + api", run)
    assert blend.outcome is Outcome.UNCLEAR
    assert "no score on hard" in blend.text
