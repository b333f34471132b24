"""What sections of a report are made of; page, terminal and Markdown write each kind in one place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evalkit.wording import NOTHING, Said, joined, verbatim

CHOSEN = verbatim("▸")
"""Stands before the row of what is recommended."""


@dataclass(frozen=True, slots=True)
class Badge:
    """Where a number is from."""

    code: str
    """Class that colours it, with blanks."""
    text: Said


@dataclass(frozen=True, slots=True)
class Bar:
    """A range as a bar: where it begins, its middle and its end, each a share of the table's widest."""

    low: float
    middle: float
    high: float


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: what it says, small print below it, and badges."""

    text: Said
    note: Said = NOTHING
    badges: tuple[Badge, ...] = ()
    """Where the number is from."""
    is_missing: bool = False
    mark: str = ""
    """Class that colours it: `pass`, `fail`, `unclear`, `old`."""
    bar: Bar | None = None
    """Drawn by the page alone."""


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a row or a column; `series` is the option whose colour it carries."""

    text: Said
    meaning: Said = NOTHING
    """What the words mean, for whoever asks: not printed in the terminal."""
    series: int | None = None
    note: Said = NOTHING
    """Small print below it."""
    is_chosen: bool = False
    """Whether it is what is recommended: then a triangle stands before it."""

    @property
    def marked(self) -> Said:
        """The text with its triangle."""
        return joined((CHOSEN, self.text), " ") if self.is_chosen else self.text


Row = tuple[Head, tuple[Cell, ...]]


@dataclass(frozen=True, slots=True)
class Group:
    """Rows that belong together."""

    title: Said
    rows: tuple[Row, ...]
    is_own: bool = False
    """Whether it is about evalkit itself: then it stays true of an INVALID level."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table; every row has a cell per column."""

    title: Said
    columns: tuple[Head, ...]
    groups: tuple[Group, ...]
    corner: Said = NOTHING

    @property
    def rows(self) -> tuple[Row, ...]:
        """Every row, whichever group it is in."""
        return tuple(row for group in self.groups for row in group.rows)


def flat(
    title: Said, columns: Sequence[Head], rows: Sequence[Row], corner: Said = NOTHING
) -> Table:
    """Return a table without groups."""
    return Table(title, tuple(columns), (Group(NOTHING, tuple(rows)),), corner)
