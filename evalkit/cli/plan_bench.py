"""What `evalkit plan` prints of a bench config."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from evalkit.config import BenchConfig
    from evalkit.execute.bench_plan import CellEstimate


def print_bench_plan(config: BenchConfig, *, as_json: bool) -> None:
    """Print how long a bench takes, what it asks and what that can cost."""
    from evalkit.execute.bench_plan import plan_bench

    cells = plan_bench(config)
    if as_json:
        click.echo(json.dumps({"cells": [asdict(c) for c in cells]}, indent=2))
        return
    from rich.console import Console

    from evalkit.report.fitted import FittedTable

    table = FittedTable(names=2)
    for i, title in enumerate(
        ("model", "profile", "least time", "most time", "steps", "requests", "tokens in",
         "tokens out", "most cost")
    ):  # fmt: skip
        table.add_column(title, justify="left" if i < 2 else "right")
    for cell in cells:
        table.add_row(*_row(cell))
    console = Console(markup=False, highlight=False)
    console.print(table)
    for line in _notes(config, cells):
        console.print(line)


def _row(c: CellEstimate) -> Iterator[str]:
    from evalkit.report import format as text

    steps = f"{c.least_steps} to {c.most_steps}" if c.most_steps > c.least_steps else c.least_steps
    yield from (c.model, c.profile, _time(c.least_s), _time(c.most_s), str(steps))
    for number in (c.requests, c.input_tokens, c.output_tokens):
        yield str(text.count(None if number is None else round(number)))
    yield str(text.usd(c.most_cost_usd))


def _time(seconds: float) -> str:
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def _notes(config: BenchConfig, cells: list[CellEstimate]) -> Iterator[str]:
    from evalkit.precheck import skipped_models
    from evalkit.report import format as text

    least, most = (sum(t) for t in zip(*((c.least_s, c.most_s) for c in cells), strict=True))
    yield f"All together {_time(least)} to {_time(most)}, loading of models and waits for overloaded ones not counted."
    yield f"{text.MISSING}: depends on how fast the answers come, or is not known before."
    for name, replay in {c.profile: c.replay for c in cells if c.replay is not None}.items():
        end = "" if replay.n_replayed == replay.n_total else "; set measure_s to replay all"
        yield (
            f"Profile {name}: {replay.replayed_s:,.0f} of {replay.total_s:,.0f} s, {replay.n_replayed:,} of"
            f" {replay.n_total:,} requests of the trace{end}."
        )
    if config.limits.max_cost_usd is not None:
        yield f"The budget is {text.usd(config.limits.max_cost_usd)}; the bench stops before it is passed."
    yield from skipped_models(config.models)
