"""Benches made up level by level: each rate with how late it answers, so that it is known which held."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from evalkit.records import Request
from evalkit.store.run_dir import Run
from tests.builders import cell, load_request, load_step, manifest

SLO = {"ttft_s": 0.5, "percentile": 50, "max_error_rate": 0.1}
GOOD, LATE = 100, 900
"""TTFT in ms: within the service level, and not."""
WINDOW_S = 10


def bench(
    *repeats: Mapping[float, int],
    profile: str = "rates",
    lengths: tuple[int, int] = (32, 5),
    slo: Mapping[str, Any] = SLO,
    run_id: str = "b",
    model: str = "m",
) -> Run:
    """A bench of one model: for each repeat, rate per second → TTFT in ms; windows of 10 s.

    Args:
        repeats: What each repeat tried.
        profile: Its name.
        lengths: Tokens of prompt and answer.
        slo: The profile's service level.
        run_id: Of the run.
        model: Its name.
    """
    cells = [
        cell(
            cell_id=f"{model}/{profile}/{i}",
            model=model,
            suite=profile,
            repeat=i,
            n_docs=0,
            data_class="public",
        )
        for i in range(len(repeats))
    ]
    steps, requests = [], []
    for one, levels in zip(cells, repeats, strict=True):
        for number, (rate, ttft_ms) in enumerate(levels.items()):
            step = load_step(one.cell_id, number, kind="constant", rate_per_s=rate)
            steps.append(step)
            gap_ms = 1000 / rate
            requests += [
                _sized(load_request(step, i, round(gap_ms * i), ttft_ms), lengths)
                for i in range(math.ceil((WINDOW_S + 1) * rate - 1e-9))
            ]
    config = {
        "name": "b",
        "models": [{"name": model, "backend": "hf", "source": model}],
        "profiles": [
            {
                "name": profile,
                "load": {
                    "kind": "constant",
                    "rates": sorted({r for some in repeats for r in some}),
                },
                "prompts": {"lengths": [list(lengths)]},
                "slo": dict(slo),
                "warmup_s": 1,
                "measure_s": WINDOW_S,
            }
        ],
    }
    return Run(
        path=Path(run_id),
        manifest=manifest(
            run_id=run_id, name=run_id, kind="bench", config=config, cells=tuple(cells)
        ),
        requests=requests,
        samples=[],
        results=[],
        telemetry=[],
        steps=steps,
    )


def _sized(request: Request, lengths: Sequence[int]) -> Request:
    return replace(request, input_tokens=lengths[0], output_tokens=lengths[1])
