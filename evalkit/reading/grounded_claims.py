"""What an answer states of a gold and its rivals, and which of them answers the question."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from evalkit.reading.clauses import Clause, clauses
from evalkit.reading.content import content, told
from evalkit.reading.lazy_regex import caseless, lazy_regex
from evalkit.reading.opposites import is_opposite
from evalkit.reading.refusal import refuses
from evalkit.reading.worded import GOLD
from evalkit.reading.words import HOW_MANY, INSTEAD, NEGATION, NO_NEGATION, REJECTION, THUS
from evalkit.reading.yes_no import stems

MARK = "[\ue000\ue001]"
_NEGATED, _IDIOM, _REJECTED = caseless(NEGATION), caseless(NO_NEGATION), caseless(REJECTION)
_INSTEAD = caseless(
    rf"(?:{INSTEAD}|\b(?:formerly|previously|until now|so far|up from|than|before|previous|bisher|zuvor|"
    rf"früher|"
    rf"vorher|als|von bisher|statt bisher|nach|successor of|took over from|"
    rf"(?<!be )(?<!been )(?<!was )(?<!were )(?:succeed(?:s|ed)|replace[sd]|followed)(?!\sby)))\s(?:\w+\s){{0,2}}$"
)
_REPLACED = caseless(
    r"^\W*(?:was|were|is|has been)\s(?:\w+\s)?(?:replaced|succeeded|followed)\sby\b|"
    r"^\W*wurde\svon\b.*\b(?:abgelöst|ersetzt)\b"
)
_THUS = caseless(
    rf"{THUS}|=|→|\b(?:makes?|gives?|equals?|totals?|ergibt|macht|ergeben|machen|"
    rf"sind das|das sind)\b"
)
_WITH_NONE = caseless(r"^\W*(?:without|ohne)\b.*")
"""Words behind what is told that say on which terms it is so."""
_NOT_FOR = caseless(rf"(?:{NEGATION})\W*$")
"""At the end of a clause: what its reason gives is denied, `It was not because of a strike`."""
_NOW = caseless(
    r"\b(?:now|currently|today|nowadays|instead|new|moved to|postponed to|rescheduled (?:to|for)|nun|"
    r"jetzt|inzwischen|"
    r"mittlerweile|heute|aktuell|derzeit|neu\w*|stattdessen|verschoben auf|verlegt auf)\b"
)
_ASKS_WHEN = caseless(
    r"\b(?:when|wann|after|nach|how (?:long|many)|wie (?:lange|viele?n?)|why|warum|was geschah|happen\w*)\b"
)
_AFTER = caseless(r"\bnach\s(?:\w+\s){0,2}$")
_IN_PASSING = caseless(
    r"\b(?:nachdem|bevor|(?:after|before) (?:it|he|she|they|having|(?:the )?\w+ had))\b(?:\s\w+){0,5}\s?$"
)
"""Words before what is told of another time than the one that is asked for."""
_OF_ALL = caseless(
    r"\b(?:of|out of|von|aus)\s(?:(?:the|all|its|their|den|die|allen|insgesamt|ihren)\s)+$|^\W*(?:of|von)\s$"
)
_OF_THEM = caseless(r"^\W*(?:of (?:them|these|those|which)|davon|von ihnen|darunter)\b")
_FROM_OLD = caseless(r"\b(?:from|von|vom)\s$")
_CHANGED = 2
_CHANGES = caseless(
    r"\b(?:rose|rises?|risen|fell|falls?|drop\w*|increas\w*|decreas\w*|raise[sd]?|lower\w*|reduc\w*|moved?|chang\w*|cut|went|goes|up|down|"
    r"extend\w*|steig\w*|stieg\w*|gestiegen|sink\w*|sank\w*|gesunken|erhöh\w*|senk\w*|gesenkt|hebt|hob|angehoben|verl\w*|verschoben|"
    r"geändert|änder\w*|verkürz\w*)\b|^\W*(?:from|von|vom)\s"
)
_TO_NEW = caseless(r"^\W*(?:to|auf|zu)\W*$")
_COUNTED = caseless(rf"\b{HOW_MANY}\s(?P<noun>[^\W\d_]{{3,}})")
_FIRST_THOUGHT = caseless(
    r"\b(?:at (?:first|ordinal1)|first|ordinal1|initially|zuerst|zunächst|anfangs|erst)\b[^.!?]*\b(?:thought|"
    r"guessed|assumed|said|"
    r"read|dachte|"
    r"meinte|tippte|vermutete|glaubte|las)\b|\b(?:thought|guessed|dachte|meinte|tippte)\b[^.!?]*\b(?:at first|"
    r"first|initially|"
    r"zuerst|zunächst|anfangs)\b|\b(?:at (?:first|ordinal1) (?:glance|sight)|auf den (?:ersten|ordinal1) blick)\b"
)
_ONCE = caseless(
    r"\b(?:(?:want|hop|plann|intend|expect|wish|suppos)ed to|would have|originally|initially|at first|"
    r"asked for|wollte\w*|"
    r"ursprünglich|zunächst|anfangs|geplant)\b"
)
_AT_ONCE = 4
"""Characters before a gold that an answer begins with."""
_GOES_ON = caseless(r"^\W*(?:and|und|but|aber)\s(?:[a-zäöü]+\s){0,2}[\ue000\ue001]")
"""A clause with the subject of the one before: `… and got 20`."""
_SUBJECT = lazy_regex(r"\s[^\W\d_]+\s[\ue000\ue001].*$", re.S)
"""What follows the subject that a clause shares with the next one."""
_REASON = caseless(r"^\W*(?:because|since|due|weil|wegen|aufgrund|da)\b")


@dataclass(frozen=True, slots=True)
class Claim:
    """A gold or a rival as an answer states it."""

    is_gold: bool
    place: int
    words: str
    is_concluded: bool
    behind: tuple[str, ...]
    """The words behind it: what a number counts, or is for."""
    is_now: int
    """1: told as what is so now, or new; -1: as what was wanted, or so at first."""
    is_of_all: bool
    """Told as what something else is a part of: `2 of the 18`."""
    is_of_them: bool


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a question asks for, as far as its answers are to be understood by it."""

    question: str
    when: bool
    rejected: bool
    negated: bool
    predicate: list[str]


