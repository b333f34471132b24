"""The form in which tasks ask for an answer: a last line that is easy to read."""

from __future__ import annotations

import re

from evalkit.reading.lazy_regex import lazy_regex
from evalkit.reading.thoughts import split_thoughts

LABEL = "Answer:"
_LINE = lazy_regex(r"(?:Answer|Antwort):[ \t]*(?P<said>\S.*)", re.IGNORECASE)


def in_form(answer: str, value: str = r".+") -> bool:
    """Tell whether an answer's last line is `Answer: …`, with nothing but what `value` matches behind the label."""
    lines = split_thoughts(answer).answer.strip().splitlines()
    found = _LINE.fullmatch(lines[-1].strip()) if lines else None
    return (
        found is not None and re.fullmatch(value, found["said"].strip(), re.IGNORECASE) is not None
    )


def said(answer: str) -> str:
    """Return what stands behind the label of the last line that has one; without one, the whole answer."""
    body = split_thoughts(answer).answer.strip()
    for line in reversed(body.splitlines()):
        found = _LINE.fullmatch(line.strip())
        if found is not None:
            return found["said"]
    return body
