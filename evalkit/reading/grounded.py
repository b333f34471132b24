"""Reads whether a short answer states the right one, refuses, or says something else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from evalkit.reading.clauses import clauses
from evalkit.reading.content import content, told
from evalkit.reading.contract import Reading
from evalkit.reading.golds import marked
from evalkit.reading.lazy_regex import caseless, lazy_regex
from evalkit.reading.opposites import is_opposite
from evalkit.reading.otherwise import (
    asks_of_events,
    has_one_more,
    is_in_another_clause,
    is_turned,
    may_be_the_same,
)
from evalkit.reading.refusal import is_refusal, refuses, stated_text
from evalkit.reading.subjects import is_given_to_another, is_of_another
from evalkit.reading.worded import GOLD, RIVAL, n_items, says_part_of, words_of
from evalkit.reading.words import (
    CONCLUDING,
    CORRECTION,
    INSTEAD,
    NEGATION,
    NO_NEGATION,
    REJECTION,
    THUS,
)
from evalkit.reading.yes_no import NO, YES, says_yes, stems


@dataclass(frozen=True, slots=True)
class GroundedContext:
    """What was asked, and what the passage says."""

    question: str
    gold: str | None
    """None: the passage does not tell."""
    passage: str = ""
    """Where known: what an answer in other words may rest on."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an answer does."""

    refuses: bool
    is_right: bool
    """States the right answer; where there is none, says so."""


_MARK = "[\ue000\ue001]"
_NEGATED, _IDIOM, _REJECTED = caseless(NEGATION), caseless(NO_NEGATION), caseless(REJECTION)
_INSTEAD = caseless(
    rf"(?:{INSTEAD}|\b(?:formerly|previously|until now|so far|up from|than|before|previous|bisher|zuvor|"
    rf"früher|"
    rf"vorher|als|von bisher|statt bisher|nach|successor of|took over from|"
    rf"(?<!be )(?<!been )(?<!was )(?<!were )(?:succeed(?:s|ed)|replace[sd]|followed)(?!\sby)))\s(?:\w+\s){{0,2}}$"
)
_BOUND_BEHIND = (
    r"more|less|longer|later|earlier|older|younger|over|under|above|below|up|fewer|higher|lower|mehr|"
    r"weniger|länger|"
    r"kürzer|älter|jünger|darüber|darunter|später|früher"
)
"""Words behind `or` that make a bound of a number, and no other one: `18 or older`."""
_REPLACED = caseless(
    r"^\W*(?:was|were|is|has been)\s(?:\w+\s)?(?:replaced|succeeded|followed)\sby\b|"
    r"^\W*wurde\svon\b.*\b(?:abgelöst|ersetzt)\b"
)
_OR = caseless(
    rf"{_MARK}\W{{0,3}}(?:\w+\s){{0,2}}?,?\s?(?:or|oder|bzw\.|respectively)\s(?:[^\W\d_]+\s){{0,3}}?{_MARK}|"
    rf"\b(?:either|entweder)\b[^.]{{0,30}}{GOLD}|"
    rf"{GOLD}\W{{0,2}},?\s(?:or|oder)\s(?:perhaps |maybe |vielleicht |possibly )?(?!{_BOUND_BEHIND}|"
    rf"so|similar)[\w€$]|(?<!whether )(?<!ob )\b[\wäöü]+\s(?:or|oder)\s(?:in |the |at |on |um |"
    r"am |der "
    rf"|die |das )?{GOLD}"
)
_LISTED = caseless(
    rf"^\W*(?:[^\W\d_]+\s){{0,2}}?(?:{_MARK}(?:\s?(?:,|/|;|&|and|und|sowie)\s?(?:and\s|und\s|or\s|"
    rf"oder\s)?)?){{2,}}\W*$"
)
_NAME = r"[A-ZÄÖÜ][\w.-]*(?:\s[A-ZÄÖÜ][\w.-]*)*"
_AND = r"(?:\s(?:and|und|as well as|plus|sowie|als auch)\s|\s?[&/+]\s)"
_SIDE_BY_SIDE = lazy_regex(
    rf"^\W*(?:[Bb]oth |[Ss]owohl )?(?:{GOLD}{_AND}{_NAME}|{_NAME}{_AND}{GOLD})\W*$"
)
_ONE_MORE = lazy_regex(
    rf"{GOLD}(?:\s?,|{_AND})\s?(?:and\s|und\s|auch\s|also\s)?[A-ZÄÖÜ][\w.-]+\W*(?:$|\n)|"
    rf"(?:^|[:\s])[A-ZÄÖÜ][\w.-]+(?:\s?,\s?|{_AND}){GOLD}\W*(?:$|\n)"
)
"""A list of what was asked with one item more."""
_ONE_LESS = lazy_regex(
    rf"{GOLD}[^.\n]*\b(?:no|not|without|kein\w*|nicht|ohne)\s(?:\w+\s)?{GOLD}", re.I
)
"""A list of which an item is denied."""
_TURN = caseless(
    rf"{CORRECTION}|{CONCLUDING}|(?<=[.!?,–-] )(?:no|nein)\b(?=[,.:;])|\b(?:final answer|answer|"
    r"antwort)\s?:"
)
_THUS = caseless(
    rf"{THUS}|=|→|\b(?:makes?|gives?|equals?|totals?|ergibt|macht|ergeben|machen|"
    rf"sind das|das sind)\b"
)
_WITH_NONE = caseless(r"^\W*(?:without|ohne)\b.*")
"""Behind what is told: on which terms it is so."""
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
"""Before what is told of another time than the one that is asked for."""
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
_COUNTED = caseless(
    r"\b(?:how many|wie ?viele?n?|number of|anzahl(?: der)?)\s(?P<noun>[^\W\d_]{3,})"
)
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
_YES_AND = caseless(r"^\W*(?P<word>yes|no|ja|nein)\b[,.;:–-]+\s*(?P<rest>\w.*)$")
_AT_ONCE = 4
"""Characters before a gold that an answer begins with."""
_GOES_ON = caseless(r"^\W*(?:and|und|but|aber)\s(?:[a-zäöü]+\s){0,2}[\ue000\ue001]")
"""A clause with the subject of the one before: `… and got 20`."""
_SUBJECT = lazy_regex(r"\s[^\W\d_]+\s[\ue000\ue001].*$", re.S)
"""What follows the subject that a clause shares with the next one."""
_REASON = caseless(r"^\W*(?:because|since|due|weil|wegen|aufgrund|da)\b")
_GUESSED = caseless(
    r"\b(?:guess\w*|assum\w*|speculat\w*|geraten|rate|vermut\w*|schätz\w*|annahme|spekul\w*|raten)\b"
)
"""What a refusing answer offers all the same is not stated."""


