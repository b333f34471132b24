"""evalkit from Python gives what the commands print."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
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


def test_a_report_judges_by_the_metric_of_the_gate_above_it(tmp_path: Path) -> None:
    """A third model that scores beyond 1 would take the share from all."""
    right, wrong = [1.0] * 40 + [0.0] * 20, [0.0] * 40 + [1.0] * 20
    folders = []
    for i, (scores, f1) in enumerate(((right, wrong), (wrong, right))):
        made = made_run(Made({"routing": scores}, started=i, extra={"f1": f1}))
        results = [replace(r, higher_is_better=True) for r in made.results]
        folders.append(written(replace(made, results=results), tmp_path / f"{i}"))
    third = made_run(Made({"routing": [40.0] * 60}, model="third", extra={"f1": right}))
    results = [replace(r, higher_is_better=True) for r in third.results]
    folders.append(written(replace(third, results=results), tmp_path / "third"))
    page = api.report(folders, gate=api.gate(folders[0], folders[1])).decode()
    assert "Accuracy on routing" in page
    assert "routing, acc: " in page
    assert "routing, f1: " in api.report(folders).decode()


def test_wrong_arguments_are_told(folders: tuple[Path, Path]) -> None:
    old, new = folders
    wrong: list[Callable[[], object]] = [
        lambda: api.load_run(None),  # type: ignore[arg-type]
        lambda: api.run({"name": "x"}),  # type: ignore[arg-type]
        lambda: api.gate(api.load_run(old), new),  # type: ignore[arg-type]
        lambda: api.gate(old, new, {"rules": []}),  # type: ignore[arg-type]
        lambda: api.gate(old, new, allowed="template"),
        lambda: api.gate(old, new, n_flips=-1),
        lambda: api.compare(old, new, models=("a",)),  # type: ignore[arg-type]
    ]
    for call in wrong:
        with pytest.raises(UsageError):
            call()
    assert api.report(old) == api.report([api.load_run(old)])


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
