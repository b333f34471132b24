"""Finds the words of facts that no message accounts for: they would be lost in another language."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, get_type_hints

from evalkit.report.language import Spoken
from evalkit.wording import Said, tell

WORD = re.compile(r"[^\W\d_]+")
_PLACEHOLDER = re.compile(r"\{\w+\}")


class _Values(Spoken):
    """Says nothing but the values of a message."""

    def message(self, english: str) -> str:
        return " ".join(_PLACEHOLDER.findall(english)) or " "

    def plural(self, one: str, many: str, n: int) -> str:
        return self.message(one if n == 1 else many)


_VALUES = _Values("en", ".", ",", {})


def data_of(text: str) -> str:
    """Return what of a text is not from a message, values within messages included."""
    return tell(text, _VALUES) if isinstance(text, Said) else text


def texts(thing: Any, at: str = "", is_said: bool = False) -> Iterator[tuple[str, str]]:
    """Yield where and what: every text in a field that is declared `Said`, however deep in facts."""
    if is_dataclass(thing) and not isinstance(thing, type):
        hints = get_type_hints(type(thing))
        for f in fields(thing):
            yield from texts(getattr(thing, f.name), f"{at}.{f.name}", "Said" in str(hints[f.name]))
    elif isinstance(thing, Mapping):
        for key, part in thing.items():
            yield from texts(part, f"{at}[{key}]", is_said)
    elif isinstance(thing, tuple | list):
        for i, part in enumerate(thing):
            yield from texts(part, f"{at}[{i}]", is_said)
    elif isinstance(thing, str) and is_said:
        yield at, thing


def lost(thing: Any, data: Collection[str]) -> dict[str, str]:
    """Return words of facts that are neither from a message nor among the names of data, by where they are."""
    names = sorted(data, key=len, reverse=True)
    known = re.compile("|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in names) or r"(?!)")
    found = {at: known.sub(" ", data_of(text)) for at, text in texts(thing)}
    return {at: left for at, left in found.items() if WORD.search(left)}
