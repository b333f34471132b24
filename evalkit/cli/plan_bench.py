"""What `evalkit plan` prints of a bench config."""

from __future__ import annotations

import json
import math
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
        (
            "model",
            "profile",
            "least time",
            "most time",
            "steps",
            "requests",
            "tokens in",
            "tokens out",
            "most cost",
        )
    ):
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
    for number, most in (
        (c.requests, c.most_requests),
        (c.input_tokens, c.most_input_tokens),
        (c.output_tokens, c.most_output_tokens),
    ):
        is_bound = number is None and most is not None
        known = most if is_bound else number
        count = text.count(None if known is None else round(known))
        yield f"≤ {count}" if is_bound else str(count)
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
    yield f"{text.MISSING}: is not known before; ≤: at most."
    for profile in dict.fromkeys(c.profile for c in cells):
        yield from _profile_notes(profile, [c for c in cells if c.profile == profile])
    for name, replay in {c.profile: c.replay for c in cells if c.replay is not None}.items():
        end = "" if replay.n_replayed == replay.n_total else "; set measure_s to replay all"
        yield (
            f"Profile {name}: {replay.replayed_s:,.0f} of {replay.total_s:,.0f} s, {replay.n_replayed:,} of"
            f" {replay.n_total:,} requests of the trace{end}."
        )
    if config.limits.max_cost_usd is not None:
        yield f"The budget is {text.usd(config.limits.max_cost_usd)}; the bench stops before it is passed."
    yield from skipped_models(config.models)


_BOUNDS = {
    "schedule": "",
    "answers": "at most, if no answer comes faster than {tokens:,} tokens/s and none is shorter than asked for",
    "max_rate": "at most, at max_rate for all of max_minutes",
    "client": "at most, at the {sent:,} requests/s that evalkit itself can send, for all of max_minutes; max_rate gives"
    " a closer bound",
    "budget": "at most what max_cost_usd pays for",
}
"""What the most requests follow from → how that is said."""


def _profile_notes(profile: str, cells: list[CellEstimate]) -> Iterator[str]:
    """Say how the bounds of a profile follow, and what would make its steps longer or useless."""
    from evalkit.execute.bench_bounds import FASTEST_TOKENS_PER_S, MOST_SENT_PER_S

    for bound in dict.fromkeys(c.bound for c in cells if c.bound is not None):
        if words := _BOUNDS[bound]:
            said = words.format(tokens=FASTEST_TOKENS_PER_S, sent=MOST_SENT_PER_S)
            yield f"Profile {profile}: {said}."
    fitting_s, few = cells[0].fitting_s, cells[0].few
    if fitting_s is not None:
        yield (
            f"Profile {profile}: answers of more than {fitting_s:.3g} s make warm-up and windows longer, a step at most"
            f" {cells[0].longest_step_s:g} s."
        )
    if few is not None:
        yield (
            f"Profile {profile}: too few: at {few.rate_per_s:g} requests/s a step holds {few.holds} requests, and"
            f" {few.needed} are needed to judge it: raise max_s to {math.ceil(few.max_s)} s, or first_rate, or take a"
            " lower percentile."
        )
    if (first_s := cells[0].first_step_s) is not None:
        yield (
            f"Profile {profile}: its first step would take {math.ceil(first_s)} s, more than max_minutes allows: it"
            " would end without a result."
        )
