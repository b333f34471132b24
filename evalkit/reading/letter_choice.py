"""Weighs what an answer says for each option, and tells which one it chooses, if one."""

from __future__ import annotations

import re

from evalkit.reading.clauses import clauses, leads_on
from evalkit.reading.content import content, told
from evalkit.reading.contract import Reading
from evalkit.reading.lazy_regex import caseless, lazy_regex
from evalkit.reading.letter_claims import Claim, Strength, claims, rejects
from evalkit.reading.letter_words import ANY, CORRECTED
from evalkit.reading.mentions import MARK, Masked
from evalkit.reading.words import CONCLUDING, CORRECTION, NOUN

_TURN = caseless(
    rf"{CORRECTION}|{CONCLUDING}|\n\W*(?:\w+ )?(?:answer|antwort|result|ergebnis|lösung|solution|verdict|"
    r"conclusion|decision|recommendation|entscheidung|urteil|empfehlung|schluss\w*|einordnung)\s*[:\n]|"
    r"\b(?:final|last|my|letzte|endgültige|meine) (?:answer|antwort|choice|wahl)\b|"
    r"\bschlussantwort\b|(?<=[.!?,–-] )(?:no|nein|nope|nee)\b(?=[,.:;])|(?<=\.\.\. )(?:no|nein)\b"
)
_UNDECIDED = caseless(
    r"\b(?:depends|depending|je nach\w*|kommt (?:\w+ )?darauf an|hängt (?:\w+ )?(?:davon )?ab|both|beide[nrs]?|"
    r"either|equally|gleich(?:ermaßen)? (?:gut|plausibel|richtig)|gleichermaßen|toss-?up|tie|"
    r"(?:can't|cannot|can not|couldn't|unable to|hard to) (?:\w+ ){0,2}(?:decide|choose|say|tell)|"
    r"nicht (?:\w+ ){0,3}(?:entscheiden|festlegen|sagen)|unentschieden|sowohl)\b"
)
_ALIKE_GOOD = caseless(
    r"\b(?:gleichermaßen|zu gleichen teilen|equally|in equal (?:measure|parts)|beides (?:ist|wäre|geht|möglich|"
    r"passt)|"
    r"both (?:are|would be|could be|seem|apply|fit))\b"
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
_THUS_BEHIND = caseless(
    r"(?:[,.;–-]|\n)\s?(?:so|therefore|thus|hence|also|daher|deshalb|somit|folglich)\b"
)
_SENTENCE_END = lazy_regex(r"[.!?](?:\s|$)|\n")
_ALL_OR_NONE = caseless(
    rf"\b(?:none|neither) of (?:the|these|them|those)\b|\ball of (?:(?:the )?(?:above|{NOUN}|listed)|these|them|"
    rf"those)\b|\bkeine?[rs]? (?:der|dieser|davon)\b|"
    r"\b(?:no|keine?[mnr]?) (?:\w+ )?(?:option|choice|möglichkeit|antwortmöglichkeit|variante)\b|"
    r"\balle (?:der|vier|fünf|drei|genannten)\b"
)


def one_of(options: frozenset[int], how: str) -> Reading[int]:
    """Return the one option that is left."""
    if len(options) == 1:
        return Reading(next(iter(options)), how)
    return Reading(None, "several options")


def decided(masked: Masked, question: str, bold: frozenset[int]) -> Reading[int]:
    """Return the option that speaks plainest for itself; of several alike, the one that all else points to.

    Args:
        masked: The answer, its options masked.
        question: What was asked.
        bold: Options that the answer has in bold type.
    """
    named, rejected = claims(masked)
    chosen = _after_indecision(masked.text, _after_correction(masked.text, named))
    if (
        _DEPENDS.search(masked.text)
        and len(rejected.union(*(c.mention.options for c in named))) > 1
    ):
        chosen = [c for c in chosen if c.strength == Strength.STATED]
    chosen = _real(chosen)
    by_letter = [c for c in chosen if not c.mention.by_text and c.strength >= Strength.BARE]
    chosen = by_letter or chosen
    plainest = max((c.strength for c in chosen), default=None)
    if plainest is None:
        if named:
            return Reading(None, "undecided")
        return _left(rejected, masked.n_options)
    leads = chosen[0].place < _AT_ONCE and chosen[0].strength == Strength.BARE
    if plainest < Strength.STATED and not leads:
        gap = gap_in(masked.text)
        if gap is not None:
            return Reading(None, gap)
        chosen = _in_bold(chosen, bold - rejected) or chosen
    return _plainest(masked, question, chosen, rejected)


def _plainest(
    masked: Masked, question: str, chosen: list[Claim], rejected: set[int]
) -> Reading[int]:
    """Return what is claimed plainest; where that is several options, the one that says the question again."""
    plainest = max(c.strength for c in chosen)
    best = [c for c in chosen if c.strength == plainest]
    if plainest <= Strength.NAMED:
        best = [c for c in best if not c.is_item] or best
        options = {o for c in best for o in c.mention.options} - rejected
        if len(options) > 1:
            options = {o for c in _concluded(best) for o in c.mention.options} or options
        if len(options) > 1:
            options = _restating(masked, question) or options
        if _ALL_OR_NONE.search(masked.text):
            return Reading(None, "all or none")
        if _ALIKE_GOOD.search(masked.text):
            return Reading(None, "undecided")
        if not options:
            return Reading(None, "only rejects")
        return one_of(frozenset(options), "the only one named")
    if len(best[-1].mention.options) == 1:  # `A or B, rather B`
        best = [c for c in best if len(c.mention.options) == 1]
    if len({c.mention.options for c in best}) > 1:
        best = _concluded(best) or best
    options = {o for c in best for o in c.mention.options}
    if len(options) > 1 and plainest == Strength.BARE:
        options = _restating(masked, question) or options
    return one_of(frozenset(options), plainest.name.lower())


def _left(rejected: set[int], n_options: int) -> Reading[int]:
    """Return the other of two options where one is rejected."""
    if not rejected:
        return Reading(None, "names no option")
    left = frozenset(range(n_options)) - rejected
    is_other = len(left) == 1 and n_options == len(rejected) + 1 == _PAIR
    return one_of(left, "the other rejected") if is_other else Reading(None, "only rejects")


_PAIR = 2


def _real(chosen: list[Claim]) -> list[Claim]:
    """Return claims without those of what would be, where something is: `It is A. B would do, too.`"""
    real = [c for c in chosen if not c.is_supposed and c.strength > Strength.DOUBTED]
    plainest = max((c.strength for c in real), default=Strength.LAST)
    if not real or len({o for c in real for o in c.mention.options}) > 1:
        return chosen
    return [c for c in chosen if not c.is_supposed or c.strength > plainest >= Strength.NAMED]


def _in_bold(chosen: list[Claim], bold: frozenset[int]) -> list[Claim]:
    """Return the claims of the one option in bold type: `**The fridge** is cold enough, a freezer freezes.`"""
    found = [c for c in chosen if c.mention.options == bold and c.strength > Strength.DOUBTED]
    return found if len(bold) == 1 else []


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


def gap_in(text: str) -> str | None:
    """Return why what an answer merely names is not its choice: it breaks off, or says that it depends."""
    if _JUST_DEPENDS.match(text):
        return "undecided"
    return "cut off" if _breaks_off(text) or leads_on(text) else None


def _restating(masked: Masked, question: str) -> set[int]:
    """Return the options of the clause that says the question again: `Through Dresden flows the Elbe`."""
    asked_in = (_LAST_ASKED.findall(question) or [question])[-1].casefold()
    asked = list(dict.fromkeys(content(re.findall(r"\w{3,}", asked_in))))
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
            most = 2 * (asks_most and _MOST.search(said) is not None)
            by_clause.append((len(told(asked, said)) + most, options))
    by_clause.sort(key=lambda item: item[0], reverse=True)
    if len(by_clause) < 2 or by_clause[0][0] == by_clause[1][0]:
        return set()
    is_plain = by_clause[1][0] == 0 and _ENDED.search(masked.text) and not _BUT.search(masked.text)
    return by_clause[0][1] if by_clause[0][0] > 1 or is_plain else set()


_ENDED, _BUT = (
    lazy_regex(r"[.!)\]]\W*$"),
    caseless(r"\b(?:but|aber|jedoch|doch|although|though|obwohl)\b"),
)
_LAST_ASKED = lazy_regex(r"[^.?!\n]*\?")
_RELATIVE = caseless(
    r"^\W*(?:which|who|that|was|das|die|der|und damit|making it)\b[^\ue000-\uefff]*$"
)
_MOST = caseless(
    r"\b(?:most|least|best|worst|(?:high|low|cheap|large|great|small|long|short|fast|quick|slow|old|young|new|"
    r"near|clos|"
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
        is_turn = CORRECTED.fullmatch(marker[0]) is not None or marker[0].startswith("\n")
        if is_turn and len({c.mention.options for c in named}) == 1 and len(named) < len(claims):
            return named
    return claims


def _after_indecision(text: str, claims: list[Claim]) -> list[Claim]:
    """Drop what was said before the answer calls several options equally good."""
    for marker in reversed(list(_UNDECIDED.finditer(text))):
        if _is_of_rest(text, claims, marker):
            continue
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


def _is_of_rest(text: str, claims: list[Claim], marker: re.Match[str]) -> bool:
    """Tell whether `both` is said of others than the one that was stated: `It is C. A and B both exceed it.`"""
    if not marker[0].casefold().startswith(("both", "beide")):
        return False
    start = max(text.rfind(sign, 0, marker.start()) for sign in (". ", "\n", "; ", ", "))
    stated = {
        c.mention.options for c in claims if c.place < start and c.strength == Strength.STATED
    }
    here = {o for c in claims if start <= c.place <= marker.end() for o in c.mention.options}
    return len(stated) == 1 and not here & next(iter(stated))


def _says_why_of_each(text: str, claims: list[Claim], place: int) -> bool:
    """Tell whether a sentence names options together, and then each: `Both A and B fit: A for this, B for that.`"""
    end = _SENTENCE_END.search(text, place)
    own = [c for c in claims if place <= c.place <= (end.start() if end else len(text))]
    if not own or len(own[0].mention.options) < 2:
        return False
    return {o for c in own[1:] for o in c.mention.options} == own[0].mention.options
