"""How late the meter is with many streams at once: evalkit's endpoint backend against the plain SDK, on one server.

    python benchmarks/streams.py                     # 500 streams of 10 tokens/s each, about a minute
    python benchmarks/streams.py --streams 100 500 --tokens-per-s 5

The server runs in a process of its own and stamps what it sends, by the same clock. For every chunk the delay is: the
client's stamp minus the server's. `lag` is how late a timer of the client's own event loop comes. The peers are the
openai SDK with its default client, and with its aiohttp client, both used as its documentation shows.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import urllib.request
from collections.abc import Sequence
from multiprocessing.connection import Connection
from typing import Any

from evalkit.backends import open_backend
from evalkit.backends.base import CellSetup, GenerateRequest, Outcome
from evalkit.backends.endpoints.dialect import pack
from evalkit.backends.endpoints.loop import LagMeter
from evalkit.config import EndpointSpec, ModelSpec
from evalkit.engine.values import GenerationSettings
from evalkit.loadgen.chunks import chat_answer
from evalkit.loadgen.scripted import Plan, Received, Send, serve_forever
from evalkit.meters.clock import now_ns
from evalkit.meters.cores import allotted_cores
from evalkit.metrics.percentiles import percentile
from evalkit.records import EventKind

TARGET_MS = 5.0
CLIENTS = ("evalkit", "openai SDK", "openai SDK, aiohttp")
Stamps = dict[str, list[int]]
"""Prompt → stamps of its content chunks."""


def serve(tokens: int, gap_s: float, ready: Connection) -> None:
    """Play answers, and tell at /stamps what was sent when."""
    received: list[Received] = []
    plan = Plan(chat_answer(["word "] * tokens, ttft_s=gap_s, itl_s=gap_s))

    def script(asked: Received) -> Plan:
        if asked.path != "/stamps":
            return plan
        sent = {_prompt(r.body): [s.t_ns for s in r.sent] for r in received if r.body}
        received.clear()
        return Plan(
            (Send(json.dumps(sent).encode()),), headers={"Content-Type": "application/json"}
        )

    serve_forever(script, 0, ready.send, received=received)


def _prompt(body: bytes) -> str:
    return str(json.loads(body)["messages"][0]["content"])


def ask_evalkit(url: str, prompts: Sequence[str], tokens: int) -> tuple[Stamps, list[float]]:
    """Ask through the backend, as a run does."""
    endpoint = EndpointSpec(base_url=url, concurrency=len(prompts))
    spec = ModelSpec(name="m", backend="openai", source="m", endpoint=endpoint)
    requests = [
        GenerateRequest(pack([{"role": "user", "content": p}]), GenerationSettings(tokens))
        for p in prompts
    ]
    found: Stamps = {}
    with open_backend(spec) as backend:
        for _ in backend.generate(requests[:1], (), None):
            pass  # every run begins with a warm-up request, too
        backend.begin_cell(CellSetup())
        for batch in backend.generate(requests, (), None):
            for position, what in batch:
                if isinstance(what, Outcome):
                    events = what.attempts[-1].events
                    found[prompts[position]] = [
                        e.t_ns for e in events if e.kind == EventKind.CONTENT
                    ]
        lags = list(backend._asking.lag.lags_s)  # type: ignore[attr-defined]
    return found, lags


def ask_sdk(
    url: str, prompts: Sequence[str], tokens: int, *, aiohttp: bool
) -> tuple[Stamps, list[float]]:
    """Ask through the SDK, stamping each chunk as it is handed out."""
    import openai

    async def one(client: Any, prompt: str, found: Stamps) -> None:
        stream = await client.chat.completions.create(
            model="m",
            messages=[{"role": "user", "content": prompt}],
            stream=True,
            max_tokens=tokens,
        )
        found[prompt] = []
        async for chunk in stream:
            stamp = now_ns()
            if chunk.choices and chunk.choices[0].delta.content:
                found[prompt].append(stamp)

    async def everything() -> tuple[Stamps, list[float]]:
        found: Stamps = {}
        more = {"http_client": openai.DefaultAioHttpClient()} if aiohttp else {}
        meter = LagMeter()
        async with openai.AsyncOpenAI(api_key="k", base_url=url, max_retries=0, **more) as client:
            await one(client, prompts[0], {})
            measuring = asyncio.create_task(meter.run())
            await asyncio.gather(*(one(client, p, found) for p in prompts))
        measuring.cancel()
        return found, list(meter.lags_s)

    return asyncio.run(everything())


def _client(name: str, url: str, prompts: Sequence[str], tokens: int, out: Connection) -> None:
    if name == "evalkit":
        out.send(ask_evalkit(url, prompts, tokens))
    else:
        out.send(ask_sdk(url, prompts, tokens, aiohttp=name.endswith("aiohttp")))


def measure(name: str, url: str, streams: int, tokens: int) -> dict[str, float]:
    """Run one client in a fresh process; return milliseconds and the most streams that were open at once."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    prompts = [f"q{i}" for i in range(streams)]
    process = context.Process(target=_client, args=(name, url + "/v1", prompts, tokens, sender))
    process.start()
    got, lags = receiver.recv()
    process.join()
    with urllib.request.urlopen(url + "/stamps") as answer:
        sent: Stamps = json.load(answer)
    pairs = [(p, sent[p][1 : tokens + 1], got[p]) for p in prompts]  # the first write is the role
    assert all(len(there) == len(here) == tokens for _, there, here in pairs)
    delays = [(b - a) / 1e6 for _, there, here in pairs for a, b in zip(there, here, strict=True)]
    ends = sorted((t, -1) for _, there, _ in pairs for t in (there[-1],))
    starts = sorted((there[0], 1) for _, there, _ in pairs)
    open_now, most = 0, 0
    for _, change in sorted([*starts, *ends]):
        open_now += change
        most = max(most, open_now)
    values = {"delay p50": (delays, 50), "delay p99": (delays, 99), "lag p99": (lags, 99)}
    shown = {key: _percentile(some, q) for key, (some, q) in values.items()}
    shown["lag p99"] *= 1000
    return {**shown, "open at once": most}


