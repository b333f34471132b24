"""Which part of an answer is visible: thoughts may stand in the content, and stop strings may end them on the server.

Most servers look for stop strings in everything the model writes, thoughts and leading white space included. So an
answer that ends there before it has begun is asked once more without them: they are looked for here in any case.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate, pairwise

from evalkit.backends.endpoints.dialect import Ask
from evalkit.config.run import EndpointSpec
from evalkit.reading.split import Split
from evalkit.reading.thoughts import opens_thoughts, split_thoughts
from evalkit.records import CUT_THINKING, STOPPED_EARLY, THOUGHTS, EventKind, TokenEvent

_MOST_TRIALS = 3
"""Answers that stayed empty without stop strings: more are not tried."""


def split_answer(text: str, ask: Ask) -> Split:
    """Return thoughts and answer of a text; a last turn of the assistant, or a plain prompt, may have opened them."""
    last = ask.messages[-1] if ask.messages else {}
    is_begun = not ask.is_chat or last.get("role") == "assistant"
    return split_thoughts(text, is_open=is_begun and opens_thoughts(last.get("content", "")))


def visible_events(
    events: Sequence[TokenEvent], texts: Sequence[str], split: Split
) -> tuple[TokenEvent, ...]:
    """Return events in which content without a character of the answer counts as reasoning.

    Args:
        events: Of one attempt.
        texts: What each of its content events carried.
        split: Of these texts, joined.
    """
    is_thinking = split.has_thoughts or any(e.kind == EventKind.REASONING for e in events)
    if not is_thinking:
        return tuple(events)
    begin = len(split.text) if split.answer_start is None else split.answer_start
    ends = pairwise(accumulate(map(len, texts), initial=0))
    shown = iter([b > begin and any(a < y and b > x for x, y in split.spans) for a, b in ends])
    return tuple(
        replace(e, kind=EventKind.REASONING)
        if e.kind == EventKind.CONTENT and not next(shown)
        else e
        for e in events
    )


def thinking_flags(
    split: Split, *, thinks_apart: bool, finish_reason: str | None, has_stop: bool
) -> tuple[str, ...]:
    """Return what a reader of the answer must know about its thoughts."""
    is_empty = split.answer_start is None
    thinks = split.has_thoughts or thinks_apart
    is_cut = split.is_cut or (thinks and is_empty and finish_reason == "length")
    is_early = has_stop and is_empty and finish_reason == "stop"
    named = ((THOUGHTS, thinks), (CUT_THINKING, is_cut), (STOPPED_EARLY, is_early))
    return tuple(name for name, holds in named if holds)


class StopStrings:
    """Whether stop strings are sent to one endpoint.

    Args:
        endpoint: May say itself that they are not.
    """

    def __init__(self, endpoint: EndpointSpec) -> None:
        self._is_omitted = "stop" in endpoint.omit
        self._ends_thoughts = False
        self._n_vain = 0

    def has_stop(self, ask: Ask) -> bool:
        """Tell whether a request carries stop strings."""
        return bool(ask.settings.stop) and not self._is_omitted

    def prepared(self, ask: Ask) -> Ask:
        """Return the request to send: without stop strings once the server has ended thoughts at one."""
        return without_stop(ask) if self._ends_thoughts else ask

    def may_ask_again(self, ask: Ask, finish_reason: str | None, *, is_empty: bool) -> bool:
        """Tell whether an answer is empty because a stop string may have ended it."""
        is_early = is_empty and finish_reason == "stop" and self.has_stop(ask)
        return is_early and self._n_vain < _MOST_TRIALS

    def asked_again(self, *, is_empty: bool) -> None:
        """Note what came without stop strings."""
        self._ends_thoughts = self._ends_thoughts or not is_empty
        self._n_vain += is_empty


def without_stop(ask: Ask) -> Ask:
    """Return the same request without stop strings."""
    return replace(ask, settings=replace(ask.settings, stop=()))
