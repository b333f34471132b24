"""A twin asks the same docs as its multiple-choice task, and scores what a model writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from lm_eval import evaluator
from lm_eval.api.model import LM

from evalkit.config import ModelSpec, RunConfig, SuiteSpec
from evalkit.errors import ModelError, TaskError
from evalkit.harness.catalogue import load_tasks
from evalkit.plan import make_plan
from evalkit.records import AS_IS, GENERATE

SUITE = SuiteSpec(name="s", tasks=("ticket_routing",), limit=4)


def load(task: str, paths: tuple[Path, ...] = (), **changes: Any) -> Any:
    suite = SuiteSpec(name="s", tasks=(task,), **changes)
    return load_tasks(suite, paths, mode=GENERATE)["tasks"]


def prompt(task: Any, n: int = 0, **changes: Any) -> str:
    return str(task.fewshot_context(task.eval_docs[n], task.config.num_fewshot, **changes))


def write_task(folder: Path, name: str = "own", **changes: Any) -> None:
    config = {
        "task": name,
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"test": "test.jsonl"}},
        "test_split": "test",
        "output_type": "multiple_choice",
        "doc_to_text": "{{q}}\nAnswer:",
        "doc_to_choice": "{{c}}",
        "doc_to_target": "gold",
        "metric_list": [{"metric": "acc", "aggregation": "mean", "higher_is_better": True}],
        **changes,
    }
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(config))
    (folder / "test.jsonl").write_text(
        '{"q": "Sky?", "c": ["blue", "red"], "gold": 0, "l": ["A", "B"], "n": [0, 1]}\n'
        '{"q": "Sun?", "c": ["cold", "hot"], "gold": 1, "l": ["A", "B"], "n": [1, 1]}\n'
    )


def test_the_prompt_lists_the_options_and_examples_answer_with_letters() -> None:
    task = load("ticket_routing", num_fewshot=2)["ticket_routing_generate"]
    text = prompt(task)
    options = "Department:\nA. Billing\nB. Shipping\nC. Technical\nD. Returns\nE. Account"
    assert text.count(options) == 3
    assert text.endswith("\nE. Account")
    examples = text.split("\n\n")[1:3]
    assert all(e.split("\nAnswer: ")[1] in "ABCDE" for e in examples)
    assert "The last line must be: Answer: <letter>" in text.split("\n\n")[0]


def test_an_answer_may_have_blank_lines_and_ends_where_the_next_example_begins(
    tmp_path: Path,
) -> None:
    routing = load("ticket_routing")["ticket_routing_generate"]
    assert routing.config.generation_kwargs["until"] == ["\n\nMessage:"]
    write_task(tmp_path)
    own = load("own", (tmp_path,))["own_generate"]
    assert own.config.generation_kwargs["until"] == ["\n\n"], "docs begin unlike each other"


def test_docs_and_examples_are_the_originals() -> None:
    original = load_tasks(SUITE, ())["tasks"]["ticket_routing"]
    task = load("ticket_routing")["ticket_routing_generate"]
    assert [dict(d) for d in task.eval_docs] == [dict(d) for d in original.eval_docs]
    assert task.VERSION == original.VERSION
    assert task.config.num_fewshot == original.config.num_fewshot


def test_a_question_that_ends_in_an_answer_cue_loses_it_to_the_line_that_is_asked_for(
    tmp_path: Path,
) -> None:
    write_task(tmp_path)
    task = load("own", (tmp_path,))["own_generate"]
    assert prompt(task).endswith("Sky?\nA. blue\nB. red")


def test_options_that_are_letters_already_are_not_listed_again(tmp_path: Path) -> None:
    write_task(tmp_path, doc_to_choice="{{l}}", doc_to_text="{{q}}\nA. blue\nB. red\nAnswer:")
    task = load("own", (tmp_path,))["own_generate"]
    assert prompt(task).count("A. blue") == 1


def test_answers_are_scored_and_unreadable_ones_counted(tmp_path: Path) -> None:
    write_task(tmp_path)
    task = load("own", (tmp_path,))["own_generate"]
    first, second = task.eval_docs

    def scores(doc: Any, answer: str) -> tuple[float, float, float]:
        found = task.process_results(doc, [answer])
        return found["acc"], found["extraction_failed"], found["format_followed"]

    assert scores(first, "A") == (1.0, 0.0, 0.0)
    assert scores(first, "It looks blue.\n\nAnswer: A") == (1.0, 0.0, 1.0)
    assert scores(second, "It is hot.") == (1.0, 0.0, 0.0)
    assert scores(second, "Answer: A") == (0.0, 0.0, 1.0)
    assert scores(second, "no idea") == (0.0, 1.0, 0.0)


def test_several_right_options_all_count(tmp_path: Path) -> None:
    write_task(tmp_path, doc_to_target="{{n}}")
    task = load("own", (tmp_path,))["own_generate"]
    doc = task.eval_docs[0]
    assert [task.process_results(doc, [x])["acc"] for x in "AB"] == [1.0, 1.0]
    assert task.doc_to_target(doc) == "Answer: A"


def test_contexts_that_are_compared_have_no_twin(tmp_path: Path) -> None:
    write_task(tmp_path, doc_to_text="{{gold}}", doc_to_target="{{q}}")
    with pytest.raises(TaskError, match="compares contexts"):
        load("own", (tmp_path,))


def test_more_options_than_letters_have_no_twin(tmp_path: Path) -> None:
    write_task(tmp_path, doc_to_choice=[f"o{i}" for i in range(27)])
    with pytest.raises(TaskError, match="27 options"):
        load("own", (tmp_path,))


class Fake(LM):  # type: ignore[misc]
    """Answers every question with the same letter."""

    tokenizer_name = "fake"

    def __init__(self, letter: str) -> None:
        super().__init__()
        self.letter = letter
        self.prompts: list[str] = []

    def apply_chat_template(self, history: Any, add_generation_prompt: bool = True) -> str:
        return "".join(f"<{m['role']}>{m['content']}" for m in history)

    def generate_until(self, requests: Any) -> list[str]:
        self.prompts += [r.args[0] for r in requests]
        return [f" {self.letter}" for _ in requests]

    def loglikelihood(self, requests: Any) -> Any:
        raise AssertionError("a twin asks for no log-likelihoods")

    loglikelihood_rolling = loglikelihood


@pytest.mark.parametrize("has_template", [False, True])
def test_lm_eval_runs_twins_in_groups_with_and_without_chat_template(
    tmp_path: Path, has_template: bool
) -> None:
    write_task(tmp_path)
    group = {
        "group": "both",
        "task": ["own", "table_arithmetic"],
        "aggregate_metric_list": [{"metric": "acc", "weight_by_size": True}],
    }
    (tmp_path / "both.yaml").write_text(yaml.safe_dump(group))
    suite = SuiteSpec(name="s", tasks=("both",))
    loaded = load_tasks(suite, (tmp_path,), mode=GENERATE)
    assert set(loaded["tasks"]) == {"own_generate", "table_arithmetic"}
    lm = Fake("B")
    results = evaluator.evaluate(
        lm=lm, task_dict=loaded, limit=2, bootstrap_iters=0, apply_chat_template=has_template
    )
    assert results["results"]["own_generate"]["acc,none"] == 0.5
    assert results["results"]["own_generate"]["extraction_failed,none"] == 0.0
    assert results["higher_is_better"]["own_generate"]["extraction_failed"] is False
    assert "both_generate" in results["groups"]
    assert any(p.startswith("<system>") for p in lm.prompts) is has_template


def config(
    *models: ModelSpec, mode: str = "auto", tasks: tuple[str, ...] = ("ticket_routing",)
) -> RunConfig:
    suite = SuiteSpec(name="s", tasks=tasks, limit=2, mode=mode)  # type: ignore[arg-type]
    return RunConfig(name="r", models=models, suites=(suite,))


def api(name: str = "api", **endpoint: Any) -> ModelSpec:
    values = {"base_url": "http://127.0.0.1:9/v1", **endpoint}
    return ModelSpec.model_validate(
        {"name": name, "backend": "openai", "source": "x", "endpoint": values}
    )


def local(folder: Path) -> ModelSpec:
    return ModelSpec(name="local", source=str(folder))


def modes(plan: Any) -> dict[str, str]:
    return {c.model.name: c.mode for c in plan.cells}


@pytest.mark.model
def test_one_mode_for_all_models_unless_the_suite_insists(tiny_model: Path) -> None:
    here, there = local(tiny_model), api()
    assert modes(make_plan(config(here))) == {"local": AS_IS}
    plan = make_plan(config(here, there))
    assert modes(plan) == {"local": GENERATE, "api": GENERATE}
    assert plan.unlike_suites == ()
    assert modes(make_plan(config(here, mode="generate"))) == {"local": GENERATE}
    apart = make_plan(config(here, there, mode="loglikelihood"))
    assert modes(apart) == {"local": AS_IS, "api": GENERATE}
    assert apart.unlike_suites == ("s",)


@pytest.mark.model
def test_suites_without_choices_stay_as_they_are(tiny_model: Path) -> None:
    plan = make_plan(config(local(tiny_model), api(), tasks=("table_arithmetic",)))
    assert set(modes(plan).values()) == {AS_IS}


def test_an_endpoint_that_echoes_is_scored_by_log_likelihood() -> None:
    echo = api(api="completions", echo_logprobs=True)
    assert modes(make_plan(config(echo))) == {"api": AS_IS}
    assert make_plan(config(echo)).cells[0].chat_template is False


def test_the_hash_tells_modes_apart(tiny_model: Path) -> None:
    here = local(tiny_model)
    assert make_plan(config(here)).hash != make_plan(config(here, mode="generate")).hash


def test_a_task_without_a_twin_is_refused_for_an_api(tmp_path: Path) -> None:
    write_task(tmp_path, output_type="loglikelihood", doc_to_choice=None, doc_to_target="{{q}}")
    run = config(api(), tasks=("own",)).model_copy(update={"include_paths": (tmp_path,)})
    with pytest.raises(ModelError, match="can't do loglikelihood"):
        make_plan(run)


@pytest.mark.model
@pytest.mark.parametrize(
    ("changes", "wanted", "n"),
    [
        ({}, "auto", 20),
        ({}, "all", 100),
        ({}, 0, 0),
        ({}, 7, 7),
        ({}, 5000, 100),
        ({"generate_batch_size": 1}, 0, 100),
    ],
)
def test_a_plan_says_on_how_many_docs_latency_is_measured(
    changes: dict[str, Any], wanted: Any, n: int, tiny_model: Path
) -> None:
    model = local(tiny_model).model_copy(update=changes)
    run = config(model, api(), tasks=("table_arithmetic",))
    suite = run.suites[0].model_copy(update={"latency_docs": wanted, "limit": 100})
    here, there = make_plan(run.model_copy(update={"suites": (suite,)})).cells
    assert (here.n_timed, there.n_timed) == (n, 100)


def test_scored_docs_have_no_latency(tiny_model: Path) -> None:
    (cell,) = make_plan(config(local(tiny_model))).cells
    assert cell.n_timed == 0
