"""Writes bench configs, runs `evalkit bench`, and reads what came out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml
from click.testing import CliRunner, Result

from evalkit.analysis.facts import RunFacts
from evalkit.analysis.summary import analyse
from evalkit.cli import main
from evalkit.store.run_dir import Run, open_run

ROOT = Path(__file__).parent.parent
QUICK = {"warmup_s": 0.5, "measure_s": 1.5, "cooldown_s": 5, "idle_s": 0}


def served(port: int, pids: Path | None = None, **options: Any) -> dict[str, Any]:
    """Return a model whose server evalkit starts itself: `tests/serve_slots.py`."""
    more = [str(x) for k, v in options.items() for x in (f"--{k.replace('_', '-')}", v)]
    if pids is not None:
        more += ["--pids", str(pids)]
    command = [sys.executable, "-m", "tests.serve_slots", "--port", "{port}", *more]
    serve = {"command": command, "port": port, "env": {"PYTHONPATH": str(ROOT)}}
    return {"name": "m", "backend": "openai", "source": "x", "serve": serve}


def endpoint(url: str, **options: Any) -> dict[str, Any]:
    """Return a model behind a server that runs already."""
    where = {"base_url": f"{url}/v1", **options}
    return {"name": "m", "backend": "openai", "source": "x", "endpoint": where}


def closed(concurrency: int | list[int] = 2, **more: Any) -> dict[str, Any]:
    """Return a profile of a closed loop."""
    load = {"kind": "concurrency", "concurrency": concurrency}
    return {"name": "closed", "load": load, **more}


def write_bench(folder: Path, model: dict[str, Any], *profiles: dict[str, Any]) -> Path:
    """Write a bench config with one model; profiles get short windows unless they say otherwise."""
    known = {"prompts": {"lengths": [[32, 7]]}, **QUICK}
    config = {
        "name": "b",
        "models": [model],
        "profiles": [{**known, **p} for p in profiles],
        "output": {"dir": str(folder / "results"), "report": False},
    }
    path = folder / "bench.yaml"
    path.write_text(yaml.safe_dump(config))
    return path


def start_bench(*arguments: str | Path) -> subprocess.Popen[str]:
    """Start `evalkit bench` in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "evalkit", "bench", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
    )


def run_bench(*arguments: str | Path) -> tuple[Run, RunFacts]:
    """Run `evalkit bench` in this process; return what it wrote."""
    result = bench(*arguments)
    assert result.exit_code == 0, result.output
    return written(result.stderr)


def bench(*arguments: str | Path) -> Result:
    """Run `evalkit bench` in this process, whatever comes of it."""
    return CliRunner().invoke(main, ["bench", *map(str, arguments)])


def written(told: str) -> tuple[Run, RunFacts]:
    """Return the run whose directory was told."""
    (folder,) = (x[15:] for x in told.splitlines() if x.startswith("run directory: "))
    run = open_run(Path(folder))
    return run, analyse(run)


def latest(folder: Path) -> Path:
    """Return the run directory that was made last."""
    return sorted((folder / "results").iterdir())[-1]


def state(folder: Path) -> str:
    """Return a run's state as its manifest tells it."""
    told: str = json.loads((folder / "manifest.json").read_text())["state"]
    return told
