"""What docs/contributing.md promises: something new is added in so few places, and every output has it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
METRIC = {
    "analysis/facts.py": ("    n_truncated: int\n", "    n_truncated: int\n    n_trailing: int\n"),
    "analysis/performance.py": (
        '        n_truncated=sum("truncated" in r.flags for r in requests),\n',
        '        n_truncated=sum("truncated" in r.flags for r in requests),\n'
        "        n_trailing=sum(\n"
        '            r.answer is not None and (r.answer.text or "").endswith("…") for r in generated\n'
        "        ),\n",
    ),
    "metrics/catalogue/run.py": (
        "RUN: tuple[Metric, ...] = (\n",
        "RUN: tuple[Metric, ...] = (\n"
        '    Metric("n_trailing", _("answers that trail off"), _("end in an ellipsis"), Unit.COUNT, "end in …"),\n',
    ),
}
RULE = {
    "gate/measured.py": (
        "    values = dict(_memory(readings, cells.values()))\n",
        "    values = dict(_memory(readings, cells.values()))\n"
        "    loads = [c.load_s for c in cells.values() if c.load_s is not None]\n"
        "    values |= {'load_time': loads[0]} if loads else {}\n",
    ),
    "metrics/catalogue/gate.py": (
        "GATE: Mapping[str, GateMetric] = {\n",
        "GATE: Mapping[str, GateMetric] = {\n"
        '    "load_time": GateMetric(_("Load time"), _("Until it answers."), "runs", 10, "supporting", "ms", 1e-3),\n',
    ),
}
SCRIPT = """
import sys
from pathlib import Path
from click.testing import CliRunner
from dataclasses import replace
from evalkit.analysis.facts import facts_to_json
from evalkit.analysis.summary import analyse
from evalkit.cli import main
from tests.gate_runs import Made, made_run
from tests.scenarios import written

folder = Path(sys.argv[1])
for side in "ab":
    run = made_run(Made(cost_usd=[0.1] * 200, started=ord(side)))
    cells = [replace(c, load_s=2.5) for c in run.manifest.cells]
    manifest = run.manifest.model_copy(update={"cells": tuple(cells)})
    written(replace(run, manifest=manifest), folder / side)
(folder / "policy.yaml").write_text("name: p\\nrules:\\n- metric: load_time\\n  at_most: 4000\\n")

def call(*arguments):
    result = CliRunner().invoke(main, list(map(str, arguments)), catch_exceptions=False)
    print(result.output)

call("show", folder / "a")
call("export", folder / "a", "--format", "csv")
call("report", folder / "a", "-o", folder / "r.html")
call("gate", folder / "a", folder / "b", "--policy", folder / "policy.yaml", "--html", folder / "g.html",
     "--markdown", folder / "g.md", "--junit", folder / "g.xml", "--json", folder / "g.json")
"""


def copied(folder: Path, *changes: dict[str, tuple[str, str]]) -> Path:
    """Copy the package with some texts replaced."""
    package = folder / "evalkit"
    shutil.copytree(ROOT / "evalkit", package, ignore=shutil.ignore_patterns("__pycache__"))
    for change in changes:
        for name, (old, new) in change.items():
            text = (package / name).read_text("utf-8")
            assert text.count(old) == 1, name
            (package / name).write_text(text.replace(old, new), "utf-8")
    return folder


def test_a_metric_takes_three_files_and_a_gate_rule_two(tmp_path: Path) -> None:
    assert (len(METRIC), len(RULE)) == (3, 2)
    code = copied(tmp_path / "code", METRIC, RULE)
    environment = {**os.environ, "PYTHONPATH": f"{code}{os.pathsep}{ROOT}", "COLUMNS": "100"}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path)],
        env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    shown, exported = done.stdout.split("run_id,", 1)
    assert "answers that trail off" in shown
    assert "n_trailing" in exported
    page = (tmp_path / "r.html").read_text("utf-8")
    assert "answers that trail off" in page
    assert "end in an ellipsis" in page
    assert "Load time" in done.stdout
    assert "2 500 ms" in done.stdout.replace("\u202f", " ").replace(",", " ")
    for name in ("g.html", "g.md", "g.xml"):
        assert "Load time" in (tmp_path / name).read_text("utf-8"), name
    assert "load_time" in (tmp_path / "g.json").read_text("utf-8")
