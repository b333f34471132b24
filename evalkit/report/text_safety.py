"""Model output is hostile text: characters that steer a terminal, hide, or turn text around are made visible."""

from __future__ import annotations

import re

_INVISIBLE = "\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\U000e0000-\U000e007f"
_SURROGATES = "\ud800-\udfff"
_ACTING = re.compile(f"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f{_INVISIBLE}{_SURROGATES}]")
_CONTROL_PICTURES = 0x2400
_FOLDERS = re.compile(
    r"(?<![\w:/.…])(?:[A-Za-z]:\\(?:[^\\\s]+\\)+|(?:~|/[\w.+-]+)/(?:[\w.+-]+/)*)(?=[\w.+-])"
)
"""Folders from the root of a disk or of a home, in front of a name; not those of a URL."""
LONGEST = 20_000
"""Characters of one text that are shown; the rest is in the Parquet file."""


def visible(text: str) -> str:
    """Return text in which every character shows instead of acting; HTML is escaped by the template."""
    return _ACTING.sub(_picture, text)


def without_folders(text: str) -> str:
    """Return text in which names keep their files and folders, and lose where on this machine those lie.

    Reports are passed on; whose machine it was and how its disks are laid out is nobody's business.
    """
    return _FOLDERS.sub("…/", text)


def shortened(text: str) -> str:
    """Return at most `LONGEST` characters, and how many are missing."""
    cut = len(text) - LONGEST
    return f"{text[:LONGEST]} … ({cut} more characters in samples.parquet)" if cut > 0 else text


def _picture(match: re.Match[str]) -> str:
    code = ord(match.group())
    return chr(_CONTROL_PICTURES + code) if code < 0x20 else f"⟨U+{code:04X}⟩"
