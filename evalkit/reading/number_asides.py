"""Tells of a number, by the words around it, that it is no result: a part, an earlier value, denied, per piece."""

import re
from dataclasses import replace

from evalkit.reading.asked import Asked
from evalkit.reading.clauses import Clause
from evalkit.reading.context import ASKED_YEAR, OTHER_YEAR
from evalkit.reading.lazy_regex import lazy_regex
from evalkit.reading.number_words import (
    ALL_OF,
    ANY,
    AT_EACH,
    BOUND,
    COMPARED,
    CURRENT,
    EACH_BEFORE,
    EACH_BEHIND,
    EARLIER,
    EARLIER_LABEL,
    FORMER,
    MORE_BEHIND,
    OFF_BEHIND,
    OTHER_YEAR_BEHIND,
    PART_OF,
    PERIOD,
    PLANNED,
    PLANNED_WORD,
    SO_FAR,
)
from evalkit.reading.numerals import Numeral
from evalkit.reading.words import DOUBT, NEGATION, NOUN


def is_of_other_year(left: str, own: str, text: str) -> bool:
    """Tell whether a number is of another year than the one asked for; by its own year, or the last one before.

    Args:
        left: What stands before it in its clause.
        own: What stands around it in its part of the clause.
        text: All that stands before its clause.
    """
    if re.search(rf"{OTHER_YEAR}\s?\($", text):  # `the figure for 2021 (430 cases)`
        return True
    before = OTHER_YEAR_BEHIND.match(ANY.split(left)[-1]) if ANY.search(left) else None
    if before is not None:
        own = own.replace(before[0], "", 1)
    if OTHER_YEAR in own or ASKED_YEAR in own:
        return ASKED_YEAR not in own
    last = re.findall(f"[{OTHER_YEAR}{ASKED_YEAR}]", left)[-1:]
    return last == [OTHER_YEAR] and before is None


_DENIED_BEHIND = lazy_regex(
    r"(?:\s[^\W\d_]+){0,3}?(?:\s(?:not|nicht|never|nie)\b|n't\b)(?! only| nur)", re.I
)
_TIME_SPENT = lazy_regex(
    r"\s(?:years?|jahren?)'?\s(?:of (?!age\b)|in\b|(?-i:[A-ZÄÖÜ])|experience\b)", re.I
)


def is_surpassed(left: str, text: str, asked: Asked) -> bool:
    """Tell whether a number was so until something else came, or was only planned."""
    is_planned = PLANNED.search(left) is not None and not PLANNED_WORD.search(asked.asking)
    return is_planned or (SO_FAR.search(left) is not None and CURRENT.search(text) is not None)


def is_share_of_all(numeral: Numeral, right: str, asked: Asked) -> bool:
    """Tell whether a fraction is of all, where a count is asked for: `half of them`."""
    is_share = asked.for_count and numeral.is_ratio and numeral.value < 1
    return is_share and _OF_ALL.match(right) is not None


def is_weak(left: str, right: str, own_right: str, text: str, asked: Asked) -> bool:
    """Tell whether a number is doubted, denied, only planned, or told per piece where that is not asked for."""
    is_each = any((EACH_BEHIND.search(right), AT_EACH.search(left), EACH_BEFORE.match(left)))
    is_each = is_each and not asked.for_each
    is_denied = _DENIED_BEHIND.match(own_right) and not re.search(NEGATION, asked.asking, re.I)
    return bool(
        is_each or is_denied or is_surpassed(left, text, asked) or re.search(DOUBT, left, re.I)
    )


def is_in_brackets(text: str, place: int) -> bool:
    """Tell whether a place is in round brackets that stand behind something."""
    opened = text.rfind("(", 0, place)
    return opened > text.rfind(")", 0, place) and bool(text[:opened].strip())


