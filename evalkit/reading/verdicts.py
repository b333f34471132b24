"""Turns ticked boxes and `yes` or `no` beside options into words: `[x] B` is `B is correct.`"""

from __future__ import annotations

import re
from collections.abc import Sequence

from evalkit.reading.lazy_regex import lazy_regex
from evalkit.reading.mentions import MARK

_BOX = lazy_regex(
    r"\[(?P<in>[ xX✓✔_]?)\]|\((?P<round>[xX ])\)(?=[ \t]*(?:[A-Z]\b|\n|$))|(?P<sign>[☐☑☒▢□◻⬜◉○●🔘])"
)
_TICKED = "xX✓✔☑◉●🔘"
_YES = (
    r"(?:yes|true|applicable|match(?:es)?|selected|chosen|possible|"
    r"ja|wahr|richtig|korrekt|correct|right|passt|fits|applies|zutreffend|trifft zu|stimmt|is correct)"
)
_NO = (
    r"(?:no|false|not applicable|inapplicable|no match|not a match|nicht zutreffend|not possible|n/a|nein|"
    r"falsch|unwahr|wrong|incorrect|passt nicht|does not (?:fit|apply)|doesn't (?:fit|apply)|"
    r"unzutreffend|"
    r"trifft nicht zu|stimmt nicht|is wrong)"
)
_VERDICT = lazy_regex(
    rf"(?P<mark>{MARK})[ \t]?(?P<joint>[-–—:=(,>]|→|is|ist)?[ \t]*(?:(?P<yes>{_YES})|(?P<no>{_NO}))\b(?=\s*(?:$|"
    rf"[.,;:!)|\n]|"
    rf"[-–—]|because|since|weil|da|denn|{MARK}))",
    re.I,
)


def with_boxes_told(answer: str) -> str:
    """Return an answer in which words say which boxes are ticked, where any is."""
    ticks = [_state(m, answer) for m in _BOX.finditer(answer)]
    if True not in ticks or (len(ticks) == 1 and re.search(r"\[[xX]\]\s*\(", answer)):
        return answer
    return "\n".join(_told(line, answer) for line in answer.split("\n"))


def _state(match: re.Match[str], answer: str) -> bool:
    """Tell whether a box is ticked; `☒` is where others are empty."""
    sign = match["in"] or match["round"] or match["sign"] or " "
    if sign == "☒":
        return "☐" in answer and "☑" not in answer
    return sign in _TICKED


def _told(line: str, answer: str) -> str:
    boxes = list(_BOX.finditer(line))
    if not boxes:
        return line
    edges = [0, *(edge for box in boxes for edge in box.span()), len(line)]
    texts = [line[a:b].strip(" \t|*-•:") for a, b in zip(edges[::2], edges[1::2], strict=True)]
    leads = not re.search(r"\w", texts[0])
    named = texts[1:] if leads else texts[:-1]
    said = [
        f"{text} is {'correct' if _state(box, answer) else 'wrong'}."
        for box, text in zip(boxes, named, strict=True)
        if text
    ]
    return "\n".join(said)


_BARE = lazy_regex(rf"(?<!\w)(?P<letter>[A-Z])\s(?=(?:{_YES}|{_NO})\b\s*(?:$|[.,;|)\n]))", re.I)


def with_letters_apart(text: str) -> str:
    """Return a text with colons in `A true, B false`."""
    return _BARE.sub(r"\g<letter>: ", text) if len(_BARE.findall(text)) > 1 else text


def with_verdicts_told(text: str, choices: Sequence[str]) -> str:
    """Return a text with masked options in which `B: no`, `B (wrong)` and `B false` are sentences."""
    text = re.sub(r"\b(?:anything but|alles andere als)\b", "not", text, flags=re.I)
    if any(re.fullmatch(rf"\W*(?:{_YES}|{_NO})\W*", choice, re.I) for choice in choices):
        return text
    found = list(_VERDICT.finditer(text))
    bare = [m for m in found if m["joint"] is None]
    if len(bare) < 2:
        found = [m for m in found if m["joint"] is not None]
    for match in reversed(found):
        said = "correct" if match["yes"] else "wrong"
        text = f"{text[: match.start()]}{match['mark']} is {said}. {text[match.end() :]}"
    return text
