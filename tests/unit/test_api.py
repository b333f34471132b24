"""evalkit from Python gives what the commands print."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from evalkit import api
from evalkit.cli import main
from evalkit.errors import DataError, UsageError
from tests.gate_runs import Made, made_run
from tests.runs import only_run, write_config
from tests.scenarios import written


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    scores = [1.0] * 150 + [0.0] * 50
    worse = [1.0] * 60 + [0.0] * 140
    return (
        written(made_run(Made({"routing": scores})), tmp_path / "old"),
        written(made_run(Made({"routing": worse}, started=1)), tmp_path / "new"),
    )


def printed(*arguments: object) -> str:
    result = CliRunner().invoke(main, list(map(str, arguments)))
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.output


def test_the_frames_of_a_run_are_its_exports(folders: tuple[Path, Path]) -> None:
    run = api.load_run(folders[0])
    for frame, more in ((run.numbers, ()), (run.samples, ("--samples",))):
        exported = pd.read_csv(
            io.StringIO(printed("export", folders[0], "--format", "csv", *more)), dtype=object
        )
        assert list(exported.columns) == list(frame.columns)
        assert len(exported) == len(frame) > 0
    (accuracy,) = run.numbers.loc[run.numbers.metric == "acc", "value"]
    assert accuracy == 0.75


def test_a_gate_and_a_comparison(folders: tuple[Path, Path], tmp_path: Path) -> None:
    assert api.gate(*folders).verdict == "fail"
    compared = api.compare(*folders, n_flips=3)
    assert (compared.policy, len(compared.flips)) == (None, 3)
    policy = tmp_path / "policy.yaml"
    policy.write_text("name: p\nrules:\n- metric: accuracy\n  at_most: 3\n", "utf-8")
    with pytest.raises(UsageError, match="at_most"):
        api.gate(*folders, policy)


def test_a_report_with_a_gate_is_that_of_the_command(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    judged = api.gate(*folders)
    page = api.report(folders, gate=judged).decode()
    place = tmp_path / "gate.html"
    printed("gate", *folders, "--html", place)
    assert page.count("<section") == place.read_text("utf-8").count("<section")
    with pytest.raises(UsageError, match="needs a run"):
        api.report([])


def test_what_is_no_run_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError):
        api.load_run(tmp_path)


@pytest.mark.model
def test_a_run_made_from_python_is_a_run(tmp_path: Path, tiny_model: Path) -> None:
    found = api.run(write_config(tmp_path, tiny_model))
    assert found.facts.state == "complete"
    assert found.run.path == only_run(tmp_path)
    assert (found.run.path / "report.html").exists()
    assert "TTFT p50" in printed("show", found.run.path)


def test_importing_it_loads_no_library() -> None:
    code = "import evalkit.api, sys; print(*{'torch', 'pandas', 'numpy', 'pydantic'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
