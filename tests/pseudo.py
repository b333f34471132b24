"""A made-up language that shows what was translated: words in ⟦…⟧, numbers in ⟪…⟫."""

from __future__ import annotations

import re

from evalkit.report.language import Spoken
from evalkit.wording import Said, tell


class _Pseudo(Spoken):
    def message(self, english: str) -> str:
        return f"⟦{english}⟧"

    def plural(self, one: str, many: str, n: int) -> str:
        return f"⟦{one if n == 1 else many}⟧"


PSEUDO = _Pseudo("en", "٫", "٬", {})
_INNERMOST = re.compile("⟦[^⟦⟧]*⟧")


def untold(text: str) -> str:
    """Return what of a text that was told in the made-up language did not come from a message."""
    shown = tell(text, PSEUDO) if isinstance(text, Said) else text
    while (rest := _INNERMOST.sub("", shown)) != shown:
        shown = rest
    return shown