def _asked_of(question: str) -> _Asked:
    return _Asked(
        question,
        _ASKS_WHEN.search(question) is not None,
        _REJECTED.search(question) is not None,
        _NEGATED.search(question) is not None,
        content(re.findall(r"[^\W\d_]{4,}", question.casefold()))[-1:],
    )


def claims_of(text: str, question: str) -> Iterator[Claim]:
    """Yield what is stated, with the words said of it; what is rejected, or was so before, is not stated."""
    found = clauses(text)
    asked = _asked_of(question)
    for before, clause in zip((None, *found), found, strict=False):
        same = before if before is not None and before.sentence == clause.sentence else None
        is_denied_reason = (
            same is not None
            and _NOT_FOR.search(same.text) is not None
            and _REASON.match(clause.text) is not None
        )
        is_thought = _FIRST_THOUGHT.search(clause.text) is not None and len(found) > 1
        if not (clause.is_asked or is_denied_reason or is_thought):
            yield from _claims_of_clause(clause, same, asked)


def _claims_of_clause(clause: Clause, before: Clause | None, asked: _Asked) -> Iterator[Claim]:
    """Yield what a clause states, and the one before it in its sentence goes on with."""
    marks = list(re.finditer(MARK, clause.text))
    ends = [*(mark.start() for mark in marks[1:]), len(clause.text)]
    start = 0
    for mark, end in zip(marks, ends, strict=False):
        left, right = clause.text[start : mark.start()], clause.text[mark.end() : end]
        start = mark.end()
        if not _is_stated(left, right, clause.text, asked, is_last=mark is marks[-1]):
            continue
        words = left if len(marks) > 1 and left.strip() else f"{left} {right}"
        if before is not None and _GOES_ON.match(clause.text):
            words = f"{_SUBJECT.sub('', before.text)} {words}"
        yield Claim(
            mark[0] == GOLD,
            clause.start + mark.start(),
            words,
            _THUS.search(left) is not None,
            tuple(content(re.findall(r"[^\W\d_]{3,}", right.casefold()))),
            _is_now(left, right, clause.text[: mark.start()]),
            _OF_ALL.search(left) is not None,
            _OF_THEM.match(right) is not None,
        )


def _is_stated(left: str, right: str, clause: str, asked: _Asked, *, is_last: bool) -> bool:
    """Tell whether a clause states what stands between two parts of it, and as what is asked."""
    if asked.rejected:  # `What is excluded?` `Floods are excluded.`
        left, right = _REJECTED.sub("", left), _REJECTED.sub("", right)
    if asked.negated:  # `What is not covered?` `Floods are not.`
        if told(asked.predicate, clause) and not _NEGATED.search(clause):
            return False  # `What is not allowed?` `Dogs are allowed.`
        right = _NEGATED.sub("", right)
    if asked.when:  # `After 5 days`
        left = _AFTER.sub("", left)
    elif _IN_PASSING.search(left):
        return False
    return is_denied(left, right, is_last=is_last) == _is_turned(left, right, asked.question)


def _is_now(left: str, right: str, before: str) -> int:
    """Return 1 for what is told as new, -1 for what was so before: `from 42 to 47`."""
    told = bool(_NOW.search(left)) - bool(_ONCE.search(left))
    if not _CHANGES.search(f"{before} {right}"):
        return told
    if _FROM_OLD.search(left) and _TO_NEW.match(right):
        return -_CHANGED
    is_new = _TO_NEW.match(left) and re.search(
        rf"(?:from|von|vom)\s{MARK}", before[: -len(left)], re.I
    )
    return _CHANGED if is_new else told


