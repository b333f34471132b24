"""Made-up runs on disk for tests of the gate: scores, latencies, memory and cost as a test wants them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from evalkit.gate.open import open_side
from evalkit.gate.side import Side
from evalkit.records import Request, Sample, TaskResult
from evalkit.store.manifest import ModelEntry, RunManifest
from evalkit.store.run_dir import Run
from tests.builders import MS, api_entry, attempt, cell, manifest, reading, request, result, sample
from tests.scenarios import written

NAMES = ("choose", "write")


@dataclass(frozen=True)
class Made:
    """What one made-up run holds; every field has a plain default."""

    right: dict[str, Sequence[float]] = field(default_factory=lambda: {"routing": [1.0] * 200})
    """Task → score of each doc."""
    model: str = "m"
    started: int = 0
    """Minutes after ten o'clock."""
    ttft_ms: Sequence[int] | None = None
    """Of each doc of each task; None: nothing was timed."""
    rss_mb: int | None = 500
    cost_usd: Sequence[float | None] | None = None
    """Of each doc."""
    suite: dict[str, Any] = field(default_factory=dict)
    """Keys of the suite's config."""
    spec: dict[str, Any] = field(default_factory=dict)
    """Keys of the model's config."""
    entry: dict[str, Any] = field(default_factory=dict)
    """Fields of the manifest's entry of the model."""
    version: str = "1.0"
    prompts: str = "p"
    docs: str = "d"
    extra: dict[str, Sequence[float | None]] = field(default_factory=dict)
    """Further metric → score of each doc."""
    cpu: str = "c"
    responses: Sequence[str] | None = None
    flags: tuple[str, ...] = ()
    state: str = "done"


def made_run(made: Made) -> Run:
    """Return the records of a run with one suite `s`."""
    name = f"{made.model}/s/0"
    config = {
        "name": "r",
        "models": [{"name": made.model, "source": made.model, **made.spec}],
        "suites": [{"name": "s", "tasks": [*made.right], **made.suite}],
    }
    hardware = manifest().hardware.model_copy(update={"cpu": made.cpu})
    entry = api_entry(made.model, is_api=False, licence="apache-2.0", **made.entry)
    requests = [r for task in made.right for r in _requests(made, name, task)]
    telemetry = []
    if made.rss_mb is not None:
        peak = reading(1, rss_peak_bytes=made.rss_mb * 1_000_000)
        telemetry.append(replace(peak, cell_id=name))
    return Run(
        path=Path("r"),
        manifest=_manifest(made, name, config, hardware, entry),
        requests=requests,
        samples=[s for task in made.right for s in _samples(made, name, task)],
        results=[r for task in made.right for r in _results(made, name, task)],
        telemetry=telemetry,
    )


def _manifest(made: Made, name: str, config: Any, hardware: Any, entry: ModelEntry) -> RunManifest:
    hour, minute = divmod(made.started, 60)
    return manifest(
        run_id=f"{made.model}-{made.started}",
        config=config,
        hardware=hardware,
        models=(entry,),
        cells=(cell(cell_id=name, model=made.model, state=made.state),),
        started_at=f"2026-11-23T{10 + hour:02}:{minute:02}:00+00:00",
    )


def _samples(made: Made, name: str, task: str) -> list[Sample]:
    return [
        sample(
            i,
            cell_id=name,
            task=task,
            doc_hash=f"{made.docs}{i}",
            prompt_hash=f"{made.prompts}{i}",
            doc=f'{{"source": "{i // 5}"}}',
            prompt=f"question {i}",
            response=made.responses[i] if made.responses is not None else f"answer {i}",
            scores={
                "acc": score,
                **{m: v[i] for m, v in made.extra.items() if v[i] is not None},
            },
            loglikelihoods=() if made.responses is not None else (-1.0, -2.0),
        )
        for i, score in enumerate(made.right[task])
    ]


def _results(made: Made, name: str, task: str) -> list[TaskResult]:
    scores = made.right[task]
    acc = result(float(np.mean(scores)), cell_id=name, task=task, version=made.version)
    rest = (
        result(0.5, cell_id=name, task=task, metric=m, version=made.version, higher_is_better=False)
        for m in made.extra
    )
    return [acc, *rest]


def _requests(made: Made, name: str, task: str) -> list[Request]:
    found = []
    for i in range(len(made.right[task])):
        ttft = 100 if made.ttft_ms is None else int(made.ttft_ms[i])
        tries = attempt(1000 * i, tuple(ttft + 50 * k for k in range(3)))
        if made.cost_usd is not None:
            tries = replace(tries, cost_usd=made.cost_usd[i])
        found.append(
            request(
                i,
                request_id=f"{name}/generate/{task}/{i}/0/0",
                cell_id=name,
                task=task,
                is_timed=made.ttft_ms is not None,
                attempts=(tries,),
                flags=made.flags,
            )
        )
    return found


def write_runs(folder: Path, *several: Made) -> Path:
    """Write runs into a folder; return the folder."""
    for made in several:
        run = made_run(made)
        written(run, folder / run.manifest.run_id)
    return folder


def side_of(folder: Path, *several: Made, clusters: dict[str, str] | None = None) -> Side:
    """Write runs and read them as one side."""
    return open_side(write_runs(folder, *several), None, clusters or {}, option="--model")


def with_losses(n: int, right: int, losses: int, wins: int = 0) -> tuple[list[float], list[float]]:
    """Return scores of a baseline with `right` right answers of n, and of a candidate that differs on some docs."""
    base = [1.0] * right + [0.0] * (n - right)
    cand = list(base)
    for i in range(losses):
        cand[i] = 0.0
    for i in range(wins):
        cand[n - 1 - i] = 1.0
    return base, cand


__all__ = ["MS", "Made", "made_run", "side_of", "with_losses", "write_runs"]
