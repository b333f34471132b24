"""Text → few characters that may stand in a page: frequent words become codes, zlib the rest, and base 91 writes it.

Every browser can undo deflate. Codes for the report's own frequent words take a fifth off what it leaves; base 91
writes 13 bits in two characters, where base64 writes 12. `explorer_codec.js` is the other direction.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

_FREE = (*range(0x20), 0xC0, 0xC1, *range(0xF5, 0x100))
"""Bytes that do not occur in UTF-8 JSON: control characters are escaped there."""
_N_SINGLE = 15
"""Of the free bytes so many stand for a word each, the others begin a code of two bytes."""
CODES = (
    *(bytes([b]) for b in _FREE[:_N_SINGLE]),
    *(bytes([b, second]) for b in _FREE[_N_SINGLE:] for second in range(256)),
)
_WORD = re.compile(rb"[A-Za-z\x80-\xf4]+ ?")
_PARTS = re.compile(rb"[A-Za-z\x80-\xf4]+ ?|[^A-Za-z\x80-\xf4]+")
"""Words, and what is between them."""
ALPHABET = bytes(b for b in range(0x21, 0x7F) if b not in b"<>&")
"""91 characters that mean nothing to HTML; 91² > 2¹³."""
_BITS = 13


def frequent_words(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the words, with the space behind them, that save most when they are written as codes; most first."""
    n: Counter[bytes] = Counter()
    for text in texts:
        n.update(_WORD.findall(text.encode()))
    longest = len(CODES[-1])
    saved = {w: n[w] * (len(w) - longest) - len(w) for w in n if len(w) > longest and _is_text(w)}
    best = sorted((w for w in saved if saved[w] > 0), key=lambda w: (-n[w] * (len(w) - 1), w))
    return tuple(w.decode() for w in best[: len(CODES)])


def _is_text(word: bytes) -> bool:
    """Tell whether a word's bytes are whole characters."""
    try:
        word.decode()
    except UnicodeDecodeError:
        return False
    return True


def compressed(text: str, words: Sequence[str] = ()) -> str:
    """Return JSON text as characters of `ALPHABET`, words that have a code written as it."""
    codes = dict(zip((w.encode() for w in words), CODES, strict=False))
    plain = text.encode()
    if codes:
        parts = _PARTS.findall(plain)
        plain = b"".join(map(codes.get, parts, parts))  # a part without a code stands for itself
    return base91(zlib.compress(plain, 9))


def base91(data: bytes) -> str:
    """Return two characters for every 13 bits, the lowest first, after one that tells how many bytes are filling."""
    bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")
    groups = np.zeros((-(-len(bits) // _BITS), _BITS), np.uint16)
    groups.reshape(-1)[: len(bits)] = bits
    numbers = groups @ (1 << np.arange(_BITS, dtype=np.uint16))
    pairs = np.stack([numbers % len(ALPHABET), numbers // len(ALPHABET)], axis=1)
    filling = groups.size // 8 - len(data)
    letters = np.frombuffer(ALPHABET, np.uint8)
    written: bytes = letters[pairs].tobytes()
    return chr(ALPHABET[filling]) + written.decode()
