"""What was not like for like stands in the verdict itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from evalkit.store.run_dir import Run
from tests.builders import api_entry
from tests.scenarios import by_contract, case, rented, right, scenario, tasks_run, verdict

SCORES = right(100, 0.9)


def asked(**changes: Any) -> Run:
    """Both models on one task, asked alike but for changes of the manifest."""
    run = tasks_run({"open": {"t": SCORES}, "gpt": {"t": SCORES}})
    return replace(run, manifest=run.manifest.model_copy(update=changes))


def with_suite(model: str, **suite: Any) -> Run:
    run = tasks_run({model: {"t": SCORES}})
    config = {**run.manifest.config, "suites": [{"name": "s", **suite}]}
    return replace(
        run, manifest=run.manifest.model_copy(update={"config": config, "run_id": model})
    )


def config() -> Any:
    return scenario(rented(), by_contract(), policy={"quality": {"at_least": 0.7}})


def test_a_chat_template_for_one_model_only_is_said_in_the_verdict() -> None:
    models = (
        api_entry(name="open", chat_template=False),
        api_entry(name="gpt", chat_template=True),
    )
    run = asked(models=models)
    found = verdict(config(), run)
    assert "Not like for like: only gpt got a chat template" in found.sentence
    assert case(config(), run).facts.warnings[0].startswith("Not like for like: only gpt")


def test_models_asked_alike_need_no_words() -> None:
    models = (api_entry(name="open", chat_template=True), api_entry(name="gpt", chat_template=True))
    found = verdict(config(), asked(models=models))
    assert "like for like" not in found.sentence


def test_a_third_model_does_not_matter() -> None:
    models = tuple(api_entry(name=n, chat_template=n == "other") for n in ("open", "gpt", "other"))
    assert "like for like" not in verdict(config(), asked(models=models)).sentence


@pytest.mark.parametrize(
    ("own", "api", "said"),
    [
        ({"num_fewshot": 5}, {"num_fewshot": 0}, "other numbers of examples (open 5, gpt 0)"),
        ({"num_fewshot": 5}, {}, "other numbers of examples (open 5, gpt as the task says)"),
        ({"system_instruction": "Be brief."}, {}, "the models got different instructions"),
        ({"num_fewshot": 5}, {"num_fewshot": 5}, ""),
    ],
)
def test_other_prompts_are_said(own: dict[str, Any], api: dict[str, Any], said: str) -> None:
    found = verdict(config(), with_suite("open", **own), with_suite("gpt", **api))
    assert (said in found.sentence) if said else ("like for like" not in found.sentence)
