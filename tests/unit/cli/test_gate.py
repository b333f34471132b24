"""`evalkit gate` and `compare` as a user and a CI call them."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest
from click.testing import CliRunner, Result

from evalkit.cli import gate_options, main
from evalkit.config.gate import DEFAULT_RULES
from evalkit.gate import conditions
from evalkit.gate.facts import gate_schema
from tests.conftest import REPO
from tests.gate_runs import Made, with_losses, write_runs


def call(*arguments: object, env: dict[str, str] | None = None) -> Result:
    quiet = {"GITHUB_ACTIONS": "", "GITHUB_STEP_SUMMARY": ""}
    return CliRunner().invoke(main, [str(a) for a in arguments], env={**quiet, **(env or {})})


@pytest.fixture
def good(tmp_path: Path) -> tuple[Path, Path]:
    """A baseline, and a candidate that differs on a few documents both ways."""
    return pair(tmp_path, losses=4, wins=5)


@pytest.fixture
def bad(tmp_path: Path) -> tuple[Path, Path]:
    return pair(tmp_path, losses=60, wins=0)


def pair(folder: Path, losses: int, wins: int) -> tuple[Path, Path]:
    base, cand = with_losses(500, 250, losses, wins)
    a = write_runs(folder / "baseline", Made({"routing": base}))
    b = write_runs(folder / "candidate", Made({"routing": cand}, started=1))
    return a, b


def policy(folder: Path, text: str) -> Path:
    file = folder / "policy.yaml"
    file.write_text(text)
    return file


def test_a_good_candidate_exits_with_0_and_a_sentence(good: tuple[Path, Path]) -> None:
    done = call("gate", *good)
    assert done.exit_code == 0, done.output
    assert "VERDICT: ✓ PASS" in done.output
    assert "points worse; 3 allowed" in done.output


def test_a_bad_candidate_exits_with_1_and_lists_documents(bad: tuple[Path, Path]) -> None:
    done = call("gate", *bad, "--flips", 2)
    assert done.exit_code == 1
    assert "VERDICT: ✗ FAIL" in done.output
    assert "document 0, acc 1 → 0" in done.output
    assert "58 more are not listed" in done.output


def test_check_may_be_named(good: tuple[Path, Path]) -> None:
    named, unnamed = call("gate", "check", *good), call("gate", *good)
    assert named.output == unnamed.output


def test_options_may_come_first(good: tuple[Path, Path]) -> None:
    assert call("gate", "--flips", 0, *good).exit_code == 0


def test_too_few_documents_exit_with_3_or_as_asked(tmp_path: Path) -> None:
    a = write_runs(tmp_path / "a", Made({"t": [1.0] * 30}))
    b = write_runs(tmp_path / "b", Made({"t": [1.0] * 30}, started=1))
    done = call("gate", a, b)
    assert done.exit_code == 3
    assert f"evalkit gate plan {a}" in done.output
    assert call("gate", a, b, "--inconclusive", "fail").exit_code == 1
    assert call("gate", a, b, "--inconclusive", "pass").exit_code == 0


def test_what_was_not_measured_alike_exits_with_4(tmp_path: Path) -> None:
    a = write_runs(tmp_path / "a", Made())
    b = write_runs(tmp_path / "b", Made(started=1, suite={"num_fewshot": 5}))
    done = call("gate", a, b)
    assert done.exit_code == 4
    assert "fewshot (s): as the task says; candidate: 5" in done.output
    assert call("gate", a, b, "--allow", "fewshot").exit_code == 0


@pytest.mark.parametrize("what", ["nothing", "empty", "unfinished", "damaged"])
def test_what_can_not_be_used_exits_with_4_and_a_hint(
    tmp_path: Path, good: tuple[Path, Path], what: str
) -> None:
    place = tmp_path / what
    if what == "empty":
        place.mkdir()
    if what == "unfinished":
        write_runs(place, Made(state="interrupted"))
    if what == "damaged":
        write_runs(place, Made())
        next(place.glob("*/samples.parquet")).write_bytes(b"x")
    done = call("gate", good[0], place)
    assert done.exit_code == 4, done.output
    assert "Traceback" not in done.output
    assert len(done.output.splitlines()) >= 2


def test_a_run_of_several_models_needs_a_name(tmp_path: Path) -> None:
    place = write_runs(tmp_path / "a", Made(model="x"), Made(model="y", started=1))
    done = call("gate", place, place)
    assert done.exit_code == 2
    assert "--baseline-model" in done.output
    done = call("gate", place, place, "--baseline-model", "x", "--candidate-model", "z")
    assert "no run has a model called 'z'" in done.output
    done = call("gate", place, place, "--baseline-model", "x", "--candidate-model", "y")
    assert done.exit_code == 0


def test_every_form_is_written_and_agrees(tmp_path: Path, bad: tuple[Path, Path]) -> None:
    files = {form: tmp_path / f"gate.{form}" for form in ("json", "junit", "markdown", "metrics")}
    options = [part for form, file in files.items() for part in (f"--{form}", file)]
    done = call("gate", *bad, *options, "--html", tmp_path / "gate.html", "-q")
    assert done.exit_code == 1
    assert done.output == ""
    result = json.loads(files["json"].read_text())
    assert (result["verdict"], result["exit_code"]) == ("fail", 1)
    suite = ElementTree.parse(files["junit"]).getroot()[0]
    assert int(suite.get("failures", 0)) == sum(
        r["status"] == "fail" and r["tier"] != "advisory" for r in result["rules"]
    )
    assert "fail" in files["markdown"].read_text()
    assert "evalkit_gate" in files["metrics"].read_text()
    page = (tmp_path / "gate.html").read_text()
    assert 'id="gate"' in page
    german = call("gate", *bad, "--html", tmp_path / "de.html", "--lang", "de", "-q")
    assert german.exit_code == 1
    assert 'lang="de"' in (tmp_path / "de.html").read_text()


def test_missing_numbers_are_null_in_json(tmp_path: Path, good: tuple[Path, Path]) -> None:
    call("gate", *good, "--json", tmp_path / "gate.json", "-q")
    rules = json.loads((tmp_path / "gate.json").read_text())["rules"]
    energy = next(r for r in rules if r["metric"] == "energy_per_token")
    assert energy["status"] == "missing"
    assert [energy[k] for k in ("baseline", "candidate", "damage", "least", "most")] == [None] * 5


def test_json_is_what_its_schema_says(tmp_path: Path, bad: tuple[Path, Path]) -> None:
    call("gate", *bad, "--json", tmp_path / "gate.json", "-q")
    schema = json.loads(call("config", "schema", "--gate-result").output)
    assert schema == json.loads(json.dumps(gate_schema()))
    jsonschema.validate(json.loads((tmp_path / "gate.json").read_text()), schema)


def test_github_gets_annotations_and_a_summary(tmp_path: Path, bad: tuple[Path, Path]) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    env = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)}
    done = call("gate", *bad, env=env)
    assert "::error title=" in done.output
    assert summary.read_text().startswith("before\n")
    assert "Upgrade gate" in summary.read_text()
    assert "::error" not in call("gate", *bad, "--ci", "none", env=env).output


def test_compare_judges_nothing_and_exits_with_0(bad: tuple[Path, Path]) -> None:
    done = call("compare", *bad)
    assert done.exit_code == 0
    assert "VERDICT" not in done.output
    assert "document 0" in done.output


def test_a_wrong_policy_names_file_line_and_key(tmp_path: Path, good: tuple[Path, Path]) -> None:
    file = policy(tmp_path, "rules:\n  - metric: accuracy\n    margin_point: 2\n")
    done = call("gate", *good, "--policy", file)
    assert done.exit_code == 2
    assert f"{file}:3: rules.0.margin_point" in done.output
    assert "did you mean 'margin_points'" in done.output
    file = policy(tmp_path, "rules:\n  - metric: ttft_p50\n    margin_points: 2\n")
    done = call("gate", *good, "--policy", file)
    assert f"{file}:2" in done.output
    assert "means nothing for 'ttft_p50'" in done.output


def test_the_shipped_policy_is_in_order() -> None:
    done = call("config", "check", REPO / "configs/gate/policy.yaml")
    assert done.exit_code == 0
    assert "gate policy with" in done.output


def test_plan_says_what_is_too_little(tmp_path: Path) -> None:
    large = write_runs(tmp_path / "large", Made({"t": [1.0] * 2000}))
    assert call("gate", "plan", large).exit_code == 0
    small = write_runs(tmp_path / "small", Made({"t": [1.0] * 50}))
    done = call("gate", "plan", small)
    assert done.exit_code == 1
    assert "can't decide as things are" in done.output
    assert "705" in done.output
    assert call("gate", "plan", small, "--discordance", 0.1, "--against", small).exit_code == 2


def test_plan_takes_the_share_that_differs_from_runs(bad: tuple[Path, Path]) -> None:
    done = call("gate", "plan", bad[0], "--against", bad[1])
    assert "when 12.0 % of documents differ" in " ".join(done.output.split())


def test_accept_history_and_gate_go_together(tmp_path: Path, good: tuple[Path, Path]) -> None:
    into = tmp_path / "accepted"
    first = call("gate", "accept", good[0], "--reason", "first", "--into", into, "--by", "Ada")
    assert first.exit_code == 0, first.output
    assert str(into / "0001.json") in first.output
    assert call("gate", into, good[1]).exit_code == 0
    second = call("gate", "accept", good[1], "--reason", "faster", "--into", into, "--by", "Bob")
    assert "against the baseline before: pass" in second.output
    table = tmp_path / "history.csv"
    done = call("gate", "history", into, "--csv", table)
    assert done.exit_code == 0
    assert all(word in done.output for word in ("Ada", "Bob", "pinned", "faster"))
    assert table.read_text().splitlines()[1].startswith("0001,yes,")
    assert call("gate", "accept", into, "--reason", "again", "--into", into).exit_code == 2
    assert call("gate", "accept", good[0], "--reason", " ", "--into", into).exit_code == 2


def test_history_fails_when_drift_breaks_a_margin(tmp_path: Path, bad: tuple[Path, Path]) -> None:
    into = tmp_path / "accepted"
    for run in bad:
        call("gate", "accept", run, "--reason", "x", "--into", into, "--by", "Ada")
    assert call("gate", "history", into).exit_code == 0
    file = policy(tmp_path, "rules:\n  - metric: accuracy\n")
    assert call("gate", "history", into, "--policy", file).exit_code == 1


def test_history_of_nothing_is_an_error(tmp_path: Path) -> None:
    assert call("gate", "history", tmp_path).exit_code == 4


def same_model(folder: Path, flips: int) -> Path:
    """Four runs of one model, of which every second one differs on some documents."""
    base, other = with_losses(500, 250, flips, flips)
    several = (Made({"t": other if i % 2 else base}, started=i) for i in range(4))
    return write_runs(folder / "same", *several)


def test_calibration_refuses_margins_below_the_noise(
    tmp_path: Path, good: tuple[Path, Path]
) -> None:
    place, file = same_model(tmp_path, flips=5), tmp_path / "calibration.json"
    rules = policy(tmp_path, "rules:\n  - metric: accuracy\n    margin_points: 5\n")
    done = call("gate", "calibrate", place, "--policy", rules, "-o", file)
    assert done.exit_code == 0, done.output
    (floor,) = json.loads(file.read_text())["floors"]
    assert 0.005 < floor["floor"] < 0.03
    strict = "calibration: calibration.json\nrules:\n  - metric: accuracy\n    margin_points: 0.5\n"
    narrow = policy(tmp_path, strict)
    done = call("gate", "calibrate", place, "--policy", narrow, "-o", tmp_path / "other.json")
    assert done.exit_code == 1
    assert "below its noise" in done.output
    a = write_runs(tmp_path / "x", Made({"t": [1.0] * 500}))
    done = call("gate", a, a, "--policy", narrow)
    assert done.exit_code == 2
    assert f"{narrow}:3: accuracy:s/t: the margin of 0.5 points is below" in done.output


def test_a_floor_in_milliseconds_counts_as_margin_and_hides_no_noise(tmp_path: Path) -> None:
    factors = (1.0, 1.6, 1.05, 1.5, 0.95, 1.55)
    runs = (
        Made({"t": [1.0] * 40}, started=i, ttft_ms=[int(1000 * f)] * 40)
        for i, f in enumerate(factors)
    )
    place = write_runs(tmp_path / "same", *runs)
    rules = "rules:\n  - {metric: ttft_p50, tier: critical, margin_percent: 5, floor_ms: 80}\n"
    file = tmp_path / "calibration.json"
    done = call("gate", "calibrate", place, "--policy", policy(tmp_path, rules), "-o", file)
    assert done.exit_code == 1
    assert "below its noise" in done.output
    (floor,) = json.loads(file.read_text())["floors"]
    assert 0.05 < floor["margin"] < 0.08


def test_help_names_what_may_differ() -> None:
    assert gate_options.ALLOWED == conditions.ALLOWED


def test_one_run_calibrates_nothing(tmp_path: Path) -> None:
    a = write_runs(tmp_path / "a", Made())
    done = call("gate", "calibrate", a, "-o", tmp_path / "c.json")
    assert done.exit_code == 2
    assert not (tmp_path / "c.json").exists()


def test_the_built_in_policy_judges_every_family() -> None:
    assert {r.kind.family for r in DEFAULT_RULES} == {"docs", "latency", "runs", "cost", "licence"}


def test_compare_compares_what_a_gate_refuses_and_says_what_differs(tmp_path: Path) -> None:
    one = write_runs(tmp_path / "one", Made({"t": [1.0] * 40}))
    other = write_runs(tmp_path / "other", Made({"t": [0.0] * 40}, suite={"num_fewshot": 2}))
    assert call("gate", one, other).exit_code == 4
    done = call("compare", one, other)
    assert done.exit_code == 0
    words = done.output.split()
    assert {"worked", "differences", "below"} <= set(words)
    assert "document 0" in done.output
