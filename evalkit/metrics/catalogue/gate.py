"""What a gate can judge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from evalkit.metrics.catalogue import _

Tier = Literal["critical", "supporting", "advisory"]
Family = Literal["docs", "latency", "runs", "cost", "licence"]


@dataclass(frozen=True, slots=True)
class GateMetric:
    """A number by which a candidate is compared with a baseline, and how it is judged where the policy says nothing."""

    name: str
    """What a reader calls it."""
    meaning: str
    """What it is, in a line for a reader."""
    family: Family
    """What the interval rests on: documents, requests within runs, whole runs, documents with a price, or nothing."""
    margin: float
    """The default margin: points of 100 for `docs`, else per cent."""
    tier: Tier
    unit: str
    """Unit of `at_least` and `at_most`."""
    scale: float
    """One `unit` in base units (shares of 1, seconds, bytes)."""
    higher_is_better: bool = False
    per_task: bool = False
    """A rule of it applies to each task; else once to the whole suite of tasks."""
    floor_ms: float = 0.0
    """Latencies: a slowdown of less is never a regression."""
    prefix: str = ""
    """`runs`: how the names of its numbers begin in `RunValues.values`, where they are several; else its own name."""


def _rate(name: str, meaning: str) -> GateMetric:
    return GateMetric(name, meaning, "docs", 3, "supporting", "%", 0.01, per_task=True)


def _median(name: str, meaning: str, floor_ms: float) -> GateMetric:
    return GateMetric(name, meaning, "latency", 10, "supporting", "ms", 1e-3, floor_ms=floor_ms)


def _tail(name: str, meaning: str, floor_ms: float) -> GateMetric:
    return GateMetric(name, meaning, "latency", 20, "advisory", "ms", 1e-3, floor_ms=floor_ms)


GATE: Mapping[str, GateMetric] = {
    "accuracy": GateMetric(
        _("Accuracy"),
        _(
            "Mean score of the documents by the task's main metric; mostly the share that was answered right."
        ),
        family="docs",
        margin=3,
        tier="critical",
        unit="%",
        scale=0.01,
        higher_is_better=True,
        per_task=True,
    ),
    "macro_mean": GateMetric(
        _("Mean over all tasks"),
        _("Mean of the tasks' scores; each task counts the same, however many documents it has."),
        family="docs",
        margin=2,
        tier="critical",
        unit="%",
        scale=0.01,
        higher_is_better=True,
    ),
    "format_failures": _rate(
        _("Unreadable answers"),
        _("Share of answers in which nothing could be found that can be scored."),
    ),
    "refusals": _rate(
        _("Refusals"), _("Share of documents on which the model declined to answer.")
    ),
    "hallucinations": _rate(
        _("Invented answers"), _("Share of unanswerable questions that got an answer anyway.")
    ),
    "ttft_p50": _median(
        _("TTFT, half of requests (p50)"),
        _("Half of the requests waited at most this long for their first token."),
        20,
    ),
    "ttft_p95": _tail(
        _("TTFT, 95 of 100 requests (p95)"),
        _("95 of 100 requests waited at most this long for their first token."),
        50,
    ),
    "tpot_p50": _median(
        _("Time per token, half of requests (p50)"),
        _(
            "In half of the requests text appeared at least this fast: seconds per token after the first."
        ),
        2,
    ),
    "tpot_p95": _tail(
        _("Time per token, 95 of 100 requests (p95)"),
        _(
            "In 95 of 100 requests text appeared at least this fast: seconds per token after the first."
        ),
        5,
    ),
    "e2e_p50": _median(
        _("Whole answer, half of requests (p50)"),
        _("Half of the requests had their whole answer within this time."),
        50,
    ),
    "e2e_p95": _tail(
        _("Whole answer, 95 of 100 requests (p95)"),
        _("95 of 100 requests had their whole answer within this time."),
        100,
    ),
    "throughput_at_slo": GateMetric(
        _("Throughput within the service level"),
        _(
            "Highest load that is sustained within the service level: requests completed per second."
        ),
        family="runs",
        margin=10,
        tier="supporting",
        unit="requests/s",
        scale=1,
        higher_is_better=True,
        prefix="throughput:",
    ),
    "peak_memory": GateMetric(
        _("Peak memory"),
        _("Most memory that was held while working, weights included."),
        family="runs",
        margin=10,
        tier="supporting",
        unit="MB",
        scale=1e6,
        prefix="memory:",
    ),
    "energy_per_token": GateMetric(
        _("Energy per token"),
        _("Energy of the accelerators / generated tokens."),
        family="runs",
        margin=10,
        tier="advisory",
        unit="J/token",
        scale=1,
    ),
    "cost_per_correct": GateMetric(
        _("Cost per correct answer"),
        _("Cost of all requests / correct answers."),
        family="cost",
        margin=10,
        tier="supporting",
        unit="USD",
        scale=1,
    ),
    "licence": GateMetric(
        _("Licence"),
        _("What the model's licence allows, against what the baseline's does."),
        family="licence",
        margin=0,
        tier="supporting",
        unit="",
        scale=1,
        higher_is_better=True,
    ),
}
"""Name in a policy → what it is."""
