"""A scripted server of known capacity: slots that each request holds for a known time, first come first served."""

from __future__ import annotations

import heapq
import json

from evalkit.loadgen.chunks import chat_answer, usage
from evalkit.loadgen.scripted import Plan, Received, Script
from evalkit.meters.clock import now_ns
from evalkit.records import NS_PER_S


def slots(n: int, *, ttft_s: float, itl_s: float, tokens: int) -> Script:
    """Return a script that serves `n / (ttft_s + (tokens − 1)·itl_s)` requests per second at most."""
    free = [0] * n
    heapq.heapify(free)
    service_ns = round((ttft_s + (tokens - 1) * itl_s) * NS_PER_S)

    def play(received: Received) -> Plan:
        now = now_ns()
        start = max(now, heapq.heappop(free))
        heapq.heappush(free, start + service_ns)
        waiting_s = (start - now) / NS_PER_S
        words = str(json.loads(received.body)["messages"][-1]["content"]).split()
        counts = usage(len(words), tokens)
        return Plan(
            chat_answer(["word "] * tokens, ttft_s=waiting_s + ttft_s, itl_s=itl_s, usage=counts)
        )

    return play
