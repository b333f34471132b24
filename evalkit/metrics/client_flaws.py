"""What makes a load step a measurement of evalkit itself instead of the target."""

from __future__ import annotations

from collections.abc import Iterator

from evalkit.metrics.load_point import LoadPoint
from evalkit.metrics.slo import ServiceLevel
from evalkit.records import LoadStep
from evalkit.wording import Said, numeral, say

LEAST_SENT = 0.98
"""Share of the requests due that a client must send; with less it is too slow."""
MOST_LAG_SHARE = 0.1
MOST_LAG_S = 0.010
"""Delays of evalkit's own, at p99, spoil a step when above this and above a tenth of the median, or allowed, TTFT."""
MOST_CPU = 0.8
"""Share of a core above which the client has no reserve."""


def client_flaws(p: LoadPoint, step: LoadStep, slo: ServiceLevel | None) -> Iterator[Said]:
    """Say what makes the step a measurement of evalkit instead of the target."""
    scale_s = max(p.latency.ttft_s.p50.value or 0.0, (slo.ttft_s if slo else None) or 0.0)
    most_lag = max(MOST_LAG_S, MOST_LAG_SHARE * scale_s)
    if p.schedule_lag_p99_s is not None and p.schedule_lag_p99_s > most_lag:
        lag = numeral(f"{p.schedule_lag_p99_s * 1000:.0f}")
        yield say("requests were sent up to {lag} ms late (p99)", lag=lag)
    if step.loop_cpu_s is None:
        return  # the model computes in this process: its load is not the client's
    if step.lag_p99_s is not None and step.lag_p99_s > most_lag:
        lag = numeral(f"{step.lag_p99_s * 1000:.0f}")
        yield say("evalkit's event loop was {lag} ms late (p99)", lag=lag)
    if p.loop_cpu_share is not None and p.loop_cpu_share > MOST_CPU:
        share = numeral(f"{100 * p.loop_cpu_share:.0f}")
        yield say("the thread that sends was busy {share}% of the time", share=share)
    if step.rate_per_s is not None and p.sent_share is not None and p.sent_share < LEAST_SENT:
        share = numeral(f"{100 * p.sent_share:.0f}")
        yield say("only {share}% of the requests that were due could be sent", share=share)
