"""What a row says in words, for a report in any language.

Notes and assumptions of the shipped rows are messages of the catalogue of translations, one for each part between
semicolons, so that what several rows say is translated once. Titles of publications, and all words of a user's own
rows, stay as they are.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import BinaryIO

from evalkit.catalog.rows import NOTHING_TO_OPEN, Row
from evalkit.wording import NOTHING, Said, joined, say, verbatim

_BETWEEN = "; "


def source_of(row: Row) -> Said:
    """Return where a row's numbers are from."""
    is_ours = not row.is_own and row.source.startswith(NOTHING_TO_OPEN)
    return _told(row.source) if is_ours else verbatim(row.source)


def note_of(row: Row) -> Said:
    """Return what one must know to use a row's numbers, first of all whether they are to be checked."""
    unchecked = say("to be checked") if row.is_to_be_checked else NOTHING
    return joined((unchecked, verbatim(row.note) if row.is_own else _told(row.note)), _BETWEEN)


def extract(
    fileobj: BinaryIO, *_: object, **__: object
) -> Iterator[tuple[int, str, str, list[str]]]:
    """Yield the messages of a shipped CSV as pybabel asks for them: line, function, message, comments."""
    reader = csv.DictReader(io.TextIOWrapper(fileobj, encoding="utf-8"))
    for cells in reader:
        texts = [cells["note"]]
        if cells["source"].startswith(NOTHING_TO_OPEN):
            texts.append(cells["source"])
        for part in (part for text in texts for part in text.split(_BETWEEN) if part):
            yield reader.line_num, "say", part, []


def _told(text: str) -> Said:
    """Return shipped words as messages; `extract` collects them, so they need not be literals."""
    return joined((say(part) for part in text.split(_BETWEEN) if part), _BETWEEN)
