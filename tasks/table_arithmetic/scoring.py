"""Scores one number read from a model's short answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

LONGEST_ANSWER = 200  # characters
_NUMBER = re.compile(r"[-−]?\d[\d,]{0,20}(?:\.\d{1,10})?")


def process_results(doc: dict[str, Any], results: Sequence[str]) -> dict[str, float]:
    """lm-eval's hook: exact_match is 1 when the number equals the gold, extraction_failed when there is none."""
    number = answer_number(results[0])
    return {
        "exact_match": float(number == float(doc["answer"])),
        "extraction_failed": float(number is None),
    }


def answer_number(text: str) -> float | None:
    """The result in the first line: behind the last ``=`` of a sum, else the first number.

    A sum that stops before its ``=`` has no result, whatever its first operand is.
    """
    line = text.strip().partition("\n")[0][:LONGEST_ANSWER]
    result = line.rpartition("=")[2]
    if "=" not in line and re.search(r"\d\s*[+*/×-]\s*\d", line):
        return None
    match = _NUMBER.search(result)
    return _as_float(match[0]) if match else None


def _as_float(written: str) -> float:
    return float(written.replace("−", "-").replace(",", ""))
