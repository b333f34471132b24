"""A recorded load: when requests came, and how long they and their answers were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from evalkit.config.bench import TRACE_COLUMNS, LoadSpec
from evalkit.errors import ConfigError, did_you_mean
from evalkit.loadgen.traces.cells import Cell, Column
from evalkit.loadgen.traces.files import Table, open_table
from evalkit.loadgen.traces.numbers import as_count
from evalkit.loadgen.traces.times import read_times
from evalkit.loadgen.traces.units import plain_name, unit_of

_TIME, _INPUT, _OUTPUT = TRACE_COLUMNS
_KNOWN = {
    _TIME: (
        "timestamp", "time_stamp", "time", "arrival_time", "arrived_at", "arrival", "arrival_timestamp", "request_time",
        "request_timestamp", "start_time", "started_at", "start", "created_at", "created", "datetime", "date_time",
        "date", "ts", "at", "offset", "elapsed", "zeit", "zeitstempel", "zeitpunkt", "uhrzeit", "datum",
    ),
    _INPUT: (
        "input_tokens", "context_tokens", "request_tokens", "input_length", "prompt_tokens", "num_prefill_tokens",
        "num_input_tokens", "num_prompt_tokens", "n_input_tokens", "n_prompt_tokens", "input_token_count",
        "prompt_token_count", "prompt_len", "prompt_length", "input_len", "input_toks", "isl",
    ),
    _OUTPUT: (
        "output_tokens", "generated_tokens", "response_tokens", "output_length", "completion_tokens",
        "num_decode_tokens", "num_output_tokens", "num_generated_tokens", "n_output_tokens", "n_generated_tokens",
        "output_token_count", "candidates_token_count", "completion_token_count", "response_length", "output_len",
        "completion_length", "output_toks", "osl",
    ),
}  # fmt: skip
"""What is needed → names that public traces and tools use for it, the first one evalkit's own."""
_UNITS = {
    frozenset({"timestamp", "request_tokens", "response_tokens"}): "s",  # BurstGPT
    frozenset({"timestamp", "input_length", "output_length"}): "ms",  # Mooncake
}
"""Names of a public trace's columns → its unit of time, where it stands in no name."""
_FEW_MOMENTS = 4
"""Requests per moment, on average, above which times seem to have lost their last digits."""
_EVERY_ROW = "Every row needs a time and whole numbers of tokens, from 1."
_WHAT = {_TIME: "the times", _INPUT: "the prompts' tokens", _OUTPUT: "the answers' tokens"}


@dataclass(frozen=True, slots=True)
class TraceRow:
    """One request of a recorded load."""

    at_s: float
    """Since the first one."""
    input_tokens: int
    output_tokens: int


@dataclass(frozen=True, slots=True)
class Trace:
    """A recorded load, in order of time."""

    rows: tuple[TraceRow, ...]
    notes: tuple[str, ...] = ()
    """How it was read, where that is not plain."""


def read_trace(load: LoadSpec) -> Trace:
    """Read the recorded load that a config names.

    Raises:
        ConfigError: It can't be read as one; names file, row, column and value.
    """
    assert load.file is not None
    with open_table(load.file) as table:
        columns = _columns(table, load.columns or {})
        cells, lengths, n_empty = _values(table, columns, drops_empty=load.drop_empty)
    if not cells:
        raise ConfigError(f"{load.file}: the trace is empty.", "It needs at least one request.")
    names = {role: plain_name(name) for role, name in columns.items()}
    unit = load.time_unit or unit_of(names[_TIME]) or _UNITS.get(frozenset(names.values()))
    is_given = load.time_unit is not None
    column = Column(str(load.file), columns[_TIME], unit, is_given, load.speed)
    times, notes = read_times(column, cells)
    n_back = sum(b < a for a, b in pairwise(times))
    if n_back:
        notes = (*notes, f"{n_back:,} of {len(times):,} rows come before the one above them.")
    rows = [TraceRow(at, *n) for at, n in zip(times, lengths, strict=True)]
    rows.sort(key=lambda row: row.at_s)
    return Trace(tuple(rows), (*notes, *_notes(columns, rows, n_empty)))


