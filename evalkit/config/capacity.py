"""What a scenario may say of how much one replica serves: a bench, somebody else's load curve, or a number."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from evalkit.config.files import named
from evalkit.config.quantity import PerSecond
from evalkit.config.scalars import Day
from evalkit.config.spec import Spec

OFFERED, CONCURRENCY = "offered_per_s", "concurrency"
"""Axes of a load curve: requests per second that come, or how many are answered at once."""


class ImportSpec(Spec):
    """A load curve that another harness measured, as a table with a row per level of load; repeats are further rows."""

    file: Annotated[Path, named("load curve")]
    """CSV, JSON lines or Parquet, each may be gzipped; relative to the scenario."""
    columns: dict[str, str]
    """What evalkit needs → the file's column: `offered_per_s` or `concurrency`; `completed_per_s` or, of those within
    the file's own limits, `good_per_s`; `ttft_s`, `tpot_s`, `e2e_s`, `error_rate`, `output_tokens_per_s`, `power_w`,
    `n_requests`, `input_tokens`, `output_tokens`. Times are in the unit that their column's name ends in (`_ms`,
    `(us)`), else seconds; an error rate is a share, or in percent where the name says so."""
    axis: Literal["offered_per_s", "concurrency"] | None = None
    """Along which the load grows; unset: the one that `columns` names."""
    where: dict[str, str | bool | float] = Field({})
    """Columns and their values: only rows that have them are read. 1024 is found as 1024.0, too."""
    percentile: Literal[50, 90, 95, 99, "mean"]
    """Which percentile the latencies in those columns are. `mean`, or a lower one than the service level's, leaves
    open whether the service level holds."""
    input_tokens: Annotated[float, Field(gt=0)]
    """Prompt tokens per request in that measurement."""
    output_tokens: Annotated[float, Field(gt=0)]
    """Answer tokens per request in that measurement."""
    source: str
    """Who measured it, on what."""
    date: Day
    """When."""


class CapacitySpec(Spec):
    """How much one replica serves within the service level. Unset: the bench of the model among the runs; of several at
    different lengths, what lies between them at the lengths of the work.
    """

    profile: str | None = None
    """Load profile of the bench to take, and of no other."""
    curve: ImportSpec | None = None
    """Instead of a bench: somebody else's measurement, marked as imported."""
    requests_per_s: PerSecond | None = None
    """Instead of a bench: your own number, marked as not measured."""

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if sum(x is not None for x in (self.profile, self.curve, self.requests_per_s)) != 1:
            raise ValueError("give one of 'profile', 'curve', 'requests_per_s'")
        return self