def is_right(answer: str, gold: str, question: str, passage: str = "") -> bool:
    """Tell whether an answer states the gold one, and no other in its place."""
    return _states(stated_text(answer), gold, question, passage) is True


def _states(said: str, gold: str, question: str, passage: str) -> bool | None:
    """Tell whether an answer states the gold; None: that can't be told."""
    if gold.strip().casefold() in YES | NO:
        yes = says_yes(said, question)
        return None if yes is None else yes == (gold.strip().casefold() in YES)
    led = _YES_AND.match(gold)
    if led is not None:  # `Yes, up to two days`
        yes = says_yes(said, question)
        return yes in (None, led["word"].casefold() in YES) and _states(
            said, led["rest"], question, passage
        )
    if _concludes_otherwise(said, gold, question):
        return False
    text, is_negated = marked(said, gold, question)
    if text is None:
        return False
    if is_negated:
        return _is_denied_gold(text)
    if (
        is_given_to_another(text, question)
        or is_of_another(text, question)
        or is_turned(text, gold, passage)
        or is_in_another_clause(text, gold, question, passage)
        or has_one_more(text, gold, question, passage)
    ):
        return False
    is_either = re.search(r"\b(?:or|oder)\b", gold, re.I) is not None
    return (is_either or not _OR.search(text)) and _is_chosen(text, question, n_items(gold))


_FINAL = caseless(
    r"(?:^|(?<=[.!?\n])\s*)(?:(?:so|thus|therefore|hence|also|somit|daher),?\s)?(?:(?:the|my|die|meine)\s)?(?:(?:final|correct|right|"
    r"endgültige|richtige)\s)?(?:answer|antwort)\s?(?:(?:is|lautet|ist)(?:\s?:)?|[:=])\s*(?P<said>[^\n]+)$"
)


def _concludes_otherwise(said: str, gold: str, question: str) -> bool:
    """Tell whether what an answer gives as its last word, `Answer: …`, has words of its own and not the gold."""
    final = _FINAL.search(said)
    if final is None or final.start() == 0 or marked(final["said"], gold, question)[0] is not None:
        return False
    words = content(words_of(final["said"]))
    return len(told(words, gold)) < len(set(words))


