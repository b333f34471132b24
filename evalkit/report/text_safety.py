"""Model output is hostile text: characters that steer a terminal or turn text around are made visible."""

from __future__ import annotations

import re

_BIDI = "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_CONTROL = re.compile(f"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f{_BIDI}]")
_CONTROL_PICTURES = 0x2400
LONGEST = 20_000
"""Characters of one text that are shown; the rest is in the Parquet file."""


def visible(text: str) -> str:
    """Return text without characters that act instead of showing; HTML is escaped by the template."""
    shown = _CONTROL.sub(_picture, text[:LONGEST])
    cut = len(text) - LONGEST
    return f"{shown} … ({cut} more characters in samples.parquet)" if cut > 0 else shown


def _picture(match: re.Match[str]) -> str:
    code = ord(match.group())
    return chr(_CONTROL_PICTURES + code) if code < 0x20 else f"⟨U+{code:04X}⟩"
