"""Reads which option an answer chooses: what is stated of each option that it names, not merely which it names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from evalkit.reading.clauses import clauses, leads_on
from evalkit.reading.contract import Reading
from evalkit.reading.lazy_regex import caseless, lazy_regex
from evalkit.reading.letter_claims import (
    ANY,
    CORRECTED,
    Claim,
    Strength,
    claims,
    listed,
    rejects,
)
from evalkit.reading.loosely import read_loosely
from evalkit.reading.mentions import MARK, Masked, Mention, letters
from evalkit.reading.plain import plain, shortened
from evalkit.reading.structured import objects
from evalkit.reading.thoughts import split_thoughts
from evalkit.reading.verdicts import with_boxes_told, with_letters_apart, with_verdicts_told
from evalkit.reading.words import CONCLUDING, CORRECTION, DOUBT, NOUN, REJECTION
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


_TURN = caseless(
    rf"{CORRECTION}|{CONCLUDING}|\n\W*(?:\w+ )?(?:answer|antwort|result|ergebnis|lösung|solution|verdict|"
    rf"conclusion|decision|"
    r"entscheidung|urteil)\s*:|\b(?:final|last|my|letzte|endgültige|meine) (?:answer|antwort|choice|wahl)\b|"
    r"\bschlussantwort\b|(?<=[.!?,–-] )(?:no|nein|nope|nee)\b(?=[,.:;])|(?<=\.\.\. )(?:no|nein)\b"
)
_GAP = r"(?:_|[^\w\ue000-\uefff])*"
_LAST_LINE = caseless(
    r"^[\W_]*(?:(?:so|also|hence|therefore|daher|somit|thus)\W+)?(?:(?:the|my|die|meine)\s+)?(?:(?:final|correct|"
    r"right|best|last|endgültige|richtige|korrekte|letztendliche|finale|letzte|beste)\s+)*"
    rf"(?:{NOUN}\b\W*(?:(?:is|ist|lautet)\b\W*)?)({MARK})(?P<rest>.*)$|^{_GAP}({MARK}){_GAP}$"
)
_UNDECIDED = caseless(
    r"\b(?:depends|depending|je nach\w*|kommt (?:\w+ )?darauf an|hängt (?:\w+ )?(?:davon )?ab|both|beide[nrs]?|"
    r"either|equally|gleich(?:ermaßen)? (?:gut|plausibel|richtig)|gleichermaßen|toss-?up|tie|"
    r"(?:can't|cannot|can not|couldn't|unable to|hard to) (?:\w+ ){0,2}(?:decide|choose|say|tell)|"
    r"nicht (?:\w+ ){0,3}(?:entscheiden|festlegen|sagen)|unentschieden|sowohl)\b"
)
_DEPENDS = caseless(
    rf"\bsonst\W+{MARK}|\b(?:depends|depending|je nach\w*|kommt (?:\w+ )?darauf an|hängt (?:\w+ )?(?:davon )?ab|"
    rf"otherwise|"
    r"andernfalls|ansonsten)\b"
)
_JUST_DEPENDS = caseless(
    r"^\W*(?:(?:well|hm+|nun|tja|honestly|ehrlich gesagt)\W+)?"
    r"(?:(?:it|that|this|the answer|die antwort|es|das)\s(?:really\s|all\s|entirely\s)?)?"
    r"(?:depends\b|kommt (?:\w+ )?darauf an|hängt (?:\w+ )?(?:davon |von [^.\n]*)?ab\b|"
    r"kann man so nicht sagen)"
)
_TAG_QUESTION = caseless(
    r",\s(?:right|correct|isn't it|no|oder|nicht wahr|ja|gell|stimmt's|richtig|or not)\s?\?\s*$"
)
"""Asks for assent only."""
_THUS_BEHIND = caseless(
    r"(?:[,.;–-]|\n)\s?(?:so|therefore|thus|hence|also|daher|deshalb|somit|folglich)\b"
)
_SENTENCE_END = lazy_regex(r"[.!?](?:\s|$)|\n")
_ALL_OR_NONE = caseless(
    r"\b(?:none|neither|all) of (?:the|these|them|those)\b|\bkeine?[rs]? (?:der|dieser|davon)\b|"
    r"\balle (?:der|vier|fünf|drei|genannten)\b"
)


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
        return _one_of(last.options, "last line")
    found = _decided(masked, context.question)
    if found.how == "names no option" and not masked.are_amounts and _gap(masked.text) is None:
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
    return _NEXT.sub("", text) if _ASKS_FIRST.search(asked) else text


_ASKS_FIRST = caseless(r"\b(?:first|zuerst|als erste[srn]?)\b")
_NEXT = caseless(
    r"(?:[,;.]|\band|\bund)\s*(?:and\s|und\s)?(?:then|next|afterwards|dann|danach|anschließend)\b[^.\n]*"
)
"""What comes after what is asked for."""


def _one_of(options: frozenset[int], how: str) -> Reading[int]:
    if len(options) == 1:
        return Reading(next(iter(options)), how)
    return Reading(None, "several options")


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


def _decided(masked: Masked, question: str) -> Reading[int]:
    named, rejected = claims(masked)
    chosen = _after_correction(masked.text, named)
    chosen = _after_indecision(masked.text, chosen)
    if (
        _DEPENDS.search(masked.text)
        and len(rejected.union(*(c.mention.options for c in named))) > 1
    ):
        chosen = [c for c in chosen if c.strength == Strength.STATED]
    by_letter = [c for c in chosen if not c.mention.by_text and c.strength >= Strength.BARE]
    chosen = by_letter or chosen
    plainest = max((c.strength for c in chosen), default=None)
    if plainest is None:
        if named:
            return Reading(None, "undecided")
        return Reading(None, "names no option" if not rejected else "only rejects")
    leads = chosen[0].place < _AT_ONCE and chosen[0].strength == Strength.BARE
    gap = _gap(masked.text) if plainest < Strength.STATED and not leads else None
    if gap is not None:
        return Reading(None, gap)
    if plainest <= Strength.NAMED:
        options = {
            o for c in chosen if c.strength == plainest for o in c.mention.options
        } - rejected
        if len(options) > 1:
            options = _restating(masked, question) or options
        if _ALL_OR_NONE.search(masked.text):
            return Reading(None, "all or none")
        return (
            _one_of(frozenset(options), "the only one named")
            if options
            else Reading(None, "only rejects")
        )
    best = [c for c in chosen if c.strength == plainest]
    if len(best[-1].mention.options) == 1:  # `A or B, rather B`
        best = [c for c in best if len(c.mention.options) == 1]
    if len({c.mention.options for c in best}) > 1:
        best = _concluded(best) or best
    return _one_of(frozenset(o for c in best for o in c.mention.options), plainest.name.lower())


def _concluded(found: list[Claim]) -> list[Claim]:
    """Return the last claim where it alone is what the answer comes to: others were told of other things."""
    drawn = [c for c in found if c.is_concluded]
    return (
        drawn
        if drawn and len({c.mention.options for c in drawn}) == 1 and drawn[-1] is found[-1]
        else []
    )


_BROKEN_OFF = caseless(
    rf"(?:,|;|\band|\bund|\bwhile|\bwährend)\s(?:\w+\s)?(?:der|die|das|the|its?|an?|\w+|{MARK})$"
)


def _breaks_off(text: str) -> bool:
    """Tell whether prose that goes through the options breaks off: `A is for bills, B for parcels, C`."""
    last = text.rstrip().rpartition("\n")[2]
    is_prose = len(re.findall(r"[^\W\d_]{2,}", last)) > 5 and len(ANY.findall(text)) > 1
    return is_prose and _BROKEN_OFF.search(last) is not None


_AT_ONCE = 3
"""Characters before a choice that an answer begins with."""


def _gap(text: str) -> str | None:
    """Return why what an answer merely names is not its choice: it breaks off, or says that it depends."""
    if _JUST_DEPENDS.match(text):
        return "undecided"
    return "cut off" if _breaks_off(text) or leads_on(text) else None


def _restating(masked: Masked, question: str) -> set[int]:
    """Return the options of the clause that says the question again: `Through Dresden flows the Elbe`."""
    asked = {w.casefold() for w in re.findall(r"\w{4,}", question)}
    asks_most = _MOST.search(question) is not None
    by_clause = []
    found = clauses(masked.text)
    for before, clause, behind in zip((None, *found), found, (*found[1:], None), strict=False):
        options = {o for mark in ANY.findall(clause.text) for o in masked.at(mark).options}
        if options and not rejects(clause.text):
            leads = (
                before is not None
                and before.sentence == clause.sentence
                and not ANY.search(before.text)
            )
            follows = behind is not None and _RELATIVE.match(behind.text) is not None
            around = (
                before.text if before and leads else "",
                behind.text if behind and follows else "",
            )
            said = f"{around[0]} {clause.text} {around[1]}"
            words = {w.casefold() for w in re.findall(r"\w{4,}", said)}
            most = 2 * (asks_most and _MOST.search(said) is not None)
            by_clause.append((len(words & asked) + most, options))
    by_clause.sort(key=lambda item: item[0], reverse=True)
    if len(by_clause) < 2 or by_clause[0][0] < 2 or by_clause[0][0] == by_clause[1][0]:
        return set()
    return by_clause[0][1]


_RELATIVE = caseless(
    r"^\W*(?:which|who|that|was|das|die|der|und damit|making it)\b[^\ue000-\uefff]*$"
)
_MOST = caseless(
    r"\b(?:most|least|best|worst|(?:high|low|cheap|large|great|small|long|short|fast|quick|slow|old|young|new|near|clos|"
    r"strong|weak|safe|earli|heavi|light|bigg|hott|cold|warm)e?st|"
    r"(?!erste|letzte|nächste)[a-zäöüß]{3,}ste[nrsm]?|meisten?|größte[nrsm]?|beste[nrsm]?)\b"
)
"""A superlative: what is asked for is the one of which the answer says so, too."""


def _after_correction(text: str, claims: list[Claim]) -> list[Claim]:
    for marker in reversed(list(_TURN.finditer(text))):
        later = [c for c in claims if c.place >= marker.start() and c.strength >= Strength.BARE]
        if later and len(later) < len(claims):
            return later
        named = [c for c in claims if c.place >= marker.start() and c.strength == Strength.NAMED]
        is_turn = CORRECTED.fullmatch(marker[0]) is not None
        if is_turn and len({c.mention.options for c in named}) == 1 and len(named) < len(claims):
            return named
    return claims


def _after_indecision(text: str, claims: list[Claim]) -> list[Claim]:
    """Drop what was said before the answer calls several options equally good."""
    for marker in reversed(list(_UNDECIDED.finditer(text))):
        near = _THUS_BEHIND.search(text, marker.end())
        reach = min(marker.end() + 60, near.start() if near else len(text))
        before = {o for c in claims if c.place <= reach for o in c.mention.options}
        if _says_why_of_each(text, claims, marker.end()):
            end = _SENTENCE_END.search(text, marker.end())
            return [c for c in claims if end is not None and c.place > end.start()]
        later = [c for c in claims if c.place > reach or c.strength == Strength.STATED]
        if len(before) > 1:
            return [c for c in later if c.place > marker.start()]
    return claims


def _says_why_of_each(text: str, claims: list[Claim], place: int) -> bool:
    """Tell whether a sentence names options together, and then each: `Both A and B fit: A for this, B for that.`"""
    end = _SENTENCE_END.search(text, place)
    own = [c for c in claims if place <= c.place <= (end.start() if end else len(text))]
    if not own or len(own[0].mention.options) < 2:
        return False
    return {o for c in own[1:] for o in c.mention.options} == own[0].mention.options


def _from_object(answer: str, choices: Sequence[str]) -> Reading[int] | None:
    """Return the option that the last object in an answer names; None: there is no such object."""
    for found in reversed(objects(answer)):
        values = {str(k).casefold(): v for k, v in found.items() if isinstance(v, str)}
        keyed = [v for k, v in values.items() if k in KEYS]
        read = [o for v in keyed or values.values() if (o := _whole(v, choices)) is not None]
        if read:
            return _one_of(frozenset(read), "JSON")
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
