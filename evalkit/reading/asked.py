"""What a question for a number asks for: its unit and scale, a change, a share, a count."""

from __future__ import annotations

import re
from dataclasses import dataclass

from evalkit.reading.clauses import sentences
from evalkit.reading.context import asked_words, scale_of
from evalkit.reading.digits import in_digits
from evalkit.reading.lazy_regex import lazy_regex
from evalkit.reading.number_words import ASKS_EACH, ASKS_MONEY, ASKS_MORE, ASKS_PERCENT
from evalkit.reading.numerals import CURRENCY, Numeral, numerals
from evalkit.reading.quantities import CENTS, quantity_of
from evalkit.reading.units import FACTORS, UNIT, unit_named
from evalkit.reading.words import HOW_MANY

_COUNT = lazy_regex(r"\b(?:how many|wie ?viele?n?|number of|anzahl|zahl de[rs])\b", re.I)
_UNIT = lazy_regex(
    rf"\b(?:in|{HOW_MANY})(?P<unit>{UNIT})(?!\s?(?:19|20)\d\d\b)|"
    r"\bwie ?viele?n?\s\w+(?P<part>stunden|tage|wochen|monate|jahre|minuten)\b",
    re.I,
)
_IN_A_TIME = lazy_regex(
    r"\b(?:a (?:day|week|month|year|night|hour)|an hour|am tag|im monat|im jahr(?! \d)|die (?:stunde|woche)|"
    r"täglich|monatlich\w*|"
    r"jährlich\w*|wöchentlich\w*|daily|weekly|monthly|hourly|annual(?:ly)?|"
    r"yearly|stündlich\w*|(?:stunden|tages|monats|jahres)(?:lohn|satz|gehalt|miete|beitrag))\b",
    re.I,
)
_PERCENT_GIVEN = lazy_regex(r"\d\s?(?:%|per ?cent\b|prozent\b)", re.I)
"""A share that the question tells: what is asked for is an amount."""
_SHARE = lazy_regex(r"\b(?:share|fraction|proportion|part|ratio|anteil|bruchteil|teil)\b", re.I)
IN_PERCENT = lazy_regex(r"(?:%|\bpercent\w*|\bper cent|\bprozent\w*)", re.I)
_CHANGE = lazy_regex(
    r"\b(?:by (?:how (?:much|many)|what|which)|um wie ?viele?n?|difference|differenz|unterschied|"
    r"change[sd]?|(?:ver)?änder\w+|"
    r"how much (?:more|less|higher|lower)|wie ?viele?n? (?:mehr|weniger)|increase|decrease|anstieg|rückgang|zuwachs)\b",
    re.I,
)
_RESULT = lazy_regex(
    r"\b(?:result|profit|net income|earnings|balance|margin|return|cash ?flow|ebit\w*|betriebsergebnis|\w*ergebnis|"
    r"\w*gewinn|saldo|bilanz|\w*überschuss|\w*rendite|kontostand|change[sd]?|(?:ver)?änder\w+)\b",
    re.I,
)
_LOSS = lazy_regex(
    r"\b(?:loss|lose|lost|losses|deficit|verlust\w*|verlor\w*|defizit|fehlbetrag)\b", re.I
)
_SCALE = lazy_regex(
    r"\b(?:in|how many|wie viele)\s(?:\w+\s)?(?:(?P<k>thousands?|tsd|tausend)|(?P<m>millions?|"
    r"mio|millionen)|(?P<b>billions?|mrd|milliarden))\b",
    re.I,
)
_PLACE = lazy_regex(
    r"\b(?:(?:which|what|welche[nmrs]?)\s(?:\w+\s)?(?:floor|level|stor(?:e?y)|place|rank|position|week|century|day|grade|"
    r"lap|round|edition|stock\w*|etage|\w*geschoss|platz|rang|stelle|woche|kalenderwoche|jahrhundert|klasse|auflage|runde)"
    r"|wievielte[nmrs]?)\b",
    re.I,
)
_TEXT_BEHIND = lazy_regex(
    r"(?<=\?)\s+(?:text|passage|context|kontext|source|quelle|excerpt|auszug)\s?:.*", re.I | re.S
)
_YEAR = lazy_regex(r"\b(?:19|20)\d\d\b")
_OF_BEFORE = lazy_regex(r"\b(?:das|that|this|es|it|dies)\b", re.I)
_HEAD = lazy_regex(
    r"\b(?:(?:what|which) (?:is|was|are|were)|wie (?:hoch|groß|lang|schwer|alt) (?:ist|war|sind|waren)|"
    r"was (?:ist|war)|welche[nrms]?)\s(?P<head>(?:[^\W\d_]+\s??){1,5}?)"
    r"(?=\W*(?:$|[?(,.;:]|\b(?:of|in|for|on|at|to|per|from|by|"
    r"des|der klasse|im|am|vom|von|für|in|pro|je|bei|zum|zur|als|dieses|eines|einer)\b))",
    re.I,
)
_LIMIT = lazy_regex(
    r"\b(nach|after|vor|before|als|than)\s(?:wie ?viele?n?|how (?:many|much))\b", re.I
)
_AGE = lazy_regex(r"\b(?:how old|wie alt|age|alter)\b", re.I)
_QUESTION_WORD = lazy_regex(
    r"\b(?:how|what|which|when|who|whose|where|wie|was|wann|wer|wo|wo\w+|welche[nmrs]?|um wie|by how)\b",
    re.I,
)
_LONGEST_QUESTION = 60
"""Words of a question that is no passage."""
_MODIFIED = lazy_regex(
    r"\b(?:after|before|without|nach|vor|ohne)\s(?:the\s|a\s|de[rnm]\s|eine[mnr]?\s)?\w+", re.I
)
_AUXILIARY = (
    r"(?:are|is|was|were|did|does|do|has|have|had|can|could|will|would|should|must|may|sind|ist|war|waren|hat|haben|"
    r"wird|werden|wurden?|kann|können)"
)
_COUNTED = lazy_regex(
    rf"\b(?:how many|how much|wie ?viele?n?|number of|anzahl(?: de[rs])?)\s"
    rf"(?:(?:of|the|der|von|den)\s|\d+\s)*(?!{_AUXILIARY}\b)"
    rf"(?:(?P<adjectives>(?:\w+\s){{0,2}}?)(?:(?-i:[A-ZÄÖÜ])[\w-]+|\w+(?=\s(?:{_AUXILIARY}|of|in|on|at|per|for|from|fit|"
    r"work)\b))|\w+)",
    re.I,
)
_MEASURED_IN = lazy_regex(
    rf"\b(?:in )?(?:which|what|welche[ms]) (?:year|jahr)\b|\(in [^()]*\)|\bin (?:US )?{CURRENCY}|\bin{UNIT}|"
    r"\b(?:last|this|next|letzte[nms]?|diese[nms]?|vorige[nms]?) (?:year|month|week|jahr|monat|woche)\b|"
    r"\b(?:what|was|wie|it|he|she|man|es|sie|das|"
    r"dies|that|this|be|hoch|groß|lang|alt|kalt|warm|schwer|old|high|long|tall|large|heavy|cold|much|many)\b",
    re.I,
)
_TOTAL = lazy_regex(
    r"\b(?:total|altogether|overall|in all|combined|sum|insgesamt|gesamt\w*|zusammen|summe|alle[nr]?)\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a question for a number asks for."""

    question: str

    @property
    def asking(self) -> str:
        """The question without the sentences before it that tell what is given, and without a text that follows."""
        parts = [part for _, part in sentences(_TEXT_BEHIND.sub("", self.question))]
        first = next((i for i, part in enumerate(parts) if part.rstrip(" \n\"')").endswith("?")), 0)
        while first and _QUESTION_WORD.search("".join(parts[first:])) is None:
            first -= 1
        last = next((i for i, p in enumerate(parts) if i >= first and "?" in p), len(parts))
        facts = [p for p in parts[last + 1 :] if not re.search(r"\d", p)]
        return "".join([*parts[first : last + 1], *facts])

    @property
    def given(self) -> frozenset[float]:
        """The numbers that the question tells; of a passage, the answer may be one."""
        told = _TEXT_BEHIND.sub("", self.question)
        told = told if len(told.split()) <= _LONGEST_QUESTION else self.asking
        ends = scale_of(self.question) or ()
        return frozenset(n.value for n in numerals(in_digits(told), None)) - frozenset(ends)

    @property
    def subject(self) -> str:
        """The question without what a value is asked before, after or without."""
        return _MODIFIED.sub(" ", self.asking)

    @property
    def predicate(self) -> str:
        """The question without what it counts, and in what."""
        told = self.subject
        if not any(asked_words(_MEASURED_IN.sub(" ", _COUNTED.sub(" ", told)))):
            is_of_before = _OF_BEFORE.search(told) is not None  # `How many is that?`
            return re.sub(r"\d+", " ", self.question) if is_of_before else told
        return _MEASURED_IN.sub(" ", _COUNTED.sub(r" \g<adjectives> ", told))

    @property
    def is_problem(self) -> bool:
        """It tells the numbers to reckon with."""
        return len(self.given - {float(year) for year in _YEAR.findall(self.question)}) > 1

    @property
    def counted(self) -> str:
        """The noun that is counted."""
        found = _COUNTED.search(self.subject)
        return found[0].split()[-1] if found else ""

    @property
    def kind_counted(self) -> str:
        """What tells the kind that is counted from others: `night shifts`."""
        found = _COUNTED.search(self.subject)
        return found["adjectives"] or "" if found else ""

    @property
    def head(self) -> str:
        """What a question for no count is about, without what it is of: `the purchase price`."""
        found = _HEAD.search(self.subject)
        return "" if found is None or self.for_count else found["head"]

    @property
    def limit(self) -> str:
        """The preposition of a limit that is asked for: `after how many months`."""
        found = _LIMIT.search(self.asking)
        return found[1].casefold() if found else ""

    @property
    def for_rounded(self) -> bool:
        """With fewer digits than it comes to."""
        return re.search(r"\b(?:round|nearest|gerundet|runde)", self.question, re.I) is not None

    @property
    def for_age(self) -> bool:
        """Years of a life."""
        return _AGE.search(self.asking) is not None

    @property
    def for_year(self) -> bool:
        """A year of the calendar."""
        return _ASKS_YEAR.search(self.question) is not None

    @property
    def for_total(self) -> bool:
        """All parts together."""
        return _TOTAL.search(self.asking) is not None

    @property
    def for_change(self) -> bool:
        """By how much something grew or fell, not where it went."""
        return _CHANGE.search(self.asking) is not None

    @property
    def for_comparison(self) -> bool:
        """How much more or less, in whatever words."""
        return ASKS_MORE.search(self.asking) is not None

    @property
    def for_each(self) -> bool:
        """A price or amount per piece."""
        return (
            ASKS_EACH.search(self.asking) is not None or _IN_A_TIME.search(self.asking) is not None
        )

    @property
    def for_percent(self) -> bool:
        """A percentage, or a share that may be told as one."""
        return ASKS_PERCENT.search(_PERCENT_GIVEN.sub("", self.asking)) is not None

    @property
    def for_money(self) -> bool:
        """An amount of money."""
        return ASKS_MONEY.search(self.asking) is not None

    @property
    def for_count(self) -> bool:
        """How many: a fraction is none."""
        return _COUNT.search(self.asking) is not None and not self.for_share

    @property
    def for_amount(self) -> bool:
        """How many or how much: `none` is an answer."""
        return bool(
            self.for_count or self.for_percent or self.for_share or self.for_money or self.unit
        )

    @property
    def for_share(self) -> bool:
        """A part of one."""
        return _SHARE.search(self.asking) is not None

    @property
    def for_place(self) -> bool:
        """The how-manieth of a row: `which floor`, `welcher Platz`."""
        return _PLACE.search(self.asking) is not None

    @property
    def for_result(self) -> bool:
        """A balance, which a loss makes negative."""
        return _RESULT.search(self.asking) is not None and _LOSS.search(self.asking) is None

    @property
    def unit(self) -> str | None:
        """The unit that the answer is to be in."""
        found = _UNIT.search(self.asking)
        return unit_named(found["unit"] or found["part"]) if found else None

    @property
    def scale(self) -> float:
        """What the question's own unit multiplies by: `in millions`."""
        found = _SCALE.search(self.asking)
        if found is None:
            return 1
        return 1e3 if found["k"] else 1e6 if found["m"] else 1e9

    def in_its_unit(self, text: str, numeral: Numeral) -> float:
        """Return a number in the unit that the question asks for: 90 minutes are 1.5 of its hours."""
        value = numeral.value
        if self.scale != 1 and (
            numeral.scale == self.scale or (numeral.scale == 1 and abs(value) >= self.scale / 10)
        ):
            return value / self.scale
        if numeral.is_ratio and IN_PERCENT.search(self.question) and not numeral.is_percent:
            return 100 * value
        written = text[numeral.start : numeral.end]
        if (
            self.for_money
            and not numeral.is_percent
            and CENTS.search(written)
            and not CENTS.search(self.question)
        ):
            return value / 100
        if self.unit is None:
            return value
        quantity = quantity_of(text, numeral)
        sort, factor = FACTORS[self.unit]
        if quantity.unit != sort or not isinstance(quantity.value, float):
            return value
        return round(quantity.value / factor, 6)

    @property
    def sort(self) -> str | None:
        """What the unit that the question asks for measures."""
        return FACTORS[self.unit][0] if self.unit else None


_ASKS_YEAR = lazy_regex(r"\b(?:which|what|welche[ms]|welches) (?:year|jahr)\b", re.I)
