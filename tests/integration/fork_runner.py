"""Kills runs at random moments, resumes them until they finish, and prints what became of each.

Run as a process of its own: it imports the heavy libraries once and then forks, so that a kill costs a second and not
ten. Usage: fork_runner.py CONFIG OUTPUT N_KILLS SEED
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import sys
import time
from pathlib import Path

import torch
import transformers  # noqa: F401  (imported before the forks)

import evalkit.execute.local
import evalkit.report.table  # noqa: F401
from evalkit.cli import main

FORK = multiprocessing.get_context("fork")


def cli(arguments: list[str]) -> None:
    with Path(os.devnull).open("w") as nothing:
        os.dup2(nothing.fileno(), 1)
        torch.set_num_threads(1)
        main(arguments)


def start(arguments: list[str]) -> multiprocessing.process.BaseProcess:
    process = FORK.Process(target=cli, args=(arguments,))
    process.start()
    return process


def folder_in(root: Path) -> Path | None:
    manifests = list(root.glob("*/manifest.json"))
    return manifests[0].parent if manifests else None


def main_loop(config: str, out: Path, n_kills: int, seed: int) -> None:
    rng = random.Random(seed)
    began = time.perf_counter()
    whole = start(["run", config, "-q", "-o", str(out / "whole")])
    while folder_in(out / "whole") is None and whole.exitcode is None:
        whole.join(0.02)
    planned = time.perf_counter() - began
    whole.join()
    assert whole.exitcode == 0, whole.exitcode
    duration = time.perf_counter() - began
    kills, number, moments = 0, 0, []
    while kills < n_kills:
        root = out / f"killed{number}"
        number += 1
        process = start(["run", config, "-q", "-o", str(root)])
        while True:
            # planning may take most of the time, but there is little to lose in it
            is_planning = rng.random() < 0.2
            delay = rng.uniform(0.0, planned) if is_planning else rng.uniform(planned, duration)
            process.join(delay)
            if process.exitcode is not None:
                assert process.exitcode == 0, process.exitcode
                break
            process.kill()
            process.join()
            folder = folder_in(root)
            kills += 1
            moments.append(round(delay, 2))
            if folder is None:  # killed before the run directory existed: nothing to resume
                break
            process = start(["run", "--resume", str(folder), "-q"])
    report = {"duration_s": duration, "kills": kills, "runs": number, "moments_s": moments}
    sys.stdout.write(json.dumps(report) + "\n")


if __name__ == "__main__":
    main_loop(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
