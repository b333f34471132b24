"""Splits an answer into sentences and clauses, so that a negation or a cue reaches no further than in speech."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from evalkit.reading.language import language_of
from evalkit.reading.lazy_regex import lazy_regex

_SHORT = (
    r"(?<!\bz)(?<!\bB)(?<!\bk)(?<!\bo)(?<!\bn)(?<!\bi\.e)(?<!\be\.g)(?<!\bapprox)(?<!\bca)(?<!\bNr)(?<!\bMio)(?<!\bMrd)(?<!\bTsd)"
    r"(?<!\bbzw)(?<!\bd)(?<!\bvgl)(?<!\bDr)(?<!\bSt)(?<!\bmin)(?<!\bStd)(?<!\bvs)(?<!\binkl)(?<!\bzzgl)(?<!\bincl)"
    r"(?<!\bFr)(?<!\bMr)(?<!\bMs)(?<!\bMrs)(?<!\betc)(?<!\busw)(?<!\bev)(?<!\bggf)"
)
_END = lazy_regex(
    rf"\n+|(?<=[!?])[\"')\]]*\s+|{_SHORT}(?<!\d)\.[\"')\]]*(?:\s+|$)|"
    r"(?<=\d)\.(?:\s+(?=[A-ZÄÖÜ\uE000-\uEFFF])|$)|;\s+"
)
_JOINTS = (
    r"\s*(?:,|\s[-–—]+\s|—|[():])\s*|\s*(?=→|⇒|=>|->)|(?<!\bof)(?<!\bpossibly)(?<!\bmaybe)(?<!\bperhaps)\s+(?=(?:because|since|"
    r"but|while|whereas|although|though|"
    r"so(?!\s(?:ist|is|war|sind|nicht|nur|ein|einfach|leicht|genau|direkt|ohne|far|that|on|much|many)\b)|"
    r"therefore|thus|hence|"
    r"however|which|weil|da(?=\s+\w)|denn|aber|sondern|während|obwohl|wohingegen|daher|deshalb|somit|also|jedoch|"
    r"rather than|instead of|as opposed to|statt|anstatt)\b)"
)
_PROSE = 6
"""Words of a line that is a sentence."""
_JOINT = lazy_regex(_JOINTS, re.I)
_JOINT_OF_PAIRS = lazy_regex(
    rf"{_JOINTS}|\s+(?=(?:and|und)\s+(?:[\w']+\s+){{0,4}}[\uE000-\uEFFF])", re.I
)


_ALSO = lazy_regex(r"also\b", re.I)
"""`Therefore` in German only."""
_ADVERB = lazy_regex(r"(?:therefore|thus|hence|however|daher|deshalb|somit|also|jedoch)\b", re.I)


_SUBJECT = r"\W*(?:the |der |die |das )?[\uE000-\uEFFF]\W*(?:is|are|ist|sind)?\W*"


def _is_within(sentence: str, begin: int, joint: re.Match[str]) -> bool:
    """Tell whether an adverb stands behind nothing but the subject of its clause: `A therefore fits`."""
    subject = sentence[begin : joint.start()]
    if not joint[0].isspace() or not _ADVERB.match(sentence, joint.end()):
        return False
    return re.fullmatch(_SUBJECT, subject, re.I) is not None


@dataclass(frozen=True, slots=True)
class Clause:
    """A piece of a sentence with where it stands."""

    text: str
    start: int
    """Characters from the beginning of the answer."""
    sentence: int
    """Which sentence of the answer it belongs to."""
    is_asked: bool
    """Whether its sentence ends with a question mark."""
    ends_with_colon: bool = False


def sentences(text: str) -> Iterator[tuple[int, str]]:
    """Yield sentences with their place; lines and semicolons end one, too."""
    start = 0
    for end in _END.finditer(text):
        if text[start : end.end()].strip():
            yield start, text[start : end.end()]
        start = end.end()
    if text[start:].strip():
        yield start, text[start:]


_LEADING_ON = lazy_regex(
    r"^\W*(?:and\s|und\s)?(?:(?:next|now|then|first|dann|nun|jetzt|danach|zuerst|zunächst|anschließend|als nächstes|"
    r"however|on the other hand|allerdings|jedoch|andererseits|but|aber)\b|"
    r"(?:so|thus|therefore|hence|also|daher|somit|deshalb)\s(?:now\s|nun\s)?(?:(?:we|i|you|wir|ich|man)\s(?:\w+\s){0,2}?"
    r"(?:multipl|add|subtract|divid|calculat|comput|get\b|need|have\b|must|can\b|take|work|rechne|teile|ziehe|müsse)|"
    r"(?:multiplizier|addier|subtrahier|dividier|rechn|berechn|teil|zieh|erhalt|müss|brauch|nehm)\w*\s(?:wir|ich|man)\b))",
    re.I,
)
_OPEN_WORD = lazy_regex(
    r"\b(?:the|an?|of|and|or|is|are|has|have|costs?|der|die|das|den|dem|ein|eine[nrm]?|und|oder|ist|sind|hat|von|mit|für|"
    r"beträgt|kostet|kosten|we|wir|"
    r"(?:ergibt|ergeben|gives?|leaves|makes)(?:\s(?:sich|us|uns|me|daraus|damit|insgesamt|dann|therefore)){1,2})$",
    re.I,
)
_SUBORDINATE = lazy_regex(
    r"^\W*(?:(?!und|and)\w+\s)?(?:(?i:weil|da|dass|ob|wenn|wie|was|welche[nrms]?|what|how|where|wo)|der|die|das|den|dem|deren|dessen)\b"
)


def leads_on(text: str) -> bool:
    """Tell whether a text without an end announces what is not there: `…, so we multiply`, `The basic fee is`."""
    last = text.rstrip().rpartition("\n")[2]
    if not re.search(r"\w$", last) or len(re.findall(r"[^\W\d_]{2,}", last)) < _PROSE:
        return False
    parts = clauses(last)
    end = parts[-1].text
    for said in (end, [text for _, text in sentences(last)][-1]):
        if re.search(r"[\uE000-\uEFFF]", said) is None and _LEADING_ON.match(said):
            return True
    return _OPEN_WORD.search(end) is not None and _SUBORDINATE.match(end) is None


def clauses(text: str, *, splits_pairs: bool = True) -> list[Clause]:
    """Return the clauses of all sentences.

    Args:
        text: With a private sign for everything that is told of.
        splits_pairs: `and` before such a sign begins a clause.
    """
    found = []
    pattern = _JOINT_OF_PAIRS if splits_pairs else _JOINT
    is_english = language_of(text) == "en"
    for number, (start, sentence) in enumerate(sentences(text)):
        is_asked = sentence.rstrip(" \n\"')").endswith("?")
        begin = 0
        for joint in [*pattern.finditer(sentence), None]:
            end = len(sentence) if joint is None else joint.start()
            if joint is not None and (
                _is_within(sentence, begin, joint)
                or (is_english and joint[0].isspace() and _ALSO.match(sentence, joint.end()))
            ):
                continue
            if sentence[begin:end].strip():
                has_colon = joint is not None and ":" in joint[0]
                found.append(
                    Clause(sentence[begin:end], start + begin, number, is_asked, has_colon)
                )
            begin = end if joint is None else joint.end()
    return found
