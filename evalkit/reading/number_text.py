"""An answer in which each number that may be its result is one character: what its words say can then be read."""

from __future__ import annotations

import re
from dataclasses import replace

from evalkit.reading.asked import Asked
from evalkit.reading.clauses import clauses, leads_on, sentences
from evalkit.reading.context import NO_NUMBER, without_names
from evalkit.reading.digits import in_digits
from evalkit.reading.language import language_of
from evalkit.reading.lazy_regex import lazy_regex
from evalkit.reading.number_words import (
    ALONE,
    ANY,
    BESIDE,
    CHAIN,
    CHANGED,
    CHECK,
    CUT,
    EXPLAINED,
    LISTED,
    MARK,
    PARTS,
    RAISED,
    RECKONED,
    RECKONS_LAST,
    REPLACED,
    STATING,
)
from evalkit.reading.numerals import Numeral, numerals
from evalkit.reading.plain import LAST_WORDS
from evalkit.reading.quantities import quantity_of

_MOST = 200


class MaskedNumbers:
    """An answer in which each number that may be its result is one character."""

    def __init__(self, text: str, asked: Asked, language: str | None) -> None:
        language = (
            language_of(text.replace(LAST_WORDS, ""))
            or language
            or _style_of_amount(text, asked)
            or language_of(asked.question)
        )
        is_announced = text.rstrip().endswith(":")
        text = _PICTURE.sub("\n", _ARROW.sub("→", text))
        text = _BELOW_ZERO.sub(r"-\1\2", in_digits(text))
        text = without_names(text, asked.question)
        parts, end = [], 0
        self.numerals: list[Numeral] = []
        self.in_unit: set[str] = set()
        self.given: set[str] = set()
        """Marks of numbers that the question tells."""
        given = asked.given
        self.in_other: set[str] = set()
        for numeral in list(numerals(text, language))[:_MOST]:
            parts.append(text[end : numeral.start])
            is_none = numeral.is_ordinal and not asked.for_place
            parts.append(NO_NUMBER if is_none else chr(0xE000 + len(self.numerals)))
            if not is_none:
                sort = quantity_of(text, numeral).unit
                is_rate = _RATE.match(text, numeral.end) is not None
                is_other = sort != asked.sort
                if sort and asked.sort and not numeral.has_currency and not (is_rate and is_other):
                    known = self.in_unit if sort == asked.sort else self.in_other
                    known.add(chr(0xE000 + len(self.numerals)))
                if numeral.value in given:
                    self.given.add(chr(0xE000 + len(self.numerals)))
                self.numerals.append(replace(numeral, value=asked.in_its_unit(text, numeral)))
            end = numeral.end
        parts.append(text[end:])
        self.text = _with_labels("".join(parts))
        self._for_percent = asked.for_percent
        self.asides, self.stated = self._asides(), set[str]()
        self._sort_changes(asked)
        self.last_alone = self._last_alone()
        self.is_list = LISTED.match(self.text) is not None
        self.pieces = clauses(self.text, splits_pairs=False)
        self.last_start = self.pieces[-1].start if self.pieces else 0
        self.is_prose = len(re.findall(r"[^\W\d_]{2,}", self.text)) > 1
        self.is_cut = (
            CUT.search(self.text) is not None
            or _stops_short(self.text)
            or leads_on(self.text)
            or _reckons_on(self.text)
            or is_announced
        )
        self._end = len(self.text.rstrip())
        last = self.text.rstrip()[-1:]
        if ANY.match(last) and self.is_cut_at(self._end - 1, self.at(last)):
            self.is_cut = True

    def is_cut_at(self, place: int, numeral: Numeral) -> bool:
        """Tell whether the text breaks off within a number: `The result is 1,2`."""
        told = [n for n in self.numerals if n.value == numeral.value]
        return numeral.is_odd and self.is_prose and place + 1 == self._end and len(told) == 1

    def at(self, mark: str) -> Numeral:
        """Return the number that a mark stands for."""
        return self.numerals[ord(mark) - 0xE000]

    def with_given(self, text: str) -> str:
        """Return a text with digits for the numbers that the question tells, if nothing is reckoned with them."""
        kept = self.given - self.asides
        return ANY.sub(lambda m: f"{self.at(m[0]).value:g}" if m[0] in kept else m[0], text)

    def _asides(self) -> set[str]:
        """Return marks of operands, ranges and alternatives."""
        found: set[str] = set()
        steps = (m for p in (CHAIN, PARTS, RECKONED) for m in p.finditer(self.text))
        for parts in steps:
            if not _SIDE_BY_SIDE.search(parts[0]) or self.text[parts.end() :][:1] == "=":
                marks = ANY.findall(parts[0])
                kinds = {self.at(m).is_percent for m in marks}
                if len(kinds) == 1 or re.search(r"[+*/×·=]", parts[0]):  # not `€200 plus 19 % VAT`
                    found |= set(marks)
        for match in (*CHECK.finditer(self.text), *EXPLAINED.finditer(self.text)):
            if ANY.search(self.text, 0, match.start()):
                found |= set(ANY.findall(match[0]))
        found |= {match[1] for match in _OPERAND.finditer(self.text)}
        for match in BESIDE.finditer(self.text):
            marks = ANY.findall(match[0])
            converted = self.in_unit & set(marks)
            if (
                converted
                and set(marks) - converted <= self.in_other | self._things(marks)
                and (len(converted) < len(marks))
            ):
                # `318 miles, or 512 km`
                found |= set(marks) - converted
                continue
            found |= self._alternatives(marks, match[0])
        for match in re.finditer(
            rf"({MARK})(?:\s[^\W\d_]+\.?){{0,3}}\s?[=≈]\s?({MARK}|[(])", self.text
        ):
            if match[1] not in found and match[2] not in found and match[2] != "(":
                found.add(match[1])
        return found

    def _last_alone(self) -> str | None:
        """Return the mark that fills the last line behind prose, as no other line is filled."""
        *before, last = [line for line in self.text.splitlines() if line.strip()] or [""]
        end = RECKONS_LAST.match([part for _, part in sentences(self.text)][-1]) if last else None
        if end is not None:
            return end["mark"]
        found = ALONE.match(last)
        is_told = any(len(re.findall(r"[^\W\d_]{2,}", line)) > 2 for line in before)
        if found is None or not is_told or any(ALONE.match(line) for line in before):
            return None
        mark = ANY.findall(last)[0]
        return None if mark in self.asides else mark

    def _things(self, marks: list[str]) -> set[str]:
        """Return the marks that count things, not units: `8 people or 630 kg`."""
        return {m for m in marks if _THING.match(self.text, self.text.index(m) + 1)}

    def _alternatives(self, marks: list[str], told: str) -> set[str]:
        """Return the marks of a range or offer; of `400 pieces or 8 %` one is asked for."""
        if len(marks) > 1 and len({self.at(m).value for m in marks}) == 1:
            return set()
        found = [_NOUNS.match(self.text, self.text.index(m) + 1) for m in marks]
        nouns = [set(noun[0].split()) if noun else set[str]() for noun in found]
        if len(marks) == 2 and all(nouns) and not nouns[0] & nouns[1]:
            return set()  # `1,000 kg or 13 persons`
        kinds = {self.at(m).is_percent for m in marks}
        if len(kinds) > 1 and re.search(r"\b(?:or|oder|bzw|beziehungsweise)\b", told):
            return {m for m in marks if self.at(m).is_percent != self._for_percent}
        return set(marks)

    def _sort_changes(self, asked: Asked) -> None:
        """`It rose from 41 to 48` states 48, or, where the change is asked for, neither; `by 7 to 48` states both."""
        for match in CHANGED.finditer(self.text):
            self.asides.add(match["old"])
            if asked.for_change:
                self.asides.add(match["new"])
            else:
                self.asides.discard(match["new"])
                self.stated.add(match["new"])
        if asked.for_change:
            for match in REPLACED.finditer(self.text):
                self.asides |= set(ANY.findall(match[0]))
        for match in RAISED.finditer(self.text):
            told, other = match["by"], match["new"]
            if not asked.for_change:
                told, other = other, told
            self.asides.discard(told)
            self.asides.add(other)
            self.stated.add(told)


