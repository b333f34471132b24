"""Facts of a decision → cells of its tables: the number, its range, where it is from; or why it is missing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isfinite

from evalkit.analysis.facts import Estimate
from evalkit.analysis.tco.facts import Figure
from evalkit.analysis.tco.values import Input, Provenance
from evalkit.report import format as text

P10_P90 = "P10–P90"
CI = "95 %"
_ORDER = tuple(Provenance)
Show = Callable[[float | None], str]


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: what it says, small print below it, and badges."""

    text: str
    note: str = ""
    badges: tuple[str, ...] = ()
    """Where the number is from."""
    is_missing: bool = False
    mark: str = ""
    """Class that colours it: `pass`, `fail`, `unclear`, `old`."""


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a row or a column; `series` is the option whose colour it carries."""

    text: str
    meaning: str = ""
    series: int | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Rows that belong together."""

    title: str
    rows: tuple[tuple[Head, tuple[Cell, ...]], ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table; every row has a cell per column."""

    title: str
    columns: tuple[Head, ...]
    groups: tuple[Group, ...]
    corner: str = ""


def grid(
    title: str, columns: Sequence[Head], rows: Sequence[tuple[Head, tuple[Cell, ...]]], corner: str
) -> Grid:
    """Return a table without groups."""
    return Grid(title, tuple(columns), (Group("", tuple(rows)),), corner)


def known(value: float | None) -> float | None:
    """Return a number, or None for one that is missing or not finite."""
    return value if value is not None and isfinite(value) else None


def missing(reason: str, words: str = text.NOT_KNOWN) -> Cell:
    """Return a cell that says a number is missing and why."""
    return Cell(words, reason, is_missing=True)


def figure_cell(
    figure: Figure | None, show: Show, note: str = "", range_name: str = P10_P90
) -> Cell:
    """Return a number with its range and its provenance; a missing one says why."""
    if figure is None or known(figure.value) is None:
        return missing(figure.reason if figure else "")
    parts = [spread(figure, show, range_name), note, figure.reason]
    return Cell(show(figure.value), "; ".join(p for p in parts if p), badges(figure.provenance))


def spread(figure: Figure, show: Show, name: str = P10_P90) -> str:
    """Return the range of a number with its name; empty where it has none."""
    low, high = known(figure.low), known(figure.high)
    if low is None or high is None or low == high:
        return ""
    return f"{name}: {between(show(low), show(high))}"


def between(low: str, high: str) -> str:
    """Join two bounds, and say a unit they share only once."""
    head, tail = low.partition(" ")[0], low.rpartition(" ")[2]
    if head.isalpha() and high.startswith(f"{head} "):
        high = high.removeprefix(f"{head} ")
    if low != tail and not tail[-1:].isdigit() and high.endswith(f" {tail}"):
        low = low.removesuffix(f" {tail}")
    return f"{low} to {high}"


def estimate_cell(e: Estimate, show: Show, words: str = text.NOT_MEASURED) -> Cell:
    """Return a measured number with its 95 % interval."""
    if known(e.value) is None:
        return missing(e.reason, words)
    low, high = known(e.low), known(e.high)
    bounds = (
        f"{CI}: {between(show(low), show(high))}" if low is not None and high is not None else ""
    )
    n = f"n\u00a0=\u00a0{text.count(e.n)}" if e.n else ""
    parts = [bounds, n, e.reason if not bounds else ""]
    return Cell(show(e.value), "; ".join(p for p in parts if p))


def badges(provenance: Sequence[Provenance]) -> tuple[str, ...]:
    """Return where a number is from, the best evidence first."""
    return tuple(str(p) for p in _ORDER if p in provenance)


def quantity(value: float | None, unit: str, currency: str) -> str:
    """Return a number of any unit: money by its currency, shares in percent."""
    if known(value) is None or value is None:
        return text.MISSING
    head, slash, rest = unit.partition("/")
    if head and head == currency:
        return f"{text.money(value, head)}{slash}{rest}"
    if head == "share":
        return f"{100 * value:.3g} %{slash}{rest}"
    return f"{plain(value)} {unit}".strip()


def head_unit(unit: str, currency: str) -> str:
    """Return the part of a unit that is written with a number: a currency or a share; the rest stands beside."""
    head = unit.partition("/")[0]
    return head if head in ("share", currency) else ""


def unit_words(unit: str) -> str:
    """Return a unit as it is written beside its number."""
    return unit.replace("share", "%")


def plain(value: float | None) -> str:
    """Return a number with up to four figures, in groups from ten thousand."""
    if known(value) is None or value is None:
        return text.MISSING
    if value >= 1_000_000:
        return text.compact(value)
    return text.count(round(value)) if abs(value) >= 1000 else f"{value:.4g}"


def input_range(given: Input, currency: str) -> tuple[str, str, str]:
    """Return low, most likely and high of an input; a fixed one has no range."""
    unit = head_unit(given.unit, currency)
    mode = quantity(given.mode, unit, currency)
    if not given.is_varied:
        return text.MISSING, mode, text.MISSING
    return quantity(given.low, unit, currency), mode, quantity(given.high, unit, currency)
