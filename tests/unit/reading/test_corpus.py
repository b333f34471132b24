"""The corpus of answers that the readers are measured on: well formed, balanced, without doubles."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

CORPUS = Path(__file__).parent / "corpus"
LEAST = {"letter": 260, "number": 260, "grounded": 270, "json": 165}
FIELDS = ["invoice_number", "date", "vendor", "total", "currency"]
Row = dict[str, Any]


def rows(reader: str) -> list[Row]:
    """All answers of one reader."""
    lines = (CORPUS / f"{reader}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def number_ok(row: Row) -> bool:
    """A question, and a number or none."""
    right = row["right"]
    return set(row["context"]) == {"question"} and (
        right is None or (isinstance(right, int | float) and not isinstance(right, bool))
    )


def letter_ok(row: Row) -> bool:
    """Two to six different choices, and the letter of one of them or none."""
    choices = row["context"]["choices"]
    letters = "ABCDEF"[: len(choices)]
    return (
        2 <= len(choices) <= 6
        and len(set(choices)) == len(choices)
        and (row["right"] is None or row["right"] in list(letters))
    )


def grounded_ok(row: Row) -> bool:
    """Passage and gold belong together; a refusal is right where the passage has no answer."""
    context, right = row["context"], row["right"]
    consistent = not right["refusal"] or right["right"] is not context["answerable"]
    unanswerable = context["answerable"] or right["refusal"] is right["right"]
    return (
        set(context) == {"question", "gold", "answerable", "passage"}
        and set(right) == {"refusal", "right"}
        and (context["gold"] is not None) is context["answerable"]
        and consistent
        and unanswerable
    )


def json_ok(row: Row) -> bool:
    """The five fields of an invoice: the total is a number, all others are texts, or null."""
    right = row["right"]
    if row["context"] != {"fields": FIELDS}:
        return False
    if right is None:
        return True
    return set(right) <= set(FIELDS) and all(
        value is None or isinstance(value, float if name == "total" else str)
        for name, value in right.items()
    )


CHECKS = {"letter": letter_ok, "number": number_ok, "grounded": grounded_ok, "json": json_ok}


@pytest.mark.parametrize("reader", LEAST)
def test_rows_are_well_formed(reader: str) -> None:
    """Every row has the same keys, a kind, a text, and a reading that its context allows."""
    for row in rows(reader):
        assert set(row) == {"id", "lang", "kind", "text", "context", "right"}, row
        assert row["kind"].strip(), row
        assert row["text"], row
        assert re.match(rf"(?:h-|u\d+-)?{reader[:3]}-{row['lang']}-", row["id"]), row
        assert CHECKS[reader](row), row


@pytest.mark.parametrize("reader", LEAST)
def test_half_is_german(reader: str) -> None:
    """Each reader is measured in both languages alike, on enough answers."""
    found = Counter(row["lang"] for row in rows(reader))
    assert set(found) == {"en", "de"}
    assert abs(found["en"] - found["de"]) <= 0.04 * found.total()
    assert found.total() >= LEAST[reader]


@pytest.mark.parametrize("reader", LEAST)
def test_no_answer_comes_twice(reader: str) -> None:
    """Ids are unique, and so is every answer to the same question."""
    ids = Counter(row["id"] for row in rows(reader))
    answers = Counter((row["text"], json.dumps(row["context"])) for row in rows(reader))
    assert max(ids.values()) == 1
    assert max(answers.values()) == 1


def test_the_corpus_is_large_and_mixed() -> None:
    """Many kinds, and in each reader answers that must not be read as a value."""
    for reader in ("letter", "number", "json"):
        share = sum(row["right"] is None for row in rows(reader)) / len(rows(reader))
        assert 0.08 <= share <= 0.4, reader
    refusals = sum(row["right"]["refusal"] for row in rows("grounded"))
    assert 0.2 <= refusals / len(rows("grounded")) <= 0.6