_OPERAND = lazy_regex(rf"[^\W\d_]\s?[*×·]\s?({MARK})")
"""`price * 0.97`"""
_ARROW = lazy_regex(r"[=-]{1,2}>|[⇒➜➔➡]")


_PICTURE = lazy_regex("[\U0001f300-\U0001faff\u2600-\u27bf]+[\ufe0f\u200d]*")


_BELOW_ZERO = lazy_regex(
    r"(?<![-\d.,])(\d+(?:[.,]\d+)?)(\s?(?:°\s?C?|grad(?: celsius)?|degrees?(?: celsius)?))\s"
    r"(?:(?:unter|below) (?:null|zero|0|freezing|dem gefrierpunkt)|minus(?=\W*$))",
    re.I,
)
_SIDE_BY_SIDE = lazy_regex(rf"^{MARK}\s[^\W\d_]+\s?/\s?{MARK}(?:\s[^\W\d_]+){{1,2}}\s?$")
"""`1,000 kg / 13 persons`"""
_NOUNS = lazy_regex(r"(?:\s?(?!(?:or|oder|to|bis|bzw|und|and)\b)[^\W\d_]+){0,2}", re.I)
_THING = lazy_regex(r"\s(?!(?:or|oder|to|bis|bzw|und|and)\b)[^\W\d_]{3,}", re.I)
_RATE = lazy_regex(r"\s?[^\W\d_]+\.?\s?(?:per|pro|je|a|an|in der|/)(?:\s|\b)", re.I)


