"""A load curve that another harness measured: a table with a row per level of load and repeat."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from evalkit.config.capacity import CONCURRENCY, OFFERED, ImportSpec
from evalkit.errors import ConfigError, did_you_mean
from evalkit.loadgen.traces.files import Table, open_table
from evalkit.loadgen.traces.numbers import as_count, as_number
from evalkit.loadgen.traces.units import SECONDS, plain_name, unit_of

COMPLETED, GOOD, N_REQUESTS = "completed_per_s", "good_per_s", "n_requests"
OUTPUT_RATE = "output_tokens_per_s"
COLUMNS = (
    OFFERED, CONCURRENCY, COMPLETED, GOOD, "ttft_s", "tpot_s", "e2e_s", "error_rate", OUTPUT_RATE, "power_w",
    "input_tokens", "output_tokens", N_REQUESTS,
)  # fmt: skip
MOST_DIFFERENCE = 0.25
"""Between the lengths that a scenario says and those that its file shows, before it is refused."""
_TIMES = frozenset({"ttft_s", "tpot_s", "e2e_s"})
_UNKNOWN_WHERE_NOTHING_CAME = _TIMES | {OUTPUT_RATE, GOOD, "output_tokens"}
"""Columns that may be empty where nothing was completed."""
_PERCENT = re.compile(r"%|(?:percent|pct)$", re.I)
_LENGTH = re.compile(
    r"(?P<input>isl|(?:random_)?(?:input|prompt)_len(?:gth)?)"
    r"|(?P<output>osl|(?:random_)?(?:output|completion)_len(?:gth)?)"
)
"""Columns that other harnesses name lengths by."""
_SAME_LENGTH = 1.1
"""Longest / shortest: measured means differ a little from level to level."""


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """One measurement of an imported load curve; what has no column is not among the values."""

    place: str
    """File and line, or row."""
    values: dict[str, float]

    def get(self, name: str) -> float | None:
        """Return one of `COLUMNS`."""
        return self.values.get(name)


@dataclass(frozen=True, slots=True)
class Curve:
    """The rows of a load curve that fit `where`."""

    axis: str
    """Column along which load grows: `OFFERED` or `CONCURRENCY`."""
    points: tuple[CurvePoint, ...]
    n_copies: int
    """Rows that stand there again, and are left out."""


def read_curve(spec: ImportSpec) -> Curve:
    """Read the rows of a load curve that fit `where`.

    Raises:
        ConfigError: A column is missing or unknown, a value is no number, no row fits, rows of several lengths do,
            lengths are not those of the scenario, or nothing was completed.
    """
    axis = _axis(spec)
    with open_table(spec.file) as table:
        _check_columns(spec, table)
        rows = [(table.place(n), row) for n, row in table.rows if _fits(spec, row)]
    if not rows:
        wanted = ", ".join(f"{k} = {v}" for k, v in spec.where.items())
        raise ConfigError(f"{spec.file}: no row has {wanted or 'values'}.", "Check `where`.")
    _check_lengths(spec, rows)
    distinct = list({tuple(map(_text, row.values())): (place, row) for place, row in rows}.values())
    points = [_point(spec, row, place) for place, row in distinct]
    kept = tuple(_without_idle(points, axis, spec))
    if not any(rate_of(p) for p in kept):
        column = spec.columns.get(COMPLETED) or spec.columns[GOOD]
        raise ConfigError(
            f"{spec.file}: {column} is 0 in every row: nothing was completed.",
            "Name the column of answers per second, or other rows with `where`.",
        )
    return Curve(axis, kept, len(rows) - len(distinct))


def rate_of(point: CurvePoint) -> float:
    """Return answers per second; where the file has only those within its limits, these."""
    completed = point.get(COMPLETED)
    return completed if completed is not None else point.values[GOOD]


def check_token_rate(spec: ImportSpec, points: Sequence[CurvePoint]) -> None:
    """Compare tokens per second / answers per second with the answers' length that the scenario says.

    Raises:
        ConfigError: They differ by more than `MOST_DIFFERENCE`.
    """
    if not {COMPLETED, OUTPUT_RATE} <= spec.columns.keys():
        return
    length = fmean(p.values[OUTPUT_RATE] for p in points) / fmean(map(rate_of, points))
    if abs(length / spec.output_tokens - 1) > MOST_DIFFERENCE:
        raise ConfigError(
            f"{points[0].place}: {spec.columns[OUTPUT_RATE]} / {spec.columns[COMPLETED]} is {length:.4g} tokens per"
            f" answer, and `output_tokens` says {spec.output_tokens:g}.",
            "Correct `output_tokens`, or name the column that counts the answers' tokens alone.",
        )


# --- columns ------------------------------------------------------------------------------------------------------


def _axis(spec: ImportSpec) -> str:
    """Return the column along which load grows, once it is known that every column means something."""
    for name in spec.columns:
        if name not in COLUMNS:
            hint = did_you_mean(name, COLUMNS, f"There are: {', '.join(COLUMNS)}.")
            raise ConfigError(f"{spec.file}: columns: {name!r} means nothing here.", hint)
    if not {COMPLETED, GOOD} & spec.columns.keys():
        raise ConfigError(
            f"{spec.file}: columns: {COMPLETED!r} is needed.", f"Name its column, or {GOOD!r}."
        )
    there = [name for name in (OFFERED, CONCURRENCY) if name in spec.columns]
    if spec.axis is not None:
        if spec.axis not in there:
            raise ConfigError(f"{spec.file}: columns: {spec.axis!r}, the axis, has no column.")
        return spec.axis
    if not there:
        raise ConfigError(
            f"{spec.file}: columns: {OFFERED!r} is needed, or {CONCURRENCY!r}.",
            "Name the column along which the load grows.",
        )
    if len(there) > 1:
        raise ConfigError(
            f"{spec.file}: columns: both {OFFERED} and {CONCURRENCY} are named.",
            f"Say along which of them the load grows: `axis: {OFFERED}` or `axis: {CONCURRENCY}`.",
        )
    return there[0]


def _check_columns(spec: ImportSpec, table: Table) -> None:
    for name in (*spec.columns.values(), *spec.where):
        if name not in table.names:
            hint = did_you_mean(name, table.names, f"It has {', '.join(table.names)}.")
            raise ConfigError(f"{table.head}: no column {name!r}.", hint)
        if table.names.count(name) > 1:
            raise ConfigError(
                f"{table.head}: two columns are called {name!r}.", "Rename one of them."
            )


# --- rows ---------------------------------------------------------------------------------------------------------


def _fits(spec: ImportSpec, row: Mapping[str, Any]) -> bool:
    return all(_is_same(row.get(column), wanted) for column, wanted in spec.where.items())


def _is_same(cell: Any, wanted: str | bool | float) -> bool:
    """Tell whether a cell has a value: as text, or as a number where one of both is one or both are whole.

    Two texts such as 0.1 and 0.10 may be versions, and are not the same.
    """
    if _text(cell).casefold() == _text(wanted).casefold():
        return isinstance(cell, bool) or isinstance(wanted, bool) or _text(cell) == _text(wanted)
    if isinstance(cell, str) and isinstance(wanted, str):
        whole = as_count(cell)
        return whole is not None and whole == as_count(wanted)
    number = as_number(cell)
    return number is not None and number == as_number(wanted)


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()


def _check_lengths(spec: ImportSpec, rows: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
    """Refuse rows whose requests have other lengths than each other's, or than the scenario says."""
    nominal = {"input": spec.input_tokens, "output": spec.output_tokens}
    for column, kind in _length_columns(spec, rows[0][1]):
        cells = [row.get(column) for _, row in rows]
        lengths = [n for cell in cells if (n := as_number(cell)) is not None and n > 0]
        if not lengths:
            continue
        if max(lengths) > _SAME_LENGTH * min(lengths):
            several = ", ".join(f"{n:g}" for n in sorted(set(lengths)))
            raise ConfigError(
                f"{spec.file}: rows of different lengths fit `where`: {column} is {several}.",
                f"Take one of them: `where: {{{column}: {min(lengths):g}}}`.",
            )
        if abs(fmean(lengths) / nominal[kind] - 1) > MOST_DIFFERENCE:
            raise ConfigError(
                f"{rows[0][0]}: {column} is {fmean(lengths):g}, and `{kind}_tokens` says {nominal[kind]:g}.",
                f"Correct `{kind}_tokens`, or take other rows with `where`.",
            )


