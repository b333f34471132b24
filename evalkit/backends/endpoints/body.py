"""What a body is, told from its first bytes: servers and proxies label streams and single answers wrongly.

data: …, event: …, : …     server-sent events
{…} or […]                 an answer in one piece
{…} newline {…} newline    a stream with an object per line
<…                         a web page
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from enum import StrEnum
from typing import Any

from evalkit.backends.endpoints.sse import BOM, EventReader, ServerEvent, without_marks


class Form(StrEnum):
    """What a body is."""

    UNKNOWN = "unknown"
    """Nothing but white space has come."""
    EVENTS = "events"
    JSON = "json"
    LINES = "lines"
    PAGE = "page"


class BodyReader:
    """Turns the chunks of a body into events; an answer in one piece is one, which the end of the body completes."""

    def __init__(self) -> None:
        self.form = Form.UNKNOWN
        self._events = EventReader()
        self._parts: list[bytes] = []
        self._may_be_lines = True

    @property
    def foreign(self) -> bytes:
        """The first line that belongs to no stream."""
        return self._events.foreign

    def feed(self, t_ns: int, chunk: bytes) -> Iterator[ServerEvent]:
        """Yield the events that this chunk completes."""
        if self.form == Form.UNKNOWN:
            chunk = b"".join((*self._parts, chunk))
            self._parts = []
            self.form = _form_of(chunk)
            if self.form == Form.UNKNOWN:
                self._parts = [chunk]
                return
        if self.form == Form.EVENTS:
            yield from self._events.feed(t_ns, chunk)
        elif self.form == Form.LINES:
            yield from self._lines(t_ns, chunk)
        else:
            self._parts.append(chunk)
            if (
                self.form == Form.JSON
                and self._may_be_lines
                and b"\n" in b"".join(self._parts[-2:])
            ):
                yield from self._maybe_lines(t_ns)

    def close(self, t_ns: int) -> Iterator[ServerEvent]:
        """Yield what the end of the body completes."""
        if self.form == Form.EVENTS:
            yield from self._events.close(t_ns)
            return
        rest = without_marks(b"".join(self._parts))
        self._parts = []
        if self.form == Form.LINES:
            if rest.strip():
                yield ServerEvent(t_ns, "", rest)
        elif self.form == Form.JSON:
            yield ServerEvent(t_ns, "", rest, is_whole=True)

    def settle(self, t_ns: int) -> Iterator[ServerEvent]:
        """Yield the event that a quiet server has forgotten to close, where nothing is missing in it."""
        found = documents(self._events.pending) if self.form == Form.EVENTS else None
        if found and all(isinstance(document, dict) for document in found):
            yield from self._events.close(t_ns)

    def has_whole(self) -> bool:
        """Tell whether what has come is an answer in one piece, though the body has not ended."""
        return self.form == Form.JSON and _parses(b"".join(self._parts))

    def _maybe_lines(self, t_ns: int) -> Iterator[ServerEvent]:
        """Take the body for lines when its first line is an object of its own and something follows."""
        first, _, rest = without_marks(b"".join(self._parts)).lstrip().partition(b"\n")
        if not rest.strip():
            return
        self._may_be_lines = first.startswith(b"{") and _parses(first)
        if not self._may_be_lines:
            return
        self.form, self._parts = Form.LINES, []
        yield ServerEvent(t_ns, "", first)
        yield from self._lines(t_ns, rest)

    def _lines(self, t_ns: int, chunk: bytes) -> Iterator[ServerEvent]:
        lines = b"".join((*self._parts, chunk)).split(b"\n")
        self._parts = [lines.pop()]
        yield from (ServerEvent(t_ns, "", line) for line in lines if line.strip())


def _form_of(start: bytes) -> Form:
    text = without_marks(start).lstrip()
    if not text or BOM.startswith(text):
        return Form.UNKNOWN
    found: dict[bytes, Form] = {b"{": Form.JSON, b"[": Form.JSON, b"<": Form.PAGE}
    return found.get(text[:1], Form.EVENTS)


def _parses(data: bytes) -> bool:
    return parse(data) is not None


def documents(data: bytes) -> list[Any] | None:
    """Return the JSON of an event; of each of its lines where a server forgot the blank line between events."""
    whole = parse(data)
    if whole is not None:
        return [whole]
    if b"\n" not in data:
        return None
    found = [parse(line) for line in data.split(b"\n") if line.strip() not in (b"", b"[DONE]")]
    return None if None in found else found


def parse(data: bytes) -> Any | None:
    """Return JSON; None where it is none."""
    try:
        return json.loads(without_marks(data))
    except (ValueError, RecursionError):
        return None
