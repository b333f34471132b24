"""One whole run through the command line, and everything that reads it afterwards."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from evalkit.cli import main
from evalkit.config import load_run_config
from evalkit.execute.local import start_run
from evalkit.execute.progress import Advanced, Event, tell_nobody
from evalkit.plan import make_plan
from evalkit.records import RequestKind
from evalkit.store.run_dir import open_run, verify
from tests.runs import SUITES, only_run, write_config

pytestmark = pytest.mark.model


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Path:
    folder = tmp_path_factory.mktemp("run")
    repeated = [{**SUITES[0], "repeats": 2}, SUITES[1]]
    return write_config(folder, tiny_model, suites=repeated)


@pytest.fixture(scope="module")
def folder(config: Path) -> Path:
    result = invoke("run", str(config))
    assert result.exit_code == 0, result.output
    assert f"report: {only_run(config.parent) / 'report.html'}" in result.output
    return only_run(config.parent)


def test_the_run_did_what_the_plan_said(config: Path, folder: Path) -> None:
    plan = make_plan(load_run_config(config))
    run = open_run(folder)
    assert run.manifest.plan_hash == plan.hash
    for cell in plan.cells:
        asked = [r for r in run.requests if r.cell_id == cell.cell_id and r.is_measured]
        assert len(asked) == cell.n_requests


def test_results_stand_as_the_task_lists_its_metrics(folder: Path) -> None:
    found = [r.metric for r in open_run(folder).results if r.task == "grounded_qa"]
    assert found[:3] == ["exact_match", "answer_accuracy", "hallucination_rate"]


def test_warm_up_is_recorded_and_marked(folder: Path) -> None:
    warm = [r for r in open_run(folder).requests if not r.is_measured]
    assert {r.kind for r in warm} == {RequestKind.LOGLIKELIHOOD, RequestKind.GENERATE}
    assert all(r.answer is None for r in warm)


def test_repeats_of_a_greedy_suite_agree(folder: Path) -> None:
    samples = open_run(folder).samples
    first = {s.doc_id: s.loglikelihoods for s in samples if s.cell_id == "tiny/choose/0"}
    second = {s.doc_id: s.loglikelihoods for s in samples if s.cell_id == "tiny/choose/1"}
    assert first == second


def test_every_generated_request_has_real_stamps(folder: Path) -> None:
    generated = [r for r in open_run(folder).requests if r.kind == RequestKind.GENERATE]
    assert generated
    for r in generated:
        (attempt,) = r.attempts
        assert attempt.t_send_ns < attempt.events[0].t_ns < attempt.t_end_ns


def test_a_complete_run_leaves_no_journal_and_verifies(folder: Path) -> None:
    assert not list(folder.glob("journal*"))
    result = invoke("verify", str(folder))
    assert result.exit_code == 0
    assert "whole and unchanged" in result.output


def test_the_manifest_says_what_was_measured_and_where(folder: Path) -> None:
    manifest = open_run(folder).manifest
    (model,) = manifest.models
    assert len(model.file_hashes["model.safetensors"]) == 64
    assert manifest.versions["lm_eval"]
    assert manifest.hardware.cpu
    assert manifest.hardware.memory_bytes > 0
    assert manifest.state == "complete"


def test_plan_with_resume_shows_what_is_done(config: Path, folder: Path) -> None:
    result = invoke("plan", str(config), "--resume", str(folder), "--json")
    assert result.exit_code == 0, result.output
    for cell in json.loads(result.output)["cells"]:
        assert cell["answered"] == cell["requests"]


def test_plan_prints_a_table(config: Path) -> None:
    result = invoke("plan", str(config))
    assert result.exit_code == 0, result.output
    assert "tiny/choose/0" in result.output
    assert "ticket_routing" in result.output


def test_show_prints_quality_and_speed(folder: Path) -> None:
    result = invoke("show", str(folder))
    assert result.exit_code == 0, result.output
    for word in ("ticket_routing", "hallucination_rate", "TTFT p50", "host memory"):
        assert word in result.output


def test_ls_finds_the_run(folder: Path) -> None:
    result = invoke("ls", str(folder.parent))
    assert "complete" in result.output
    assert "3/3" in result.output


def test_export_csv_and_json_agree(folder: Path) -> None:
    rows = list(
        csv.DictReader(io.StringIO(invoke("export", str(folder), "--format", "csv").output))
    )
    facts = json.loads(invoke("export", str(folder), "--format", "json").output)["facts"]
    from_csv = {
        (r["task"], r["metric"]): r["value"] for r in rows if r["suite"] == "write" and r["task"]
    }
    for q in facts["quality"]:
        if q["suite"] == "write":
            assert float(from_csv[q["task"], q["metric"]]) == q["estimate"]["value"]


def test_report_of_two_runs_goes_where_it_is_told(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "both.html"
    result = invoke("report", str(folder), str(folder), "-o", str(out))
    assert result.exit_code == 0, result.output
    assert out.read_text().lstrip().lower().startswith("<!doctype html>")


def test_resuming_a_complete_run_changes_no_number(folder: Path) -> None:
    before = json.loads((folder / "summary.json").read_text())
    result = invoke("run", "--resume", str(folder), "-q")
    assert result.exit_code == 0, result.output
    assert json.loads((folder / "summary.json").read_text()) == before


def test_a_damaged_file_is_mended_while_the_journal_is_there(
    tmp_path: Path, tiny_model: Path
) -> None:
    suites = [{"name": "write", "tasks": ["table_arithmetic"], "limit": 2}]
    file = write_config(tmp_path, tiny_model, suites=suites)
    folder = start_run(make_plan(load_run_config(file)), file, tell_nobody)
    before = open_run(folder).requests
    (folder / "requests.parquet").write_bytes(b"damaged")
    (finding,) = verify(folder)
    assert "--resume" in finding.advice
    result = invoke("run", "--resume", str(folder), "-q")
    assert result.exit_code == 0, result.output
    assert open_run(folder).requests == before


def test_a_model_that_fails_does_not_stop_the_others(tmp_path: Path, tiny_model: Path) -> None:
    """A context too small for the generation suite fails that cell; the run is partial, and says why."""
    good = {"name": "good", "source": str(tiny_model), "device": "cpu", "dtype": "float32"}
    bad = {**good, "name": "bad", "max_length": 16, "generation": {"max_tokens": 64}}
    good["generation"] = {"max_tokens": 4}  # type: ignore[assignment]
    suites = [{"name": "write", "tasks": ["table_arithmetic"], "limit": 2}]
    file = write_config(tmp_path, tiny_model, models=[bad, good], suites=suites)
    result = invoke("run", str(file))
    assert result.exit_code == 3, result.output
    assert "do not fit" in result.output
    run = open_run(only_run(tmp_path))
    assert {c.model: c.state for c in run.manifest.cells} == {"bad": "failed", "good": "done"}
    shown = invoke("show", str(run.path))
    assert "partial" in shown.output
    assert "1 of 2 cells are not done" in shown.output


def test_scoring_is_verified_on_demand_and_recorded(tmp_path: Path, tiny_model: Path) -> None:
    file = write_config(tmp_path, tiny_model, suites=SUITES[:1])
    result = invoke("run", str(file), "--verify-scoring", "2", "--kv-budget", "50MB", "--quiet")
    assert result.exit_code == 0, result.output
    (cell,) = open_run(only_run(tmp_path)).manifest.cells
    (record,) = cell.engine
    assert cell.kv_budget_bytes == 50_000_000
    assert record.path == "shared"
    assert record.n_verified == 2 * 5  # two docs of five answers
    assert record.max_verified_difference is not None


def test_scores_that_are_not_the_references_fail_the_run(
    tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scores that go wrong after the self-check are found by --verify-scoring, and named."""
    from evalkit.engine import scoring

    real = scoring.SharedScorer.steps

    def drifting(self: Any, done: Any) -> Any:
        for number, step in enumerate(real(self, done)):
            yield [
                (i, [replace(s, loglikelihood=s.loglikelihood - number) for s in scores])
                for i, scores in step
            ]

    monkeypatch.setattr(scoring.SharedScorer, "steps", drifting)
    spec = {"name": "m", "source": str(tiny_model), "device": "cpu", "batch_size": 5}
    file = write_config(tmp_path, tiny_model, suites=SUITES[:1], models=[spec])
    result = invoke("run", str(file), "--verify-scoring", "6")
    assert result.exit_code == 3
    assert "are not the reference's" in result.output
    assert "scoring: reference" in result.output


@pytest.mark.parametrize("amount", ["2", "lots", "0GB", "-1GB"])
def test_an_amount_of_memory_is_checked(amount: str) -> None:
    result = invoke("run", "x.yaml", "--kv-budget", amount)
    assert result.exit_code == 2
    assert "write 2GB or 500MB" in result.output


def test_a_resumed_run_keeps_its_budget(tmp_path: Path, tiny_model: Path) -> None:
    from evalkit.execute.local import resume_run
    from evalkit.execute.work import RunOptions

    def stop_after_first(event: Event) -> None:
        if isinstance(event, Advanced):
            raise KeyboardInterrupt

    file = write_config(tmp_path, tiny_model, suites=SUITES[:1])
    config = load_run_config(file)
    folder = start_run(make_plan(config), file, stop_after_first, RunOptions(77_000_000))
    resume_run(folder, config, tell_nobody)
    (cell,) = open_run(folder).manifest.cells
    assert (cell.state, cell.kv_budget_bytes) == ("done", 77_000_000)
