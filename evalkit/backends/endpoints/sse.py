"""Server-sent events from stamped chunks. Splits bytes, so that a character may lie in two chunks.

Source: https://html.spec.whatwg.org/multipage/server-sent-events.html (one byte order mark in front is no part of it;
lines end with LF, CR LF or CR alone), but for one point: an event that no blank line closes when the body
ends is dispatched, since servers forget that line.
"""

from __future__ import annotations

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
    """Not an event of a stream, but an answer in one piece."""


_BOM = b"\xef\xbb\xbf"
_FIELDS = frozenset({b"", b"data", b"event", b"id", b"retry"})
"""The empty one is that of comments."""


class EventReader:
    """Turns chunks into events, in the order they come."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._data: list[bytes] = []
        self._name = ""
        self._t_ns = 0
        self._start: bytes | None = b""
        """The first bytes, until it is known whether they are a byte order mark; then None."""
        self._ends_in_cr = False
        self.foreign = b""
        """The first line that no field of the standard begins."""

    def feed(self, t_ns: int, chunk: bytes) -> Iterator[ServerEvent]:
        """Yield the events that this chunk completes."""
        chunk = self._normal(self._without_mark(chunk))
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
        field, _, value = b"".join(self._parts).partition(b":")
        last = [value.removeprefix(b" ")] if field == b"data" else []
        return b"\n".join([*self._data, *last])

    def close(self, t_ns: int) -> Iterator[ServerEvent]:
        """Yield what the end of the body completes."""
        rest = b"".join((*self._parts, self._start or b""))
        self._parts, self._start = [], None
        if rest:
            yield from self._line(t_ns, rest)
        yield from self._line(t_ns, b"")

    def _without_mark(self, chunk: bytes) -> bytes:
        if self._start is None:
            return chunk
        start = self._start + chunk
        if len(start) < len(_BOM) and _BOM.startswith(start):
            self._start = start
            return b""
        self._start = None
        return start.removeprefix(_BOM)

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
        elif not self.foreign and field not in _FIELDS:
            self.foreign = line
