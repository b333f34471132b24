"""Reads the JSON object that an answer gives: the last complete one that has the wanted fields."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from evalkit.reading.contract import Reading
from evalkit.reading.plain import shortened

Object = dict[str, Any]


def objects(text: str) -> list[Object]:
    return [o for o, _ in _found(text) if o is not None]


def _found(text: str) -> Iterator[tuple[Object | None, int]]:
    text = text[:4000]
    at = text.find("{")
    while at != -1:
        try:
            value, end = json.JSONDecoder().raw_decode(text, at)
            yield value, at
            at = text.find("{", end)
        except (ValueError, RecursionError):
            at = text.find("{", at + 1)
