"""Server-sent events from stamped chunks. Splits bytes, so that a character may lie in two chunks.

Source: https://html.spec.whatwg.org/multipage/server-sent-events.html, but for one point: an event that is not closed
by a blank line when the body ends is dispatched, since servers forget that line.
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


class EventReader:
    """Turns chunks into events, in the order they come."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._data: list[bytes] = []
        self._name = ""
        self._t_ns = 0

    def feed(self, t_ns: int, chunk: bytes) -> Iterator[ServerEvent]:
        """Yield the events that this chunk completes."""
        if b"\n" not in chunk:
            self._parts.append(chunk)
            return
        lines = b"".join((*self._parts, chunk)).split(b"\n")
        self._parts = [lines.pop()]
        for line in lines:
            yield from self._line(t_ns, line.removesuffix(b"\r"))

    def close(self, t_ns: int) -> Iterator[ServerEvent]:
        """Yield what the end of the body completes."""
        rest = b"".join(self._parts)
        self._parts = []
        if rest:
            yield from self._line(t_ns, rest.removesuffix(b"\r"))
        yield from self._line(t_ns, b"")

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
