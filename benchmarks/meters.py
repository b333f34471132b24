"""evalkit's meter against a peer's, guidellm: the same load on the same real server, in turns.

    evalkit models pull smollm2-135m                  # once: tokenizer and model
    python benchmarks/meters.py                       # mock and transformers, about five minutes
    python benchmarks/meters.py --only mock --rounds 5
    python benchmarks/meters.py --only ceiling        # how much each client takes in, about three minutes
    python benchmarks/meters.py --ceiling             # all three

`mock` is `guidellm mock-server` with two contrasting, known latencies; `transformers` is `transformers serve` with a
real small model in one thread, so that no client takes the model's core. Both clients send the same prompts and ask
for as many tokens, and the medians of TTFT and TPOT must agree within 5 %. `ceiling` raises the number of streams on a
mock server with a short gap between tokens: tokens that come per second, TPOT against the gap, and the server's share
of a core. Clients and server share this machine's cores.
aiperf, a second peer, is not used: it is named where it is installed.

Definitions, the same for both, from records of single requests:
  TTFT      first chunk with text − request sent
  TPOT      (last chunk with text − first) / (tokens − 1), tokens as the server counts them. guidellm's own
            `time_per_output_token` is another thing: (last − sent) / tokens, so TTFT is in it
  tokens/s  tokens that came in the steady window / window. evalkit stamps every chunk; guidellm keeps only a request's
            first and last, so its tokens are spread evenly between, as guidellm itself does
The value shown is the median over rounds of each round's median (tokens/s: mean). Each client warms up for as long,
and requests of that time do not count.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from statistics import fmean, median

from meters_clients import CLIENTS, Case, Reading, model_folder, warm_up

from evalkit.config import ModelSpec, ServeSpec
from evalkit.execute.serving import serving
from evalkit.meters.clock import now_ns
from evalkit.meters.cores import allotted_cores
from evalkit.meters.tree import TreeProbe
from evalkit.records import NS_PER_S

MOST_APART = 0.05
"""Between the medians of two meters."""
LEAST_CEILING = 0.98
"""evalkit's most tokens/s / the peer's; below 1 by what two rounds of the same client differ by."""
MOST_SLOWER = 0.10
"""TPOT above the configured gap by more than this: the client, or the server beside it, has fallen behind."""
PARTS = ("mock", "transformers", "ceiling")
_POLL_S = 0.1


class Watch:
    """Notes the CPU time of a server's processes while clients run."""

    def __init__(self, pid: int) -> None:
        self._probe = TreeProbe(pid)
        self._readings: list[tuple[int, float]] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        self._thread.join()

    def _loop(self) -> None:
        while not self._stop.wait(_POLL_S):
            reading = self._probe.read()
            if reading is not None:
                self._readings.append((now_ns(), reading.cpu_s))

    def share(self, start_ns: int, end_ns: int) -> float | None:
        """Return cores that were busy in a window."""
        inside = [(t, cpu_s) for t, cpu_s in self._readings if start_ns <= t <= end_ns]
        steps = list(pairwise(inside))
        if not steps:
            return None
        spent_s = sum(after[1] - before[1] for before, after in steps)
        return spent_s * NS_PER_S / (inside[-1][0] - inside[0][0])


@contextmanager
def started(case: Case, folder: Path) -> Iterator[tuple[str, Watch]]:
    """Start the case's server; yields its URL, and what watches it."""
    port = _free_port()
    serve = ServeSpec(
        command=case.command,
        port=port,
        env={"HF_HUB_OFFLINE": "1", **dict(case.env)},
        start_timeout_s=120,
    )
    spec = ModelSpec(name=case.slug, backend="openai", source=case.model, serve=serve)
    with serving(spec, folder) as server:
        assert server is not None
        with Watch(server.pid) as watch:
            yield f"http://127.0.0.1:{port}", watch


