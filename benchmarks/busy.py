"""Time beside a busy neighbour, as a ratio to the time on as many free cores.

    python benchmarks/busy.py                    # on an idle machine, some minutes
    python benchmarks/busy.py --work generate --docs 8

k processes keep one core busy each; the same work then runs on all cores, and, with nobody else, on all but k. What a
machine of n cores can promise is the second. Also: idle with the libraries' own settings, which must not be faster.
Only the asking is timed, with SmolLM2-135M in float32; imports and loading are not.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

from evalkit.cli.processors import SETTINGS
from evalkit.meters.cores import usable_cpus

GOAL = 1.3
IDLE_GOAL = 1.03


def ask(work: str, n: int) -> float:
    """Return the seconds that a model in this process takes for some documents."""
    from scoring import _evalkit, instances

    from evalkit.backends.embedded import embedded_folder

    lm, _ = _evalkit(str(embedded_folder("smollm2-135m")), "float32")
    requests = instances(work, n, None)
    begin = time.perf_counter()
    (lm.generate_until if work == "generate" else lm.loglikelihood)(requests)
    return time.perf_counter() - begin


def _spin() -> None:
    while True:
        pass


@contextmanager
def busy(n: int) -> Iterator[None]:
    """Keep n cores busy."""
    context = multiprocessing.get_context("spawn")
    neighbours = [context.Process(target=_spin, daemon=True) for _ in range(n)]
    for process in neighbours:
        process.start()
    time.sleep(1)
    try:
        yield
    finally:
        for process in neighbours:
            process.kill()


def timed(work: str, n: int, cpus: frozenset[int], settings: dict[str, str]) -> float:
    """Measure in a process of its own that may run on some processors."""
    clean = {k: v for k, v in os.environ.items() if k not in SETTINGS and k != "OMP_NUM_THREADS"}
    done = subprocess.run(
        [sys.executable, __file__, "--measure", "--work", work, "--docs", str(n)],
        env={**clean, **settings, "TQDM_DISABLE": "1"},
        preexec_fn=lambda: os.sched_setaffinity(0, cpus),
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout.splitlines()[-1])


def main() -> None:
    """Measure in turns and print ratios."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", choices=("letters", "generate"), default="letters")
    parser.add_argument("--docs", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure:
        print(ask(args.work, args.docs))
        return
    cpus = usable_cpus()
    if len(cpus) < 2:
        raise SystemExit("One core: there is none to take.")
    taken = sorted({1, len(cpus) // 2})
    took: dict[str, list[float]] = {}
    for _ in range(args.rounds):
        for name, settings in (("idle, before", {}), ("idle", SETTINGS)):
            took.setdefault(name, []).append(timed(args.work, args.docs, cpus, settings))
        for k in taken:
            few = frozenset(sorted(cpus)[: len(cpus) - k])
            took.setdefault(f"{k} fewer", []).append(timed(args.work, args.docs, few, SETTINGS))
            for name, settings in ((f"{k} busy, before", {}), (f"{k} busy", SETTINGS)):
                with busy(k):
                    took.setdefault(name, []).append(timed(args.work, args.docs, cpus, settings))
    half = {name: median(values) for name, values in took.items()}
    print(f"{len(cpus)} cores; {args.work}, {args.docs} documents; median of {args.rounds}")
    for name, seconds in half.items():
        print(f"  {name:<16} {seconds:6.1f} s")
    print(f"  idle / before: {half['idle'] / half['idle, before']:.2f} (at most {IDLE_GOAL})")
    for k in taken:
        ratio = half[f"{k} busy"] / half[f"{k} fewer"]
        print(f"  {k} busy / on {len(cpus) - k} free: {ratio:.2f} (at most {GOAL})")


if __name__ == "__main__":
    main()
