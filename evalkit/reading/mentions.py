"""Finds where an answer names an option: by its letter, its place in the list, or its text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from string import ascii_uppercase

from evalkit.reading.digits import in_digits
from evalkit.reading.language import language_of
from evalkit.reading.lazy_regex import lazy_regex
from evalkit.reading.names import in_one_form
from evalkit.reading.option_names import COUNTED, ORDINALS, text_patterns
from evalkit.reading.quantities import Quantity, quantities
from evalkit.reading.units import UNIT
from evalkit.reading.words import CHOOSE, IS, NOUN

_DAYS = lazy_regex(r"\bweekday\d")
MARK = "[\ue000-\uefff]"
"""A mention, masked as one character: patterns about what is said of an option need not know how it was named."""
_FIRST = 0xE000
_LOOKED_BACK = 80
"""Characters in which the cue before a small letter is looked for."""
_MOST = 0xFFF
_VERB = (
    r"(?:is|was|would|will|can|cannot|can't|could|should|must|bzw|beziehungsweise|sowie|seems|fits|may|"
    r"might|has|does|doesn't|isn't|wouldn't|"
    r"won't|"
    r"because|since|as|for|and|or|but|not|over|rather|instead|only|too|also|alone|remains|ist|scheidet|passt|"
    r"liegt|lag|statt|gilt|"
    r"trifft|wäre|it|that|this|then|here|there|from|in|on|at|by|with|without|of|to|if|when|where|while|"
    r"although|"
    r"though|which|who|again|please|definitely|obviously|certainly|probably|clearly|surely|"
    r"kommt|fällt|entfällt|weil|da|denn|und|oder|aber|nicht|kann|stimmt|dürfte|[a-z]{2,}(?<![suio])s)"
)
_LETTER = lazy_regex(
    r"(?<![\w'’&+.°-])(?<!°\s)(?<!\w\w/)(?<!\s/)(?<!^/)(?P<open>[\"'(\[{]{0,3})(?P<letter>[A-Za-z])(?P<close>[\"')\]}]{0,3})(?![\w'’&+]|-\w|/\w\w|"
    r"\.\w)"
)
_ARTICLE = lazy_regex(rf"[ \t]+(?!{_VERB}\b(?!-))[a-zäöüß]")
_LAST = (
    r"(?:last|letzte[nrs]?)(?!\s(?:answer|antwort|entscheidung|choice)\s*[:=])|"
    r"final(?!\s(?:answer|antwort|result|solution|choice|pick|selection|letter))"
)
_MIDDLE = r"middle|mittlere[nrs]?"
_OF_TWO = lazy_regex(
    r"\b(?:the )?(?P<former>former)\b|\b(?:the )?latter\b|"
    r"\b(?:(?:der|die|das|den|dem) )?(?:(?P<erstere>erstere)|letztere)[nmrs]?\b",
    re.I,
)
"""One of the two options named before."""


@dataclass(frozen=True, slots=True)
class Mention:
    """One place where options are named."""

    options: frozenset[int]
    """Several: named side by side (`A or B`), or letter and text disagree."""
    by_text: bool = False
    by_place: bool = False
    is_lower: bool = False
    """Whether the first sign is a small letter: behind `A`, as in `A bat`, it is a word of the sentence."""


def letters(n: int) -> str:
    """Return the letters that name `n` options."""
    return ascii_uppercase[:n]


class Masked:
    """An answer in which every mention is one character, and what each of them names."""

    def __init__(self, text: str, choices: Sequence[str]) -> None:
        self.mentions: list[Mention] = []
        text = re.sub(MARK, "?", text)  # a sign of the answer's own
        self._choices = choices
        self.are_amounts = bool(_amounts_of(tuple(choices)))
        if any(_DAYS.search(in_one_form(choice)) for choice in choices):
            self._choices = choices = [in_one_form(choice) for choice in choices]
            text = in_one_form(text)
        text = self._amounts(text)
        text = self._texts(text)
        text = self._places(text)
        text = _OF_TWO.sub(self._of_two, self._letters(text))
        self.text = self._joined(text)

    @property
    def n_options(self) -> int:
        """How many options there are."""
        return len(self._choices)

    def at(self, mark: str) -> Mention:
        """Return what a mark names."""
        return self.mentions[ord(mark) - _FIRST]

    def _mark(
        self,
        options: Iterable[int],
        *,
        by_text: bool = False,
        by_place: bool = False,
        is_lower: bool = False,
    ) -> str:
        if len(self.mentions) >= _MOST:
            return "?"
        self.mentions.append(Mention(frozenset(options), by_text, by_place, is_lower))
        return chr(_FIRST + len(self.mentions) - 1)

    def _amounts(self, text: str) -> str:
        """Mark amounts that options are, however they are told: `two months`, `zweimonatig`, `60 days`."""
        options = _amounts_of(tuple(self._choices))
        if not options:
            return text
        text = _RANGE.sub("?", in_digits(_ONE.sub("1 ", text)))
        language = language_of(text)
        spans = [
            (found.start, found.end, [i for i, option in options.items() if found.says(option)])
            for found in quantities(text, language)
            if found.unit is not None
        ]
        bare = _BARE_NUMBER.fullmatch(text)
        if bare is not None and not spans:
            counts = [_count_of(self._choices[i]) for i in options]
            named = [i for i, n in zip(options, counts, strict=True) if n == bare["n"]]
            spans = [(bare.start("n"), bare.end("n"), named)]
        for start, end, named in sorted(spans, reverse=True):
            if len(named) == 1:
                text = f"{text[:start]}{self._mark(named, by_text=True)}{text[end:]}"
        return text

    def _texts(self, text: str) -> str:
        for position, pattern in text_patterns(tuple(self._choices)):
            text = pattern.sub(self._marks_of(position, by_text=True), text)
        return text

    def _places(self, text: str) -> str:
        n = len(self._choices)
        for position, (ordinal, counted) in enumerate(zip(ORDINALS, COUNTED, strict=True)):
            if position < n:
                text = _place(ordinal, counted).sub(self._marks_of(position, by_place=True), text)
        text = _place(_LAST, None).sub(self._marks_of(n - 1, by_place=True), text)
        if n % 2:
            text = _place(_MIDDLE, None).sub(self._marks_of(n // 2, by_place=True), text)
        return text

    def _marks_of(
        self, position: int, *, by_text: bool = False, by_place: bool = False
    ) -> Callable[[re.Match[str]], str]:
        return lambda found: self._mark(
            [position], by_text=by_text, by_place=by_place, is_lower=found[0][0].islower()
        )

    def _letters(self, text: str) -> str:
        named = letters(len(self._choices))
        has_article = language_of(text) != "de"

        def mark(match: re.Match[str]) -> str:
            letter, rest = match["letter"], text[match.end() :]
            position = named.find(letter.upper())
            bare = not match["open"] and not match["close"]
            if position < 0 or (letter == "I" and bare and re.match(r"(?:'|\s+[a-z])", rest)):
                return match[0]
            if (
                letter == "A"
                and bare
                and has_article
                and (_ARTICLE.match(rest) or self._is_noun(rest))
                and _starts(text, match.start())
            ):
                return match[0]
            if letter == "a" and bare and re.match(rf"\s{MARK}", rest):
                return match[0]  # an article before an option's text
            if letter.islower() and not _stands_apart(text, match, rest):
                return match[0]
            return self._mark([position])

        return _LETTER.sub(mark, text)

    def _of_two(self, match: re.Match[str]) -> str:
        """Mark `the former` and `the latter` as the option named first, or last, of the two before."""
        named = [self.at(m).options for m in re.findall(MARK, match.string[: match.start()])]
        last_two = list(dict.fromkeys(reversed(named)))[:2]
        if len(last_two) < 2:
            return match[0]
        is_former = match["former"] or match["erstere"]
        return self._mark(last_two[1] if is_former else last_two[0])

    def _is_noun(self, rest: str) -> bool:
        """Tell whether the text of another option than A stands behind `A` as a word of the sentence: `A bat`."""
        found = re.match(rf"[ \t]+({MARK})", rest)
        if found is None:
            return False
        mention = self.at(found[1])
        return mention.by_text and mention.is_lower and 0 not in mention.options

    def _joined(self, text: str) -> str:
        """Make one mention of a letter with its text, and of options that are named side by side."""
        text = re.sub(rf"\b(?:{NOUN}|nummer|number)\s+(?:\(\s*)?({MARK})", r"\1", text, flags=re.I)
        text = re.sub(rf"({MARK}) ({MARK})", self._text_and_letter, text)
        text = re.sub(
            rf"({MARK})\s?(?:[).:,]|\s[-–—]|=)?\s?[\"'(]{{0,2}}({MARK})(?![^\S\n]*(?:,|and\b|or\b|und\b|"
            rf"oder\b)[^\S\n]*{MARK})[\"')]{{0,2}}",
            self._letter_and_text,
            text,
        )
        joint = (
            r"\s?(?:,\s?(?:and|or|und|oder|nor|noch)|,|/|\||and|or|nor|und|oder|noch|&|bzw\.?|as well as|as|"
            r"sowie|als auch|wie)\s(?:(?<=and )also |(?<=or )also |auch |even |vielleicht |maybe |"
            r"perhaps )?(?:the |die |der |das |den )?"
        )
        return re.sub(rf"{MARK}(?:{joint}{MARK}|/{MARK})+", self._side_by_side, text, flags=re.I)

    def _text_and_letter(self, match: re.Match[str]) -> str:
        """Join `30 m (B)`."""
        one, other = self.at(match[1]), self.at(match[2])
        if one.by_text and not other.by_text and one.options == other.options:
            return self._mark(one.options)
        return match[0]

    def _letter_and_text(self, match: re.Match[str]) -> str:
        one, other = self.at(match[1]), self.at(match[2])
        ends_sentence = one.by_text and re.match(r".(?:\s?[.,]|[^\n]?\n)", match[0]) is not None
        if one.by_text == other.by_text or ends_sentence:
            return match[0]
        return self._mark(one.options | other.options)

    def _side_by_side(self, match: re.Match[str]) -> str:
        marks = re.findall(MARK, match[0])
        found = [self.at(m) for m in marks]
        if re.search(rf"{MARK}\s?,\s{MARK}$", match[0]) and re.search(
            r"\b(?:between|zwischen)\s$", match.string[: match.start()], re.I
        ):
            last = marks.pop()
            both = self._mark(frozenset[int]().union(*(self.at(m).options for m in marks)))
            return f"{both}, {last}"
        if re.fullmatch(rf"{MARK}\s?,\s{MARK}", match[0]) and found[1].by_text != found[0].by_text:
            return match[0]
        return self._mark(
            frozenset[int]().union(*(m.options for m in found)),
            by_text=all(m.by_text for m in found),
        )


def _starts(text: str, at: int) -> bool:
    """Tell whether a capital letter may be due to the beginning of a sentence or line."""
    before = text[:at].rstrip(" \"'([")
    return not before or before[-1] in ".!?:\n-–*;"


def _stands_apart(text: str, match: re.Match[str], rest: str) -> bool:
    """Tell whether a lower-case letter is meant as a letter: alone on its line, in brackets, or behind a cue."""
    before = text[max(0, match.start() - _LOOKED_BACK) : match.start()]
    alone = re.search(r"(?:^|\n)[ \t]*$", before) is not None
    if match["open"] or match["close"]:
        return alone or "(" in match["open"] or "[" in match["open"] or _is_cued(before)
    if alone and re.match(r"[ \t]*(?:[).:]|$|\n)", rest):
        return True
    return _is_cued(before) and not re.match(r"\s+[a-zäöüß]", rest)


_CUED = lazy_regex(
    rf"(?:\b{NOUN}(?:\s+(?:is|ist|lautet))?|{CHOOSE}|\b(?:it|this|that|es|das|"
    rf"answer)\s?{IS})\s*[:=]?\s*$",
    re.I,
)


def _is_cued(before: str) -> bool:
    return _CUED.search(before) is not None


@lru_cache(maxsize=64)
def _place(ordinal: str, counted: str | None) -> re.Pattern[str]:
    noun = rf"(?:{NOUN}|{_TEXT_NOUN}|one|candidate|item|team|label|form\w*|department|abteilung|genannte)"
    article = r"(?:the |die |der |das |den |dem |im |am |zum )"
    alone = (
        rf"(?:^|(?<=\n)){article}?(?:{ordinal})(?=[.!]?\s*(?:$|\n))|"
        rf"\b(?:{CHOOSE}|{IS}) {article}(?:{ordinal})(?=[.!,]|$)"
    )
    behind = (
        rf"|\b(?:{NOUN}|{_TEXT_NOUN}|number|nummer|no\.|nr\.)\s+(?:{counted})(?![\w.,]\w)"
        if counted
        else ""
    )
    return re.compile(rf"{alone}|\b{article}?(?:{ordinal})\s{noun}\b{behind}", re.I)


_TEXT_NOUN = (
    r"(?:statements?|aussagen?|sentences?|s(?:a|ä)tze?s?|categor(?:y|ies)|kategorie|headline|überschrift|title|titel|"
    r"suggestion|vorschlag|version|fassung|translation|übersetzung|claim|behauptung|description|beschreibung|"
    r"summary|zusammenfassung|definition|formulierung|wording|antwort(?:möglichkeit|option|vorschlag)|reply|response)"
)
"""Names of options that are texts: they are told by their places."""


_ONE = lazy_regex(rf"\b(?:an?|one|ein(?:e[nmrs]?)?)(?=(?:{UNIT}))(?=\s)\s", re.I)
_BARE_NUMBER = lazy_regex(r"\W*(?P<n>\d+)\W*")


def _count_of(choice: str) -> str | None:
    found = re.search(r"\d+", in_digits(_ONE.sub("1 ", choice)))
    return found[0] if found else None


_RANGE = lazy_regex(
    rf"(?<![\d.,])(?:\d+|an?|one|ein(?:e[nrs]?)?)(?:{UNIT})?\s?(?:-|to|or|bis|oder)\s?\d+(?:{UNIT})|"
    rf"\b(?:between|zwischen)\s\d+(?:{UNIT})?\s(?:and|und)\s\d+(?:{UNIT})",
    re.I,
)


_OF_TO = lazy_regex(r"\d\s?[-–]\s?\d|\d\s(?:to|bis)\s\d")
"""Options that are ranges are named by both their ends."""


@lru_cache(maxsize=1024)
def _amounts_of(choices: tuple[str, ...]) -> dict[int, Quantity]:
    """Return the options that are amounts with units and nothing else."""
    found: dict[int, Quantity] = {}
    if any(_OF_TO.search(choice) for choice in choices):
        return found
    for position, choice in enumerate(choices):
        text = in_digits(_ONE.sub("1 ", choice))
        told = [q for q in quantities(text, language_of(choice)) if q.unit is not None]
        if len(told) == 1 and not re.search(r"\w", text[: told[0].start] + text[told[0].end :]):
            found[position] = told[0]
    return found if len(found) > 1 else {}
