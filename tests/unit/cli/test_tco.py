"""`evalkit tco` from the outside: run directories and YAML files in, a verdict, a report and exit codes out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from evalkit.cli import main
from evalkit.config import load_scenario
from tests.conftest import REPO
from tests.scenarios import contract, quality_run, right, written

SCENARIOS = sorted(
    path
    for path in (REPO / "configs" / "scenarios").glob("*.yaml")
    if "options:" in path.read_text(encoding="utf-8")
)


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both models asked the same 200 docs: `open` right on half of them, `gpt` on nine of ten."""
    run = quality_run({"open": right(200, 0.5), "gpt": right(200, 0.9)})
    return written(run, tmp_path_factory.mktemp("runs") / "q")


def config(**changes: Any) -> dict[str, Any]:
    staff = {"staff": {"fte": [0.1, 0.2, 0.4], "cost_per_year": 80_000}, "adoption_cost": 10_000}
    values: dict[str, Any] = {
        "name": "mine",
        "draws": 500,
        "load": {"requests_per_month": [1e5, 2e5, 3e5]},
        "self_hosted": staff,
        "api": staff,
        "options": [
            {
                "name": "own",
                "kind": "rented_reserved",
                "model": "open",
                "hardware": "h100-sxm",
                "capacity": {"requests_per_s": 5},
            },
            {"name": "api", "kind": "api_contract", "model": "gpt", "price": contract(2, 8)},
        ],
        "policy": {"quality": {"at_least": 0.8}},
    }
    return {**values, **changes}


def tco(folder: Path, run: Path, *arguments: str, **changes: Any) -> Result:
    """Run the command in a folder of its own, with its scenario beside it."""
    (folder / "mine.yaml").write_text(yaml.safe_dump(config(**changes)), encoding="utf-8")
    report = [] if "-o" in arguments or "--json" in arguments else ["-o", str(folder / "out.html")]
    return CliRunner().invoke(
        main, ["tco", str(run), "-s", str(folder / "mine.yaml"), *report, *arguments]
    )


def test_it_says_what_to_do_and_writes_a_report(tmp_path: Path, run_dir: Path) -> None:
    done = tco(tmp_path, run_dir)
    assert done.exit_code == 0, done.output
    assert "VERDICT: Buy" in done.output
    page = (tmp_path / "out.html").read_text(encoding="utf-8")
    assert "Buy: use gpt through its API, as api." in page
    assert done.output.rstrip().endswith("out.html")


def test_the_same_runs_and_scenario_give_the_same_bytes(tmp_path: Path, run_dir: Path) -> None:
    pages = []
    for _ in range(2):
        assert tco(tmp_path, run_dir).exit_code == 0
        pages.append((tmp_path / "out.html").read_bytes())
    assert pages[0] == pages[1]


def test_json_is_all_there_is_on_stdout(tmp_path: Path, run_dir: Path) -> None:
    done = tco(tmp_path, run_dir, "--json")
    document = json.loads(done.output)
    assert document["verdict"]["decision"] == "buy"
    assert not list(tmp_path.glob("*.html"))


def test_a_companys_policy_replaces_the_scenarios(tmp_path: Path, run_dir: Path) -> None:
    policy = tmp_path / "company.yaml"
    policy.write_text(yaml.safe_dump({"policy": {"data_class": "confidential"}}))
    done = tco(tmp_path, run_dir, "--policy", str(policy))
    assert "VERDICT: Not decidable" in done.output  # rented machines are outside, too
    assert "api is out: Confidential data would leave the network" in " ".join(done.output.split())