def measure(
    case: Case, rounds: int, folder: Path
) -> dict[str, list[list[tuple[Reading, float | None]]]]:
    """Let the clients run in turns, the first one changing; returns client → rounds → steps with the server's CPU."""
    found: dict[str, list[list[tuple[Reading, float | None]]]] = {name: [] for name in CLIENTS}
    with started(case, folder) as (url, watch):
        warm_up(url, case.model)
        for number in range(rounds):
            for name in list(CLIENTS)[:: -1 if number % 2 else 1]:
                readings = CLIENTS[name](case, url, number, folder)
                found[name].append([(r, watch.share(r.start_ns, r.end_ns)) for r in readings])
                print(
                    f"  {case.name}, round {number + 1} of {rounds}: {name} done", file=sys.stderr
                )
        return found


def compare(case: Case, rounds: int, folder: Path) -> bool:
    """Print TTFT and TPOT of both clients; tell whether they agree."""
    found = measure(case, rounds, folder)
    steps = {name: [one for ((one, _),) in each] for name, each in found.items()}
    print(
        f"\n{case.name}: {case.streams[0]} at once, {rounds} x {case.measure_s:g} s of each client"
    )
    for name, some in steps.items():
        print(
            f"  {name:9} {sum(r.n for r in some):5} requests; each has"
            f" {_number(_middle([r.prompt_tokens for r in some]), 1)} prompt tokens and"
            f" {_number(_middle([r.output_tokens for r in some]), 1)} output tokens, the server says"
        )
    print(
        f"  {'ms':5} {'evalkit':>9} {'guidellm':>9} {'ratio':>7}       {'server told':>12}   rounds"
    )
    verdicts = []
    for what in ("ttft_s", "tpot_s"):
        ours, theirs = (_middle([getattr(r, what) for r in steps[name]]) for name in CLIENTS)
        ratio = ours / theirs if ours and theirs else None
        verdicts.append(ratio is not None and abs(ratio - 1) <= MOST_APART)
        print(
            f"  {what[:4].upper():5} {_number(ours, 2, 1000):>9} {_number(theirs, 2, 1000):>9}"
            f" {_number(ratio, 3):>7}  {_verdict(verdicts[-1])} {_number(getattr(case, what), 0, 1000):>12}"
            f"   {_each(steps['evalkit'], what)} | {_each(steps['guidellm'], what)}",
            flush=True,
        )
    return all(verdicts)


def ceiling(case: Case, rounds: int, folder: Path) -> bool:
    """Print how much each client takes in; tell whether evalkit takes in as much as the peer."""
    assert case.tpot_s is not None
    found = measure(case, rounds, folder)
    print(
        f"\n{case.name}: {case.tokens} tokens per answer, {rounds} rounds of {case.measure_s:g} s per step"
    )
    print(
        f"  {'streams':>7} {'asked':>8} | {'tokens/s':>9} {'TPOT':>9} {'server':>7} |"
        f" {'tokens/s':>9} {'TPOT':>9} {'server':>7} | {'ratio':>6}"
    )
    print(f"  {'':7} {'tokens/s':>8} | {'evalkit':^27} | {'guidellm':^27} |")
    best = dict.fromkeys(CLIENTS, 0.0)
    keeps = dict.fromkeys(CLIENTS, 0)
    for i, streams in enumerate(case.streams):
        rates, cells = [], []
        for name in CLIENTS:
            some = [each[i] for each in found[name]]
            rate = _mean([r.tokens_per_s for r, _ in some])
            tpot = _middle([r.tpot_s for r, _ in some])
            share = _mean([s for _, s in some])
            best[name] = max(best[name], rate or 0.0)
            if tpot is not None and tpot <= case.tpot_s * (1 + MOST_SLOWER):
                keeps[name] = streams
            rates.append(rate)
            cells.append(
                f"{_number(rate, 0):>9} {_number(tpot, 2, 1000):>6} ms {_number(share, 0, 100):>5} %"
            )
        ratio = rates[0] / rates[1] if rates[0] and rates[1] else None
        print(
            f"  {streams:7} {streams / case.tpot_s:8.0f} | {cells[0]} | {cells[1]} | {_number(ratio, 2):>6}"
        )
    ratio = best["evalkit"] / best["guidellm"] if best["guidellm"] else None
    is_more = ratio is not None and ratio >= LEAST_CEILING
    is_wider = keeps["evalkit"] >= keeps["guidellm"]
    print(
        f"  most tokens/s: evalkit {best['evalkit']:.0f}, guidellm {best['guidellm']:.0f}, ratio"
        f" {_number(ratio, 2)}  {_verdict(is_more)}  (at least {LEAST_CEILING:g})"
    )
    print(
        f"  most streams with TPOT within {MOST_SLOWER:.0%} of {case.tpot_s * 1000:g} ms: evalkit {keeps['evalkit']},"
        f" guidellm {keeps['guidellm']}  {_verdict(is_wider)}"
    )
    return is_more and is_wider


