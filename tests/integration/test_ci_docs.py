"""docs/ci.md: its files are valid YAML, and the commands in them do what they say."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from evalkit.cli import main
from tests.conftest import REPO
from tests.runs import write_config

GITHUB, GITLAB = (
    yaml.safe_load(text)
    for text in re.findall(r"```yaml\n(.*?)```", (REPO / "docs/ci.md").read_text(), re.DOTALL)
)


def steps(of: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = of["jobs"]["gate"]["steps"]
    return found


def evalkit_commands() -> Iterator[str]:
    """Every evalkit command of both files, in order, each once."""
    said = [str(step["run"]) for step in steps(GITHUB) if "run" in step]
    said += [str(line) for line in GITLAB["gate"]["script"]]
    yield from dict.fromkeys(line for line in said if line.startswith("evalkit "))


def test_both_files_have_what_their_ci_asks_for() -> None:
    # YAML reads a bare `on` as true
    assert set(GITHUB) == {"name", True, "permissions", "jobs"}
    assert GITHUB["jobs"]["gate"]["runs-on"]
    assert all(("uses" in step) != ("run" in step) for step in steps(GITHUB))
    assert {"image", "script", "artifacts", "cache"} <= set(GITLAB["gate"])


def test_what_is_kept_is_what_the_commands_write() -> None:
    written = {w for c in evalkit_commands() for w in shlex.split(c) if w.startswith("gate.")}
    upload = next(s for s in steps(GITHUB) if "upload-artifact" in s.get("uses", ""))
    assert set(upload["with"]["path"].split()) <= written
    reports = GITLAB["gate"]["artifacts"]["reports"]
    assert {reports["junit"], reports["metrics"], *GITLAB["gate"]["artifacts"]["paths"]} == written


def test_the_models_are_kept_where_evalkit_looks_for_them() -> None:
    cache = next(s for s in steps(GITHUB) if "actions/cache" in s.get("uses", ""))
    assert GITHUB["jobs"]["gate"]["env"]["EVALKIT_CACHE"].endswith(cache["with"]["path"])
    assert GITLAB["gate"]["variables"]["EVALKIT_CACHE"].startswith("$CI_PROJECT_DIR/.cache/")


@pytest.mark.model
@pytest.mark.slow
def test_the_commands_run_as_they_stand(
    tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a repository like ours, with a model that answers at once."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GITHUB_ACTIONS", "")
    tasks = [{"name": "choose", "tasks": ["ticket_routing"], "limit": 64}]
    folder = tmp_path / "configs" / "gate"
    folder.mkdir(parents=True)
    made = write_config(tmp_path, tiny_model, suites=tasks, name="gate")
    shutil.move(made, folder / "measure.yaml")
    policy = "name: tiny\nrules:\n  - {metric: accuracy, margin_points: 5}\n"
    (folder / "policy.yaml").write_text(policy)
    first = (
        "evalkit run configs/gate/measure.yaml --output results/gate",
        'evalkit gate accept results/gate --reason "first baseline"',
    )
    assert all(command in (REPO / "docs/ci.md").read_text() for command in first)
    for command in (*first, *evalkit_commands()):
        done = CliRunner().invoke(main, shlex.split(command)[1:])
        assert done.exit_code == 0, f"{command}\n{done.output}"
    assert all((tmp_path / f"gate.{form}").exists() for form in ("xml", "json", "html", "txt"))
    assert "::error" not in done.stdout
