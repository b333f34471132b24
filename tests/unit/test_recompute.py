"""The independent recomputation: it has nothing of evalkit in it, and comes to the same numbers."""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from evalkit.analysis.tco.likely import likely
from evalkit.api import decide, load_run
from evalkit.report.decision.export import decision_json

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
FILES = ("recompute.py", "recompute_money.py", "recompute_scores.py")
ALLOWED = {"numpy", "pandas", "yaml", "recompute_money", "recompute_scores"}


@pytest.fixture
def recompute(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import recompute as module

    return module  # type: ignore[no-any-return]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    from recompute_records import write

    return write(tmp_path / "run")  # type: ignore[no-any-return]


def told(scenario: Path, *runs: Path) -> Any:
    """What `evalkit tco --json` prints."""
    decided = decide([load_run(folder) for folder in runs], scenario)
    return json.loads(decision_json(decided.case.facts, decided.verdict, likely(decided.case)))


@pytest.mark.parametrize("file", FILES)
def test_nothing_of_evalkit_is_in_the_recomputation(file: str) -> None:
    tree = ast.parse((BENCHMARKS / file).read_text())
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported - set(sys.stdlib_module_names) <= ALLOWED


@pytest.mark.parametrize("name", ["owned-long", "owned-short"])
def test_owned_servers_against_an_api_come_to_the_same_cash(
    recompute: ModuleType, name: str
) -> None:
    file = BENCHMARKS / "recomputed" / f"{name}.yaml"
    rows = recompute.compare(yaml.safe_load(file.read_text()), file.parent, [], told(file))
    assert [row for row in rows if not row.agrees] == []
    assert {"own: purchases", "own: resale", "own against api: payback, months"} <= {
        row.name for row in rows
    }


def test_hours_on_demand_and_a_blend_by_task_come_to_the_same(
    recompute: ModuleType, run: Path
) -> None:
    file = BENCHMARKS / "recomputed" / "hours-and-blend.yaml"
    rows = recompute.compare(yaml.safe_load(file.read_text()), file.parent, [run], told(file, run))
    assert [row for row in rows if not row.agrees] == []
    assert {"rented: rent", "rented + api: quality", "rented + api: share sent away"} <= {
        row.name for row in rows
    }


def test_a_number_that_is_off_by_a_thousandth_is_found(recompute: ModuleType) -> None:
    file = BENCHMARKS / "recomputed" / "owned-short.yaml"
    wrong = told(file)
    wrong["tco"]["options"][0]["cash"]["energy"] *= 1.001
    rows = recompute.compare(yaml.safe_load(file.read_text()), file.parent, [], wrong)
    assert "own: energy" in {row.name for row in rows if not row.agrees}


def test_drawn_percentiles_agree_within_one_per_cent(recompute: ModuleType) -> None:
    file = BENCHMARKS / "recomputed" / "owned-uncertain.yaml"
    rows = recompute.compare(yaml.safe_load(file.read_text()), file.parent, [], told(file))
    assert [row for row in rows if not row.agrees] == []
    assert {"own: total, P10", "api: total, P50", "own against api: saving, P90"} <= {
        row.name for row in rows
    }