def _notes(columns: Mapping[str, str], rows: Sequence[TraceRow], n_empty: int) -> Sequence[str]:
    notes = []
    taken = [f"{name!r} as {role}" for role, name in columns.items() if plain_name(name) != role]
    if taken:
        notes.append(f"columns: {', '.join(taken)}.")
    if n_empty:
        notes.append(f"{n_empty} requests of 0 tokens are left out.")
    n_moments = len({row.at_s for row in rows})
    if len(rows) > 1 and n_moments == 1:
        notes.append("all requests are due at the same moment.")
    elif n_moments * _FEW_MOMENTS < len(rows):
        notes.append(f"{len(rows):,} requests are due at only {n_moments:,} moments.")
    return notes


def _columns(table: Table, given: Mapping[str, str]) -> dict[str, str]:
    """Return the file's column for each that is needed.

    Raises:
        ConfigError: There is none, or two may be meant.
    """
    place = table.head
    if all(as_count(name) is not None for name in table.names):
        raise ConfigError(
            f"{place}: the first line holds values, not the names of columns: {', '.join(table.names)!r}.",
            f"Put a line with the names above it, such as {','.join(TRACE_COLUMNS)}.",
        )
    found = {}
    for role in TRACE_COLUMNS:
        names = (
            [n for n in table.names if n == given[role]] if role in given else _meant(table, role)
        )
        if not names:
            raise _missing(place, table, role, given.get(role))
        if len(names) > 1:
            shown = " and ".join(map(repr, names))
            raise ConfigError(
                f"{place}: columns {shown}: either may hold {_WHAT[role]}.",
                f"Name one under load: `columns: {{{role}: {names[0]}}}`."
                if len(set(names)) > 1
                else "Rename one of them.",
            )
        found[role] = names[0]
    return found


def _meant(table: Table, role: str) -> list[str]:
    """Return the columns that may hold what is needed; those with evalkit's own name alone where there are any."""
    plain = {name: plain_name(name) for name in table.names}
    own = [n for n in table.names if _without_unit(plain[n]) == role]
    known = [
        n
        for n in table.names
        if plain[n] in _KNOWN[role] or (role == _TIME and _without_unit(plain[n]) in _KNOWN[role])
    ]
    return own or known


def _without_unit(name: str) -> str:
    return name.rpartition("_")[0] if unit_of(name) is not None and "_" in name else name


def _missing(place: str, table: Table, role: str, given: str | None) -> ConfigError:
    shown = ", ".join(map(repr, table.names[:20]))
    if given is not None:
        hint = did_you_mean(given, table.names, f"It has {shown}.")
        return ConfigError(f"{place}: no column {given!r} (load.columns.{role}).", hint)
    return ConfigError(
        f"{place}: no column `{role}` ({_WHAT[role]}); there are {shown}.",
        f"Name it under load: `columns: {{{role}: NAME}}`.",
    )


def _values(
    table: Table, columns: Mapping[str, str], *, drops_empty: bool
) -> tuple[list[Cell], list[tuple[int, int]], int]:
    """Return times and token counts of every row, and how many rows of 0 tokens were left out."""
    cells, lengths, n_empty = [], [], 0
    for number, values in table.rows:
        place = table.place(number)
        counts = [_count(place, values, columns[role]) for role in (_INPUT, _OUTPUT)]
        if 0 in counts:
            if not drops_empty:
                name = columns[(_INPUT, _OUTPUT)[counts.index(0)]]
                raise ConfigError(
                    f"{place}: {name}: 0 tokens can't be asked for.",
                    "Leave out such requests (often failed ones) with `drop_empty: true` under load.",
                )
            n_empty += 1
            continue
        at = values.get(columns[_TIME])
        if at is None or (isinstance(at, str) and not at.strip()):
            raise ConfigError(f"{place}: {columns[_TIME]}: there is no time.", _EVERY_ROW)
        cells.append(Cell(place, at))
        lengths.append((counts[0], counts[1]))
    return cells, lengths, n_empty


def _count(place: str, values: Mapping[str, Any], name: str) -> int:
    value = values.get(name)
    if value is None or value == "":
        raise ConfigError(f"{place}: {name}: there is no value.", _EVERY_ROW)
    found = as_count(value)
    if found is None or found < 0:
        raise ConfigError(
            f"{place}: {name}: {str(value)[:60]!r} is no number of tokens.", _EVERY_ROW
        )
    return found
