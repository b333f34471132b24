"""How long a gate takes over 2 × 100 000 samples, as a whole process; beside it, reading the same runs as records.

    python benchmarks/gate_speed.py                # five rounds, in turns; medians and the ratio

Both runs hold five tasks of 20 000 docs with prompts, answers, latencies and scores that differ on a tenth of the docs.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.gate_runs import Made, write_runs

DOCS_PER_TASK, N_TASKS = 20_000, 5
MOST_S = 5.0
"""What a gate over 100 000 samples a side may take."""
AS_RECORDS = (
    "import sys; from pathlib import Path; from evalkit.store.run_dir import open_run;"
    "[open_run(next(Path(p).iterdir())) for p in sys.argv[1:]]"
)


def scores(rng: np.random.Generator) -> Iterator[tuple[list[float], list[float]]]:
    """Yield a baseline's and a candidate's scores of each task."""
    for _ in range(N_TASKS):
        base = rng.random(DOCS_PER_TASK) < 0.7
        flipped = rng.random(DOCS_PER_TASK) < 0.1
        yield base.astype(float).tolist(), (base ^ flipped).astype(float).tolist()


def write(folder: Path) -> tuple[Path, Path]:
    """Write both runs."""
    rng = np.random.default_rng(1)
    pairs = list(scores(rng))
    words = [f"an answer of usual length, number {i}. " * 4 for i in range(DOCS_PER_TASK)]
    made = Made(
        {f"task_{k}": base for k, (base, _) in enumerate(pairs)},
        ttft_ms=rng.integers(100, 300, DOCS_PER_TASK).tolist(),
        responses=words,
    )
    other = replace(made, right={f"task_{k}": c for k, (_, c) in enumerate(pairs)}, started=1)
    return write_runs(folder / "baseline", made), write_runs(folder / "candidate", other)


def timed(command: list[str]) -> float:
    """Return the seconds a process takes."""
    began = time.perf_counter()
    subprocess.run(command, capture_output=True, check=False)
    return time.perf_counter() - began


def main() -> None:
    """Measure in turns and print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        baseline, candidate = write(Path(folder))
        gate = [sys.executable, "-m", "evalkit", "gate", str(baseline), str(candidate)]
        records = [sys.executable, "-c", AS_RECORDS, str(baseline), str(candidate)]
        times = [(timed(gate), timed(records)) for _ in range(rounds)]
    mine, theirs = (median(column) for column in zip(*times, strict=True))
    ratio = median(a / b for a, b in times)
    print(
        f"2 x {N_TASKS * DOCS_PER_TASK} samples, {rounds} rounds in turns, whole processes, medians"
    )
    print(f"  evalkit gate             {mine:6.2f} s   (at most {MOST_S:.0f} s)")
    print(f"  reading as records only  {theirs:6.2f} s   ratio {ratio:.2f}")
    sys.exit(mine > MOST_S)


if __name__ == "__main__":
    main()
