"""A load curve that another harness measured: a CSV with a row per level of load."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evalkit.config.bench import SloSpec
from evalkit.config.scenario import ImportSpec
from evalkit.errors import ConfigError, did_you_mean
from evalkit.metrics.capacity import Level
from evalkit.metrics.overload import LEAST_COMPLETED

COLUMNS = (
    "offered_per_s", "completed_per_s", "ttft_s", "tpot_s", "e2e_s", "error_rate", "output_tokens_per_s", "power_w",
)  # fmt: skip
NEEDED = ("offered_per_s", "completed_per_s")


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
    try:
        with spec.file.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            _check_columns(spec, reader.fieldnames or ())
            rows = list(_points(spec, reader))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"{spec.file}: can't be read: {error}.", "It must be a CSV.") from None
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


def _check_columns(spec: ImportSpec, known: Sequence[str]) -> None:
    for name in (*spec.columns.values(), *spec.where):
        if name not in known:
            hint = did_you_mean(name, known, f"It has {', '.join(known)}.")
            raise ConfigError(f"{spec.file}:1: no column {name!r}.", hint)


def _points(spec: ImportSpec, reader: csv.DictReader[str]) -> Iterator[CurvePoint]:
    for row in reader:
        if any(row[k] != v for k, v in spec.where.items()):
            continue
        values = {}
        for name, column in spec.columns.items():
            text = row[column] or ""
            try:
                value = float(text)
            except ValueError:
                value = float("nan")
            if not 0 <= value < float("inf"):
                raise ConfigError(
                    f"{spec.file}:{reader.line_num}: {column}: {text!r} is not a number of 0 or more.",
                    "Correct it, or leave the row out with `where`.",
                )
            values[name] = value / 1000 if column.endswith("_ms") else value
        yield CurvePoint(reader.line_num, values)
