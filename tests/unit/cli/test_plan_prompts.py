"""`evalkit plan --prompts` and `config check`: what is sent is shown and faults are found before anything is asked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from evalkit.cli import main
from tests.runs import write_config

ROWS = [{"id": n, "q": f"What is {n} plus 1?", "a": str(n + 1)} for n in range(5)]
TASK: dict[str, Any] = {
    "task": "sums",
    "dataset_path": "json",
    "dataset_kwargs": {"data_files": {"test": "rows.jsonl"}},
    "test_split": "test",
    "fewshot_split": "test",
    "fewshot_config": {"sampler": "first_n"},
    "num_fewshot": 1,
    "output_type": "generate_until",
    "description": "Add.\n\n",
    "doc_to_text": "{{q}}\nSum:",
    "doc_to_target": "{{a}}",
    "generation_kwargs": {"until": ["\n\n", "What"], "max_gen_toks": 8, "do_sample": False},
    "metric_list": [{"metric": "exact_match", "aggregation": "mean", "higher_is_better": True}],
}
SUITES = [{"name": "s", "tasks": ["sums"]}]
PRICE = {"input": 1, "output": 1, "source": "offer", "date": "2026-11-01"}


@pytest.fixture
def tasks(tmp_path: Path) -> Path:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    (folder / "sums.yaml").write_text(yaml.safe_dump(TASK))
    return folder


def config(folder: Path, *models: dict[str, Any], **changes: Any) -> str:
    given = {"suites": SUITES, "include_paths": ["mine"], "models": list(models), **changes}
    return str(write_config(folder, "unused", **given))


def api(backend: str, **changes: Any) -> dict[str, Any]:
    return {"name": backend, "backend": backend, "source": "some-model", "price": PRICE, **changes}


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


@pytest.mark.parametrize(
    ("backend", "said"),
    [
        ("openai", ['stop: ["\\n\\n", "What"]', "max_completion_tokens: 8"]),
        ("anthropic", ['"stop_sequences": ["What"]', "max_tokens: 8"]),
        ("google", ['"stop_sequences": ["\\n\\n", "What"]', '"max_output_tokens": 8']),
    ],
)
def test_messages_stops_and_limits_of_an_endpoint(
    tmp_path: Path, tasks: Path, backend: str, said: list[str]
) -> None:
    output = run("plan", config(tmp_path, api(backend)), "--prompts", "1").output
    shown = output.partition(f"{backend} · s · sums · doc 0\n")[2]
    turns = [
        "[system]\n│ Add.",
        "│ What is 1 plus 1?\n│ Sum:",
        "│ 2",
        "│ What is 0 plus 1?\n│ Sum:",
    ]
    positions = [shown.index(turn) for turn in turns]
    assert positions == sorted(positions)
    for words in (*said, 'cut at: ["\\n\\n", "What"]', 'right: "1" (not sent)'):
        assert words in shown
    assert "doc 1" not in shown


@pytest.mark.model
def test_the_prompt_of_a_local_model_is_the_one_that_is_tokenised(
    tmp_path: Path, tasks: Path, tiny_model: Path
) -> None:
    local = {"name": "tiny", "source": str(tiny_model), "device": "cpu", "chat_template": False}
    result = run("plan", config(tmp_path, local), "--doc", "3", "--json")
    (shown,) = json.loads(result.output)["prompts"]
    assert shown["doc_id"] == 3
    assert shown["request"]["prompt"] == (
        "Add.\n\nWhat is 0 plus 1?\nSum: 1\n\nWhat is 3 plus 1?\nSum:"
    )
    assert shown["request"]["stop"] == ["\n\n", "What"]


def test_a_doc_that_is_not_there(tmp_path: Path, tasks: Path) -> None:
    result = run("plan", config(tmp_path, api("openai")), "--doc", "5")
    assert result.exit_code == 2
    assert "has no doc 5" in result.output
    assert "0 to 4" in result.output


def test_what_a_terminal_would_obey_is_written_out(tmp_path: Path, tasks: Path) -> None:
    (tasks / "rows.jsonl").write_text(json.dumps({"q": "\x1b[2Jx", "a": "1"}) + "\n")
    (tasks / "sums.yaml").write_text(yaml.safe_dump({**TASK, "num_fewshot": 0}))
    output = run("plan", config(tmp_path, api("openai")), "--prompts", "1").output
    assert "\x1b" not in output
    assert "│ \\x1b[2Jx" in output


def test_models_that_will_be_skipped_and_what_they_miss(
    tmp_path: Path, tasks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MY_KEY", raising=False)
    model = api("openai", endpoint={"base_url": "http://127.0.0.1:9/v1", "api_key_env": "MY_KEY"})
    output = run("plan", config(tmp_path, model)).output
    assert "Model openai will be skipped: the environment variable MY_KEY is not set." in output


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("./no/such/folder", "no folder"),
        ("smolm2-135m", "Did you mean the embedded model"),
        ("absent.gguf", "no GGUF file"),
        ("mine", "has no config.json"),
    ],
)
@pytest.mark.parametrize("command", [["config", "check"], ["plan"]])
def test_sources_are_looked_at(
    tmp_path: Path,
    tasks: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: list[str],
    source: str,
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(*command, config(tmp_path, {"name": "m", "source": source}))
    assert result.exit_code == 2, result.output
    assert said in result.output


def test_an_id_of_the_hub_can_not_be_checked_here(
    tmp_path: Path, tasks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    result = run("config", "check", config(tmp_path, {"name": "m", "source": "nobody/nothing"}))
    assert result.exit_code == 0, result.output
    assert "Model m: not checked: nobody/nothing is not on this machine" in result.output


def test_config_check_finds_what_is_wrong_with_own_tasks(tmp_path: Path, tasks: Path) -> None:
    (tasks / "sums.yaml").write_text(yaml.safe_dump({**TASK, "doc_to_target": "sum"}))
    result = run("config", "check", config(tmp_path, api("openai")))
    assert result.exit_code == 2
    for words in ("suite 's'", "task 'sums'", "sums.yaml", "'sum' is no column", "id, q, a"):
        assert words in result.output


def test_config_check_names_tasks_whose_data_are_elsewhere(tmp_path: Path, tasks: Path) -> None:
    far = {**TASK, "dataset_path": "someone/somewhere", "dataset_kwargs": {}}
    (tasks / "sums.yaml").write_text(yaml.safe_dump(far))
    result = run("config", "check", config(tmp_path, api("openai")))
    assert result.exit_code == 0, result.output
    assert "Suite s: not checked: the data of sums come from the hub." in result.output


def test_what_a_library_raises_unforeseen_is_a_sentence(
    tmp_path: Path, tasks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_file: Path) -> None:
        raise yaml.YAMLError("odd\nand more")

    monkeypatch.setattr("evalkit.config.load_config", fail)
    result = run("config", "check", config(tmp_path, api("openai")))
    assert result.exit_code == 2
    assert "Error: YAMLError: odd\n" in result.output
    assert "Traceback" not in result.output
