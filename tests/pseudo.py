"""A made-up language that shows what was translated: words of messages in ⟦…⟧."""

from __future__ import annotations

import re

from evalkit.report.language import Spoken
from evalkit.wording import Said, tell

_VALUE = re.compile(r"(\{\w+\}|%\(\w+\)s)")


class _Pseudo(Spoken):
    def message(self, english: str) -> str:
        parts = _VALUE.split(english)
        # values stay outside: what is put in must be a message itself, or data
        return "".join(p if i % 2 or not p else f"⟦{p}⟧" for i, p in enumerate(parts))

    def plural(self, one: str, many: str, n: int) -> str:
        return self.message(one if n == 1 else many)


PSEUDO = _Pseudo("en", "٫", "٬", {})
_TOLD = re.compile("⟦[^⟦⟧]*⟧")


class _Whole(Spoken):
    def message(self, english: str) -> str:
        return f"⟦{english}⟧"

    def plural(self, one: str, many: str, n: int) -> str:
        return f"⟦{one if n == 1 else many}⟧"


_WHOLE = _Whole("en", "٫", "٬", {})


def untold(text: str) -> str:
    """Return what of a text did not come from a message or from the values in one."""
    shown = tell(text, _WHOLE) if isinstance(text, Said) else text
    while (rest := _TOLD.sub("", shown)) != shown:
        shown = rest
    return shown


def unsaid(page: str) -> str:
    """Return what of a page in the made-up language is data: values in messages, too."""
    return _TOLD.sub(" ", page)
