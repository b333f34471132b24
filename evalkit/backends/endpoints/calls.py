"""Puts tool calls together from the parts in which they are streamed, and writes them for a reader."""

from __future__ import annotations

from evalkit.backends.endpoints.dialect import CallPart
from evalkit.records import ToolCall


class CallCollector:
    """Gathers the parts of an answer's tool calls."""

    def __init__(self) -> None:
        self._names: dict[int, str] = {}
        self._arguments: dict[int, list[str]] = {}
        self._last = -1

    def add(self, part: CallPart) -> None:
        """Add what an event brought: a part without an index goes on with the last call unless it has a name."""
        index = part.index
        if index is None:
            index = self._last + 1 if part.name or self._last < 0 else self._last
        self._last = index
        self._names[index] = self._names.get(index, "") + part.name
        self._arguments.setdefault(index, []).append(part.arguments)

    def calls(self) -> tuple[ToolCall, ...]:
        """Return the calls, in the order in which they began."""
        return tuple(
            ToolCall(name, "".join(self._arguments[index])) for index, name in self._names.items()
        )
