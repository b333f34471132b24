"""What an answer will go on with, guessed from where its last tokens stood before.

Answers repeat words of their prompts, and themselves. A step over one row per weight costs nearly what one over sixteen
does, so slots without an answer check guesses for the answers left: a guess counts only where it is the very token that
the model finds best, so it changes how many steps are needed and nothing else (Saxena, "Prompt lookup decoding", 2023).
"""

from __future__ import annotations

from collections.abc import Sequence

_LONGEST = 3
"""Tokens at the end that are looked up; fewer where these never stood before."""


class Guesses:
    """Guesses of one answer, from its prompt and what it has said."""

    def __init__(self) -> None:
        self._ids: list[int] = []
        self._after: dict[tuple[int, ...], int] = {}
        """Some tokens → where what followed them last is."""

    def after(self, prompt: Sequence[int], said: Sequence[int], n: int) -> list[int]:
        """Return `n` tokens that may follow.

        Args:
            prompt: The same at each call.
            said: The answer so far; more of the same at each call.
            n: How many to guess.
        """
        if not n:
            return []
        new = said[len(self._ids) - len(prompt) :] if self._ids else (*prompt, *said)
        for token in new:
            place = len(self._ids)
            for size in range(1, min(_LONGEST, place) + 1):
                self._after[tuple(self._ids[-size:])] = place
            self._ids.append(token)
        place = next(
            (found for size in range(_LONGEST, 0, -1) if (found := self._place(size)) is not None),
            len(self._ids) - 1,
        )
        # what reaches the end goes round
        period = len(self._ids) - place
        return [self._ids[place + i % period] for i in range(n)]

    def _place(self, size: int) -> int | None:
        return self._after.get(tuple(self._ids[-size:]))
