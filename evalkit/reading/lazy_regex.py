"""Regular expressions that are compiled when they are first used: who reads one kind of answer needs few of them."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any, cast


class _LazyRegex:
    """Stands for a compiled expression, and hands out what that has."""

    def __init__(self, pattern: str, flags: int) -> None:
        self.pattern = pattern
        self._flags = flags

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(self.pattern, self._flags)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._compiled, name)
        setattr(self, name, found)  # the next call doesn't come this way
        return found


def lazy_regex(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """Return an expression that is compiled at its first use.

    Raises:
        re.error: At the first use, if it is none.
    """
    return cast("re.Pattern[str]", _LazyRegex(pattern, flags))


def caseless(pattern: str) -> re.Pattern[str]:
    """Return such an expression that is matched without regard to case."""
    return lazy_regex(pattern, re.IGNORECASE)
