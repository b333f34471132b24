"""A run that is killed or interrupted ends like one that never was."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from evalkit.cli import main
from evalkit.store.run_dir import Run, open_run, verify
from tests.runs import SMALL_TASKS, only_run, write_config, write_small_tasks

pytestmark = [pytest.mark.model, pytest.mark.slow]
HERE = Path(__file__).parent
N_KILLS = 10
N_DOCS = 60


def summary(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "summary.json").read_text())
    return found


def asked(run: Run) -> Counter[str]:
    return Counter(r.request_id for r in run.requests if r.is_measured)


def test_kill_9_at_any_moment_loses_and_doubles_nothing(tmp_path: Path, small_model: Path) -> None:
    """The smallest model and tasks: a run is lived through some twenty times."""
    model = {"name": "m", "source": str(small_model), "dtype": "float32", "device": "cpu"}
    config = write_config(
        tmp_path,
        small_model,
        models=[{**model, "batch_size": 4, "generate_batch_size": 2}],
        include_paths=[str(write_small_tasks(tmp_path, n_docs=12))],
        suites=[{"name": name, "tasks": [name]} for name in SMALL_TASKS],
        output={"dir": "unused", "report": False},
    )
    command = [sys.executable, str(HERE / "fork_runner.py"), str(config), str(tmp_path / "o")]
    done = subprocess.run(
        [*command, str(N_KILLS), "20261123"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["kills"] >= N_KILLS
    (whole_dir,) = (tmp_path / "o" / "whole").iterdir()
    whole = open_run(whole_dir)
    killed = [p.parent for p in (tmp_path / "o").glob("killed*/*/manifest.json")]
    resumed = [p for p in killed if len(open_run(p).manifest.sessions) > 1]
    n_resumed = sum(len(open_run(p).manifest.sessions) - 1 for p in resumed)
    assert n_resumed >= 3, "the kills came too early or too late to test anything"
    midway = [p for p in resumed if len({r.session for r in open_run(p).requests}) > 1]
    assert midway, "no run was killed between two answers"
    for folder in killed:
        assert verify(folder) == []
        run = open_run(folder)
        assert asked(run) == asked(whole)
        assert set(asked(run).values()) == {1}
        assert run.samples == whole.samples
        assert run.results == whole.results
        assert summary(folder)["quality"] == summary(whole_dir)["quality"]
        assert [c["n_answered"] for c in summary(folder)["cells"]] == [
            c["n_answered"] for c in summary(whole_dir)["cells"]
        ]


def evalkit(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "evalkit", *arguments]


def wait_for_answers(process: subprocess.Popen[str]) -> None:
    """Wait until the JSON log tells of a few answers."""
    assert process.stderr is not None
    for line in process.stderr:
        if '"advanced"' in line:
            return


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_keeps_what_was_done_and_says_how_to_go_on(
    tmp_path: Path, tiny_model: Path, how: signal.Signals
) -> None:
    suites = [{"name": "write", "tasks": ["grounded_qa"], "limit": N_DOCS}]
    output = {"dir": str(tmp_path / "out"), "report": False}
    config = write_config(tmp_path, tiny_model, suites=suites, output=output)
    process = subprocess.Popen(
        evalkit("run", str(config), "--log", "json"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    wait_for_answers(process)
    process.send_signal(how)
    _, rest = process.communicate(timeout=120)
    assert process.returncode == 3, rest
    folder = only_run(tmp_path)
    assert f"evalkit run --resume {folder}" in rest
    assert open_run(folder).manifest.state == "partial"
    assert "not complete" in verify(folder)[0].problem
    again = CliRunner().invoke(main, ["run", "--resume", str(folder), "-q"])
    assert again.exit_code == 0, again.output
    run = open_run(folder)
    assert run.manifest.state == "complete"
    assert len(asked(run)) == N_DOCS
    assert len(run.manifest.sessions) == 2