def _is_turned(left: str, right: str, question: str) -> bool:
    """Tell whether a clause says the contrary of what is asked; who is lost to wins."""
    return is_opposite(question, f"{left} {right}") and _AGAINST.search(left) is None


_AGAINST = caseless(r"\b(?:to|against|gegen)\s(?:the\s|die\s|den\s)?$")


def is_denied(left: str, right: str, *, is_last: bool) -> bool:
    """Tell whether what stands between two parts of a clause is denied, rejected, or no more so."""
    left, right = _IDIOM.sub("", left), _WITH_NONE.sub("", _IDIOM.sub("", right))
    if (
        _REPLACED.match(right)
        or _INSTEAD.search(left)
        or _NEGATED.search(left)
        or _REJECTED.search(left)
    ):
        return True
    if re.match(
        rf"\W{{0,2}}(?:is|are|was|were|did|does|do|has|have|had|will|can|ist|sind|war|waren|wird|wurde|hat|"
        rf"would be|wäre)?\W*(?:{NEGATION}|{REJECTION})",
        right,
        re.I,
    ):
        return True
    if re.match(r"[^,;:\ue000-\uefff]*\s(?:nicht|not)\W*$", right, re.I):
        return True
    return is_last and refuses(f"{left} it {right}") and _REJECTED.search(right) is not None


_FROM = caseless(r"\b(?:from|since|ab|vom|seit|von)\s(?:the\s|dem\s)?$")
_UNTIL = caseless(r"\b(?:to|until|till|through|bis(?:\szum)?)\s(?:the\s)?$")


def _asked_side(question: str) -> re.Pattern[str] | None:
    """Return what stands before the end of a time that is asked for: where it begins, or ends."""
    if re.search(r"\b(?:ends?|expires?|until|finish|close|endet|ende|bis|läuft)\b", question, re.I):
        return _UNTIL
    return (
        _FROM
        if re.search(r"\b(?:starts?|begins?|beginnt|ab|seit|since)\b", question, re.I)
        else None
    )


def outweighs(golds: list[Claim], rivals: list[Claim], question: str) -> bool:
    """Tell whether the gold is what answers the question, and others are told of other things."""
    if all(c.is_of_all for c in golds) and not all(c.is_of_all for c in rivals):
        return False
    rivals = [c for c in rivals if not c.is_of_all]
    counted = _COUNTED.search(question)
    noun = [counted["noun"].casefold()] if counted else []
    is_meant = _is_meant(golds, rivals, noun, question) if rivals else True
    return _is_told_as_asked(golds, rivals, noun, question) if is_meant is None else is_meant


def _is_meant(
    golds: list[Claim], rivals: list[Claim], noun: list[str], question: str
) -> bool | None:
    """Tell by what stands behind them, and what is drawn from what, which is meant; None: they don't tell."""
    meant = [{w for c in some for w in told(c.behind, question)} for some in (golds, rivals)]
    if noun and told(noun, " ".join(meant[0])) and not told(noun, " ".join(meant[1])):
        return True
    if meant[1] and not meant[0] and any(c.behind and not c.is_of_them for c in golds):
        return False
    first = min((*golds, *rivals), key=lambda c: c.place)
    drawn = [any(c.is_concluded for c in some) for some in (golds, rivals)]
    is_at_once = first.is_gold and first.place < _AT_ONCE and not drawn[1]
    return True if is_at_once or drawn == [True, False] else None


def _is_told_as_asked(
    golds: list[Claim], rivals: list[Claim], noun: list[str], question: str
) -> bool:
    """Tell whether the gold's words are closer to the question's than a rival's, or it is told first."""
    now = [max(c.is_now for c in some) for some in (golds, rivals)]
    if _CHANGED in map(abs, now) and now[0] != now[1]:
        return now[0] > now[1]
    side = _asked_side(question)
    sided = [any(side and side.search(c.words) for c in some) for some in (golds, rivals)]
    if sided[0] != sided[1]:
        return sided[0]
    if now[0] != now[1]:
        return now[0] > now[1]
    asked = set(stems(question))
    best, other = (max(_nearness(c, asked, noun) for c in some) for some in (golds, rivals))
    if best != other:
        return best > other
    return min(c.place for c in golds) < min(c.place for c in rivals)


def _nearness(claim: Claim, asked: set[str], noun: list[str]) -> tuple[int, int]:
    """Return how many words of the question a claim has: those first that are not what is counted."""
    found = asked & set(stems(claim.words))
    return len(found - set(stems(" ".join(noun)))), len(found)
