"""What a gate policy may say: which metrics of an upgrade are judged, by which margin, and how much each one counts.

A margin is how much worse the candidate may be. Whether it is kept is decided by a one-sided interval, never by the
numbers alone, so every margin needs enough documents or runs: `evalkit gate plan` says how many.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, model_validator

from evalkit.config.files import named
from evalkit.config.run import Name
from evalkit.config.spec import Spec
from evalkit.metrics.catalogue.gate import GATE, GateMetric, Tier

if TYPE_CHECKING:
    Metric = str
else:
    Metric = Literal[tuple(GATE)]


class RuleSpec(Spec):
    """One metric that must not get worse by more than a margin, or must stay on one side of a limit."""

    metric: Metric
    """Definitions: docs/gate.md."""
    tasks: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """Only these tasks (`TASK` or `SUITE/TASK`); unset: each task that no other rule of the metric names."""
    score: str | None = None
    """`accuracy` and `macro_mean`: the task's metric to judge by, such as `exact_match`; unset: its headline."""
    tier: Tier | None = None
    """`critical`: must be shown to keep its margin. `supporting`: must not be shown to break it. `advisory`: is shown,
    decides nothing. Unset: by the metric."""
    margin_points: Annotated[float, Field(ge=0, le=100)] | None = None
    """Shares (accuracy and the rates): points of 100 the candidate may be worse; unset: by the metric."""
    margin_percent: Annotated[float, Field(ge=0, lt=1000)] | None = None
    """Everything else: per cent the candidate may be worse; unset: by the metric."""
    floor_ms: Annotated[float, Field(ge=0)] | None = None
    """Latencies: a slowdown of fewer milliseconds is none, whatever its share; unset: by the metric."""
    at_least: float | None = None
    """The candidate itself must reach this, whatever the baseline: %, requests/s."""
    at_most: float | None = None
    """The candidate itself must not exceed this: %, ms, MB, J/token, USD."""
    allowed: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """`licence`: licences that are accepted, such as `apache-2.0`; unset: any that allows as much as the baseline's."""

    @property
    def kind(self) -> GateMetric:
        """What the metric is."""
        return GATE[self.metric]

    @property
    def margin(self) -> float:
        """How much worse the candidate may be: share of 1 for `docs`, else relative (0.1: a tenth)."""
        given = self.margin_points if self.kind.family == "docs" else self.margin_percent
        return (self.kind.margin if given is None else given) / 100

    @property
    def weight(self) -> Tier:
        """The tier that counts."""
        return self.tier or self.kind.tier

    @property
    def floor_s(self) -> float:
        """Slowdown that is never a regression, in seconds."""
        return (self.kind.floor_ms if self.floor_ms is None else self.floor_ms) / 1000

    @model_validator(mode="after")
    def _keys_fit_the_metric(self) -> Self:
        kind, metric = self.kind, self.metric
        fits = {
            "tasks": kind.per_task or metric == "macro_mean",
            "score": metric in ("accuracy", "macro_mean"),
            "margin_points": kind.family == "docs",
            "margin_percent": kind.family in ("latency", "runs", "cost"),
            "floor_ms": kind.family == "latency",
            "at_least": kind.higher_is_better and kind.family != "licence",
            "at_most": not kind.higher_is_better,
            "allowed": kind.family == "licence",
        }
        for key, is_fitting in fits.items():
            if getattr(self, key) is not None and not is_fitting:
                good = ", ".join(k for k, fit in fits.items() if fit)
                raise ValueError(f"{key!r} means nothing for {metric!r}; it takes {good or 'none'}")
        if kind.higher_is_better and self.margin_percent is not None and self.margin_percent >= 100:
            raise ValueError("margin_percent: less than 100, since nothing can lose more than all")
        return self


DEFAULT_RULES = tuple(
    RuleSpec(metric=metric)
    for metric in (
        "accuracy", "macro_mean", "format_failures", "refusals", "hallucinations", "ttft_p50", "tpot_p50", "e2e_p95",
        "throughput_at_slo", "peak_memory", "energy_per_token", "cost_per_correct", "licence",
    )
)  # fmt: skip


class GatePolicy(Spec):
    """Rules that decide whether a candidate may replace the accepted baseline."""

    name: Name = "default"
    """How results call it."""
    confidence: Annotated[float, Field(ge=0.8, le=0.999)] = 0.95
    """Confidence of every one-sided interval: how sure a PASS or a FAIL must be."""
    inconclusive: Literal["fail", "hold", "pass"] = "hold"
    """When a critical rule can't be decided: `fail` exits with 1, `hold` with 3, `pass` with 0 and a warning."""
    missing: Literal["fail", "hold", "pass"] = "hold"
    """When a critical rule's metric was not measured on both sides: `fail` exits with 1, `hold` with 3, `pass` with 0
    and a warning."""
    min_runs: Annotated[int, Field(ge=3, le=100)] = 5
    """Latencies: fewest runs per side for a verdict."""
    clusters: dict[str, str] = Field({})
    """Task → key of its documents, such as `{grounded_qa: passage_id}`: documents that share its value come from one
    source and are resampled together."""
    calibration: Annotated[Path | None, named("calibration")] = None
    """File of `evalkit gate calibrate`, relative to this one: margins below its noise floor are refused."""
    rules: Annotated[tuple[RuleSpec, ...], Field(min_length=1)] = DEFAULT_RULES
    """Judged in this order; unset: a set that suits most upgrades (docs/gate.md)."""

    @model_validator(mode="after")
    def _rules_differ(self) -> Self:
        seen: dict[tuple[str, tuple[str, ...] | None, str | None], int] = {}
        for position, rule in enumerate(self.rules, 1):
            key = rule.metric, rule.tasks, rule.score
            if key in seen:
                raise ValueError(
                    f"rules: rule {position} is about the same as rule {seen[key]} ({rule.metric}); keep one"
                )
            seen[key] = position
        return self