def read_grounded(answer: str, context: GroundedContext) -> Reading[Verdict]:
    """Return what an answer does: refuse, state the right answer, or say something else."""
    said = stated_text(answer)
    if not re.search(r"\w", said):
        return Reading(None, "empty")
    refusing = is_refusal(answer, context.question)
    if context.gold is None:
        return Reading(Verdict(refusing, refusing), "refusal" if refusing else "claim")
    if not (refusing and _GUESSED.search(answer)):
        states = _states(said, context.gold, context.question, context.passage)
        if states:
            return Reading(Verdict(refuses=False, is_right=True), "gold")
        if states is None and not refusing:
            return Reading(None, "neither yes nor no")
        is_of_events = asks_of_events(context.question, context.gold)
        if not refusing and is_of_events and says_part_of(said, context.gold, context.question):
            return Reading(None, "only some of its words")
        if not refusing and may_be_the_same(said, context.gold, context.question, context.passage):
            return Reading(None, "in other words")
        refusing = refusing and not (states is False and context.gold.casefold() in YES | NO)
    refusing = refusing and not _offers(said, context)
    return Reading(Verdict(refusing, is_right=False), "refusal" if refusing else "claim")


def _offers(said: str, context: GroundedContext) -> bool:
    """Tell whether an answer that can't tell offers the gold beside another: `either 5 or 6`."""
    text, _ = marked(said, context.gold or "", context.question)
    return text is not None and _OR.search(text) is not None


def _is_denied_gold(text: str) -> bool:
    """Tell whether a text denies what a negated gold denies."""
    claims = [
        (clause, mark)
        for clause in clauses(text)
        if not clause.is_asked
        for mark in re.finditer(GOLD, clause.text)
    ]
    return bool(claims) and all(
        _is_denied(c.text[: m.start()], c.text[m.end() :], is_last=True)
        or _NEGATED.search(c.text) is not None
        for c, m in claims
    )


def _is_chosen(text: str, question: str, n_asked: int) -> bool:
    listed = RIVAL in text and any(_LISTED.match(line) for line in text.split("\n"))
    if listed or _SIDE_BY_SIDE.match(text):
        return False
    if n_asked > 1 and (_ONE_MORE.search(text) or _ONE_LESS.search(_IDIOM.sub("", text))):
        return False
    if n_asked > 1 and _has_item_more(text, n_asked):
        return False
    claims = list(_claims(text, question))
    for marker in reversed(list(_TURN.finditer(text))):
        later = [c for c in claims if c.place >= marker.start()]
        if later and len(later) < len(claims):
            claims = later
            break
    golds = [c for c in claims if c.is_gold]
    rivals = [c for c in claims if not c.is_gold]
    if not golds:
        return False
    return not rivals or _outweighs(golds, rivals, question)


def _nearness(claim: _Claim, asked: set[str], noun: list[str]) -> tuple[int, int]:
    """Return how many words of the question a claim has: those first that are not what is counted."""
    found = asked & set(stems(claim.words))
    return len(found - set(stems(" ".join(noun)))), len(found)


_ITEM = lazy_regex(r"^\s*(?:[-*•–]|\d{1,2}[.)])\s+(?P<item>\S.*)$", re.M)


def _has_item_more(text: str, n_asked: int) -> bool:
    """Tell whether a list on lines of its own has more items than were asked for."""
    items = [m["item"] for m in _ITEM.finditer(text)]
    return (
        len(items) > n_asked
        and any(GOLD in item for item in items)
        and any(GOLD not in item and len(item.split()) <= _SHORT_ITEM for item in items)
    )


_SHORT_ITEM = 4
"""Words of an item that is one; a longer one may explain another."""


@dataclass(frozen=True, slots=True)
class _Claim:
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


