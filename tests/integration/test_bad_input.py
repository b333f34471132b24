"""Every wrong input gets one clear paragraph and exit code 2, and nothing is written."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from evalkit.cli import main
from tests.runs import SUITES, only_run, write_config

pytestmark = pytest.mark.model


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["run", *arguments])


def refused(result: Result, folder: Path, *words: str) -> None:
    """Check the exit code, the words, that it is one paragraph without traceback, and that no run was begun."""
    assert result.exit_code == 2, result.output
    for word in words:
        assert word in result.output
    assert "Traceback" not in result.output
    assert "\n\n" not in result.output.strip()
    assert not list(folder.glob("out/*/*"))


def model(source: Path | str, **changes: Any) -> list[dict[str, Any]]:
    return [{"name": "tiny", "source": str(source), "device": "cpu", **changes}]


def test_unknown_key(tmp_path: Path, tiny_model: Path) -> None:
    file = write_config(tmp_path, tiny_model, modles=[])
    refused(run(str(file)), tmp_path, "run.yaml:", "'modles'", "did you mean 'models'")


def test_wrong_type(tmp_path: Path, tiny_model: Path) -> None:
    file = write_config(tmp_path, tiny_model, suites=[{**SUITES[0], "limit": "all"}])
    refused(run(str(file)), tmp_path, "suites.0.limit", "'all'")


def test_missing_config_file(tmp_path: Path) -> None:
    refused(run(str(tmp_path / "absent.yaml")), tmp_path, "absent.yaml", "no such config file")


def test_no_config_at_all(tmp_path: Path) -> None:
    refused(run(), tmp_path, "CONFIG", "--resume")


def test_unknown_task_of_evalkit(tmp_path: Path, tiny_model: Path) -> None:
    file = write_config(tmp_path, tiny_model, suites=[{"name": "s", "tasks": ["ticket_rooting"]}])
    refused(run(str(file)), tmp_path, "Unknown task 'ticket_rooting'", "'ticket_routing'")


def test_task_data_missing_offline(tmp_path: Path, tiny_model: Path) -> None:
    file = write_config(tmp_path, tiny_model, suites=[{"name": "s", "tasks": ["arc_easy"]}])
    refused(run(str(file)), tmp_path, "arc_easy", "data is not available", "Offline")


def test_local_data_file_missing(tmp_path: Path, tiny_model: Path) -> None:
    tasks = tmp_path / "mine"
    tasks.mkdir()
    task = {"task": "mine", "dataset_path": "json", "output_type": "generate_until"}
    data = {"dataset_kwargs": {"data_files": {"test": "absent.jsonl"}}, "test_split": "test"}
    asked = {"doc_to_text": "x", "doc_to_target": "y"}
    (tasks / "mine.yaml").write_text(yaml.safe_dump({**task, **data, **asked}))
    suites = [{"name": "s", "tasks": ["mine"]}]
    file = write_config(tmp_path, tiny_model, suites=suites, include_paths=["mine"])
    refused(run(str(file)), tmp_path, "mine", "absent.jsonl")


def test_task_code_that_is_not_allowed(tmp_path: Path, tiny_model: Path) -> None:
    tasks = tmp_path / "mine"
    tasks.mkdir()
    (tasks / "mine.yaml").write_text(
        "task: mine\ndataset_path: json\nprocess_results: !function code.score\n"
    )
    (tasks / "code.py").write_text("raise SystemExit('it ran')\n")
    suites = [{"name": "s", "tasks": ["mine"]}]
    file = write_config(tmp_path, tiny_model, suites=suites, include_paths=["mine"])
    refused(run(str(file)), tmp_path, "mine.yaml", "!function", "allow_task_code")


def test_unknown_model_offline(tmp_path: Path) -> None:
    file = write_config(tmp_path, "nobody/nothing")
    refused(run(str(file)), tmp_path, "nobody/nothing", "hub", "Offline")


def test_misspelt_embedded_model(tmp_path: Path) -> None:
    file = write_config(tmp_path, "smolm2-135m")
    refused(run(str(file)), tmp_path, "'smolm2-135m'", "Did you mean the embedded model")


def test_model_folder_that_does_not_exist(tmp_path: Path) -> None:
    file = write_config(tmp_path, "./no/such/folder")
    refused(run(str(file)), tmp_path, "./no/such/folder", "no folder")


def test_model_folder_without_tokenizer(tmp_path: Path, tiny_model: Path) -> None:
    bare = tmp_path / "bare"
    shutil.copytree(tiny_model, bare, ignore=shutil.ignore_patterns("tokenizer*"))
    refused(run(str(write_config(tmp_path, bare))), tmp_path, "no tokenizer", "save_pretrained")


def test_unknown_backend(tmp_path: Path, tiny_model: Path) -> None:
    file = write_config(tmp_path, tiny_model, models=model(tiny_model, backend="hff"))
    refused(run(str(file)), tmp_path, "'hff'", "'hf'")


def test_dtype_the_device_can_not_compute_in(tmp_path: Path, tiny_model: Path) -> None:
    file = write_config(tmp_path, tiny_model, models=model(tiny_model, dtype="float8_e4m3fn"))
    refused(run(str(file)), tmp_path, "float8_e4m3fn is not supported on cpu", "float32")


def test_device_that_is_not_there(tmp_path: Path, tiny_model: Path) -> None:
    file = write_config(tmp_path, tiny_model, models=model(tiny_model, device="cuda:7"))
    refused(run(str(file)), tmp_path, "cuda:7", "can't be used here")


def test_chat_template_the_model_does_not_have(tmp_path: Path, gemma: Path) -> None:
    file = write_config(tmp_path, gemma, models=model(gemma, chat_template=True))
    refused(run(str(file)), tmp_path, "chat_template is true")


API = {"name": "api", "backend": "openai", "source": "m"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"dtype": "float32"}, ("'dtype' means nothing for backend 'openai'",)),
        ({"endpoint": {"base_url": "127.0.0.1:8000"}}, ("endpoint.base_url", "127.0.0.1:8000")),
        ({"endpoint": {"base_url": "https://me:secret@x.org/v1"}}, ("endpoint.base_url",)),
        ({"endpoint": {"base_url": "https://x.org/v1?key=secret"}}, ("endpoint.base_url",)),
        ({"endpoint": {"echo_logprobs": True}}, ("echo_logprobs needs",)),
        ({"endpoint": {"api_key_env": "sk-a-key-itself"}}, ("endpoint.api_key_env",)),
        ({"endpoint": {"concurency": 4}}, ("'concurency'", "did you mean 'concurrency'")),
        ({"backend": "opneai"}, ("Unknown backend 'opneai'", "'openai'")),
        ({"backend": "google", "endpoint": {"api": "completions"}}, ("needs backend 'openai'",)),
        ({"price": {"input": 1, "output": 2, "date": "2026-11-01"}}, ("price.source", "missing")),
    ],
)
def test_an_api_model_that_makes_no_sense(
    tmp_path: Path, tiny_model: Path, changes: dict[str, Any], words: tuple[str, ...]
) -> None:
    file = write_config(tmp_path, tiny_model, models=[{**API, **changes}])
    result = run(str(file))
    refused(result, tmp_path, *words)
    assert "secret@" not in result.output
    assert "key=secret" not in result.output
    assert "sk-a-key" not in result.output


def test_endpoint_keys_for_a_local_model(tmp_path: Path, tiny_model: Path) -> None:
    file = write_config(tmp_path, tiny_model, models=model(tiny_model, endpoint={"concurrency": 2}))
    refused(run(str(file)), tmp_path, "'endpoint' means nothing for backend 'hf'")


def test_no_disk_space(tmp_path: Path, tiny_model: Path) -> None:
    output = {"dir": str(tmp_path / "out"), "min_free_gb": 1e9}
    file = write_config(tmp_path, tiny_model, output=output)
    refused(run(str(file)), tmp_path, "disk space left", "min_free_gb")


def test_results_folder_that_can_not_be_written(tmp_path: Path, tiny_model: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    file = write_config(tmp_path, tiny_model, output={"dir": str(tmp_path / "file" / "out")})
    refused(run(str(file)), tmp_path, "can't be written", "--output")


def test_unknown_suite_on_the_command_line(tmp_path: Path, tiny_model: Path) -> None:
    file = write_config(tmp_path, tiny_model)
    refused(run(str(file), "-s", "chose"), tmp_path, "no suite is called 'chose'", "'choose'")


def test_resuming_with_another_config(tmp_path: Path, tiny_model: Path) -> None:
    file = write_config(tmp_path, tiny_model, suites=[{**SUITES[0], "limit": 2}])
    assert run(str(file), "-q").exit_code == 0
    folder = only_run(tmp_path)
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    other = write_config(tmp_path, tiny_model, suites=[{**SUITES[0], "limit": 3}])
    result = run(str(other), "--resume", str(folder))
    assert result.exit_code == 2
    assert "other suites" in result.output
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before


def test_resuming_what_is_no_run(tmp_path: Path) -> None:
    result = run("--resume", str(tmp_path))
    assert result.exit_code == 4
    assert "not a run directory" in result.output