def _length_columns(spec: ImportSpec, row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield columns with lengths, named or known by their names, each with what is so long: input or output."""
    named = {
        spec.columns[f"{k}_tokens"]: k for k in ("input", "output") if f"{k}_tokens" in spec.columns
    }
    for column in row:
        found = _LENGTH.fullmatch(plain_name(column))
        kind = named.get(column) or (None if found is None else found.lastgroup)
        if kind is not None:
            yield column, kind


def _without_idle(
    points: Sequence[CurvePoint], axis: str, spec: ImportSpec
) -> Iterator[CurvePoint]:
    """Leave out levels without load, which say nothing."""
    for point in points:
        if point.values[axis]:
            yield point
        elif rate_of(point):
            raise ConfigError(
                f"{point.place}: {spec.columns[axis]}: 0, and yet {rate_of(point):g}/s were completed.",
                "Write how high the load was, or leave the row out with `where`.",
            )


def _point(spec: ImportSpec, row: Mapping[str, Any], place: str) -> CurvePoint:
    first = COMPLETED if COMPLETED in spec.columns else GOOD
    rate = _value(first, spec.columns[first], row, place)
    values = {first: rate}
    for name, column in spec.columns.items():
        if name == first or (
            not rate and name in _UNKNOWN_WHERE_NOTHING_CAME and _is_empty(row.get(column))
        ):
            continue
        values[name] = _value(name, column, row, place)
    return CurvePoint(place.replace(str(spec.file), spec.file.name), values)


def _is_empty(cell: Any) -> bool:
    return _text(cell).casefold() in ("", "nan", "none", "null", "inf", "-")


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
