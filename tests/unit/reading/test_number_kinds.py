"""Numbers that answers give among others, by the kind of what was asked for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evalkit.reading.number import NumberContext, read_number

KINDS = Path(__file__).parent / "kinds" / "number.jsonl"
ROWS: list[dict[str, Any]] = [
    json.loads(line) for line in KINDS.read_text(encoding="utf-8").splitlines()
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["answer"][:60])
def test_the_number_that_answers_the_question_is_read(row: dict[str, Any]) -> None:
    """Ratings, breakdowns, rows and their sums, parts told alike, remarks behind a result, reckonings."""
    value = read_number(row["answer"], NumberContext(row["question"])).value
    assert value == (None if row["right"] is None else pytest.approx(row["right"]))