_DENIED = lazy_regex(rf"{NEGATION}(?:\s\w+){{0,2}}\s$", re.I)
_NONE_SAID = lazy_regex(
    rf"\b(?:no|kein\w*)\s(?:\w+\s)?(?:{NOUN}|number|figure|value|anzahl|zahl|wert)\b", re.I
)
_NO_MORE_THAN = lazy_regex(
    r"\b(?:no|not|nicht|kaum|hardly) (?:more|less|fewer|mehr|weniger|later) (?:than|als)\s(?:\w+\s)?$|"
    r"\b(?:not|n't|nicht) (?:exceed|überschreiten)\s$",
    re.I,
)
_OF_ALL = lazy_regex(r"\W*(?:$|of\b|der\b|des\b|aller?\b|davon\b|them\b|all\b)", re.I)
_LOST = lazy_regex(
    r"\b(?:loss(?:es)?|deficit|shortfall|lost|\w*verlust(?:es|s)?|fehlbetrag|defizit|verlor|verloren|minus|"
    r"miese|overdraft|overdrawn|in the red|überzogen)\b"
    r"(?:\s(?:of|von|in höhe von|was|is|were|betrug|beträgt|about|around|roughly|rund|etwa|by|um|amounted to|"
    r"amounts to|came to|"
    r"belief sich auf|lag bei|for the \w+|im \w+(?: \w+)?|in the \w+(?: \w+)?|over|[\uf8fb-\uf8ff]|einen?))*\W*$",
    re.I,
)
_LOSS_BEHIND = lazy_regex(
    r"^(?:\s\w+)?\s(?:loss|deficit|verlust|minus|fehlbetrag|im soll|im minus|overdrawn|in the red|überzogen|short)\b",
    re.I,
)
_DEDUCTION = lazy_regex(r"\b(?:discount|deduction|\w*rabatt|nachlass|skonto|\w*abzug)\b", re.I)
_NO_LOSS = lazy_regex(r"\b(?:no|not|nicht|kein\w*|instead of|statt)\s(?:\w+\s)?$", re.I)


def with_sign(numeral: Numeral, label: str, right: str, asked: Asked) -> Numeral:
    """A loss is negative where a result is asked for, a deduction is not where it is itself."""
    if numeral.value < 0 and _DEDUCTION.search(asked.head):
        return replace(numeral, value=-numeral.value)
    if numeral.value <= 0 or not asked.for_result:
        return numeral
    lost = _LOST.search(label)
    if (lost is not None and not _NO_LOSS.search(label[: lost.start()])) or _LOSS_BEHIND.match(
        right
    ):
        return replace(numeral, value=-numeral.value)
    return numeral


def is_earlier_label(before: str) -> bool:
    """Tell whether a clause names an earlier time: `Last year: 300`."""
    return EARLIER_LABEL.search(before) is not None


_EACH_BEFORE = lazy_regex(r"(?:jeweils|je|each|every|à|zu\sje)\b", re.I)


def _earlier(left: str, asked: Asked) -> re.Match[str] | None:
    """Return what makes a number a part or an earlier value; `a discount of 25 %` is one unless it is asked for."""
    earlier = EARLIER.search(left)
    noun = re.match(r"(\w+) (?:of|von)\b", earlier[0]) if earlier else None
    is_asked = noun is not None and noun[1].casefold() in asked.asking.casefold()
    return None if is_asked or left.strip().casefold() == "plus" else earlier


def is_aside(left: str, right: str, clause: Clause, asked: Asked) -> bool:
    """Tell whether a number is a part, a limit, an earlier value, or denied."""
    earlier = _earlier(left, asked)
    is_limit = bool(asked.limit) and earlier is not None and asked.limit in earlier[0].casefold()
    off = OFF_BEHIND.search(right)
    if off is not None and off[0].split()[-1].casefold() in asked.asking.casefold():
        return False  # `incl. €35 VAT`, where the tax is asked for
    is_earlier = earlier is not None and BOUND.search(left) is None and not is_limit
    if asked.for_age and _TIME_SPENT.match(right):
        return True
    is_each = earlier is not None and _EACH_BEFORE.match(earlier[0]) is not None
    if clause.is_asked or (is_earlier and not (is_each and asked.for_each)):
        return True
    if ALL_OF.search(left) and PERIOD.match(right):
        return True
    if COMPARED.search(left):
        return True
    if PART_OF.search(left) or OFF_BEHIND.search(right) or OTHER_YEAR_BEHIND.search(right):
        return True
    if FORMER.search(left) or EARLIER_LABEL.search(left):
        return True
    if MORE_BEHIND.search(right) and not re.search(r"=\s?$", left) and not asked.for_comparison:
        return True
    if _NONE_SAID.search(left):
        return True
    is_denied = _DENIED.search(left) is not None and _NO_MORE_THAN.search(left) is None
    return is_denied
