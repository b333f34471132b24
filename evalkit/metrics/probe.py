"""What single requests, one after the other, say of a target before it is put under load."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from evalkit.metrics.percentiles import percentile
from evalkit.metrics.request_times import first_s, is_ok, whole_s
from evalkit.metrics.values import each
from evalkit.records import LoadStep, Request


@dataclass(frozen=True, slots=True)
class ProbePoint:
    """Medians over the answered requests of a probe; None: nothing was answered."""

    n: int
    n_failed: int
    ttft_s: float | None
    e2e_s: float | None


def probe_point(step: LoadStep, requests: Iterable[Request]) -> ProbePoint:
    """Return what a probe showed; requests of other steps are left out."""
    asked = [r for r in requests if r.step == step.step and r.attempts]
    good = [r for r in asked if is_ok(r)]
    return ProbePoint(
        n=len(asked),
        n_failed=len(asked) - len(good),
        ttft_s=percentile(each(good, first_s), 50).value,
        e2e_s=percentile(each(good, whole_s), 50).value,
    )
