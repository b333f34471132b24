"""What finished runs say about a model: its config, where its requests went, and which of them count."""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from evalkit.analysis.facts import Estimate
from evalkit.analysis.stats import LEAST_VALUES
from evalkit.config.run import ModelSpec
from evalkit.records import Request
from evalkit.store.run_dir import Run
from evalkit.wording import say

CLASSES = ("public", "internal", "confidential")
"""Data classes from harmless to sensitive."""
_Z = 1.959963984540054


@dataclass(frozen=True, slots=True)
class TaskRequests:
    """Measured requests of one task, failed ones included."""

    task: str
    requests: tuple[Request, ...]


def model_spec(runs: Iterable[Run], model: str) -> ModelSpec | None:
    """Return a model's part of the last run config that has it."""
    found = None
    for run in runs:
        for spec in run.manifest.config.get("models", ()):
            if spec["name"] == model:
                found = ModelSpec.model_validate(spec)
    return found


def was_in_process(runs: Iterable[Run], model: str) -> bool:
    """Tell whether a model answered in evalkit's own process: nobody charged for it."""
    cells = [c for run in runs for c in run.manifest.cells if c.model == model]
    answered = [c for c in cells if c.state == "done"]
    return bool(answered) and all(c.is_in_process for c in answered)


def task_requests(runs: Iterable[Run], model: str) -> tuple[TaskRequests, ...]:
    """Return the measured requests of a model that asked for answers, by task; load tests are left out.

    A task that was asked in several runs counts from the last one.
    """
    found: dict[str, tuple[Request, ...]] = {}
    for run in runs:
        if run.manifest.kind != "run":
            continue
        cells = {c.cell_id for c in run.manifest.cells if c.model == model}
        by_task: dict[str, list[Request]] = defaultdict(list)
        for r in run.requests:
            if r.cell_id in cells and r.is_measured:
                by_task[r.task].append(r)
        found.update({task: tuple(some) for task, some in by_task.items()})
    return tuple(TaskRequests(task, some) for task, some in found.items())


def hosts_of(runs: Iterable[Run], model: str) -> tuple[str, ...]:
    """Return the hosts that got a model's requests."""
    cells = [c for run in runs for c in run.manifest.cells if c.model == model]
    return tuple(dict.fromkeys(c.host for c in cells if c.host is not None))


def is_inside(host: str) -> bool:
    """Tell whether a host is this machine or has a private address (RFC 1918 and its like)."""
    name = host.rpartition(":")[0].strip("[]") or host
    if name == "localhost":
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    return address.is_private or address.is_loopback


def data_class(runs: Iterable[Run]) -> str | None:
    """Return the most sensitive class among the measured suites."""
    found = {c.data_class for run in runs for c in run.manifest.cells if run.manifest.kind == "run"}
    return max(found, key=CLASSES.index, default=None)


def weighted_mean(
    by_task: Mapping[str, Sequence[float]], weights: Mapping[str, float] | None, unit: str
) -> Estimate:
    """Return the mean over tasks of tokens or money, each task by its weight, with a 95 % interval.

    Stratified: variance = Σ w² s² / n. Scores have limits of their own: see `analysis.weighted`.

    Args:
        by_task: Values of each task, one per doc or request.
        weights: What each task is of the work; None: all the same. Tasks without one do not count.
        unit: Of the values.
    """
    used = {t: v for t, v in by_task.items() if v and (weights is None or weights.get(t))}
    n = sum(len(v) for v in used.values())
    if not used:
        return Estimate(None, unit, 0, reason=say("not measured"))
    given = {t: 1.0 if weights is None else weights[t] for t in used}
    whole = sum(given.values())
    mean = sum(given[t] / whole * float(np.mean(v)) for t, v in used.items())
    variance = 0.0
    for task, values in used.items():
        if len(values) < LEAST_VALUES:
            reason = say("one value has no interval")
            return Estimate(mean, unit, n, method="mean over tasks", reason=reason)
        variance += (given[task] / whole) ** 2 * float(np.var(values, ddof=1)) / len(values)
    half = _Z * sqrt(variance)
    return Estimate(mean, unit, n, mean - half, mean + half, "mean over tasks, stratified 95 %")
