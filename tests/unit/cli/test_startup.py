"""Commands load only what they need, and end at once: torch takes seconds, and so does taking it apart."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.runs import write_config

_PROBE = """
import sys
from evalkit.cli import main
main(sys.argv[1:], standalone_mode=False)
heavy = {"torch", "scipy", "matplotlib", "aiohttp", "evalkit.reading.letter"} & sys.modules.keys()
print("loaded:", *sorted(heavy))
"""
_OF_A_RUN = """
import sys
import evalkit.cli.progress, evalkit.report.html
unused = {
    "evalkit.analysis.tco.analyse", "evalkit.decision.scorecard", "evalkit.loadgen.driver",
    "evalkit.report.decision.figures", "evalkit.report.decision.page",
}
print("loaded:", *sorted(unused & sys.modules.keys()))
"""
_LEAVING = """
import atexit, sys, threading, time
import evalkit.cli
from evalkit.__main__ import run

class Kept:
    def __del__(self):
        print("taken apart")

def command():
    sys.kept = Kept()
    atexit.register(print, "handler called")
    threading.Thread(target=lambda: (time.sleep(0.2), print("thread waited for"))).start()
    sys.exit(3)

evalkit.cli.main = command
run()
"""


def _python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False
    )


@pytest.mark.model
def test_a_plan_of_local_models_loads_no_torch(tmp_path: Path, tiny_model: Path) -> None:
    done = _python(_PROBE, "plan", str(write_config(tmp_path, tiny_model)))
    assert "Plan hash" in done.stdout
    assert done.stdout.splitlines()[-1] == "loaded:"


def test_a_run_loads_nothing_of_load_tests_and_decisions() -> None:
    assert _python(_OF_A_RUN).stdout == "loaded:\n"


def test_a_command_does_what_is_due_at_its_end_and_leaves() -> None:
    done = _python(_LEAVING)
    assert done.returncode == 3
    assert done.stdout == "thread waited for\nhandler called\n"
