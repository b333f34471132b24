"""Takes from an answer the digits that are no result: dates, list markers, names such as `Line 7`, years."""

from __future__ import annotations

import re
from collections.abc import Iterator

from evalkit.reading.dates import moments
from evalkit.reading.lazy_regex import lazy_regex
from evalkit.reading.units import UNIT_NAMES

NO_NUMBER, ASKED_YEAR, OTHER_YEAR, ASKED_NAME = "\uf8ff", "\uf8fe", "\uf8fd", "\uf8fb"
"""Stand for a date or name, for a year the question is about, for another year, and for a name the question has."""
_NAMES = (
    r"station|ward|department|abteilung|aisle|bay|silo|container|floor|extension|ext|durchwahl|tel|telefon|phone|hotline|line|row|column|table|figure|fig|section|sec|chapter|page|question|step|item|no|nr|room|building|gate|"
    r"version|level|grade|"
    r"class|team|group|plant|site|store|branch|shift|zone|phase|quarter|week|day|model|order|invoice|route|tier|"
    r"article|"
    r"appendix|note|footnote|exhibit|part|unit|lot|batch|machine|warehouse|region|district|track|platform|flight|"
    r"ticket|customer|"
    r"project|season|episode|volume|rule|option|paragraph|region|category|schedule|form|bus|train|highway|channel|"
    r"zeile|spalte|tabelle|abbildung|abschnitt|kapitel|seite|frage|schritt|punkt|nummer|raum|halle|werk|filiale|"
    r"stufe|klasse|"
    r"gruppe|linie|woche|tag|quartal|modell|bestellung|auftrag|schicht|abs|absatz|artikel|art|paragraf|paragraph|"
    r"anlage|anhang|"
    r"fußnote|ziffer|maschine|lager|bezirk|gleis|flug|kunde|projekt|staffel|band|(?<!\bin der )regel|variante|"
    r"position|pos|version|phase|lager|"
    r"haus|platz|etage|stock|serie|los|charge|teil|bus|zug|kanal|rechnung|order|beleg|konto|akte|az|§+"
)
_NAMED = lazy_regex(
    rf"(?<![\w])(?P<noun>{_NAMES})\.?\s?(?:#|no\.?|nr\.?|number|nummer)?\s?(?!(?:19|"
    r"20)\d\d\b|\d{1,3}(?:[.,]\d{3})+\b)\d+(?:\.\d+)*[a-z]?(?:\(\w{1,3}\))*(?!\w|[.,]?\d|\s?[%€$£])"
    rf"(?:\s?(?:,|and|und|&|-|–|to|bis)\s\d+(?![\w.,%€$]|\s[^\W\d_]))?",
    re.I,
)
_ACRONYM = lazy_regex(
    r"(?<![\w€$])(?!(?:USD|EUR|GBP|CHF|JPY|US|TOTAL|SUMME|CA|MIO|MRD|TSD|NET)\b)(?:[A-Z]{2,6}|"
    r"[a-z]{1,2}[A-Z]\w+)[ -]\d+(?:[-.]\d+)*(?![\w%€$]|[.,]\d)"
)
_CAPITALISED = lazy_regex(
    r"(?<=[a-z,;] )(?!(?:January|February|March|April|May|June|July|August|September|October|November|"
    r"December|Source|Quelle|Januar|Februar|März|Mai|Juni|Juli|Oktober|Dezember|Total|Sum|Answer|Result|About|Only|Exactly|"
    r"Roughly|Net|Gross|Euros?|Dollars?|I|Regel|Schnitt|Durchschnitt|Mittel|"
    r"Summe|"
    r"Approximately)\b)"
    r"(?!(?:Sie|Ihnen|Ihre?[nrms]?|Du|Dir|Dich|Wir)\b)"
    r"[A-Z][a-z]+ (?!(?:19|20)\d\d\b)\d{1,4}(?![\w%€$]|[.,]\d|\s[%€$£]|\s(?:EUR|USD|CHF|GBP)\b| \d{3}\b|"
    r"(?-i: [A-ZÄÖÜ][a-zäöüß]))"
)
SOURCE_NOUN = (
    r"\w*(?:tabelle|text|handbuch|vertrag|protokoll|bericht|liste|grafik|anhang|mail|aushang|log|wiki|report|"
    r"export|invoice|"
    r"table|statement|dashboard|manual|contract|website|webseite|broschüre|plan|register|meldung|artikel|übersicht|"
    r"diagramm|katalog|statistik|angebot|rechnung|auszug|brief|kasse|system|datenbank|akte|zusammenfassung|"
    r"summary|anlage|anhang|abschnitt|abstract|hr|payroll|beleg|buch|book|abstract|appendix|caption|"
    r"intro\w*|figure|chart)"
)
"""A pattern for what may tell a number: a table, a contract, a web site."""
_SOURCES = lazy_regex(rf"{SOURCE_NOUN}\s", re.I)
_NUMBER_BEFORE = lazy_regex(
    r"\d[\w%€$]*(?:\s[^\W\d_]+)?,\s(?:und |and |while |aber |but )?(?:der|die|das|den|dem|the|laut|nach|in|im|"
    r"in der|in the|auf der|on the|laut der)\s$",
    re.I,
)
_GLUED = lazy_regex(
    r"(?<=\bthe )\d+0s\b|\b\d+-(?!(?i:"
    rf"{UNIT_NAMES})\b)(?-i:[A-ZÄÖÜ])\w+(?:-\w+)+|"
    r"(?<!\w)[A-Za-zÄÖÜäöü]+-?\d[\w-]*(?:\.\d+)*(?!\w)|(?<![\w.])\d+(?:\.\d+){2,}(?![\w])|"
    r"\b(?!\d+[eE]\d+\b)\d+[A-Za-z]+\d\w*|\b\d{1,2}[a-f]\b"
)
_PARTS = lazy_regex(r"\bwie ?viele\s(\w+)", re.I)
_GROUPED = lazy_regex(r"\d{1,3}(?:[.,]\d{3})+")
_KEEP = lazy_regex(r"(?:USD|EUR|GBP|CHF|US|x|ca|rd|approx)-?[\d]", re.I)
_MARKER = lazy_regex(r"^[ \t]*(\d{1,2})[.)][ \t]+(?=\S)", re.M)
_BULLET = lazy_regex(r"^[ \t]*[-–*•][ \t]+", re.M)
_STEP = lazy_regex(r"^[ \t]*(?:step|schritt)\s\d{1,2}\s?[:.)]", re.M | re.I)
_YEAR = lazy_regex(
    r"(?<![\w.,€$£-])(?<![$€£] )(?:19|20)\d\d(?:/\d\d)?(?![\w%€$£]|[.,]\d|\s?(?:€|EUR|USD|Euro|\$|%))"
)
_LED_YEAR = lazy_regex(
    r"\b(?:in|im jahre?|jahre?|year|since|seit|ende|anfang|mitte|end of|fiscal|fy|during|until|before|after|nach|"
    r"vor|from|für|for|"
    r"bis|von|auf|zu|to|spring|summer|autumn|winter|frühjahr|sommer|herbst|winter|quartal|late|early|by|of|as of|"
    r"and|und|zum|stand|geschäftsjahr)\s$",
    re.I,
)
_YEARS = lazy_regex(
    r"(?P<led>\b(?:between|zwischen|from|von|the years|in den jahren)\s)(?:19|20)\d\d\s(?:and|to|und|"
    r"bis)\s(?:19|20)\d\d\b(?![.,]\d)",
    re.I,
)
_UNIT_BEHIND = lazy_regex(rf"\s(?:{UNIT_NAMES})\b", re.I)
_OF_FOUNDING = lazy_regex(
    r"\b(?:gründung|gegründet|erbaut|gebaut|eröffnet|eröffnung|founded|founding|established|built|opened|"
    r"opening|census|"
    r"volkszählung|jahrgang|sommer|winter|summer|spring|fall|census of)\s(?:in\s|im jahr\s)?$",
    re.I,
)
_ALIKE = (r"(?:floor|level|stock\w*|etage|geschoss)", r"(?:platz|rang|stelle|position|place|rank)")
"""Names of one thing."""
_ASKS_WHICH = r"\b(?:which|what|welche[nmrs]?|in welche[nmr]|wievielte[nrs]?)\s(?:\w+\s)?"


