"""How the load is spread over the hours: a table of hours, or a recorded load, → levels with their hours."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from evalkit.analysis.tco.deployment import Profile
from evalkit.config.bench import LoadSpec
from evalkit.config.sides import ProfileSpec
from evalkit.errors import ConfigError
from evalkit.loadgen.traces import read_trace
from evalkit.loadgen.traces.files import open_table
from evalkit.loadgen.traces.numbers import as_number

_DAY, _WEEK = 24, 168
_MOST_LEVELS = 12
_HOUR = "hour"


def read_profile(spec: ProfileSpec) -> Profile:
    """Read how the load is spread.

    Raises:
        ConfigError: The file is no table of 24 or 168 hours, or no trace of at least a day, or holds no load.
    """
    file = spec.hours or spec.trace
    loads = _by_hour(spec)
    if not any(loads):
        raise ConfigError(f"{file}: no hour has any load.", "At least one must be above 0.")
    return profile_of(loads)


def _by_hour(spec: ProfileSpec) -> list[float]:
    if spec.trace is not None:
        return _from_trace(spec)
    assert spec.hours is not None
    with open_table(spec.hours) as table:
        names = [name for name in table.names if name.strip().lower() != _HOUR]
        rows = [
            [_load(row.get(name), name, table.place(number)) for name in names]
            for number, row in table.rows
        ]
    shape = (len(rows), len(names))
    if shape not in {(_DAY, 1), (_DAY, 7), (_WEEK, 1)}:
        raise ConfigError(
            f"{spec.hours}: {shape[0]} rows and {shape[1]} columns are no day or week of hours.",
            "Give 24 rows with 1 or 7 columns, or 168 rows with 1; a header comes first.",
        )
    return [row[day] for day in range(shape[1]) for row in rows]


def _load(value: object, name: str, place: str) -> float:
    found = as_number(value)
    if found is None or found < 0:
        raise ConfigError(
            f"{place}: {name}: {value!r} is not a number of 0 or more.", "Correct it."
        )
    return float(found)


def _from_trace(spec: ProfileSpec) -> list[float]:
    """Count requests in each whole hour; of more than a week, in each hour of the week."""
    trace = read_trace(LoadSpec(kind="trace", file=spec.trace))
    at = np.array([row.at_s for row in trace.rows]) / 3600
    n_hours = int(at.max())
    if n_hours < _DAY:
        raise ConfigError(
            f"{spec.trace}: the trace is of {at.max():.3g} hours.",
            "A load profile needs a day or more: give `hours`, or leave the profile out.",
        )
    period = _DAY if n_hours < _WEEK else _WEEK
    whole = at[at < n_hours - n_hours % period]
    return [float(n) for n in np.bincount((whole % period).astype(int), minlength=period)]


def profile_of(loads: Sequence[float]) -> Profile:
    """Return loads of hours that come again as levels; of more than 12, near ones are taken together, the mean kept."""
    each = np.asarray(loads, float)
    each = each / each.mean()
    order = np.argsort(each, kind="stable")
    unique, groups = np.unique(each, return_inverse=True)
    n_levels = min(len(unique), _MOST_LEVELS)
    if len(unique) > _MOST_LEVELS:  # the busiest hour is a level of its own
        groups[order[:-1]] = np.arange(len(each) - 1) * (n_levels - 1) // (len(each) - 1)
        groups[order[-1]] = n_levels - 1
    levels = tuple(float(each[groups == g].mean()) for g in range(n_levels))
    hours = tuple(float((groups == g).sum()) for g in range(n_levels))
    return Profile(levels, hours, _rises(groups))


def _rises(groups: np.ndarray[tuple[int], np.dtype[np.int64]]) -> tuple[tuple[int, int, int], ...]:
    """Return from which level to which the load rises, hour by hour; the last hour comes before the first."""
    start = int(groups.argmin())
    turned = [*np.roll(groups, -start).tolist(), int(groups[start])]
    found: dict[tuple[int, int], int] = {}
    low = turned[0]
    for now, after in pairwise(turned):
        if after < now:
            if now > low:
                found[low, now] = found.get((low, now), 0) + 1
            low = after
    return tuple((a, b, n) for (a, b), n in found.items())