def _style_of_amount(text: str, asked: Asked) -> str | None:
    """An amount of money has no three decimals: `318,500 EUR` has thousands, whatever the question's language."""
    found = re.fullmatch(
        r"\W*(?:[A-Z]{3}\s?)?\d{1,3}(?P<sign>[.,])\d{3}(?:\s?(?:[A-Z]{3}|[€$£]))?\W*", text
    )
    if found is None or not asked.for_money or not re.search(r"[A-Z]{3}|[€$£]", text):
        return None
    return "en" if found["sign"] == "," else "de"


def _with_labels(text: str) -> str:
    """Keep a year that labels a number in its clause: `2021: 300, 2022: 310`."""
    return re.sub(r"([\uf8fd\uf8fe])\s?:[ \t]", r"\1 ", text)


def _stops_short(text: str) -> bool:
    """Tell whether the last of several sentences has neither end nor number: the result was still to come."""
    said = [sentence for _, sentence in sentences(text)]
    last = said[-1].strip() if said else ""
    is_open = re.search(r"[.!?:)\]\"'|*]$|\bis (?:correct|wrong)\W*$", last) is None
    is_open = is_open and len(last.split()) > 2
    return len(said) > 1 and is_open and (ANY.search(last) is None or _lacks_end(last))


def _reckons_on(text: str) -> bool:
    """Tell whether an open text ends with a step that is still to be taken: `Now we add the shipping of 15`."""
    is_told = len(re.findall(r"[^\W\d_]{2,}", text)) > _WORDS_OF_PROSE
    is_open = re.search(r"[.!?)]\W*$", text) is None
    steps = [*RECKONED.finditer(text), *(CHAIN.finditer(text) if is_told and is_open else ())]
    return any(not text[step.end() :].strip() for step in steps)


_WORDS_OF_PROSE = 5


def _lacks_end(sentence: str) -> bool:
    """Tell whether the last clause of an open sentence is still without its verb or object."""
    if STATING.search(sentence):
        return False
    if _NEXT_SUBJECT.search(ANY.split(sentence)[-1]):
        return True
    parts = [part.text for part in clauses(sentence, splits_pairs=False)]
    if _OPEN_SUBJECT.match(parts[-1]):
        return True
    return (
        len(parts) > 1
        and ANY.search(parts[-1]) is None
        and _BARE_SUBJECT.match(parts[-1]) is not None
    )


_NEXT_SUBJECT = lazy_regex(
    r"\s(?:and|und|while|während)\s(?:the|der|die|das|den|dem|its|their|each|jede[rs]?)\s\w.*$",
    re.I,
)
_OPEN_SUBJECT = lazy_regex(
    r"^\W*(?:and |und )?(?:the|these|all|die|diese|alle|der|das)\s[\ue000-\uefff](?:\s[^\W\d_]+){1,3}$",
    re.I,
)
_BARE_SUBJECT = lazy_regex(
    r"^\W*(?:and |und |while |während )?(?:the|its|their|der|die|das|den|dem|ein|eine|a|"
    r"an)\s[^\W\d_]+(?:\s[^\W\d_]+)?$",
    re.I,
)