def cases(part: str) -> tuple[Case, ...]:
    """Return the loads of one part."""
    if part == "mock":
        return (_mock("mock 40/10 ms", 40, 10), _mock("mock 200/25 ms", 200, 25))
    if part == "ceiling":
        ceiling = _mock("ceiling", 50, 20, tokens=64)
        return (replace(ceiling, streams=(8, 32, 64, 128, 256), warmup_s=2.0, measure_s=4.0),)
    folder = str(model_folder())
    serve = ("transformers", "serve", folder, "--device", "cpu", "--dtype", "float32")
    return (
        Case(
            name="transformers serve",
            command=(*serve, "--port", "{port}"),
            model=folder,
            streams=(1,),
            tokens=32,
            warmup_s=3.0,
            measure_s=12.0,
            env=(("OMP_NUM_THREADS", "1"),),
        ),
    )


def _mock(name: str, ttft_ms: int, gap_ms: int, tokens: int = 32) -> Case:
    serve = ("guidellm", "mock-server", "--host", "127.0.0.1", "--model", "mock")
    times = ("--ttft-ms", str(ttft_ms), "--itl-ms", str(gap_ms), "--output-tokens", str(tokens))
    return Case(
        name=name,
        command=(*serve, *times, "--port", "{port}"),
        model="mock",
        streams=(4,),
        tokens=tokens,
        warmup_s=1.0,
        measure_s=6.0,
        ttft_s=ttft_ms / 1000,
        tpot_s=gap_ms / 1000,
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _middle(values: Sequence[float | None]) -> float | None:
    known = [v for v in values if v is not None]
    return median(known) if known and len(known) == len(values) else None


def _mean(values: Sequence[float | None]) -> float | None:
    known = [v for v in values if v is not None]
    return fmean(known) if known and len(known) == len(values) else None


def _number(value: float | None, digits: int, factor: float = 1.0) -> str:
    return "–" if value is None else f"{value * factor:.{digits}f}"


def _each(readings: Sequence[Reading], what: str) -> str:
    return " ".join(_number(getattr(r, what), 1, 1000) for r in readings)


def _verdict(is_ok: bool) -> str:
    return "PASS" if is_ok else "MISS"


def main() -> None:
    """Measure the parts asked for; exit with 1 when a line missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--only", choices=PARTS, help="one part")
    parser.add_argument("--ceiling", action="store_true", help="the ceiling, too")
    parser.add_argument("--rounds", type=int, default=2, help="of each client, in turns")
    given = parser.parse_args()
    parts = [given.only] if given.only else [p for p in PARTS if p != "ceiling" or given.ceiling]
    peer = importlib.metadata.version("guidellm")
    aiperf = "installed, not used" if importlib.util.find_spec("aiperf") else "not installed"
    print(f"{allotted_cores():g} cores; guidellm {peer}; aiperf {aiperf}")
    print((__doc__ or "").partition("\n\nDefinitions")[2].partition("\n")[2])
    results = []
    with tempfile.TemporaryDirectory() as folder:
        for part in parts:
            judge = ceiling if part == "ceiling" else compare
            results += [judge(case, given.rounds, Path(folder)) for case in cases(part)]
    raise SystemExit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
