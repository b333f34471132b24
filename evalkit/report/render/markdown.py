"""Blocks in Markdown, inert: what others wrote reads as they wrote it and means nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from evalkit.report.blocks import Cell, Head, Table
from evalkit.report.text_safety import visible
from evalkit.wording import Language, tell

_LONGEST = 600
"""Characters of one text; the rest of an endless one is cut."""
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_MARKS = re.compile(r"[\\`*\[\]#|~$]|(?<![^\W_])_|_(?![^\W_])")
"""Characters that mean something anywhere in a line; an underscore inside a word does not."""
_BLOCK = re.compile(r"^(\d{0,9})([-+=.)])(?=[-=\s]|$)")
"""What would begin a list or underline a heading at the beginning of a line."""
_LINK = re.compile(r"(?i)(?<=\w):(?=//)|(?<=\bwww)\.|(?<=\bmailto):")
_MENTION = re.compile(r"@(?=\w)")
_APART = "@<!-- -->"
"""Keeps GitHub from telling people that a model's name mentions them."""


def escaped(text: str) -> str:
    """Return one line of Markdown that reads as the text does and means nothing.

    Line breaks become blanks; characters that act become visible; HTML, links and mentions stay text.
    """
    line = re.sub(r"\s+", " ", visible(text)).strip()
    line = _LINK.sub(lambda m: f"\0{ord(m.group())};", line)
    line = re.sub("[&<>]", lambda m: _ENTITIES[m.group()], line)
    line = _MARKS.sub(lambda m: f"\\{m.group()}", line)
    line = _BLOCK.sub(r"\1\\\2", line)
    return _MENTION.sub(_APART, line).replace("\0", "&#")


def told(words: str, language: Language) -> str:
    """Return words in a language as one inert line, cut where they are endless."""
    line = tell(words, language)
    return escaped(line if len(line) <= _LONGEST else line[:_LONGEST] + "…")


def head_lines(table: Table, language: Language) -> tuple[str, str]:
    """Return the head of a table and the line below it."""
    heads = [told(table.corner, language), *(_head(column, language) for column in table.columns)]
    return _row(heads), "|" + "---|" * len(heads)


def row_lines(table: Table, language: Language) -> Iterator[str]:
    """Yield a line per row; a group's title is a row of its own."""
    for group in table.groups:
        if group.title:
            yield _row([f"**{told(group.title, language)}**", *("" for _ in table.columns)])
        for head, cells in group.rows:
            yield _row([_head(head, language), *(_cell(cell, language) for cell in cells)])


def table_lines(table: Table, language: Language) -> Iterator[str]:
    """Yield all lines of a table."""
    yield from head_lines(table, language)
    yield from row_lines(table, language)


def _head(head: Head, language: Language) -> str:
    text = told(head.marked, language)
    text = f"**{text}**" if head.is_chosen else text
    return f"{text} ({told(head.note, language)})" if head.note else text


def _cell(cell: Cell, language: Language) -> str:
    """Return a cell with its small print: behind a colon where it says why, else in brackets."""
    text, note = told(cell.text, language), told(cell.note, language)
    shown = f"*{text}*" if cell.is_missing else text
    if not note:
        return shown
    return f"{shown}: {note}" if cell.mark else f"{shown} ({note})"


def _row(cells: Sequence[str]) -> str:
    return "|" + "".join(f" {cell} |" if cell else " |" for cell in cells)