def _claims(text: str, question: str) -> Iterator[_Claim]:
    """Yield what is stated, with the words said of it; what is rejected, or was so before, is not stated."""
    found = clauses(text)
    asks_rejected = _REJECTED.search(question) is not None
    asks_negated = _NEGATED.search(question) is not None
    predicate = content(re.findall(r"[^\W\d_]{4,}", question.casefold()))[-1:]
    asks_when = _ASKS_WHEN.search(question) is not None
    for before, clause in zip((None, *found), found, strict=False):
        marks = list(re.finditer(_MARK, clause.text))
        is_denied = (
            before is not None
            and before.sentence == clause.sentence
            and _NOT_FOR.search(before.text) is not None
            and _REASON.match(clause.text) is not None
        )
        for i, mark in enumerate(marks):
            left = clause.text[marks[i - 1].end() if i else 0 : mark.start()]
            right = clause.text[
                mark.end() : marks[i + 1].start() if i + 1 < len(marks) else len(clause.text)
            ]
            if asks_rejected:  # `What is excluded?` `Floods are excluded.`
                left, right = _REJECTED.sub("", left), _REJECTED.sub("", right)
            if asks_negated:  # `What is not covered?` `Floods are not.`
                if predicate and told(predicate, clause.text) and not _NEGATED.search(clause.text):
                    continue  # `What is not allowed?` `Dogs are allowed.`
                right = _NEGATED.sub("", right)
            if asks_when:  # `After 5 days`
                left = _AFTER.sub("", left)
            denies = _is_denied(left, right, is_last=i + 1 == len(marks))
            if clause.is_asked or is_denied or denies != _is_turned(left, right, question):
                continue
            if not asks_when and _IN_PASSING.search(left):
                continue
            if _FIRST_THOUGHT.search(clause.text) and len(found) > 1:
                continue
            words = left if len(marks) > 1 and left.strip() else f"{left} {right}"
            if (
                before is not None
                and before.sentence == clause.sentence
                and _GOES_ON.match(clause.text)
            ):
                words = f"{_SUBJECT.sub('', before.text)} {words}"
            yield _Claim(
                mark[0] == GOLD,
                clause.start + mark.start(),
                words,
                _THUS.search(left) is not None,
                tuple(content(re.findall(r"[^\W\d_]{3,}", right.casefold()))),
                _is_now(left, right, clause.text[: mark.start()]),
                _OF_ALL.search(left) is not None,
                _OF_THEM.match(right) is not None,
            )


def _is_now(left: str, right: str, before: str) -> int:
    """Return 1 for what is told as new, -1 for what was so before: `from 42 to 47`."""
    told = bool(_NOW.search(left)) - bool(_ONCE.search(left))
    if not _CHANGES.search(f"{before} {right}"):
        return told
    if _FROM_OLD.search(left) and _TO_NEW.match(right):
        return -_CHANGED
    is_new = _TO_NEW.match(left) and re.search(
        rf"(?:from|von|vom)\s{_MARK}", before[: -len(left)], re.I
    )
    return _CHANGED if is_new else told


def _is_turned(left: str, right: str, question: str) -> bool:
    """Tell whether a clause says the contrary of what is asked; who is lost to wins."""
    return is_opposite(question, f"{left} {right}") and _AGAINST.search(left) is None


_AGAINST = caseless(r"\b(?:to|against|gegen)\s(?:the\s|die\s|den\s)?$")


def _is_denied(left: str, right: str, *, is_last: bool) -> bool:
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


def _outweighs(golds: list[_Claim], rivals: list[_Claim], question: str) -> bool:
    """Tell whether the gold is what answers the question, and others are told of other things."""
    counted = _COUNTED.search(question)
    noun = [counted["noun"].casefold()] if counted else []
    asked = set(stems(question))
    first = min((*golds, *rivals), key=lambda c: c.place)
    if all(c.is_of_all for c in golds) and not all(c.is_of_all for c in rivals):
        return False
    rivals = [c for c in rivals if not c.is_of_all]
    if not rivals:
        return True
    meant = [{w for c in some for w in told(c.behind, question)} for some in (golds, rivals)]
    if noun and told(noun, " ".join(meant[0])) and not told(noun, " ".join(meant[1])):
        return True
    if meant[1] and not meant[0] and any(c.behind and not c.is_of_them for c in golds):
        return False
    drawn = [any(c.is_concluded for c in some) for some in (golds, rivals)]
    if first.is_gold and first.place < _AT_ONCE and not drawn[1]:
        return True
    if drawn == [True, False]:
        return True
    now = [max(c.is_now for c in some) for some in (golds, rivals)]
    if _CHANGED in map(abs, now) and now[0] != now[1]:
        return now[0] > now[1]
    side = _asked_side(question)
    sided = [any(side and side.search(c.words) for c in some) for some in (golds, rivals)]
    if sided[0] != sided[1]:
        return sided[0]
    best, other = (max(_nearness(c, asked, noun) for c in some) for some in (golds, rivals))
    if now[0] != now[1]:
        return now[0] > now[1]
    if best != other:
        return best > other
    return min(c.place for c in golds) < min(c.place for c in rivals)
