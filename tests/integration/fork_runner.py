"""Kills runs at random moments, resumes them until they finish, and prints what became of each.

Every other run is killed by the clock, at any moment of its life. The rest kill themselves around a batch of
answers, right before it is written or right after: most of a short run is planning, and a clock seldom hits what there
is to lose.

Run as a process of its own: it imports once whatever a first run imports, and then forks, so that a kill costs a second
and not ten. Usage: fork_runner.py CONFIG OUTPUT N_KILLS SEED
"""

from __future__ import annotations

import contextlib
import importlib
import json
import multiprocessing
import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import torch

from evalkit.cli import main
from evalkit.store.journal import Journal

FORK = multiprocessing.get_context("fork")
MOST_BATCHES = 6
"""Batches after which a process may kill itself; a run that has fewer of them left ends whole."""


class Batch(NamedTuple):
    """A moment to die: around a batch of answers."""

    number: int
    """From 1, in the life of one process."""
    is_written: bool
    """The batch is in the journal by then."""


def die_at(batch: Batch) -> None:
    """Make this process kill itself at a batch."""
    write = Journal.add_requests
    seen = 0

    def add_requests(journal: Journal, *batch_of_answers: Any, **more: Any) -> None:
        nonlocal seen
        seen += 1
        if seen == batch.number and not batch.is_written:
            os.kill(os.getpid(), signal.SIGKILL)
        write(journal, *batch_of_answers, **more)
        if seen == batch.number:
            os.kill(os.getpid(), signal.SIGKILL)

    Journal.add_requests = add_requests  # type: ignore[method-assign]


def cli(arguments: list[str], batch: Batch | None) -> None:
    with Path(os.devnull).open("w") as nothing:
        os.dup2(nothing.fileno(), 1)
        torch.set_num_threads(1)
        if batch is not None:
            die_at(batch)
        main(arguments)


def start(arguments: list[str], batch: Batch | None = None) -> multiprocessing.process.BaseProcess:
    process = FORK.Process(target=cli, args=(arguments, batch))
    process.start()
    return process


def note_imports(arguments: list[str], file: Path) -> None:
    """Run, and write down which modules that took."""
    try:
        cli(arguments, None)
    finally:
        file.write_text("\n".join(sys.modules))


def import_what_a_run_imports(config: str, out: Path) -> None:
    """Let a first run find out, in a process of its own: what has run threads must not fork."""
    file = out / "modules"
    arguments = ["run", config, "-q", "-o", str(out / "first")]
    first = FORK.Process(target=note_imports, args=(arguments, file))
    first.start()
    first.join()
    for name in file.read_text().splitlines():
        with contextlib.suppress(ImportError):  # made on the spot, as those of tasks
            importlib.import_module(name)


def folder_in(root: Path) -> Path | None:
    manifests = list(root.glob("*/manifest.json"))
    return manifests[0].parent if manifests else None


def main_loop(config: str, out: Path, n_kills: int, seed: int) -> None:
    out.mkdir()
    import_what_a_run_imports(config, out)
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
        arguments = ["run", config, "-q", "-o", str(root)]
        by_clock = number % 2 == 0
        number += 1
        while True:
            batch = None if by_clock else Batch(rng.randint(1, MOST_BATCHES), rng.random() < 0.5)
            # planning may take most of the time, but there is little to lose in it
            is_planning = rng.random() < 0.2
            delay = rng.uniform(0.0, planned) if is_planning else rng.uniform(planned, duration)
            process = start(arguments, batch)
            process.join(delay if by_clock else None)
            if by_clock:
                process.kill()
                process.join()
            if process.exitcode == 0:
                break
            assert process.exitcode == -signal.SIGKILL, process.exitcode
            folder = folder_in(root)
            kills += 1
            moments.append(round(delay, 2) if batch is None else batch)
            if folder is None:  # killed before the run directory existed: nothing to resume
                break
            arguments = ["run", "--resume", str(folder), "-q"]
    report = {"duration_s": duration, "kills": kills, "runs": number, "moments_s": moments}
    sys.stdout.write(json.dumps(report) + "\n")


if __name__ == "__main__":
    main_loop(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
