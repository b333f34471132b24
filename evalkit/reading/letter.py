"""Reads which option an answer chooses: what is stated of each option that it names, not merely which it names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from evalkit.reading.contract import Reading
from evalkit.reading.lazy_regex import caseless, lazy_regex
from evalkit.reading.letter_choice import decided, gap_in, one_of
from evalkit.reading.letter_claims import listed, rejects
from evalkit.reading.letter_words import ANY, CORRECTED
from evalkit.reading.loosely import on_condition, read_loosely
from evalkit.reading.mentions import MARK, Masked, Mention, letters
from evalkit.reading.plain import plain, shortened
from evalkit.reading.structured import objects
from evalkit.reading.thoughts import split_thoughts
from evalkit.reading.verdicts import with_boxes_told, with_letters_apart, with_verdicts_told
from evalkit.reading.words import DOUBT, NOUN, REJECTION
from evalkit.reading.yes_no import NO, YES

MOST_OPTIONS = 26
KEYS = (
    "answer",
    "final_answer",
    "choice",
    "option",
    "letter",
    "label",
    "antwort",
    "buchstabe",
    "auswahl",
    "lösung",
)


@dataclass(frozen=True, slots=True)
class LetterContext:
    """What a question with options asked."""

    choices: Sequence[str]
    """Texts of the options, in the order of their letters."""
    question: str = ""


_GAP = r"(?:_|[^\w\ue000-\uefff])*"
_LAST_LINE = caseless(
    r"^[\W_]*(?:(?:so|also|hence|therefore|daher|somit|thus)\W+)?(?:(?:the|my|die|meine)\s+)?(?:(?:final|correct|"
    r"right|best|last|endgültige|richtige|korrekte|letztendliche|finale|letzte|beste)\s+)*"
    rf"(?:{NOUN}\b\W*(?:(?:is|ist|lautet)\b\W*)?)({MARK})(?P<rest>.*)$|^{_GAP}({MARK}){_GAP}$"
)
_TAG_QUESTION = caseless(
    r",\s(?:right|correct|isn't it|no|oder|nicht wahr|ja|gell|stimmt's|richtig|or not)\s?\?\s*$"
)
"""Asks for assent only."""


def extract_choice(text: str, choices: Sequence[str]) -> int | None:
    """Return which option an answer names, or None when it names none, or several."""
    return read_letter(text, LetterContext(choices)).value


def read_letter(answer: str, context: LetterContext) -> Reading[int]:
    """Return the number of the option that an answer chooses.

    Every place that names an option, by letter, place or text, is judged within its clause: rejected, merely named, or
    chosen, and how plainly. A last line such as `Answer: B` beats all; behind a correction only what follows counts;
    equally plain choices of different options are no choice.
    """
    choices = [" ".join(choice.split()) for choice in context.choices]
    answer = split_thoughts(answer).answer
    from_object = _from_object(answer, choices)
    if from_object is not None:
        return from_object
    answer = _TAG_QUESTION.sub(".", answer)
    said = with_letters_apart(plain(with_boxes_told(shortened(answer))))
    masked = Masked(said, choices)
    masked.text = _without_interjection(with_verdicts_told(masked.text, choices), masked, choices)
    masked.text = _without_asked_cues(masked.text, context.question)
    last = _last_line(masked)
    if last is not None:
        return one_of(last.options, "last line")
    position = on_condition(said, choices)
    if position is not None:
        return Reading(position, "on condition")
    found = decided(masked, context.question, _emphasised(answer, choices))
    if found.how == "only rejects":
        instead = _INSTEAD.search(said)
        position = read_loosely(instead["what"], choices, context.question) if instead else None
        return found if position is None else Reading(position, "in other words")
    if found.how == "names no option" and not masked.are_amounts and gap_in(masked.text) is None:
        position = read_loosely(said, choices, context.question)
        return found if position is None else Reading(position, "in other words")
    return found


def _without_interjection(text: str, masked: Masked, choices: Sequence[str]) -> str:
    """Take `Yes,` off an answer that goes on to name another option: `Yes, but only with consent`."""
    found = re.match(rf"\W*({MARK}),?\s(?=[^.\n]*{MARK})", text)
    if found is None:
        return text
    options = masked.at(found[1]).options
    words = {choices[o].strip(" .!").casefold() for o in options}
    others = {o for m in ANY.findall(text[found.end() :]) for o in masked.at(m).options}
    is_word = masked.at(found[1]).by_text and words <= YES | NO
    return text[found.end() :] if is_word and others and not others & options else text


_ASKED = lazy_regex(r"[^.?!\n]*\?")
_CUES = caseless(rf"{DOUBT}|{REJECTION}")


def _without_asked_cues(text: str, question: str) -> str:
    """Take words off an answer that would doubt or reject, had the question not asked so: `Was fiel zuerst aus?`"""
    asked = " ".join(_ASKED.findall(question))
    for cue in {found[0].split()[0] for found in _CUES.finditer(asked)}:
        text = re.sub(rf"\b{re.escape(cue)}\b", "hier", text, flags=re.I)
    if _LATER.search(text):
        text = _AT_FIRST.sub("", text)
    return _NEXT.sub("", text) if _ASKS_FIRST.search(asked) else text


_INSTEAD = caseless(
    r"(?:[,;.–-]\s*(?:sondern|vielmehr|stattdessen|but(?: rather)?|rather|instead)|;\s(?:he|she|they|you|it|"
    r"we)\s(?:should|must|"
    r"ought to|needs? to))\s(?P<what>.+)$"
)
"""What is told in place of what is rejected."""
_LATER = caseless(r"\b(?:später|danach|dann|anschließend|hinterher|later|afterwards|then)\b")
_AT_FIRST = caseless(
    r"\b(?:zuerst|zunächst)\b(?![^.\n]{0,30}\b(?:dach|tipp|mein|wollt|schien|sah|glaub|nahm)\w*)"
)
"""What is to be done first, not what was thought first."""
_ASKS_FIRST = caseless(r"\b(?:first|zuerst|als erste[srn]?)\b")
_NEXT = caseless(
    r"(?:[,;.]|\band|\bund)\s*(?:and\s|und\s)?(?:then|next|afterwards|dann|danach|anschließend)\b[^.\n]*"
)
"""What comes after what is asked for."""


def _last_line(masked: Masked) -> Mention | None:
    """Return what a last line names that does nothing but name it."""
    line = masked.text.rstrip().rpartition("\n")[2]
    found = _LAST_LINE.match(line)
    if found is None or line.rstrip(" *\"')").endswith("?"):
        return None
    mark = found[1] or found[3]
    if found[3] and _is_of_list(masked, mark):
        return None
    rest = found["rest"] or ""
    if ANY.search(rest) or rest.rstrip().endswith("?") or rejects(rest) or CORRECTED.search(rest):
        return None
    if "\n" not in masked.text and (masked.at(mark).by_text or rest.strip(" .)*\"'")):
        return None
    return masked.at(mark)


def _is_of_list(masked: Masked, mark: str) -> bool:
    """Tell whether a line is one of a list of options; one named again is none of them."""
    places = listed(masked)
    own = masked.at(mark)
    others = [masked.at(masked.text[place]) for place in sorted(places)[:-1]]
    is_another = all(o.by_text for o in others) and not own.by_text
    is_again = any(o.options == own.options for o in others)
    return masked.text.rindex(mark) in places and not is_another and not is_again


_BOLD = lazy_regex(r"(?P<item>^[ \t]*(?:[-*•]|\d+[.)])[ \t]+)?\*\*(?P<text>[^*\n]{1,80})\*\*", re.M)
_MOST_BESIDE = 3
"""Words beside an option that a passage in bold type may have: `**Band E applies**`."""


def _emphasised(answer: str, choices: Sequence[str]) -> frozenset[int]:
    """Return the options that an answer has in bold type, but for those that head the items of a list."""
    found: set[int] = set()
    for bold in _BOLD.finditer(shortened(answer)):
        masked = Masked(plain(bold["text"]), choices)
        words = len(re.findall(r"\w+", ANY.sub("", masked.text)))
        if not bold["item"] and words <= _MOST_BESIDE:
            found |= {o for mark in ANY.findall(masked.text) for o in masked.at(mark).options}
    return frozenset(found)


def _from_object(answer: str, choices: Sequence[str]) -> Reading[int] | None:
    """Return the option that the last object in an answer names; None: there is no such object."""
    for found in reversed(objects(answer)):
        values = {str(k).casefold(): v for k, v in found.items() if isinstance(v, str)}
        keyed = [v for k, v in values.items() if k in KEYS]
        read = [o for v in keyed or values.values() if (o := _whole(v, choices)) is not None]
        if read:
            return one_of(frozenset(read), "JSON")
    return None


def _whole(value: str, choices: Sequence[str]) -> int | None:
    """Return the option that a value is as a whole, by letter, text or both."""
    if len(value) > 400:
        return None
    masked = Masked(plain(value), choices)
    text = masked.text.strip(" .)\"'")
    if len(text) != 1 or not ANY.match(text):
        return None
    options = masked.at(text).options
    return next(iter(options)) if len(options) == 1 else None


__all__ = ["KEYS", "MOST_OPTIONS", "LetterContext", "extract_choice", "letters", "read_letter"]
