"""Tasks are found where they should be, with lm-eval's own preparation, and foreign code stays out."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from evalkit.config import GenerationDefaults, SuiteSpec
from evalkit.distribution import shipped
from evalkit.errors import TaskError
from evalkit.harness import catalogue, scoring_check
from evalkit.harness.catalogue import apply_generation, load_tasks
from tests.conftest import REPO

BUSINESS = {
    "ticket_routing",
    "invoice_extraction",
    "grounded_qa",
    "table_arithmetic",
    "de_en_understanding",
}


def suite(*tasks: str, **changes: object) -> SuiteSpec:
    return SuiteSpec.model_validate({"name": "s", "tasks": tasks, **changes})


def test_the_business_group_holds_five_tasks_of_at_least_100_docs() -> None:
    loaded = load_tasks(suite("business"), [])
    assert set(loaded["tasks"]) == BUSINESS
    assert all(len(task.eval_docs) >= 100 for task in loaded["tasks"].values())


def test_data_files_are_found_wherever_evalkit_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_tasks(suite("ticket_routing"), [])["tasks"]


def test_shipped_tasks_are_those_of_the_repository() -> None:
    assert shipped("tasks") == REPO / "tasks"


def test_few_shot_can_be_overridden() -> None:
    task = load_tasks(suite("ticket_routing", num_fewshot=1), [])["tasks"]["ticket_routing"]
    assert task.get_config("num_fewshot") == 1


def test_generation_defaults_override_the_task() -> None:
    loaded = load_tasks(suite("table_arithmetic", "ticket_routing"), [])
    apply_generation(loaded, GenerationDefaults(max_tokens=3, temperature=0.7))
    kwargs = loaded["tasks"]["table_arithmetic"].config.generation_kwargs
    assert kwargs["max_gen_toks"] == 3
    assert kwargs["temperature"] == 0.7
    assert kwargs["do_sample"] is True
    assert kwargs["until"], "what is not overridden stays"


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """A task with code, reached by name, through a group, and through an included file."""
    (tmp_path / "docs.jsonl").write_text('{"q": "1+1", "a": "2"}\n')
    (tmp_path / "code.py").write_text("def prompt(doc):\n    return doc['q']\n")
    (tmp_path / "_base.yaml").write_text("doc_to_text: !function code.prompt\n")
    task = {
        "include": "_base.yaml",
        "task": "with_code",
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"test": "docs.jsonl"}},
        "test_split": "test",
        "output_type": "generate_until",
        "doc_to_target": "a",
        "metric_list": [{"metric": "exact_match"}],
    }
    (tmp_path / "with_code.yaml").write_text(yaml.safe_dump(task, sort_keys=False))
    (tmp_path / "group.yaml").write_text(
        yaml.safe_dump({"group": "grouped", "task": ["with_code"]})
    )
    return tmp_path


@pytest.mark.parametrize("name", ["with_code", "grouped"])
def test_code_of_foreign_tasks_needs_permission(foreign: Path, name: str) -> None:
    with pytest.raises(TaskError, match="allow_task_code"):
        load_tasks(suite(name), [foreign])
    loaded = load_tasks(suite(name), [foreign], allow_code=True)
    assert set(loaded["tasks"]) == {"with_code"}


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("ticket_rooting", "'ticket_routing'"),
        ("hellaswagg", "'hellaswag'"),
        ("zzyzx", "include_paths"),
    ],
)
def test_an_unknown_name_is_told_without_indexing_lm_evals_files(
    name: str, hint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue, "_full_manager", None)
    with pytest.raises(TaskError, match=f"Unknown task '{name}'") as caught:
        catalogue.manager_of((name,), ())
    assert hint in str(caught.value)
    assert catalogue._is_written("arc_challenge")


@pytest.mark.parametrize(
    "keys", [{}, {"aggregation": "mean"}, {"aggregation": "mean", "higher_is_better": True}]
)
def test_an_unknown_metric_is_told_without_the_library_that_may_have_it(
    keys: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(scoring_check, "get_metric", None)
    with pytest.raises(TaskError, match="metric 'goodness'"):
        scoring_check.check_metrics([{"metric": "goodness", **keys}], is_own=False)


def test_a_metric_that_the_library_has_here_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scoring_check, "HF_MODULES_CACHE", str(tmp_path))
    monkeypatch.setattr(scoring_check, "get_metric", lambda *_: len)
    (tmp_path / "evaluate_modules" / "metrics" / "evaluate-metric--goodness").mkdir(parents=True)
    given = {"metric": "goodness", "aggregation": "mean", "higher_is_better": True}
    scoring_check.check_metrics([given], is_own=False)
