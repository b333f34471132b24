"""What terminal output is made of: lines in which nothing acts, lists, and tables of one look."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from evalkit.report.fitted import FittedTable
from evalkit.report.text_safety import visible

LONGEST_LINE = 2000
"""Characters of one line; more is nothing that a terminal is read for."""


def plain(line: str, style: str = "") -> Text:
    """Return a line in which neither control characters nor rich's markup act."""
    return Text(visible(line[:LONGEST_LINE]), style)


def bullets(title: str, lines: Sequence[str]) -> Iterator[RenderableType]:
    """Yield a list under its title, which may be empty; nothing where there are no lines."""
    if lines and title:
        yield plain(f"\n{title}")
    yield from (Padding(plain(f"· {line}"), (0, 0, 0, 2)) for line in lines)


def titled_table(title: str) -> FittedTable:
    """Return a table without columns under a title."""
    return FittedTable(f"\n{title}")
