"""Write a run directory for benchmarks/recompute.py: two models' answers to three tasks, by evalkit's own store.

    python benchmarks/recompute_records.py FOLDER

What is recomputed is what tco makes of records, whatever they hold: these are drawn, seeded. The open model is the
better one at one task, the vendor's at another; lengths of prompts and answers differ by document.
"""

from __future__ import annotations

import random
import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from evalkit.records import Request
from tests.scenarios import tasks_run, written

DOCS = {"draft": 180, "read": 150, "sort": 240}
RIGHT = {
    "open": {"draft": 0.35, "read": 0.6, "sort": 0.85},
    "vendor": {"draft": 0.8, "read": 0.62, "sort": 0.45},
}
INPUT_PRICE, OUTPUT_PRICE = 2.5e-6, 10e-6


def write(folder: Path, seed: int = 17) -> Path:
    """Write the run."""
    rng = random.Random(seed)
    scores = {
        model: {
            task: [float(rng.random() < p) for _ in range(DOCS[task])] for task, p in of.items()
        }
        for model, of in RIGHT.items()
    }
    run = tasks_run(scores, apis=("vendor",))
    return written(replace(run, requests=[_with_lengths(r, rng) for r in run.requests]), folder)


def _with_lengths(request: Request, rng: random.Random) -> Request:
    n_in, n_out = rng.randint(200, 900), rng.randint(20, 300)
    (first,) = request.attempts
    assert first.usage is not None
    usage = replace(first.usage, input_tokens=n_in, output_tokens=n_out)
    cost = None if first.cost_usd is None else n_in * INPUT_PRICE + n_out * OUTPUT_PRICE
    attempt = replace(first, usage=usage, cost_usd=cost)
    return replace(request, input_tokens=n_in, output_tokens=n_out, attempts=(attempt,))


if __name__ == "__main__":
    write(Path(sys.argv[1]))
