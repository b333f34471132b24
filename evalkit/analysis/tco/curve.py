"""A load curve that another harness measured: a table with a row per level of load."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from evalkit.config.bench import SloSpec
from evalkit.config.scenario import ImportSpec
from evalkit.errors import ConfigError, did_you_mean
from evalkit.loadgen.traces.files import Table, open_table
from evalkit.loadgen.traces.numbers import as_number
from evalkit.loadgen.traces.units import SECONDS, plain_name, unit_of
from evalkit.metrics.capacity import Level
from evalkit.metrics.overload import LEAST_COMPLETED

COLUMNS = (
    "offered_per_s", "completed_per_s", "ttft_s", "tpot_s", "e2e_s", "error_rate", "output_tokens_per_s", "power_w",
)  # fmt: skip
NEEDED = ("offered_per_s", "completed_per_s")
_TIMES = frozenset({"ttft_s", "tpot_s", "e2e_s"})
_PERCENT = re.compile(r"%|(?:percent|pct)$", re.I)


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """One level of an imported load curve; None: the file has no such column."""

    line: int
    values: dict[str, float]

    def get(self, name: str) -> float | None:
        """Return one of `COLUMNS`."""
        return self.values.get(name)


def read_curve(spec: ImportSpec) -> tuple[CurvePoint, ...]:
    """Read the rows of a load curve that fit `where`.

    Raises:
        ConfigError: A column is missing or unknown, a value is no number, or no row fits.
    """
    for name in spec.columns:
        if name not in COLUMNS:
            hint = did_you_mean(name, COLUMNS, f"There are: {', '.join(COLUMNS)}.")
            raise ConfigError(f"{spec.file}: columns: {name!r} means nothing here.", hint)
    missing = [name for name in NEEDED if name not in spec.columns]
    if missing:
        raise ConfigError(f"{spec.file}: columns: {missing[0]!r} is needed.", "Name its column.")
    with open_table(spec.file) as table:
        _check_columns(spec, table)
        rows = list(_points(spec, table))
    if not rows:
        wanted = ", ".join(f"{k} = {v}" for k, v in spec.where.items())
        raise ConfigError(f"{spec.file}: no row has {wanted or 'values'}.", "Check `where`.")
    return tuple(rows)


def curve_levels(spec: ImportSpec, slo: SloSpec | None) -> list[Level]:
    """Return the levels of a load curve and whether each held the service level."""
    return [
        Level(p.values["offered_per_s"], p.values["completed_per_s"], _holds(p, spec, slo))
        for p in read_curve(spec)
    ]


def _holds(point: CurvePoint, spec: ImportSpec, slo: SloSpec | None) -> bool:
    """Tell whether a level is sustained (completed / offered ≥ 0.95) within the limits."""
    if point.values["completed_per_s"] < LEAST_COMPLETED * point.values["offered_per_s"]:
        return False
    if slo is None:
        return True
    limits = (("ttft_s", slo.ttft_s), ("tpot_s", slo.tpot_s), ("e2e_s", slo.e2e_s))
    for name, limit in limits:
        value = point.get(name)
        if limit is None:
            continue
        if value is None:
            raise ConfigError(
                f"{spec.file}: the service level limits {name}, and no column is named for it.",
                "Name it under `columns`, or leave the limit out of `service_level`.",
            )
        if value > limit:
            return False
    return (point.get("error_rate") or 0.0) <= slo.max_error_rate


def _check_columns(spec: ImportSpec, table: Table) -> None:
    for name in (*spec.columns.values(), *spec.where):
        if name not in table.names:
            hint = did_you_mean(name, table.names, f"It has {', '.join(table.names)}.")
            raise ConfigError(f"{table.head}: no column {name!r}.", hint)
        if table.names.count(name) > 1:
            raise ConfigError(
                f"{table.head}: two columns are called {name!r}.", "Rename one of them."
            )


def _points(spec: ImportSpec, table: Table) -> Iterator[CurvePoint]:
    for number, row in table.rows:
        if any(_text(row.get(k)) != v for k, v in spec.where.items()):
            continue
        place = table.place(number)
        values = {n: _value(n, column, row, place) for n, column in spec.columns.items()}
        yield CurvePoint(number, values)


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()


def _value(name: str, column: str, row: Mapping[str, Any], place: str) -> float:
    """Return a cell in the unit that its column's name ends in, as seconds or a share where it is a time or rate."""
    value = as_number(row.get(column))
    if value is None or value < 0:
        raise ConfigError(
            f"{place}: {column}: {_text(row.get(column))!r} is not a number of 0 or more.",
            "Correct it, or leave the row out with `where`.",
        )
    if name in _TIMES:
        return value * SECONDS[unit_of(plain_name(column)) or "s"]
    if name != "error_rate":
        return value
    share = value / 100 if _PERCENT.search(column) else value
    if share > 1:
        raise ConfigError(
            f"{place}: {column}: {value:g} is no share of requests: at most all of them, 1, fail.",
            "If it is in percent, say so in the column's name, such as `error_percent`.",
        )
    return share
