"""Splits what a model wrote into its thoughts and its answer.

Thinking models mark their thoughts in the text, each family in its own way; a server with a reasoning parser takes them
out, one without and a model in this process do not. What counts as thoughts:

- a block that **begins** the text (white space and the turn's own tokens before it do not count), closed or not;
- everything before a closing mark that nothing opened: the template has opened it in the prompt (DeepSeek-R1);
- further blocks behind the first one; and a closed block further down whose opening mark begins a line.

Marks in quotation marks or backticks and in fenced code are text, as are marks within a sentence of the answer. A mark
in other letter case, with attributes, or closed by a sibling's name counts. All of it takes linear time.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evalkit.reading.channels import behind_phrases, ends_in_channel, in_channels, is_noise
from evalkit.reading.lazy_regex import lazy_regex
from evalkit.reading.split import Span, Split


@dataclass(frozen=True, slots=True)
class _Mark:
    """An opening or closing mark of thoughts."""

    start: int
    end: int
    family: str
    is_closing: bool
    is_empty: bool = False
    """`<think/>`: opens and closes."""


_TAG = (
    r"<\s{0,2}(?P<slash>/?)\s{0,2}(?P<tag>(?:[a-z]{1,12}[:_])?(?:think|thinking|thoughts?|reasoning|reason)|antthinking"
    r"|scratch_?pad|inner_monologue|inner_thoughts|chain_of_thought|cot)(?P<rest>(?:\s[^<>]{0,200})?/?)>"
)
_DETAILS = r"<details\s[^<>]{0,200}type=[\"']?reasoning[^<>]{0,200}>|(?P<details_end></details>)"
_PIPES = (
    r"<\|(?P<pipe_slash>/?)(?:think|thinking)\|>|<\|(?P<edge>begin|end|start)_of_(?:thought|thinking|think)\|>"
    r"|<\|(?P<cohere>START|END)_THINKING\|>|<\|(?:think|thinking|thought|reasoning)_(?P<side>begin|start|end)\|>"
    r"|<\|inner_(?P<apertus>prefix|suffix)\|>"
)
_BRACKETS = r"\[(?P<bracket_slash>/?)THINK\]|◁(?P<kimi_slash>/?)think▷"
_GEMMA = (
    r"<\|channel>\s{0,2}(?:thought|analysis)\b|<unused94>(?:\s{0,2}thought\b)?"
    r"|(?P<gemma_end><channel\|>|<unused95>)"
)
_ENDS = ("slash", "pipe_slash", "bracket_slash", "kimi_slash", "details_end", "gemma_end")
_MARKS = lazy_regex("|".join((_TAG, _DETAILS, _PIPES, _BRACKETS, _GEMMA)), re.IGNORECASE)
_ANSWER_OPENS = lazy_regex(
    r"\s*(?:<(?:answer|response|output|conclusion|final_answer)>|<\|begin_of_(?:solution|box|answer)\|>"
    r"|<\|START_(?:RESPONSE|TEXT)\|>|(?:<\|end\|>)?<\|begin\|>assistant<\|content\|>)\s*",
    re.IGNORECASE,
)
_ANSWER_ENDS = lazy_regex(
    r"(?:</(?:answer|response|output|conclusion|final_answer)>|<\|end_of_(?:solution|box|answer)\|>"
    r"|<\|END_(?:RESPONSE|TEXT)\|>)$",
    re.IGNORECASE,
)
_ANSWER_TAG = lazy_regex(
    r"<(?:answer|response|final_answer)>|<\|begin_of_(?:solution|answer)\|>|<\|START_RESPONSE\|>"
    r"|<\|end\|><\|begin\|>assistant<\|content\|>",
    re.IGNORECASE,
)
_FENCE = lazy_regex(r"^[ \t]{0,3}(?:```|~~~)", re.MULTILINE)
_QUOTES = "`'\"„“”‚‘’«»"


def split_thoughts(text: str, *, is_open: bool = False) -> Split:
    """Return thoughts and answer.

    Args:
        text: As the model wrote it, special tokens included where they are known.
        is_open: The prompt has opened thoughts already.
    """
    found = in_channels(text, is_open) or behind_phrases(text)
    return found or _Tags(text, is_open).split()


def opens_thoughts(prompt: str) -> bool:
    """Tell whether a prompt ends in an opening mark, so that the answer begins with thoughts."""
    tail = prompt[-300:].rstrip()
    marks = _marks(tail)
    if marks and marks[-1].end == len(tail):
        return not marks[-1].is_closing and not marks[-1].is_empty
    return ends_in_channel(tail)


def template_thinks(template: str) -> bool:
    """Tell whether a chat template is one of a model that can think: it has marks of thoughts, or a switch for them."""
    switch = re.search(r"enable_thinking|thinking_budget|reasoning_effort|\bthinking\b", template)
    return switch is not None or bool(_marks(template)) or "<|channel|>analysis" in template


def cut_answer(answer: str, stop: Sequence[str]) -> str:
    """Return an answer before its first stop string; one of white space alone does not count in front of the text."""
    n_space = len(answer) - len(answer.lstrip())
    for term in stop:
        found = answer.find(term, 0 if term.strip() else n_space) if term else -1
        if found >= 0:
            answer = answer[:found]
    return answer


# --- marks that come in pairs ---------------------------------------------------------------------------------------


def _marks(text: str) -> list[_Mark]:
    return [_mark(m) for m in _MARKS.finditer(text)]


def _mark(m: re.Match[str]) -> _Mark:
    sides = ((m[name] or "").lower() for name in ("edge", "cohere", "side", "apertus"))
    is_closing = any(m[name] for name in _ENDS) or any(side in {"end", "suffix"} for side in sides)
    return _Mark(m.start(), m.end(), _family(m), is_closing, (m["rest"] or "").endswith("/"))


def _family(m: re.Match[str]) -> str:
    if m["tag"]:
        return m["tag"].lower()
    word = m[0].lower()
    if "details" in word:
        return "details"
    return "channel" if "channel" in word else "other"


class _Tags:
    """One text, read from mark to mark."""

    def __init__(self, text: str, is_open: bool) -> None:
        self._text = text
        self._marks = [m for m in _marks(text) if not self._is_quoted(m)]
        self._is_open = is_open
        self._fences = [m.start() for m in _FENCE.finditer(text)]
        self._last_close = {m.family: m.start for m in self._marks if m.is_closing}
        self._answer: list[Span] = []
        self._thoughts: list[str] = []
        self._from = 0
        """Where the part begins that is not told yet."""
        self._pending: Counter[str] = Counter()
        """Opening marks that are text; their closing marks are, too."""
        self._seen: set[str] = set()

    def split(self) -> Split:
        """Read all marks."""
        is_cut = self._is_open and self._think(0, 0, "")
        at = 0
        while not is_cut and at < len(self._marks):
            mark = self._marks[at]
            at += 1
            if mark.start < self._from:
                continue
            if mark.is_closing:
                self._close(mark)
            elif self._begins_block(mark):
                is_cut = self._open(mark, at)
            else:
                self._pending[mark.family] += 1
        if not is_cut:
            self._answer.append((self._from, len(self._text)))
        if not self._thoughts:
            return Split(self._text, ((0, len(self._text)),), "", has_thoughts=False)
        thoughts = "\n".join(t for t in map(str.strip, self._thoughts) if t)
        spans = _unwrapped(self._text, self._answer)
        return Split(self._text, spans, thoughts, has_thoughts=True, is_cut=is_cut)

    def _open(self, mark: _Mark, at: int) -> bool:
        """Take a block as thoughts; tell whether it never ends."""
        before = self._text[self._from : mark.start]
        if self._answer or not is_noise(before):
            self._answer.append((self._from, mark.start))
        self._seen.add(mark.family)
        if mark.is_empty:
            self._thoughts.append("")
            self._from = mark.end
            return False
        return self._think(mark.end, at, mark.family)

    def _think(self, start: int, at: int, family: str) -> bool:
        """Take everything up to the end of the block as thoughts; tell whether there is no end."""
        end = self._end(at, family)
        stop = end if end is not None else (len(self._text), len(self._text))
        self._thoughts.append(self._text[start : stop[0]])
        self._from = stop[1]
        return end is None

    def _end(self, at: int, family: str) -> Span | None:
        """Return where a block's closing mark stands: that of its own depth, else the last one; else a sibling's."""
        depth, last = 1, None
        for mark in self._from_mark(at):
            if mark.family != (family or mark.family) or (mark.family == "details" != family):
                continue
            depth += 0 if mark.is_empty else -1 if mark.is_closing else 1
            if mark.is_closing:
                last = (mark.start, mark.end)
            if depth == 0:
                return last
        if last is not None:
            return last
        for mark in self._from_mark(at):
            if mark.is_closing and mark.family != "details":
                return mark.start, mark.end
        begun = self._marks[at - 1].end if at else 0
        answer = _ANSWER_TAG.search(self._text, begun)
        return (answer.start(), answer.start()) if answer else None

    def _from_mark(self, at: int) -> Iterator[_Mark]:
        return (self._marks[i] for i in range(at, len(self._marks)))

    def _close(self, mark: _Mark) -> None:
        """Take everything before a closing mark that nothing opened as thoughts."""
        if self._pending[mark.family]:
            self._pending[mark.family] -= 1
            return
        if mark.family == "details" or self._in_code(mark, must_end=True) or self._in_words(mark):
            return
        first = self._answer[0][0] if self._answer else self._from
        self._thoughts.append(self._text[first : mark.start])
        self._answer.clear()
        self._from = mark.end

    def _begins_block(self, mark: _Mark) -> bool:
        before = self._text[self._from : mark.start]
        if not self._answer and is_noise(before):
            return True
        begins_line = self._text[max(0, mark.start - 20) : mark.start].rstrip(" \t").endswith("\n")
        if not begins_line and mark.family not in self._seen:
            return False
        if self._in_code(mark, must_end=False):
            return False
        return self._last_close.get(mark.family, -1) > mark.start

    def _is_quoted(self, mark: _Mark) -> bool:
        """Tell whether quotation marks or backticks stand on both sides."""
        before = self._text[mark.start - 1 : mark.start] if mark.start else ""
        after = self._text[mark.end : mark.end + 1]
        return bool(before and after) and before in _QUOTES and after in _QUOTES

    def _in_code(self, mark: _Mark, *, must_end: bool) -> bool:
        """Tell whether a mark stands in fenced code, counted from the end of the thoughts before it."""
        first = bisect_left(self._fences, self._from)
        before = bisect_left(self._fences, mark.start)
        is_inside = (before - first) % 2 == 1
        return is_inside and not (must_end and before == len(self._fences))

    def _in_words(self, mark: _Mark) -> bool:
        """Tell whether a mark is a word of a sentence: `the tag </think> ends them`."""
        before = self._text[max(0, mark.start - 2) : mark.start]
        after = self._text[mark.end : mark.end + 2]
        return (
            re.fullmatch(r"\w ", before) is not None
            and re.fullmatch(r" [a-zäöüß]", after) is not None
        )


def _unwrapped(text: str, spans: Sequence[Span]) -> tuple[Span, ...]:
    """Take marks of the answer itself from around it."""
    found = [span for span in spans if span[0] < span[1]]
    if not found:
        return ()
    start, end = found[0]
    if opened := _ANSWER_OPENS.match(text, start, end):
        found[0] = (opened.end(), end)
        start, end = found[-1]
        if ended := _ANSWER_ENDS.search(text[start:end].rstrip()):
            found[-1] = (start, start + ended.start())
    return tuple(found)
