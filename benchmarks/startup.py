"""How long commands take before and after their work, as a ratio to importing the libraries they stand on.

    python benchmarks/startup.py                 # on an idle machine, two minutes
    python benchmarks/startup.py --rounds 5

`plan` and `run` of one document with SmolLM2-135M, each a process of its own, in turns; medians count, the first round
does not: Python keeps what it compiles in it. Two ratios: to the imports of torch and transformers alone, and to those
of lm-eval and datasets, too. Elapsed time is what a user waits for; user CPU time varies less where others work. The
last line tells what is waited for besides the model's own answer, as the run recorded it.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from evalkit.meters.cores import allotted_cores
from evalkit.records import NS_PER_S
from evalkit.store.run_dir import open_run

CONFIG = """
name: one
models: [{name: m, source: smollm2-135m, dtype: float32, device: cpu, generation: {max_tokens: 4}}]
suites: [{name: s, tasks: [grounded_qa], limit: 1}]
"""
MODELS = "import torch; from transformers import AutoModelForCausalLM, PreTrainedModel"
ALL = f"{MODELS}; import datasets; from lm_eval.tasks import TaskManager; from lm_eval.evaluator import evaluate"


def seconds(command: list[str], folder: str) -> tuple[float, float]:
    """Return how long a process takes, elapsed and in user CPU time of itself and what it started."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    began = time.perf_counter()
    subprocess.run(command, check=True, cwd=folder, capture_output=True, env=environment)
    elapsed = time.perf_counter() - began
    return elapsed, resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before


def answer_s(folder: str) -> float:
    """Return how long the model took to answer in the latest run of a folder, from sending to the last token."""
    latest = max(Path(folder, "results").iterdir(), key=lambda path: path.stat().st_mtime)
    (asked,) = (r for r in open_run(latest).requests if r.is_measured)
    return (asked.attempts[-1].t_end_ns - asked.attempts[-1].t_send_ns) / NS_PER_S


def main() -> None:
    """Measure in turns and print medians."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "one.yaml").write_text(CONFIG)
        evalkit = [sys.executable, "-m", "evalkit"]
        commands = {
            "torch + transformers": [sys.executable, "-c", MODELS],
            "+ lm-eval + datasets": [sys.executable, "-c", ALL],
            "plan": [*evalkit, "plan", "one.yaml"],
            "run": [*evalkit, "run", "one.yaml", "-q"],
        }
        took: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
        answers = []
        for counts in (False, *[True] * rounds):
            for name, command in commands.items():
                found = seconds(command, folder)
                if counts:
                    took[name].append(found)
            if counts:
                answers.append(answer_s(folder))
    half = {name: tuple(map(median, zip(*some, strict=True))) for name, some in took.items()}
    few, many = half["torch + transformers"], half["+ lm-eval + datasets"]
    print(
        f"{allotted_cores():g} cores, {rounds} rounds; × the imports of torch + transformers, and of all four"
    )
    print(f"{'':<22}{'elapsed':>9}{'×':>7}{'×':>7}{'user CPU':>12}{'×':>7}{'×':>7}")
    for name, (elapsed, user) in half.items():
        print(
            f"{name:<22}{elapsed:7.1f} s{elapsed / few[0]:7.2f}{elapsed / many[0]:7.2f}"
            f"{user:10.1f} s{user / few[1]:7.2f}{user / many[1]:7.2f}"
        )
    besides = half["run"][0] - median(answers)
    print(
        f"{'run, but the answer':<22}{besides:7.1f} s{besides / few[0]:7.2f}{besides / many[0]:7.2f}"
    )


if __name__ == "__main__":
    main()
