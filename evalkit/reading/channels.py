"""Thoughts that no pair of marks encloses: messages with a header each, and parts behind a sentence."""

from __future__ import annotations

import re
from collections.abc import Sequence

from evalkit.reading.lazy_regex import lazy_regex
from evalkit.reading.split import Span, Split

_NOISE = lazy_regex(
    r"(?:\s|\ufeff|\u200b|<[|｜](?!channel)[^|｜<>]{1,40}[|｜]>|</?s>|<bos>|<start_of_turn>|<turn\|?>|<\|turn>|assistant\b|model\b)*",
    re.IGNORECASE,
)
_HEADER = lazy_regex(
    r"(?:<\|end\|>|<\|call\|>)?(?:<\|start\|>\s{0,4}assistant\s{0,4})?(?:to=[\w.]{1,80}\s{0,4})?"
    r"<\|channel\|>\s{0,4}(?P<channel>\w{1,20})[^<]{0,200}(?:<\|constrain\|>[^<]{0,80})?<\|message\|>"
)
_HARMONY_END = lazy_regex(r"(?:<\|(?:return|end|call)\|>\s*)+$")
_BARE_ANALYSIS = lazy_regex(
    r"\s*(?:assistant\s{0,4})?(?:analysis|commentary)(?P<is_glued>(?=[A-ZÄÖÜ\"'(]))?"
)
"""Harmony whose special tokens the server has taken out: `analysisWe need…assistantfinalB`."""
_BARE_HEADER = lazy_regex(
    r"assistant(?:\s{1,4}(?=[a-z]{5,10}(?:\s{0,4}\n|[^a-zäöüß\s]|\Z)))?(?P<channel>analysis|commentary|final)"
)
_PHRASES = (
    (
        lazy_regex(
            r"\s*(?:\*\*|#+ )?here(?:'s|’s| is) my thought process:?(?:\*\*)?", re.IGNORECASE
        ),
        lazy_regex(r"(?:\*\*|#+ )?here(?:'s|’s| is) my response:?(?:\*\*)?", re.IGNORECASE),
    ),
    (
        lazy_regex(r"\s*here are my reasoning steps:?", re.IGNORECASE),
        lazy_regex(r"\[BEGIN FINAL RESPONSE\]", re.IGNORECASE),
    ),
)
"""Granite 3.2 and Apriel think behind a sentence."""
_PHRASE_ENDS = lazy_regex(r"\[END FINAL RESPONSE\].*$", re.IGNORECASE | re.DOTALL)


def in_channels(text: str, is_open: bool) -> Split | None:
    """Read harmony's messages, whose headers may have lost their special tokens; None: it is none."""
    return _harmony(text, is_open) or _bare_harmony(text)


def ends_in_channel(text: str) -> bool:
    """Tell whether a text ends with the header of a channel for thoughts."""
    headers = list(_HEADER.finditer(text))
    return bool(headers) and headers[-1].end() == len(text) and headers[-1]["channel"] != "final"


def is_noise(text: str) -> bool:
    """Tell whether there are but white space and the turn's own tokens."""
    return _NOISE.fullmatch(text) is not None


def _harmony(text: str, is_open: bool) -> Split | None:
    """Read gpt-oss's messages: the channel `final` is the answer, every other one is thoughts."""
    headers: list[re.Match[str]] = list(_HEADER.finditer(text))
    if not headers:
        return None
    before = text[: headers[0].start()]
    if is_noise(before):
        return _by_channel(text, headers, _HARMONY_END)
    begin = re.match("", text)
    assert begin is not None
    is_opened = is_open or headers[0][0].startswith("<|end|>")
    return _by_channel(text, [begin, *headers], _HARMONY_END) if is_opened else None


def _bare_harmony(text: str) -> Split | None:
    opened = _BARE_ANALYSIS.match(text)
    headers = list(_BARE_HEADER.finditer(text, opened.end() if opened else 0))
    if opened is None:
        is_first = bool(headers) and not text[: headers[0].start()].strip()
        return _by_channel(text, headers, None) if is_first else None
    is_told = opened["is_glued"] is not None or any(h["channel"] == "final" for h in headers)
    return _by_channel(text, [opened, *headers], None) if is_told else None


def _by_channel(
    text: str, headers: Sequence[re.Match[str]], end_mark: re.Pattern[str] | None
) -> Split:
    spans: list[Span] = []
    thoughts: list[str] = []
    channel = "analysis"
    for header, following in zip(headers, [*headers[1:], None], strict=True):
        end = following.start() if following else len(text)
        body = text[header.end() : end]
        if end_mark is not None and (mark := end_mark.search(body)):
            end -= len(body) - mark.start()
        channel = header.groupdict().get("channel") or "analysis"
        if channel == "final":
            spans.append((header.end(), end))
        else:
            thoughts.append(text[header.end() : end].strip())
    is_cut = channel != "final" and not text.endswith("<|call|>")
    told = "\n".join(t for t in thoughts if t)
    return Split(text, tuple(spans), told, has_thoughts=True, is_cut=is_cut)


def behind_phrases(text: str) -> Split | None:
    """Read thoughts and answer that each stand behind a sentence that says so."""
    for opens, closes in _PHRASES:
        opened = opens.match(text)
        if opened is None:
            continue
        closed = closes.search(text, opened.end())
        if closed is None:
            return Split(text, (), text[opened.end() :].strip(), has_thoughts=True, is_cut=True)
        ended = _PHRASE_ENDS.search(text, closed.end())
        span = (closed.end(), ended.start() if ended else len(text))
        thoughts = text[opened.end() : closed.start()].strip()
        return Split(text, (span,), thoughts, has_thoughts=True)
    return None
