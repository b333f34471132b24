"""A model that is not surely above chance is said to guess, first thing, and is never the best by quality."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from evalkit.decision.scorecard import Criterion, scorecard
from evalkit.store.run_dir import Run
from tests.scenarios import by_contract, case, rented, right, scenario, tasks_run, verdict

PROMPT = "Message: hi\nA. Billing\nB. Shipping\nC. Technical\nD. Returns\nE. Account"


def lettered(own: list[float], api: list[float]) -> Run:
    """Five choices, asked as a question that is answered with a letter."""
    run = tasks_run({"open": {"routing": own}, "gpt": {"routing": api}})
    return replace(
        run, samples=[replace(s, prompt=PROMPT, target="Answer: C") for s in run.samples]
    )


def config(**policy: Any) -> Any:
    return scenario(rented(), by_contract(), policy=policy)


def test_the_audits_case_both_models_guess_and_the_verdict_says_so() -> None:
    run = lettered(right(120, 0.2), right(120, 0.208))
    found = verdict(config(), run)
    assert found.reasons[0].startswith(
        "open is not surely better than guessing on routing: it scores 20.0 %"
    )
    assert found.reasons[0].endswith("chance alone 20 %.")
    assert found.reasons[1].startswith("gpt is not surely better than guessing on routing")
    assert "Beware: " in found.sentence
    assert "guessing on routing" in found.sentence


def test_who_is_surely_above_chance_is_not_said_to_guess() -> None:
    found = verdict(config(), lettered(right(120, 0.6), right(120, 0.7)))
    assert not any("guessing" in r for r in found.reasons)
    assert "guessing" not in found.sentence


@pytest.mark.parametrize("scores", [[1.0], [1.0] * 2, [0.0] * 50])
def test_too_few_and_all_wrong_are_no_better_than_guessing(scores: list[float]) -> None:
    found = case(config(), lettered(scores, right(len(scores), 1.0)))
    assert "open" in {g.model for g in found.facts.guesses}


def test_a_task_without_weight_is_not_looked_at() -> None:
    run = tasks_run({m: {"a": right(60, 0.9), "b": right(60, 0.2)} for m in ("open", "gpt")})
    run = replace(run, samples=[replace(s, prompt=PROMPT, target="Answer: C") for s in run.samples])
    every = case(config(), run)
    assert {g.task for g in every.facts.guesses} == {"b"}
    only_a = scenario(rented(), by_contract(), load={"task_weights": {"a": 1, "b": 0}})
    assert case(only_a, run).facts.guesses == ()


@pytest.mark.parametrize("n", [1, 2, 120])
def test_what_may_be_guessing_never_has_the_full_score(n: int) -> None:
    share = 1.0 if n < 10 else 0.25
    run = lettered(right(n, share), right(n, 0.9 * share))
    of = config()
    made = case(of, run)
    card = scorecard(made, verdict(of, run), of)
    assert card is not None
    place = list(Criterion).index(Criterion.QUALITY)
    values = [row.scores[place].value for row in card.options]
    assert all(v is not None and v < 0.99 for v in values)


def test_open_questions_have_no_chance() -> None:
    run = tasks_run({"open": {"t": [0.0] * 20}, "gpt": {"t": [0.0] * 20}})
    assert case(config(), run).facts.guesses == ()