_QUARTERS = (
    "first|1st|erste[nrs]?",
    "second|2nd|zweite[nrs]?",
    "third|3rd|dritte[nrs]?",
    "fourth|4th|vierte[nrs]?",
)
_QUARTER = lazy_regex(
    rf"\b(?:(?P<nth>{'|'.join(_QUARTERS)}|[1-4]\.)\s(?:quarter|quartal)|quartal\s(?P<n>[1-4]))\b",
    re.I,
)


def _quarter(match: re.Match[str]) -> str:
    """`2. Quartal` is Q2."""
    nth = (match["n"] or match["nth"]).casefold().rstrip(".")
    place = next((n for n, forms in enumerate(_QUARTERS, 1) if re.fullmatch(forms, nth)), nth)
    return f"Q{place}"


def without_names(text: str, question: str) -> str:
    """Return a text in which signs stand for digits that can't be its result."""
    text, question = (_QUARTER.sub(_quarter, told) for told in (_without_markers(text), question))
    asked_moments = {moment.name for moment in moments(question)}
    for moment in sorted(moments(text), key=lambda m: -m.start):
        mark = ASKED_NAME if moment.name in asked_moments else NO_NUMBER
        text = text[: moment.start] + mark + text[moment.end :]
    text = _without_asked_names(text, question)
    named = {m[0].casefold() for m in _GLUED.finditer(question)}

    def sign(match: re.Match[str]) -> str:
        return ASKED_NAME if match[0].casefold() in named else NO_NUMBER

    text = _NAMED.sub(
        lambda m: m[0] if _is_asked(m["noun"], question) or _is_no_name(m, question) else NO_NUMBER,
        text,
    )
    if not text.isupper():
        text = _ACRONYM.sub(NO_NUMBER, text)
    asked = set(asked_words(question))
    text = _CAPITALISED.sub(
        lambda m: (
            m[0]
            if _is_elliptic(m)
            or set(asked_words(m[0])) & asked
            or _is_asked(m[0].split()[0], question)
            else NO_NUMBER
        ),
        text,
    )
    for part in set(_PARTS.findall(question)):  # `a 3-Zimmer-Wohnung`, where rooms are counted
        text = re.sub(rf"\b(\d+)-(?={re.escape(part)}-)", r"\1 ", text, flags=re.I)
    text = _GLUED.sub(
        lambda m: m[0] if _GROUPED.fullmatch(m[0]) or _KEEP.match(m[0]) else sign(m), text
    )
    return _without_years(text, question)


