"""When requests are due: seconds from the start of a step, without end unless a trace has one."""

from __future__ import annotations

import csv
import itertools
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from evalkit.errors import ConfigError


@dataclass(frozen=True, slots=True)
class TraceRow:
    """One request of a recorded load."""

    at_s: float
    """Since the first one."""
    input_tokens: int
    output_tokens: int


def constant(rate_per_s: float) -> Iterator[float]:
    """Yield evenly spaced times, the first at 0."""
    return (i / rate_per_s for i in itertools.count())


def poisson(rate_per_s: float, rng: Random) -> Iterator[float]:
    """Yield times with exponential gaps.

    The number within a window varies, as in real traffic; gaps are not rescaled to hit the rate exactly.
    """
    at = 0.0
    while True:
        at += rng.expovariate(rate_per_s)
        yield at


def ramp(
    from_per_s: float, to_per_s: float, over_s: float, unit_rate: Iterator[float]
) -> Iterator[float]:
    """Yield times of a rate that grows (or falls) evenly, then stays.

    Args:
        from_per_s: Rate at the start.
        to_per_s: Rate after `over_s`.
        over_s: Seconds.
        unit_rate: Times of a process with rate 1; they are stretched so that the n-th comes when n are due:
            from·t + (to − from)·t²/(2·over) = n.
    """
    slope = (to_per_s - from_per_s) / over_s
    at_end = (from_per_s + to_per_s) / 2 * over_s
    for due in unit_rate:
        if due >= at_end:
            yield over_s + (due - at_end) / to_per_s
        elif slope == 0:
            yield due / from_per_s
        else:
            yield (math.sqrt(from_per_s**2 + 2 * slope * due) - from_per_s) / slope


def read_trace(path: Path) -> tuple[TraceRow, ...]:
    """Read a recorded load: CSV or JSON lines with `timestamp` in seconds, `input_tokens` and `output_tokens`.

    Raises:
        ConfigError: A row is not readable; names the line and what it holds.
    """
    rows = []
    for line, values in _lines(path):
        try:
            at, n_in, n_out = (values[k] for k in ("timestamp", "input_tokens", "output_tokens"))
            row = TraceRow(float(at), int(n_in), int(n_out))
            if row.input_tokens < 1 or row.output_tokens < 1 or not math.isfinite(row.at_s):
                raise ValueError
        except (KeyError, TypeError, ValueError):
            raise ConfigError(
                f"{path}:{line}: not a request: {values!r}.",
                "Every row needs `timestamp` (seconds), `input_tokens` and `output_tokens` (from 1).",
            ) from None
        rows.append(row)
    if not rows:
        raise ConfigError(f"{path}: the trace is empty.", "It needs at least one request.")
    rows.sort(key=lambda row: row.at_s)
    first = rows[0].at_s
    return tuple(TraceRow(r.at_s - first, r.input_tokens, r.output_tokens) for r in rows)


def _lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    with path.open(encoding="utf-8", newline="") as file:
        if path.suffix == ".csv":
            yield from enumerate(csv.DictReader(file), start=2)
            return
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                values = json.loads(line)
            except ValueError:
                values = None
            yield number, values if isinstance(values, dict) else {"line": line.strip()[:80]}