def _percentile(values: Sequence[float], q: int) -> float:
    value = percentile(values, q).value
    assert value is not None
    return value


def main() -> None:
    """Measure every client at every number of streams and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--streams", type=int, nargs="+", default=[500])
    parser.add_argument("--tokens-per-s", type=float, default=10.0)
    parser.add_argument("--tokens", type=int, default=100, help="per answer")
    parser.add_argument("--clients", nargs="+", choices=CLIENTS, default=list(CLIENTS))
    given = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    server = context.Process(
        target=serve, args=(given.tokens, 1 / given.tokens_per_s, sender), daemon=True
    )
    server.start()
    url = f"http://127.0.0.1:{receiver.recv()}"
    print(f"{allotted_cores():g} cores; {given.tokens_per_s:g} tokens/s per stream; milliseconds")
    print(
        f"{'streams':>8} {'client':22} {'delay p50':>10} {'delay p99':>10} {'lag p99':>9} {'open at once':>13}"
    )
    for streams in given.streams:
        ours: dict[str, float] = {}
        for name in given.clients:
            found = measure(name, url, streams, given.tokens)
            ours = ours or found
            ratio = f"  {found['delay p99'] / ours['delay p99']:.0f} x" if found is not ours else ""
            print(
                f"{streams:8} {name:22} {found['delay p50']:10.2f} {found['delay p99']:10.2f}"
                f" {found['lag p99']:9.2f} {found['open at once']:13.0f}{ratio}",
                flush=True,
            )
        if "evalkit" in given.clients:
            verdict = "kept" if ours["lag p99"] <= TARGET_MS else "MISSED"
            print(f"{streams:8} target: lag p99 of evalkit <= {TARGET_MS:g} ms: {verdict}")
    server.terminate()


if __name__ == "__main__":
    main()
