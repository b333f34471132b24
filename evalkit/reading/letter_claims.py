"""Says of each place where an answer names an option how plainly it speaks for it, or that it rejects it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from evalkit.reading.clauses import Clause, clauses
from evalkit.reading.language import language_of
from evalkit.reading.lazy_regex import caseless, lazy_regex
from evalkit.reading.mentions import MARK, Masked, Mention
from evalkit.reading.words import (
    CHOOSE,
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
class Claim:
    """A place that names options, and what it says for them."""

    mention: Mention
    strength: Strength
    place: int
    is_concluded: bool = False
    """`So it is B`: what the answer comes to."""
    is_supposed: bool = False
    """Said of what would be: `A heat pump would do, too.`"""


ANY = lazy_regex(MARK)
_NEGATION, _IDIOM, _REJECTION = caseless(NEGATION), caseless(NO_NEGATION), caseless(REJECTION)
_INSTEAD = caseless(
    rf"(?:{INSTEAD}|(?:better|more|besser|eher|mehr)\b[^\ue000-\uefff]{{0,40}}\b(?:than|"
    r"als))\s+(?:the |die |der |das |den )?$"
)
_DOUBT, CORRECTED, _QUESTIONING = caseless(DOUBT), caseless(CORRECTION), caseless(QUESTIONING)
_ONLY_IF = caseless(
    r"\b(?:would|wäre|würde|träfe|könnte)\b.{0,60}\b(?:only|if|nur|wenn|falls|bei)\b"
    r"|\b(?:only|just|merely|nur|bloß|lediglich)\s+(?:covers?|deals?|concerns?|about|for|betrifft|behandelt|bei|"
    r"für|wenn|if)\b"
)
_CONDITION = caseless(
    r"^\W*(?:(?:and|but|und|aber|doch|even|only|nur|selbst|auch|step|schritt)\s)?(?:(?:if|wenn|falls|sofern|"
    r"unless|provided|"
    r"supposing|suppose|assuming|assume|vorausgesetzt|angenommen|gesetzt|es sei denn)\b(?!\s(?:in doubt|"
    r"anything|any|not|so|"
    r"nicht|überhaupt|(?:i|we|you|one|ich|wir|man|sie|du)\b.{0,40}\b(?:had|have|must|forced|asked|pick|"
    r"choose|guess|"
    r"müsste[nt]?|muss|wählen|entscheiden|raten))))"
)
_INVERTED = caseless(
    r"^\W*(?:were|had|should|wäre[n]?|hätte[n]?|würde[n]?|sollte[n]?|stünde[n]?|träfe|käme|gälte|hieße)\s"
    rf"(?:\w+\s){{0,2}}{MARK}"
)
"""What its sentence says in the subjunctive is not stated: `Were A right, …`."""
_SUBJUNCTIVE = caseless(
    r"\b(?:would(?:n't)?|wäre[n]?|würde[n]?|träfe[n]?|käme[n]?|könnte[n]?|müsste[n]?|gälte[n]?|hieße[n]?|"
    r"passte[n]?|ginge[n]?|"
    r"läge[n]?|entspräche[n]?|stimmte|spräche[n]?)\b|'d\b"
)
_REASON = caseless(
    r"^\W*(?:because|since|as|weil|da|denn|while|whereas|although|though|während|obwohl|wohingegen|"
    r"if|wenn|which)\b"
)
_STATING = caseless(
    rf"\b{NOUN}\b(?:\s+\S+){{0,3}}\s+{IS}\b|\b(?:it|this|that|es|das|dies)\s?{IS}\s+(?:\w+ly |eindeutig |wohl |"
    rf"eher |klar )?\s*$|\b(?:most|more) likely\b|\bam ehesten\b|\b{NOUN}\s*[:=]|^\W*(?:{NOUN}|classification|"
    r"category|department|label|fazit|conclusion|"
    rf"kategorie|abteilung|klassifikation|zuordnung)\W*$|{CHOOSE}|{RIGHT}|\b(?:remain\w*|übrig|verblei\w*|"
    r"confident|sicher)\b"
    r"|\b(?:chang\w+|switch\w*|revis\w+|correct\w*)\b.{0,20}\bto\b|\b(?:ändere|wechsle|korrigiere)\b"
)
_FILLER = caseless(
    rf"{MARK}|{THUS}|{CORRECTION}|\b{IS}|\b(?:it|this|that|the|a|an|i|we|my|final|then|and|und|or|but|aber|doch|"
    r"das|es|dies|die|der|ist|"
    r"probably|clearly|definitely|certainly|likely|surely|rather|indeed|yes|no|well|ok|okay|alright|just|simply|"
    r"all in all|"
    r"wohl|eher|eindeutig|klar|wahrscheinlich|sicher|natürlich|ja|nein|nun|gut|hier|now|here|please|bitte|"
    r"'s|'d|would|be|must|muss|sein|n?ur|nämlich|eben|schließlich|letztlich|finally|ultimately)\b|[\W_]"
)
_SO = caseless(
    r"^\W*(?:and |und )?(?:so|therefore|thus|hence|consequently|making|which makes|that makes|also|daher|"
    r"deshalb|somit|folglich|"
    r"demnach|insgesamt|overall|sondern)\b"
)
_ADVISING = caseless(
    r"^\W*(?:please |bitte |so |then |also |dann |recommendation\W+|empfehlung\W+)?(?:use|give|take|try|start with|begin with|"
    r"buy|book|order|send (?:it|this) to|contact|call|ask|turn to|put it|set it to|see|assign(?: it| this)? to|"
    r"route(?: it| this)? to|forward(?: it| this)? to|nimm|nehmen sie|verwenden? (?:sie )?|nutzen? (?:sie )?|"
    r"wenden sie sich|kaufen? (?:sie )?|buchen? (?:sie )?|rufen? (?:sie )?|fragen? (?:sie )?|gehen sie|geh)\b[^\ue000-\uefff]{0,30}$"
)
"""The answer tells to do so."""
_ALONE = caseless(
    r"^\W*(?:so |thus |therefore |also |somit |daher )?(?:only|just|nur|allein|einzig)\s(?:the |der |die |das )?$"
)
_SECOND = caseless(
    r"\b(?:(?:close |a |the |my |only )?second(?:[- ](?:best|choice|place))?(?=\W*$|\W*(?:but|though|,))|second[- ]best|runner-?up|"
    r"back-?up|fallback|plan b|next[- ]best|as an alternative|alternatively|afterwards|later(?: on)?|subsequently|"
    r"followed by|can follow|follows|comes? next|zweitbeste\w*|(?:an )?zweite[rn]? (?:stelle|wahl|rang)|"
    r"(?:an zweiter|auf (?:platz|rang) (?:2|zwei|3|drei))|platz (?:2|zwei|3|drei)|reserve|ersatzweise|notlösung|"
    r"notfalls|zur not|als alternative|alternativ|später|anschließend|hinterher|gefolgt von|folgt|erst danach)\b"
)
"""What comes behind the chosen one, in rank or time."""
_TOO_MUCH = caseless(
    r"\btoo (?:small|large|big|short|long|expensive|slow|heavy|late|early|little|few|dear|costly|strict|wide|cold|"
    r"hot|loud|old|new)\b|\bzu (?:klein|groß|kurz|lang|teuer|langsam|schwer|schwach|spät|früh|gering|alt|neu|laut|"
    r"knapp|ungenau)\b"
)
_CONCEDED = caseless(
    r"(?<!und )\bzwar\b|\b(?:admittedly|granted|normally|usually|ordinarily|on paper|normalerweise|eigentlich|"
    r"üblicherweise|gewöhnlich)\b"
)
"""`Zwar A, aber B`: what does not hold here."""
_OF_OTHERS = caseless(
    r"\b(?:(?:many|some|most|other) (?:\w+ )?(?:think|believe|assume|say|expect|guess)|often (?:thought|assumed|believed|"
    r"confused)|your (?:guess|assumption|suspicion)|you (?:thought|assumed|suspected)|"
    r"(?:viele|manche|einige|die meisten) (?:\w+ )?(?:denken|glauben|meinen|halten|vermuten|tippen)|oft (?:\w+ )?(?:"
    r"angenommen|verwechselt)|(?:deine|ihre) (?:vermutung|annahme))\b"
)
"""What others think."""
_THAN = lazy_regex(
    r"(?i:\b(?:cheaper|faster|quicker|better|slower|worse|[a-z]{3,}er|more [a-z]+|less [a-z]+)(?: \w+){0,2} than)"
    r"(?i: (?:the|an?|with|on|via))?\s$|"
    r"\b(?!(?:unter|über|aber|oder|wieder|immer|ober|hinter|unser|dieser|einer|keiner|jeder|seiner|ihrer|der)\b)"
    r"(?:[a-zäöüß]{2,}er|mehr|weniger)(?: \w+){0,2} als(?: (?:der|die|das|den|dem|mit|auf|über|bei))*\s$"
)
"""What the chosen one is compared with."""
_EXCEPT = caseless(
    r"(?:(?:\b(?:all|every\w*|any\w*|alle[sr]?|nothing|none|no|nichts|keine?[rs]?)\b.{0,25})\s(?:but|"
    r"except(?: for)?|apart from|"
    r"other than|besides|außer|bis auf|mit ausnahme von)|^\W*(?:except(?: for)?|apart from|bis auf|außer|"
    r"mit ausnahme von))"
    r"\s(?:the |der |die |das |dem )?$"
)
_THUS, _TOO = caseless(THUS), caseless(r"\b(?:too|as well|auch|ebenfalls|ebenso)\b")
_NOTHING = caseless(r"\b(?:nothing|none|no|nichts|keine?[rs]?)\b")
_WORSE = caseless(
    r"\b(?:worse|less|weniger|schlechter|seltener|schwächer)\b.{0,40}\b(?:than|als)\s"
)
_JUST_SO = caseless(
    r"^\W*(?:and |und )?(?:so|therefore|thus|hence|consequently|as a result|daher|deshalb|somit|folglich|"
    r"demnach|demzufolge)\W*$"
)
_SPLIT_VERB = caseless(
    r"\b(?:scheide[tn]?|schied\w*|fällt|fallen|fiel\w*|schließ\w*|schloss\w*|lehn\w+|rule[sd]?|"
    r"cross\w*)\b[^.;]*\b(?:aus|weg|raus|"
    r"heraus|flach|ab|out)\W*$"
)
_JUST_NO = caseless(r"^\W*(?:no|nein|nope|nee)\W*$")
_CARRIED = caseless(r"(?:^\W*(?:than|als)\s|\b(?:nor|noch)\s(?:\w+\s){0,2})$")
"""What stands before the mention that it follows holds for this one, too: `neither A nor B`."""
_LESS = caseless(r"\b(?:less|weniger)\s$")
_YES_INDEED = caseless(r"^\W*(?:yes|ja|indeed|correct|right|richtig|genau|exactly)\b")
_BETWEEN = caseless(r"\b(?:between|zwischen|among|unter)\s+(?:the |den )?(?:options |optionen )?$")
_LIST_LINE = lazy_regex(rf"[ \t]*(?:[-*•]|\d\.)?[ \t\"'(]*({MARK})")


_OF_OTHER = caseless(
    r"\b(?:the|an?|this|that|its|his|her|their|der|die|das|den|dem|des|eine?[nmrs]?|diese[nmrs]?)\s(?:wrong|incorrect|"
    r"false|inaccurate|invalid|misleading|falsche[nmrs]?|verkehrte[nmrs]?|ungültige[nmrs]?|irreführende[nmrs]?)\s"
    rf"(?!{NOUN}|one\b|statement|aussage|department|abteilung|category|kategorie)(?=[^\W\d_])"
)
"""Wrong is something else: `the incorrect amount`."""


def rejects(words: str) -> bool:
    """Tell whether words speak against what they are about."""
    words = _OF_OTHER.sub("", _IDIOM.sub("", words))
    return bool(_NEGATION.search(words) or _REJECTION.search(words))


def claims(masked: Masked) -> tuple[list[Claim], set[int]]:
    """Return what is said for options, and which are rejected."""
    told: list[Claim] = []
    rejected: set[int] = set()
    in_list = listed(masked)
    found = clauses(masked.text)
    language = language_of(masked.text)
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
            strength = _strength(clause, before, left, right, is_listed=place in in_list)
            is_affirmed = clause.is_asked and _is_affirmed(clause, found)
            strength = Strength.STATED if is_excepted or is_affirmed else strength
            if strength is not None:
                concluded = _concludes(clause.text, language)
                told.append(Claim(mention, strength, place, concluded, _is_supposed(clause.text)))
    return told, rejected


def _is_supposed(clause: str) -> bool:
    """Tell whether a clause says what would be, and not what the writer would choose."""
    return (
        _SUBJUNCTIVE.search(clause) is not None
        and _WISHED.search(clause) is None
        and _BETTER.search(clause) is None
    )


_WISHED = caseless(
    r"\b(?:i|we|you|one|ich|wir|man|sie|du|ihr)(?:'d|\s(?:\w+\s)?(?:would|würde\w*))\b|\b(?:würde|nähme)\s(?:ich|man|wir)\b"
)
_BETTER = caseless(r"\b(?:better|besser|richtig\w*|correct|right|ideal\w*|eher|instead|best\w*)\b")


def _is_affirmed(asked: Clause, found: list[Clause]) -> bool:
    """Tell whether a yes answers the question that a clause asks: `Is it A? Yes.`"""
    following = [c.text for c in found if c.sentence == asked.sentence + 1]
    return bool(following) and _YES_INDEED.match(following[0]) is not None


def listed(masked: Masked) -> set[int]:
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
    marks = list(ANY.finditer(clause))
    for i, mark in enumerate(marks):
        left = clause[marks[i - 1].end() if i else 0 : mark.start()]
        right = clause[mark.end() : marks[i + 1].start() if i + 1 < len(marks) else len(clause)]
        if i + 1 < len(marks):  # a negation directly before the next mention is about that one
            right = re.sub(rf"(?:{NEGATION}|{INSTEAD})\s*(?:the |die )?$", "", right, flags=re.I)
        if i and not left.strip(" ,"):
            left = clause[: marks[0].start()]
        if i and _CARRIED.search(left):
            left = ANY.sub("", clause[: mark.start()])
        yield mark[0], left, right


def _is_rejected(left: str, right: str) -> bool:
    if (
        _INSTEAD.search(left)
        or _LESS.search(left)
        or _ONLY_IF.search(right)
        or _WORSE.search(right)
    ):
        return True
    if _SPLIT_VERB.search(f"{left} {right}"):
        return True
    left = _WORSE.sub("", left)
    return rejects(left) or rejects(right)


def _is_excepted(left: str, right: str, before: Clause | None) -> bool:
    """Tell whether all other options are rejected: `All but B are wrong`."""
    if (
        before is not None
        and not ANY.search(before.text)
        and left.lstrip().lower().startswith("but")
    ):
        left = f"{before.text} {left}"
    found = _EXCEPT.search(left)
    return found is not None and (rejects(right) != bool(_NOTHING.search(found[0])))


def _is_headed_wrong(text: str, before: Clause | None, clause: Clause) -> bool:
    """Tell whether a colon gives the options behind it as wrong ones: `Wrong: A`."""
    if before is None or ANY.search(before.text):
        return False
    if _JUST_NO.match(before.text):
        return False
    between = text[before.start + len(before.text) : clause.start]
    is_label = len(before.text.split()) <= _LABEL or _OF_OPTIONS.search(before.text) is not None
    return ":" in between and is_label and rejects(before.text)


_LABEL = 3
"""Words before a colon that say what the options behind it are; a whole sentence speaks of its own subject."""
_OF_OPTIONS = caseless(
    rf"\b{NOUN}\b|\b(?:the others?|these|those|following|folgende\w*|diese|anderen|übrigen|wrong|incorrect|falsch|"
    r"ausgeschlossen|in frage|candidates?|possibilities)\b|\baus\W*$"
)


def _strength(
    clause: Clause, before: Clause | None, left: str, right: str, *, is_listed: bool
) -> Strength | None:
    if clause.is_asked:
        return None
    words = f"{left} {right}"
    if any(p.search(words) for p in (_DOUBT, _SECOND, _TOO_MUCH, _CONCEDED)) or any(
        p.search(left) for p in (_QUESTIONING, _BETWEEN, _OF_OTHERS, _THAN)
    ):
        return Strength.DOUBTED
    if _is_reason(clause.text):
        return Strength.NAMED
    if _is_conclusion(clause.text) or (
        before is not None and _JUST_SO.match(before.text) and _has_one(clause.text)
    ):
        return Strength.STATED
    if _STATING.search(words) or _ADVISING.search(left) or _ALONE.search(left):
        return Strength.STATED
    if not is_listed and _is_filler(clause.text):
        led = before is not None and _STATING.search(before.text) and not ANY.search(before.text)
        return Strength.STATED if led else Strength.BARE
    return Strength.NAMED


def _concludes(clause: str, language: str | None) -> bool:
    """Tell whether a clause draws its one option from what was said before; `also` does in German only."""
    found = _THUS.search(clause)
    if found is None or _TOO.search(clause) or not _has_one(clause):
        return False
    return found[0].casefold() != "also" or language == "de"


@lru_cache(maxsize=64)
def _is_reason(clause: str) -> bool:
    return _REASON.match(clause) is not None


@lru_cache(maxsize=64)
def _is_conclusion(clause: str) -> bool:
    return _SO.match(clause) is not None and _has_one(clause)


@lru_cache(maxsize=64)
def _has_one(clause: str) -> bool:
    return len(ANY.findall(clause)) == 1


@lru_cache(maxsize=64)
def _is_filler(clause: str) -> bool:
    return not _FILLER.sub("", clause)
