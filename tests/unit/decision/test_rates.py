"""A policy limits how often a model invents answers, by the whole interval and for all options together."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from evalkit.decision.facts import Outcome
from evalkit.store.run_dir import Run
from tests.scenarios import by_contract, rented, right, scenario, tasks_run, verdict


def inventing(own: float, api: float, n: int = 200) -> Run:
    """Both are right equally often; of the unanswerable questions each invents so many answers."""
    run = tasks_run({m: {"grounded": right(n, 0.8)} for m in ("open", "gpt")})
    shares = {"open": right(n, own), "gpt": right(n, api)}
    return replace(
        run,
        samples=[
            replace(
                s,
                scores={
                    **s.scores,
                    "hallucination_rate": shares[s.cell_id.split("/")[0]][s.doc_id],
                },
            )
            for s in run.samples
        ],
    )


def outcomes(run: Run, most: float, **changes: Any) -> dict[str, Outcome]:
    config = scenario(
        rented(),
        by_contract(),
        policy={"quality": {"at_most": {"hallucinations": most}}},
        **changes,
    )
    return {
        c.option: c.outcome for c in verdict(config, run).checks if c.rule == "rate: hallucinations"
    }


def test_the_model_that_invents_is_out() -> None:
    """The audit's case: 77 of 100 against 23."""
    assert outcomes(inventing(0.77, 0.23), 0.4) == {"own": Outcome.FAIL, "api": Outcome.PASS}


@pytest.mark.parametrize("n", [1, 5])
def test_few_documents_are_unclear(n: int) -> None:
    assert outcomes(inventing(0.0, 0.0, n), 0.4)["own"] is Outcome.UNCLEAR


def test_what_no_task_tells_is_unclear_and_says_so() -> None:
    run = tasks_run({m: {"t": right(50, 0.8)} for m in ("open", "gpt")})
    assert set(outcomes(run, 0.4).values()) == {Outcome.UNCLEAR}


def test_a_blend_by_task_has_the_rate_of_the_model_that_answers() -> None:
    """The vendor answers the task that tells the rate, the own model the other."""
    run = inventing(0.77, 0.1)
    good, bad = right(200, 0.9), right(200, 0.2)
    more = tasks_run({"open": {"a": good, "grounded": bad}, "gpt": {"a": bad, "grounded": good}})
    rates = {(s.cell_id, s.doc_id): s.scores["hallucination_rate"] for s in run.samples}
    samples = [
        replace(s, scores={**s.scores, "hallucination_rate": rates[s.cell_id, s.doc_id]})
        if s.task == "grounded"
        else s
        for s in more.samples
    ]
    found = outcomes(replace(more, samples=samples), 0.4, blends=None)
    assert found == {"own": Outcome.FAIL, "api": Outcome.PASS, "own + api": Outcome.PASS}
