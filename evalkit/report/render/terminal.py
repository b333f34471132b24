"""Blocks in the terminal: lines in which nothing acts, lists, and tables of one look."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rich.console import JustifyMethod, RenderableType
from rich.padding import Padding
from rich.text import Text

from evalkit.report.blocks import Cell, Table
from evalkit.report.fitted import FittedTable
from evalkit.report.text_safety import visible

LONGEST_LINE = 2000
"""Characters of one line; more is nothing that a terminal is read for."""
STYLES = {"pass": "green", "fail": "red", "unclear": "yellow", "none": "dim"}
"""`Cell.mark` → its colour."""
_WIDEST_NAME = 34
_BREAKS = re.compile(r"[\t\n\r\u2028\u2029]+")


def plain(line: str, style: str = "") -> Text:
    """Return a line in which neither control characters nor rich's markup act."""
    return Text(visible(str(line)[:LONGEST_LINE]), style)


def bullets(title: str, lines: Sequence[str]) -> Iterator[RenderableType]:
    """Yield a list under its title, which may be empty; nothing where there are no lines."""
    if lines and title:
        yield plain(f"\n{title}")
    yield from (Padding(plain(f"· {line}"), (0, 0, 0, 2)) for line in lines)


def table(block: Table, *, justify: JustifyMethod = "left", has_notes: bool = True) -> FittedTable:
    """Return a table under its title; a group's title is a row of its own, small print stands below its cell.

    Args:
        block: What it shows.
        justify: Of all columns but the first.
        has_notes: Whether cells keep their small print.
    """
    shown = FittedTable(f"\n{_line(block.title)}")
    shown.add_column(_line(block.corner), max_width=_WIDEST_NAME, overflow="fold")
    for i, column in enumerate(block.columns):
        is_mark = all(cells[i].mark and not cells[i].note for _, cells in block.rows)
        title = _with_note(column.text, column.note)
        shown.add_column(title, justify=justify, overflow="fold", no_wrap=is_mark)
    for group in block.groups:
        if group.title:
            shown.add_row(_line(group.title, "bold"))
        for head, cells in group.rows:
            shown.add_row(_with_note(head.marked, head.note), *(_cell(c, has_notes) for c in cells))
    return shown


def records(block: Table) -> Iterator[RenderableType]:
    """Yield row after row of a table of long texts: what it is and how it is marked, then a line per column."""
    for head, cells in block.rows:
        named = [head.text, *(cell.note for cell in cells if cell.mark and cell.note)]
        marks = [_line(cell.text, STYLES.get(cell.mark, "")) for cell in cells if cell.mark]
        yield Text.assemble("\n", *marks, "  ", _line(", ".join(named)))
        for column, cell in zip(block.columns, cells, strict=True):
            if not (cell.mark or cell.is_missing):
                yield Padding(_line(f"{column.text}: {cell.text}"), (0, 0, 0, 2))


def _cell(cell: Cell, has_note: bool) -> Text:
    return _with_note(cell.text, cell.note if has_note else "", STYLES.get(cell.mark, ""))


def _with_note(words: str, note: str, style: str = "") -> Text:
    line = _line(words, style)
    return Text.assemble(line, "\n", _line(note, "dim")) if note else line


def _line(words: str, style: str = "") -> Text:
    return plain(_BREAKS.sub(" ", str(words)), style)
