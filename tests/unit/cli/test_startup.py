"""Commands load only what they need: torch takes seconds, and so does what transformers does with it."""

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
heavy = {"torch", "scipy", "matplotlib", "aiohttp"} & sys.modules.keys()
print("loaded:", *sorted(heavy))
"""


@pytest.mark.model
def test_a_plan_of_local_models_loads_no_torch(tmp_path: Path, tiny_model: Path) -> None:
    config = write_config(tmp_path, tiny_model)
    done = subprocess.run(
        [sys.executable, "-c", _PROBE, "plan", str(config)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Plan hash" in done.stdout
    assert done.stdout.splitlines()[-1] == "loaded:"
