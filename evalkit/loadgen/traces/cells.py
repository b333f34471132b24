"""The column of times of a trace, and its values."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from evalkit.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Cell:
    """One value of the column of times."""

    place: str
    """File and line."""
    value: Any


@dataclass(frozen=True, slots=True)
class Column:
    """The column of times."""

    file: str
    name: str
    unit: str | None
    """As the config, the column's name or a known format says; None: to be told by the numbers."""
    is_unit_given: bool
    """Whether the config names the unit: then it is believed unless it can't be."""
    speed: float
    """Speed of the replay."""


def plain(value: Any) -> Any:
    """Return a value as a CSV would have it."""
    if isinstance(value, dt.datetime):
        return value.isoformat()
    if isinstance(value, dt.timedelta):
        return value.total_seconds()
    return value.strip() if isinstance(value, str) else value


def refused(column: Column, cell: Cell, why: str, hint: str = "") -> ConfigError:
    """Return the error for a value that is no time."""
    shown = repr(cell.value)[:60]
    return ConfigError(
        f"{cell.place}: {column.name}: {shown} {why}.",
        hint or "Times are numbers (see time_unit) or dates such as 2026-11-30 12:00:00.5.",
    )
