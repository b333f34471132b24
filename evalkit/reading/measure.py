"""Measures the readers on answers whose reading is known."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from hashlib import sha256
from pathlib import Path
from typing import Any

from evalkit.reading.contract import Reading
from evalkit.reading.error import ReadingError, Shares
from evalkit.reading.grounded import GroundedContext, read_grounded
from evalkit.reading.letter import LetterContext, read_letter
from evalkit.reading.mentions import letters
from evalkit.reading.number import NumberContext, read_number
from evalkit.reading.structured import ObjectContext, read_object

Row = Mapping[str, Any]
LANGUAGES = ("en", "de")


class Outcome(Enum):
    """How the reading of an answer compares with the undisputed one."""

    RIGHT = "right"
    WRONG = "silently wrong"
    UNREAD = "not read"


def outcome(reader: str, row: Row) -> Outcome:
    """Compare the reading of one answer with the undisputed one."""
    found = _READERS[reader](row)
    if _same(found, row["right"]):
        return Outcome.RIGHT
    return Outcome.UNREAD if found is None else Outcome.WRONG


def measure(reader: str, rows: Iterable[Row]) -> list[Shares]:
    """Return a reader's outcomes by language."""
    counts: dict[str, Counter[Outcome]] = {code: Counter() for code in LANGUAGES}
    for row in rows:
        counts[row["lang"]][outcome(reader, row)] += 1
    return [
        Shares(reader, code, found.total(), *(found[kind] for kind in Outcome))
        for code, found in counts.items()
    ]


def read_rows(folder: Path, reader: str) -> list[Row]:
    """Return the answers of one reader from a corpus."""
    lines = (folder / f"{reader}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip()]


def corpus_hash(folder: Path) -> str:
    """Return what names a corpus: the first 12 hex digits of SHA-256 over its files."""
    content = b"".join((folder / f"{reader}.jsonl").read_bytes() for reader in READERS)
    return sha256(content).hexdigest()[:12]


def measured(folder: Path, date: str) -> ReadingError:
    """Measure all readers on a corpus."""
    shares = [s for reader in READERS for s in measure(reader, read_rows(folder, reader))]
    return ReadingError(date, corpus_hash(folder), tuple(shares))


def _letter(row: Row) -> Any:
    context = LetterContext(row["context"]["choices"], row["context"]["question"])
    position = read_letter(row["text"], context).value
    return None if position is None else letters(len(context.choices))[position]


def _number(row: Row) -> Any:
    return read_number(row["text"], NumberContext(row["context"]["question"])).value


def _grounded(row: Row) -> Any:
    told = row["context"]
    context = GroundedContext(told["question"], told["gold"] or None, told["passage"])
    verdict = read_grounded(row["text"], context).value
    return verdict and {"refusal": verdict.refuses, "right": verdict.is_right}


def _object(row: Row) -> Any:
    found: Reading[dict[str, Any]] = read_object(
        row["text"],
        ObjectContext(
            row["context"]["fields"],
            amounts=("total",),
            dates=("date",),
            currencies=("currency",),
        ),
    )
    return found.value


_READERS: dict[str, Callable[[Row], Any]] = {
    "letter": _letter,
    "number": _number,
    "grounded": _grounded,
    "json": _object,
}
READERS = tuple(_READERS)


def _same(found: Any, right: Any) -> bool:
    if isinstance(found, float) and isinstance(right, int | float):
        return abs(found - right) <= 1e-9 * max(1.0, abs(right))
    if isinstance(found, dict) and isinstance(
        right, dict
    ):  # a field left out says no more than null
        return all(_same(found.get(key), right.get(key)) for key in found.keys() | right.keys())
    return bool(found == right)
