"""Models that are not as they should be, beside one that is: what fails, fails alone; what differs is said."""

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
from tests.runs import SMALL_TASKS, only_run, write_small_tasks

pytestmark = pytest.mark.model


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def damaged(model: Path, target: Path, change: Callable[[dict[str, torch.Tensor]], object]) -> Path:
    shutil.copytree(model, target)
    tensors = load_file(target / "model.safetensors")
    change(tensors)
    save_file(tensors, target / "model.safetensors", metadata={"format": "pt"})
    return target


def write_config(folder: Path, models: dict[str, Path], **suite: str) -> Path:
    config = {
        "name": "mixed",
        "include_paths": [str(write_small_tasks(folder))],
        "models": [
            {"name": name, "source": str(model), "device": "cpu", "dtype": "float32"}
            for name, model in models.items()
        ],
        "suites": [
            {"name": name, "tasks": [name], "data_class": "public", **suite} for name in SMALL_TASKS
        ],
        "output": {"dir": str(folder / "out")},
    }
    (folder / "run.yaml").write_text(json.dumps(config))
    return folder / "run.yaml"


def test_other_models_results_stay(small_model: Path, tmp_path: Path) -> None:
    def no_numbers(tensors: dict[str, torch.Tensor]) -> None:
        tensors["model.norm.weight"][0] = float("nan")

    nan = damaged(small_model, tmp_path / "nan", no_numbers)
    lacking = damaged(small_model, tmp_path / "lacking", lambda t: t.pop("model.norm.weight"))
    folders = {"first": small_model, "nan": nan, "lacking": lacking, "last": small_model}
    file = write_config(tmp_path, folders)
    result = invoke("run", str(file))
    assert result.exit_code == 3, result.output
    folder = only_run(tmp_path)
    again = invoke("run", "--resume", str(folder))
    assert again.exit_code == 3, again.output
    run = open_run(folder)
    states = {c.cell_id: c.state for c in run.manifest.cells}
    for name in ("first", "last"):
        assert {states[f"{name}/{suite}/0"] for suite in SMALL_TASKS} == {"done"}
    reasons = {c.cell_id: c.reason or "" for c in run.manifest.cells if c.state == "failed"}
    assert len(reasons) == 4
    for suite in SMALL_TASKS:
        assert "logits are not numbers" in reasons[f"nan/{suite}/0"]
        assert "1 tensor missing: model.norm.weight" in reasons[f"lacking/{suite}/0"]
    assert {s.cell_id.partition("/")[0] for s in run.samples} == {"first", "last"}
    assert "Traceback" not in result.output + again.output
    page = (folder / "report.html").read_text()
    assert "logits are not numbers" in page


EACH = "{% for m in messages %}[{{ m.role }}]{{ m.content }}\n{% endfor %}[assistant]"
TEMPLATES = {
    "takes_all": "{{ strftime_now('%d %b %Y') }}\n" + EACH,
    "no_system": "{% if messages[0].role == 'system' %}{{ raise_exception('no') }}{% endif %}"
    + EACH,
    "takes_none": "{{ raise_exception('out of order') }}",
}


def test_models_that_are_asked_differently_are_named(small_model: Path, tmp_path: Path) -> None:
    folders = {}
    for name, template in TEMPLATES.items():
        folders[name] = Path(shutil.copytree(small_model, tmp_path / name))
        (folders[name] / "chat_template.jinja").write_text(template)
    file = write_config(tmp_path, folders, system_instruction="w9 w9 w9")
    planned = " ".join(invoke("plan", str(file)).output.split())
    assert "Suite choose, write: the chat template of no_system takes no system turn" in planned
    assert "the chat template of takes_none can't be used" in planned
    assert "out of order" in planned
    result = invoke("run", str(file))
    assert result.exit_code == 3, result.output
    folder = only_run(tmp_path)
    run = open_run(folder)
    prompts = {s.cell_id.partition("/")[0]: s.prompt for s in run.samples if s.doc_id == 0}
    assert prompts == {
        "takes_all": "26 Jul 2024\n[system]w9 w9 w9\n[user]w3 w4\n[assistant]",
        "no_system": "[user]w9 w9 w9\n\nw3 w4\n[assistant]",
    }
    dates = {m.name: m.template_date for m in run.manifest.models}
    assert dates["takes_all"] == "2024-07-26"
    assert dates["no_system"] is None
    failed = [c for c in run.manifest.cells if c.state == "failed"]
    assert {c.model for c in failed} == {"takes_none"}
    assert all("out of order" in (c.reason or "") for c in failed)
    told = "write: the chat template of no_system takes no system turn"
    assert told in " ".join(result.output.split())
    assert told in (folder / "report.html").read_text()
    given = ("--baseline-model", "takes_all", "--candidate-model", "no_system")
    compared = tmp_path / "compared.json"
    assert (
        invoke("compare", str(folder), str(folder), *given, "--json", str(compared)).exit_code == 0
    )
    assert "instruction in the user's turn" in compared.read_text()