_OF_TIME = lazy_regex(
    r"\b(?:this|last|next|per|each|every|a|diese[rnms]?|letzte[rn]?|nächste[rn]?|pro|je|jede[rnm]?)\s$",
    re.I,
)


_COUNTED = lazy_regex(r"\b(?:how many|wie ?viele)\s([^\W\d_]+)")


def _is_no_name(match: re.Match[str], question: str) -> bool:
    """Tell whether a number behind a noun is no name of one: `this week 7 meetings`, where meetings are counted."""
    if _is_of_source(match) or _OF_TIME.search(match.string[: match.start()]):
        return True
    behind = re.match(r"\s([^\W\d_]+)", match.string[match.end() :])
    return behind is not None and behind[1].casefold() in _COUNTED.findall(question.casefold())


def _is_of_source(match: re.Match[str]) -> bool:
    """Tell whether a number is what a source tells, not its own: `the text has 412, die Tabelle 421`."""
    if _UNIT_BEHIND.match(match.string, match.end()):
        return True
    return _SOURCES.match(match[0]) is not None and _is_elliptic(match)


def _is_elliptic(match: re.Match[str]) -> bool:
    """Tell whether the verb of the clause before holds on: `the list has 210, das Protokoll 201`."""
    before = match.string[max(0, match.start() - 60) : match.start()]
    if re.search(r"\b(?:laut|gemäß|according to)\s$", before, re.I):
        return True
    if re.search(r"\b(?:nach|im|am|beim|vom|per|the)\s$", before, re.I):
        return _SOURCES.match(match[0]) is not None
    return _NUMBER_BEFORE.search(before) is not None


def _without_markers(text: str) -> str:
    numbers = [int(m[1]) for m in _MARKER.finditer(text)]
    if numbers[:2] == [1, 2] or (numbers == [1] and "\n" in text.strip()):
        text = _MARKER.sub("", text)
    if len(_BULLET.findall(text)) > 1:
        text = _BULLET.sub("", text)
    return _STEP.sub("", text)


