"""What a model wrote, in two parts: thoughts and answer."""

from __future__ import annotations

from dataclasses import dataclass

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Split:
    """A text in two parts."""

    text: str
    spans: tuple[Span, ...]
    """Where the answer stands in `text`; empty: there is none."""
    thoughts: str
    """The thoughts, without the marks around them."""
    has_thoughts: bool
    """Whether thoughts were marked, be they empty."""
    is_cut: bool = False
    """The text ends within thoughts."""

    @property
    def answer(self) -> str:
        """The answer; behind thoughts without the white space before it, else as it is."""
        joined = "".join(self.text[start:end] for start, end in self.spans)
        return joined.lstrip() if self.has_thoughts else joined

    @property
    def answer_start(self) -> int | None:
        """Offset of the first character of the answer that is no white space; None without one."""
        for start, end in self.spans:
            part = self.text[start:end]
            if part.strip():
                return start + len(part) - len(part.lstrip())
        return None
