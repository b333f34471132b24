"""How long commands take before and after their work, as a ratio to importing torch and transformers.

    python benchmarks/startup.py                 # on an idle machine, a minute
    python benchmarks/startup.py --rounds 5

`plan` and `run` of one document with SmolLM2-135M, each a process of its own, in turns; medians count.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from evalkit.meters.cores import allotted_cores

CONFIG = """
name: one
models: [{name: m, source: smollm2-135m, dtype: float32, device: cpu, generation: {max_tokens: 4}}]
suites: [{name: s, tasks: [grounded_qa], limit: 1}]
"""
IMPORTS = "import torch; from transformers import AutoModelForCausalLM, PreTrainedModel"


def seconds(command: list[str], folder: str) -> float:
    """Return how long a process takes."""
    began = time.perf_counter()
    subprocess.run(command, check=True, cwd=folder, capture_output=True, env=os.environ)
    return time.perf_counter() - began


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
            "imports": [sys.executable, "-c", IMPORTS],
            "plan": [*evalkit, "plan", "one.yaml"],
            "run": [*evalkit, "run", "one.yaml", "-q"],
        }
        took: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(rounds):
            for name, command in commands.items():
                took[name].append(seconds(command, folder))
    half = {name: median(values) for name, values in took.items()}
    print(f"{allotted_cores():g} cores, {rounds} rounds")
    for name, value in half.items():
        print(f"  {name:<8} {value:5.1f} s   {value / half['imports']:.2f} × the imports")


if __name__ == "__main__":
    main()
