"""Tables that fit the terminal: words are never broken, and what has no room goes into a table below, not away."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.segment import Segment
from rich.table import Column, Table
from rich.text import Text

_LONGEST_NUMBER = 20
_PIECES = re.compile(r"\n|[^\n\s_/-]*[_/-]+|[^\n\s_/-]+[^\S\n]*|[^\S\n]+")
"""A name may go on in the next line behind the signs that join its words."""
_SHORT = re.compile(r"\s+(?=\S{3})")
"""Where small print may be broken: a unit or a "to" stays with its number."""


@dataclass(frozen=True, slots=True)
class Span:
    """Characters that a column needs, padding left out."""

    least: int
    """Length of the column's longest word."""
    most: int
    """Length of the column's longest line."""


class FittedTable(Table):
    """A table whose columns are as wide as their words.

    Columns without room are shown in a second table under the same first ones. A table with a column per model may be
    turned instead, to a row per model, where that is shorter: so it has room for any number of them.
    """

    def __init__(
        self, title: str | None = None, *, names: int = 1, has_column_per_model: bool = False
    ) -> None:
        """Make a table without columns.

        Args:
            title: Printed above it.
            names: How many of the first columns say what a row is about.
            has_column_per_model: The other columns are models, so that it can be turned.
        """
        super().__init__(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
        self._heading = title
        self._names = names
        self._can_be_turned = has_column_per_model

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield one table, or as many as the width takes."""
        if self._heading:
            yield Text(self._heading, "table.title")
        for position, table in enumerate(self._parts(options.max_width)):
            if position:
                yield Segment.line()
            yield from Table.__rich_console__(table, console, options)

    def _parts(self, width: int) -> list[FittedTable]:
        roomy = self._with_room(width)
        parts = [roomy._part(block, width) for block in roomy._blocks(width)]
        if len(parts) > 1 and self._can_be_turned:
            turned = self._turned()._parts(width)
            return min(parts, turned, key=lambda found: _length(found, width))
        return parts

    def _with_room(self, width: int) -> FittedTable:
        """Return the table with the longest name of a row going on in the next line, if that is what makes room."""
        spans = [_span(column) for column in self.columns]
        names, others = spans[: self._names], spans[self._names :]
        if not names or not others:
            return self
        widest = max(range(len(names)), key=lambda i: names[i].least)
        beside = sum(span.least for i, span in enumerate(names) if i != widest)
        room = width - beside - max(span.least for span in others) - _gaps((*range(len(names)), 0))
        if not 0 < room < names[widest].least or self.columns[widest].justify != "left":
            return self
        roomy = FittedTable(names=self._names, has_column_per_model=self._can_be_turned)
        roomy.show_header = self.show_header
        for i, column in enumerate(self.columns):
            cells = [_headed(_plain(cell), room) if i == widest else cell for cell in column.cells]
            roomy.columns.append(replace(column, _cells=cells))
        return roomy

    def _blocks(self, width: int) -> Iterator[list[int]]:
        """Yield the columns of each table: the names, and as many others as fit beside them."""
        names = list(range(min(self._names, len(self.columns))))
        block = list(names)
        for i in range(len(names), len(self.columns)):
            if len(block) > len(names) and self._least([*block, i]) > width:
                yield block
                block = list(names)
            block.append(i)
        yield block

    def _least(self, chosen: Sequence[int]) -> int:
        return sum(_span(self.columns[i]).least for i in chosen) + _gaps(chosen)

    def _part(self, chosen: Sequence[int], width: int) -> FittedTable:
        part = FittedTable(names=self._names)
        part.show_header = self.show_header
        columns = [self.columns[i] for i in chosen]
        widths = _widths([_span(c) for c in columns], width - _gaps(chosen))
        for column, room in zip(columns, widths, strict=True):
            header = _headed(_plain(column.header), room)
            part.add_column(header, justify=column.justify, width=room, overflow="fold")
        for row in zip_longest(*(column.cells for column in columns), fillvalue=""):
            part.add_row(*row)
        return part

    def _turned(self) -> FittedTable:
        """Return the same with a row per model; what named a row heads a column."""
        turned = FittedTable()
        turned.add_column("model")
        names = [list(column.cells) for column in self.columns[: self._names]]
        for row in zip(*names, strict=True):
            turned.add_column("\n".join(filter(None, map(_plain, row))), justify="right")
        for model in self.columns[self._names :]:
            turned.add_row(model.header, *model.cells)
        return turned


def _length(parts: Sequence[FittedTable], width: int) -> tuple[bool, int]:
    """Return whether a word would be broken, and how many lines it takes."""
    is_broken = any(part._least(range(len(part.columns))) > width for part in parts)
    return is_broken, sum(part.row_count + 3 for part in parts)


def _headed(header: str, room: int) -> str:
    """Return a header in lines: between words, and behind the signs that join words to a name."""
    lines = [""]
    for piece in _PIECES.findall(header):
        if piece == "\n" or cell_len(lines[-1] + piece.rstrip()) > room:
            lines.append("")
        lines[-1] += piece.strip("\n")
    return "\n".join(line.strip() for line in lines if line.strip())


def _gaps(chosen: Sequence[int]) -> int:
    return 2 * max(len(chosen) - 1, 0)  # the padding, and the box's own blank


def _span(column: Column) -> Span:
    texts = [_plain(cell).split("\n") for cell in column.cells]
    head = _plain(column.header)
    most = max(map(cell_len, (*head.split("\n"), *(line for lines in texts for line in lines))))
    if column.no_wrap:
        return Span(most, most)
    words = [word for first, *_ in texts for word in _unbroken(first, column)]
    words += [word for _, *notes in texts for line in notes for word in _SHORT.split(line)]
    pieces = [piece.strip() for piece in _PIECES.findall(head)]
    least = max(map(cell_len, (*words, *pieces)), default=0)
    return Span(max(least, column.min_width or 0), min(most, column.max_width or most))


def _unbroken(line: str, column: Column) -> list[str]:
    """Return what stays in one line: words; a number with its interval or unit."""
    is_number = column.justify == "right" and cell_len(line) <= _LONGEST_NUMBER
    return [line] if is_number else line.split()


def _plain(cell: RenderableType) -> str:
    return cell.plain if isinstance(cell, Text) else str(cell)


def _widths(spans: Sequence[Span], room: int) -> list[int]:
    """Return the width of each column: its longest word, and a share of what is left by how much it could use."""
    least = [span.least for span in spans]
    wanted = [max(span.most - span.least, 0) for span in spans]
    left = max(room - sum(least), 0)
    if sum(wanted) <= left:
        return [a + b for a, b in zip(least, wanted, strict=True)]
    if sum(least) > room:  # a word longer than a line: it alone is folded
        cap = max(room // len(spans), 1)
        return [min(width, cap) if width == max(least) else width for width in least]
    return [a + left * b // sum(wanted) for a, b in zip(least, wanted, strict=True)]
