"""Reads which option an answer chooses: what is stated of each option that it names, not merely which it names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from evalkit.reading.clauses import Clause, clauses
from evalkit.reading.contract import Reading
from evalkit.reading.mentions import MARK, Masked, Mention, letters
from evalkit.reading.plain import plain
from evalkit.reading.structured import objects
from evalkit.reading.thoughts import split_thoughts
from evalkit.reading.words import (
    CHOOSE,
    CONCLUDING,
    CORRECTION,
    DOUBT,
    INSTEAD,
    IS,
    NEGATION,
    NO_NEGATION,
    NOUN,
    QUESTIONING,
    REJECTION,
    RIGHT,
    THUS,
)

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


class Strength(IntEnum):
    """How plainly an answer speaks for an option."""

    DOUBTED = 0
    """It might be, or was the first thought."""
    NAMED = 1
    """It is named, and nothing is said of it."""
    BARE = 2
    """It stands alone in a clause: `So B.`"""
    STATED = 3
    """`The answer is B`, `B is right`, `I choose B`."""
    LAST = 4
    """`Answer: B` on the last line, a boxed or tagged letter."""


@dataclass(frozen=True, slots=True)
class _Claim:
    mention: Mention
    strength: Strength
    place: int


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_ANY = re.compile(MARK)
_NEGATION, _IDIOM, _REJECTION = _compiled(NEGATION), _compiled(NO_NEGATION), _compiled(REJECTION)
_INSTEAD = _compiled(
    rf"(?:{INSTEAD}|(?:better|more|besser|eher|mehr)\b[^\ue000-\uefff]{{0,40}}\b(?:than|"
    r"als))\s+(?:the |die |der |das |den )?$"
)
_TURN = _compiled(
    rf"{CORRECTION}|{CONCLUDING}|\n\W*(?:\w+ )?(?:answer|antwort|result|ergebnis|lösung|solution|verdict|"
    rf"conclusion|decision|"
    r"entscheidung|urteil)\s*:"
)
_DOUBT, _CORRECTION, _QUESTIONING = _compiled(DOUBT), _compiled(CORRECTION), _compiled(QUESTIONING)
_ONLY_IF = _compiled(
    r"\b(?:would|wäre|würde|träfe|könnte)\b.{0,60}\b(?:only|if|nur|wenn|falls|bei)\b"
    r"|\b(?:only|just|merely|nur|bloß|lediglich)\s+(?:covers?|deals?|concerns?|about|for|betrifft|behandelt|bei|"
    r"für|wenn|if)\b"
)
_CONDITION = _compiled(
    r"^\W*(?:(?:and|but|und|aber|doch|even|only|nur|selbst|auch|step|schritt)\s)?(?:(?:if|wenn|falls|sofern|"
    r"unless|provided|"
    r"supposing|suppose|assuming|assume|vorausgesetzt|angenommen|gesetzt|es sei denn)\b(?!\s(?:in doubt|"
    r"anything|any|not|so|"
    r"nicht|überhaupt|(?:i|we|you|one|ich|wir|man|sie|du)\b.{0,40}\b(?:had|have|must|forced|asked|pick|"
    r"choose|guess|"
    r"müsste[nt]?|muss|wählen|entscheiden|raten))))"
)
_INVERTED = _compiled(
    r"^\W*(?:were|had|should|wäre[n]?|hätte[n]?|würde[n]?|sollte[n]?|stünde[n]?|träfe|käme|gälte|hieße)\s"
    rf"(?:\w+\s){{0,2}}{MARK}"
)
"""What its sentence says in the subjunctive is not stated: `Were A right, …`."""
_SUBJUNCTIVE = _compiled(
    r"\b(?:would(?:n't)?|wäre[n]?|würde[n]?|träfe[n]?|käme[n]?|könnte[n]?|müsste[n]?|gälte[n]?|hieße[n]?|"
    r"passte[n]?|ginge[n]?|"
    r"läge[n]?|entspräche[n]?|stimmte|spräche[n]?)\b|'d\b"
)
_REASON = _compiled(
    r"^\W*(?:because|since|as|weil|da|denn|while|whereas|although|though|während|obwohl|wohingegen|"
    r"if|wenn|which)\b"
)
_STATING = _compiled(
    rf"\b{NOUN}\b(?:\s+\S+){{0,3}}\s+{IS}\b|\b(?:it|this|that|es|das|dies)\s?{IS}\s+(?:\w+ly |eindeutig |wohl |"
    rf"eher |klar )?\s*$|\b(?:most|more) likely\b|\bam ehesten\b|\b{NOUN}\s*[:=]|^\W*(?:{NOUN}|classification|"
    r"category|department|label|fazit|conclusion|"
    rf"kategorie|abteilung|klassifikation|zuordnung)\W*$|{CHOOSE}|{RIGHT}|\b(?:remain\w*|übrig|verblei\w*|"
    r"confident|sicher)\b"
    r"|\b(?:chang\w+|switch\w*|revis\w+|correct\w*)\b.{0,20}\bto\b|\b(?:ändere|wechsle|korrigiere)\b"
)
_FILLER = _compiled(
    rf"{MARK}|{THUS}|{CORRECTION}|\b{IS}|\b(?:it|this|that|the|a|an|i|we|my|final|then|and|und|or|but|aber|doch|"
    r"das|es|dies|die|der|ist|"
    r"probably|clearly|definitely|certainly|likely|surely|rather|indeed|yes|no|well|ok|okay|alright|just|simply|"
    r"all in all|"
    r"wohl|eher|eindeutig|klar|wahrscheinlich|sicher|natürlich|ja|nein|nun|gut|hier|now|here|please|bitte|"
    r"'s|'d|would|be|must|muss|sein|n?ur|nämlich|eben|schließlich|letztlich|finally|ultimately)\b|[\W_]"
)
_GAP = r"(?:_|[^\w\ue000-\uefff])*"
_LAST_LINE = _compiled(
    r"^[\W_]*(?:(?:so|also|hence|therefore|daher|somit|thus)\W+)?(?:(?:the|my|die|meine)\s+)?(?:(?:final|correct|"
    r"right|best|endgültige|richtige|korrekte|letztendliche|finale)\s+)*"
    rf"(?:{NOUN}\b\W*(?:(?:is|ist|lautet)\b\W*)?)({MARK})(?P<rest>.*)$|^{_GAP}({MARK}){_GAP}$"
)
_UNDECIDED = _compiled(
    r"\b(?:both|beide[nrs]?|either|equally|gleich(?:ermaßen)? (?:gut|plausibel|richtig)|gleichermaßen|toss-?up|tie|"
    r"(?:can't|cannot|can not|couldn't|unable to|hard to) (?:\w+ ){0,2}(?:decide|choose|say|tell)|"
    r"nicht (?:\w+ ){0,3}(?:entscheiden|festlegen|sagen)|unentschieden|sowohl)\b"
)
_EXCEPT = _compiled(
    r"(?:(?:\b(?:all|every\w*|any\w*|alle[sr]?|nothing|none|no|nichts|keine?[rs]?)\b.{0,25})\s(?:but|"
    r"except(?: for)?|apart from|"
    r"other than|besides|außer|bis auf|mit ausnahme von)|^\W*(?:except(?: for)?|apart from|bis auf|außer|"
    r"mit ausnahme von))"
    r"\s(?:the |der |die |das |dem )?$"
)
_NOTHING = _compiled(r"\b(?:nothing|none|no|nichts|keine?[rs]?)\b")
_WORSE = _compiled(
    r"\b(?:worse|less|weniger|schlechter|seltener|schwächer)\b.{0,40}\b(?:than|als)\s"
)
_BETWEEN = _compiled(r"\b(?:between|zwischen|among|unter)\s+(?:the |den )?(?:options |optionen )?$")
_LIST_LINE = re.compile(rf"[ \t]*(?:[-*•]|\d\.)?[ \t\"'(]*({MARK})")
_ALL_OR_NONE = _compiled(
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
    masked = Masked(_with_predicates(plain(answer)), choices)
    masked.text = _predicated(masked.text)
    last = _last_line(masked)
    if last is not None:
        return _one_of(last.options, "last line")
    return _decided(masked, context.question)


def _with_predicates(text: str) -> str:
    return text


def _predicated(text: str) -> str:
    """Turn `B – wrong`, `B (wrong)` and `anything but B` into what they mean."""
    text = re.sub(r"\b(?:anything but|alles andere als)\b", "not", text, flags=re.I)
    return re.sub(
        rf"({MARK})[ \t]?(?:[-–—:(=]|is)[ \t]*(?=(?:in)?(?:correct|right|wrong|false|true|no|yes|falsch|richtig|"
        r"korrekt|nein|unzutreffend|zutreffend|passt|ja)\b)",
        r"\1 is ",
        text,
        flags=re.I,
    )


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
    if found[3] and masked.text.rindex(mark) in _listed(masked):
        return None
    rest = found["rest"] or ""
    if (
        _ANY.search(rest)
        or rest.rstrip().endswith("?")
        or _rejects(rest)
        or _CORRECTION.search(rest)
    ):
        return None
    if "\n" not in masked.text and (masked.at(mark).by_text or rest.strip(" .)*\"'")):
        return None
    return masked.at(mark)


def _rejects(words: str) -> bool:
    words = _IDIOM.sub("", words)
    return bool(_NEGATION.search(words) or _REJECTION.search(words))


def _decided(masked: Masked, question: str) -> Reading[int]:
    claims, rejected = _claims(masked)
    chosen = _after_correction(masked.text, claims)
    chosen = _after_indecision(masked.text, chosen)
    by_letter = [c for c in chosen if not c.mention.by_text and c.strength >= Strength.BARE]
    chosen = by_letter or chosen
    plainest = max((c.strength for c in chosen), default=None)
    if plainest is None:
        return Reading(None, "names no option" if not rejected else "only rejects")
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
    return _one_of(frozenset(o for c in best for o in c.mention.options), plainest.name.lower())


def _restating(masked: Masked, question: str) -> set[int]:
    """Return the options of the clause that says the question again: `Through Dresden flows the Elbe`."""
    asked = {w.casefold() for w in re.findall(r"\w{4,}", question)}
    by_clause = []
    for clause in clauses(masked.text):
        options = {o for mark in _ANY.findall(clause.text) for o in masked.at(mark).options}
        if options and not _rejects(clause.text):
            words = {w.casefold() for w in re.findall(r"\w{4,}", clause.text)}
            by_clause.append((len(words & asked), options))
    by_clause.sort(key=lambda item: item[0], reverse=True)
    if len(by_clause) < 2 or by_clause[0][0] < 2 or by_clause[0][0] == by_clause[1][0]:
        return set()
    return by_clause[0][1]


def _after_correction(text: str, claims: list[_Claim]) -> list[_Claim]:
    for marker in reversed(list(_TURN.finditer(text))):
        later = [c for c in claims if c.place >= marker.start() and c.strength >= Strength.BARE]
        if later and len(later) < len(claims):
            return later
    return claims


def _after_indecision(text: str, claims: list[_Claim]) -> list[_Claim]:
    """Drop what was said before the answer calls several options equally good."""
    for marker in reversed(list(_UNDECIDED.finditer(text))):
        before = {o for c in claims if c.place <= marker.end() + 60 for o in c.mention.options}
        later = [c for c in claims if c.place > marker.end() + 60 or c.strength == Strength.STATED]
        if len(before) > 1:
            return [c for c in later if c.place > marker.start()]
    return claims


def _claims(masked: Masked) -> tuple[list[_Claim], set[int]]:
    """Return what is said for options, and which are rejected."""
    claims: list[_Claim] = []
    rejected: set[int] = set()
    listed = _listed(masked)
    found = clauses(masked.text)
    heads = {c.sentence: c for c in reversed(found)}
    conditions = [c for c in found if _CONDITION.match(c.text)]
    conditions += [c for c in heads.values() if c is not found[-1] and _INVERTED.match(c.text)]
    conditional = {c.sentence for c in conditions}
    for number, clause in enumerate(found):
        is_hypothetical = clause in conditions or (
            clause.sentence in conditional and _SUBJUNCTIVE.search(clause.text) is not None
        )
        before = (
            found[number - 1] if number and found[number - 1].sentence == clause.sentence else None
        )
        for mark, left, right in _parts(clause.text):
            mention = masked.at(mark)
            is_excepted = _is_excepted(left, right, before)
            is_denied = is_hypothetical or _is_rejected(left, right)
            if not is_excepted and (is_denied or _is_headed_wrong(masked.text, before, clause)):
                rejected |= mention.options
                continue
            place = clause.start + clause.text.index(mark)
            strength = _strength(clause, before, left, right, is_listed=place in listed)
            strength = Strength.STATED if is_excepted else strength
            if strength is not None:
                claims.append(_Claim(mention, strength, place))
    return claims, rejected


def _listed(masked: Masked) -> set[int]:
    """Return places of mentions that begin the lines of a list of options."""
    found: set[int] = set()
    run: list[tuple[int, frozenset[int]]] = []
    for line in re.finditer(r"[^\n]*\S[^\n]*|\Z", masked.text):
        start = _LIST_LINE.match(line[0])
        if start is not None:
            run.append((line.start() + start.start(1), masked.at(start[1]).options))
            continue
        if len({option for _, options in run for option in options}) > 1:
            found |= {place for place, _ in run}
        run = []
    return found


def _parts(clause: str) -> Iterator[tuple[str, str, str]]:
    """Yield each mention with what stands before and behind it, up to the neighbours."""
    marks = list(_ANY.finditer(clause))
    for i, mark in enumerate(marks):
        left = clause[marks[i - 1].end() if i else 0 : mark.start()]
        right = clause[mark.end() : marks[i + 1].start() if i + 1 < len(marks) else len(clause)]
        if i + 1 < len(marks):  # a negation directly before the next mention is about that one
            right = re.sub(rf"(?:{NEGATION}|{INSTEAD})\s*(?:the |die )?$", "", right, flags=re.I)
        if i and not left.strip():
            left = clause[: marks[0].start()]
        yield mark[0], left, right


def _is_rejected(left: str, right: str) -> bool:
    if _INSTEAD.search(left) or _ONLY_IF.search(right) or _WORSE.search(right):
        return True
    left = _WORSE.sub("", left)
    return _rejects(left) or _rejects(right)


def _is_excepted(left: str, right: str, before: Clause | None) -> bool:
    """Tell whether all other options are rejected: `All but B are wrong`."""
    if (
        before is not None
        and not _ANY.search(before.text)
        and left.lstrip().lower().startswith("but")
    ):
        left = f"{before.text} {left}"
    found = _EXCEPT.search(left)
    return found is not None and (_rejects(right) != bool(_NOTHING.search(found[0])))


def _is_headed_wrong(text: str, before: Clause | None, clause: Clause) -> bool:
    """Tell whether a colon gives the options behind it as wrong ones: `Wrong: A`."""
    if before is None or _ANY.search(before.text):
        return False
    between = text[before.start + len(before.text) : clause.start]
    return ":" in between and _rejects(before.text)


def _strength(
    clause: Clause, before: Clause | None, left: str, right: str, *, is_listed: bool
) -> Strength | None:
    if clause.is_asked:
        return None
    words = f"{left} {right}"
    if _DOUBT.search(words) or _QUESTIONING.search(left) or _BETWEEN.search(left):
        return Strength.DOUBTED
    if _is_reason(clause.text):
        return Strength.NAMED
    if _STATING.search(words):
        return Strength.STATED
    if not is_listed and _is_filler(clause.text):
        led = before is not None and _STATING.search(before.text) and not _ANY.search(before.text)
        return Strength.STATED if led else Strength.BARE
    return Strength.NAMED


@lru_cache(maxsize=64)
def _is_reason(clause: str) -> bool:
    return _REASON.match(clause) is not None


@lru_cache(maxsize=64)
def _is_filler(clause: str) -> bool:
    return not _FILLER.sub("", clause)


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
    if len(text) != 1 or not _ANY.match(text):
        return None
    options = masked.at(text).options
    return next(iter(options)) if len(options) == 1 else None


__all__ = ["KEYS", "MOST_OPTIONS", "LetterContext", "extract_choice", "letters", "read_letter"]
