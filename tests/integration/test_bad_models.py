"""Models that can't be measured beside one that can: their cells fail, each with its reason, and all else is kept."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner, Result
from safetensors.torch import load_file, save_file

from evalkit.cli import main
from evalkit.store.run_dir import open_run
from tests.runs import only_run

pytestmark = pytest.mark.model
LABELS = ["w1", "w2"]
TASKS = {
    "choose": {
        "output_type": "multiple_choice",
        "doc_to_text": "{{q}}",
        "doc_to_choice": LABELS,
        "doc_to_target": "{{a}}",
        "metric_list": [{"metric": "acc"}],
    },
    "write": {
        "output_type": "generate_until",
        "doc_to_text": "{{q}}",
        "doc_to_target": "{{a}}",
        "generation_kwargs": {"max_gen_toks": 3},
        "metric_list": [{"metric": "exact_match"}],
    },
}


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def write_tasks(folder: Path) -> Path:
    docs = [{"q": f"w{n} w{n + 1}", "a": LABELS[n % 2]} for n in range(3, 7)]
    for name, task in TASKS.items():
        home = folder / "tasks" / name
        home.mkdir(parents=True)
        (home / "data.jsonl").write_text("".join(json.dumps(d) + "\n" for d in docs))
        described = {
            "task": name,
            "dataset_path": "json",
            "dataset_kwargs": {"data_files": {"test": str(home / "data.jsonl")}},
            "test_split": "test",
            **task,
        }
        (home / f"{name}.yaml").write_text(json.dumps(described))
    return folder / "tasks"


def damaged(model: Path, target: Path, change: Callable[[dict[str, torch.Tensor]], object]) -> Path:
    shutil.copytree(model, target)
    tensors = load_file(target / "model.safetensors")
    change(tensors)
    save_file(tensors, target / "model.safetensors", metadata={"format": "pt"})
    return target


def test_other_models_results_stay(small_model: Path, tmp_path: Path) -> None:
    def no_numbers(tensors: dict[str, torch.Tensor]) -> None:
        tensors["model.norm.weight"][0] = float("nan")

    nan = damaged(small_model, tmp_path / "nan", no_numbers)
    lacking = damaged(small_model, tmp_path / "lacking", lambda t: t.pop("model.norm.weight"))
    folders = {"first": small_model, "nan": nan, "lacking": lacking, "last": small_model}
    config = {
        "name": "mixed",
        "include_paths": [str(write_tasks(tmp_path))],
        "models": [
            {"name": name, "source": str(folder), "device": "cpu", "dtype": "float32"}
            for name, folder in folders.items()
        ],
        "suites": [{"name": name, "tasks": [name], "data_class": "public"} for name in TASKS],
        "output": {"dir": str(tmp_path / "out")},
    }
    (tmp_path / "run.yaml").write_text(json.dumps(config))
    result = invoke("run", str(tmp_path / "run.yaml"))
    assert result.exit_code == 3, result.output
    folder = only_run(tmp_path)
    again = invoke("run", "--resume", str(folder))
    assert again.exit_code == 3, again.output
    run = open_run(folder)
    states = {c.cell_id: c.state for c in run.manifest.cells}
    for name in ("first", "last"):
        assert {states[f"{name}/{suite}/0"] for suite in TASKS} == {"done"}
    reasons = {c.cell_id: c.reason or "" for c in run.manifest.cells if c.state == "failed"}
    assert len(reasons) == 4
    for suite in TASKS:
        assert "logits are not numbers" in reasons[f"nan/{suite}/0"]
        assert "1 tensor missing: model.norm.weight" in reasons[f"lacking/{suite}/0"]
    assert {s.cell_id.partition("/")[0] for s in run.samples} == {"first", "last"}
    assert "Traceback" not in result.output + again.output
    page = (folder / "report.html").read_text()
    assert "logits are not numbers" in page