@pytest.mark.parametrize(
    ("changes", "part", "hint"),
    [
        ({"horizon": 3}, "mine.yaml:", "horizon_months"),
        ({"catalog": "none.csv"}, "no such catalog", "relative to this file"),
        ({"currency": "EUR"}, "no rate for USD", "rates:"),
        (
            {"options": [{"name": "o", "kind": "rented_reserved", "model": "opne"}]},
            "no run has a model 'opne'",
            "'open'",
        ),
        (
            {"options": [{**config()["options"][0], "hardware": "h100"}]},
            "hardware 'h100' is not in the catalogue",
            "h100-sxm",
        ),
        (
            {"policy": {"quality": {"tasks": {"tt": 0.5}}}},
            "policy: quality: tasks: no run asked 'tt'",
            "t",
        ),
    ],
    ids=lambda x: str(x)[:30],
)
def test_a_users_mistake_is_a_sentence_with_a_hint(
    tmp_path: Path, run_dir: Path, changes: dict[str, Any], part: str, hint: str
) -> None:
    done = tco(tmp_path, run_dir, **changes)
    assert done.exit_code == 2
    assert part in done.output
    assert hint in done.output
    assert "Traceback" not in done.output
    assert not list(tmp_path.glob("*.html"))


ON_RENT = {
    "name": "own",
    "kind": "rented_on_demand",
    "model": "open",
    "hardware": "h100-sxm",
    "capacity": {"requests_per_s": 5},
}
LISTED = {"name": "api", "kind": "api_list", "model": "gpt-4.1-mini", "provider": "openai"}
LENGTHS = {"requests_per_month": 1e6, "input_tokens": 500, "output_tokens": 250}


def imported(folder: Path) -> dict[str, Any]:
    file = folder / "curve.csv"
    file.write_text("rps,done\n1,1\n2,2\n4,3\n", encoding="utf-8")
    columns = {"offered_per_s": "rps", "completed_per_s": "done"}
    curve = {
        "file": "curve.csv", "columns": columns, "percentile": 95, "input_tokens": 500, "output_tokens": 250,
        "source": "somebody", "date": "2026-11-01",
    }  # fmt: skip
    return {**ON_RENT, "name": "imported", "capacity": {"curve": curve}}


@pytest.mark.parametrize("lang", ["en", "de"])
def test_a_scenario_that_rests_on_no_run_needs_none(tmp_path: Path, lang: str) -> None:
    file, page = tmp_path / "mine.yaml", tmp_path / "out.html"
    options = [ON_RENT, imported(tmp_path), LISTED]
    file.write_text(yaml.safe_dump(config(options=options, load=LENGTHS, policy={})))
    done = CliRunner().invoke(main, ["tco", "-s", str(file), "-o", str(page), "--lang", lang])
    assert done.exit_code == 0, done.output
    assert "VERDICT" in done.output
    text = page.read_text(encoding="utf-8")
    assert "evalkit tco --scenario mine.yaml" in text
    assert "curve.csv:3" in text


@pytest.mark.parametrize(
    "option", [{**ON_RENT, "capacity": None}, {**ON_RENT, "capacity": {"profile": "p"}}]
)
def test_an_option_that_rests_on_a_run_says_so_without_one(
    tmp_path: Path, option: dict[str, Any]
) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(yaml.safe_dump(config(options=[option, LISTED], load=LENGTHS, policy={})))
    done = CliRunner().invoke(main, ["tco", "-s", str(file)])
    assert done.exit_code == 2
    assert "option 'own': no run has a model 'open'." in done.output
    assert "No run was given, and this option rests on one: name its folder." in done.output


def test_another_kind_of_file_is_named(tmp_path: Path, run_dir: Path) -> None:
    path = str(REPO / "configs" / "quickstart.yaml")
    done = CliRunner().invoke(main, ["tco", str(run_dir), "-s", path])
    assert done.exit_code == 2
    assert "this is a run config" in done.output


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    done = tco(tmp_path, tmp_path)
    assert done.exit_code == 4
    assert "not a run directory" in done.output


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda p: p.stem)
def test_shipped_scenarios_are_valid_and_whole(path: Path) -> None:
    """Whoever starts from one sees a verdict that is not marked incomplete."""
    scenario = load_scenario(path)
    for side in (scenario.self_hosted, scenario.api):
        assert side.staff is not None
        assert side.adoption_cost is not None
    assert {o.model for o in scenario.options} == {"open", "vendor"}
    assert scenario.about