def _without_asked_names(text: str, question: str) -> str:
    """Names that the question itself brings: what is `Team 50` there is no result here."""
    for word, digits in re.findall(r"([^\W\d_]+)\.?[ -](\d[\d.]*[a-z]?)\b", question):
        if (
            any(asked_words(word))
            and (word[0].isupper() or re.fullmatch(_NAMES, word, re.I))
            and not re.fullmatch(r"(?:19|20)\d\d", digits)
        ):
            text = re.sub(
                rf"\b{re.escape(word)}\.?[ -]{re.escape(digits)}(?![\w]|[.,]\d)",
                ASKED_NAME,
                text,
                flags=re.I,
            )
    return text


_ASKS_RATING = lazy_regex(
    r"\b(?:rate|rating|score|grade|mark|scale|confident|certain|sure|skala|bewert\w*|benot\w*|\w*note|\w*punktzahl|wertung|"
    r"sicher|einschätz\w*|schätz\w*)\b",
    re.I,
)
_BOUNDS = lazy_regex(
    r"\b(?:(?:from|between|von|zwischen)\s)?(?P<low>\d{1,3})\s?(?:\([^()]*\)\s)?(?:to|and|bis|und|-)\s(?P<high>\d{1,3})\b(?!\s?%)",
    re.I,
)


def scale_of(question: str) -> tuple[float, float] | None:
    """Return the ends of the scale on which a question asks to rate something; None: it asks for no such thing."""
    bounds = _BOUNDS.search(question)
    if bounds is None or _ASKS_RATING.search(question) is None:
        return None
    ends = sorted((float(bounds["low"]), float(bounds["high"])))
    return ends[0], ends[1]


def _is_asked(noun: str, question: str) -> bool:
    if scale_of(question) is not None and noun.casefold() in question.casefold():
        return True
    alike = next((names for names in _ALIKE if re.fullmatch(names, noun, re.I)), re.escape(noun))
    return re.search(rf"{_ASKS_WHICH}{alike}", question, re.I) is not None


def _without_years(text: str, question: str) -> str:
    if re.search(r"\b(?:which|what|welche[ms]?) (?:year|jahr)|\b(?:when|wann)\b", question, re.I):
        return text
    asked = set(re.findall(r"\b(?:19|20)\d\d\b", question.rpartition("?")[0]))
    asked = asked or set(re.findall(r"\b(?:19|20)\d\d\b", question))
    text = _YEARS.sub(lambda m: f"{m['led']}{OTHER_YEAR if asked else ASKED_YEAR}", text)
    many = len(re.findall(r"(?<![\d.,])\d[\d.,' ]*", text)) > 1

    def sign(match: re.Match[str]) -> str:
        before, after = text[: match.start()], text[match.end() :]
        led = (
            _LED_YEAR.search(before) is not None
            or before.endswith((f"{NO_NUMBER} ", f"{ASKED_NAME} "))
        ) and not re.search(r"\b(?:total|sum) of $", before, re.I)
        labels = many and (
            match[0] in asked
            or re.match(
                r"\s?:|\s(?:waren|war|sind|were|was|lag|lagen|gab|hatte|had|came|betrug|dann|noch|bei|auf|at)\b",
                after,
            )
            is not None
            or (_OF_FOUNDING.search(before) is not None)
            or (before.endswith("(") and after.startswith(")"))
        )
        if not led and not labels:
            return match[0]
        return OTHER_YEAR if asked and match[0] not in asked else ASKED_YEAR

    return _YEAR.sub(sign, text)


_EMPTY_WORDS = (
    "the and for with from was were are did does has have had how many much what which who whom whose when "
    "where why that this "
    "these those there their its his her not der die das den dem des ein eine einen einem einer und oder "
    "von mit auf aus für bei "
    "zum zur ist sind war waren hat haben hatte wird werden wurde wurden wie viel viele was wer wann "
    "welche welcher welches "
    "welchem welchen nach vor bis sich als auch nicht"
)
_EMPTY = frozenset(_EMPTY_WORDS.split())
"""Words of every question: that an answer has them, too, tells nothing."""


def asked_words(question: str) -> Iterator[str]:
    """Yield the words of a question that an answer may say again."""
    for word in re.findall(r"[^\W\d_]{3,}", question.casefold()):
        if word not in _EMPTY:
            yield word[:6]
