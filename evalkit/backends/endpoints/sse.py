"""Server-sent events from stamped chunks. Splits bytes, so that a character may lie in two chunks.

Source: https://html.spec.whatwg.org/multipage/server-sent-events.html (lines end with LF, CR LF or CR alone), but for
three points. An event that no blank line closes when the body ends is dispatched, since servers forget that line. Byte
order marks are no part of any line: proxies that join streams leave them anywhere. And a line that no field begins, but
that seems to carry data, is handed on as foreign: to drop it would make another answer of the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One event; comments (keep-alives) and empty events are left out."""

    t_ns: int
    """When the chunk came that completed its last data line."""
    name: str
    data: bytes
    is_whole: bool = False
    """Whether it is no event of a stream, but an answer in one piece."""
    is_foreign: bool = False
    """Not an event, but a line that is none of a stream, though there seems to be data in it."""


BOM = b"\xef\xbb\xbf"
_CARRIES = re.compile(rb"data|[{}\[\]\"]", re.IGNORECASE)
"""What no line has that can be left out."""
_FIELDS = frozenset({b"", b"data", b"event", b"id", b"retry"})
"""The empty one is that of comments."""


class EventReader:
    """Turns chunks into events, in the order they come."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._data: list[bytes] = []
        self._name = ""
        self._t_ns = 0
        self._ends_in_cr = False
        self.foreign = b""
        """The first line that no field of the standard begins."""

    def feed(self, t_ns: int, chunk: bytes) -> Iterator[ServerEvent]:
        """Yield the events that this chunk completes."""
        chunk = self._normal(chunk)
        if b"\n" not in chunk:
            self._parts.append(chunk)
            return
        lines = b"".join((*self._parts, chunk)).split(b"\n")
        self._parts = [lines.pop()]
        for line in lines:
            yield from self._line(t_ns, line)

    @property
    def pending(self) -> bytes:
        """Data that no blank line has closed."""
        field, _, value = without_marks(b"".join(self._parts)).partition(b":")
        last = [value.removeprefix(b" ")] if field == b"data" else []
        return b"\n".join([*self._data, *last])

    def close(self, t_ns: int) -> Iterator[ServerEvent]:
        """Yield what the end of the body completes."""
        rest = b"".join(self._parts)
        self._parts = []
        if rest:
            yield from self._line(t_ns, rest)
        yield from self._line(t_ns, b"")

    def _normal(self, chunk: bytes) -> bytes:
        """Return a chunk in which every line ends with LF; a CR LF may lie in two chunks."""
        if self._ends_in_cr and chunk:
            self._ends_in_cr = False
            chunk = chunk.removeprefix(b"\n")
        if b"\r" not in chunk:
            return chunk
        self._ends_in_cr = chunk.endswith(b"\r")
        return chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def _line(self, t_ns: int, line: bytes) -> Iterator[ServerEvent]:
        line = without_marks(line)
        if not line:
            if self._data:
                yield ServerEvent(self._t_ns, self._name, b"\n".join(self._data))
            self._data, self._name = [], ""
            return
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            self._data.append(value)
            self._t_ns = t_ns
        elif field == b"event":
            self._name = value.decode("utf-8", "replace")
        elif field not in _FIELDS:
            self.foreign = self.foreign or line
            if _CARRIES.search(line):
                yield ServerEvent(t_ns, "", line, is_foreign=True)


def without_marks(data: bytes) -> bytes:
    """Return bytes without the byte order marks in front of them."""
    while data.startswith(BOM):
        data = data[len(BOM) :]
    return data
