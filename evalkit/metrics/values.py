"""Small steps over records that many metrics take; what is missing is left out, never counted as 0."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from evalkit.records import Request


def each(requests: Iterable[Request], metric: Callable[[Request], float | None]) -> list[float]:
    """Return the metric of every request that has it."""
    return [value for r in requests if (value := metric(r)) is not None]


def total(amounts: Iterable[int | None]) -> int | None:
    """Return the sum of the known amounts; None when none is known."""
    known = [a for a in amounts if a is not None]
    return sum(known) if known else None
