"""Facts of a decision → cells of its tables: the number, its range, where it is from; or why it is missing."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from math import isfinite

from evalkit.analysis.facts import Estimate
from evalkit.analysis.tco.facts import Figure
from evalkit.analysis.tco.values import Input, Provenance
from evalkit.analysis.tco.words import provenance_words
from evalkit.analysis.tco.words import unit_words as part_words
from evalkit.report import format as text
from evalkit.report.blocks import Badge, Cell
from evalkit.wording import NOTHING, Language, Said, joined, numeral, say, tell, verbatim

P10_P90 = verbatim("P10–P90")
CI = verbatim("95 %")
PROVENANCES = {
    Provenance.MEASURED: say("in your runs"),
    Provenance.CONTRACT: say("with the vendor"),
    Provenance.LIST_PRICE: say("of the vendor"),
    Provenance.IMPORTED: say("from somebody else's measurement"),
    Provenance.YOURS: say("in the scenario"),
    Provenance.CATALOGUE: say("of evalkit"),
    Provenance.DEFAULT: say("of evalkit"),
}
"""What stands behind the words on a badge, to explain them; the best evidence first."""
_PERCENT = verbatim("%")
_UNIT = re.compile(r"[^\W\d_]+\.?|[$%]")
Show = Callable[[float | None], Said]


def known(value: float | None) -> float | None:
    """Return a number, or None for one that is missing or not finite."""
    return value if value is not None and isfinite(value) else None


def missing(reason: Said = NOTHING, words: Said = text.NOT_KNOWN) -> Cell:
    """Return a cell that says a number is missing and why."""
    return Cell(words, reason, is_missing=True)


def figure_cell(
    figure: Figure | None, show: Show, note: Said = NOTHING, range_name: Said = P10_P90
) -> Cell:
    """Return a number with its range and its provenance; a missing one says why."""
    if figure is None or known(figure.value) is None:
        return missing(figure.reason if figure else NOTHING)
    parts = [spread(figure, show, range_name), note, figure.reason]
    return Cell(show(figure.value), joined(parts, "; "), badges(figure.provenance))


def spread(figure: Figure, show: Show, name: Said = P10_P90) -> Said:
    """Return the range of a number with its name; empty where it has none."""
    low, high = known(figure.low), known(figure.high)
    if low is None or high is None or low == high:
        return NOTHING
    return say("{name}: {bounds}", name=name, bounds=between(show(low), show(high)))


class _Between(Said):
    """Two bounds that say a unit they share only once, before or behind them as the language has it."""

    __slots__ = ("_high", "_low")
    _low: str
    _high: str

    def told(self, language: Language) -> str:
        """Return the bounds in a language."""
        return _bounds(tell(self._low, language), tell(self._high, language)).told(language)


def between(low: str, high: str) -> Said:
    """Join two bounds, and say a unit they share only once."""
    found = _Between(_bounds(low, high))
    found._low, found._high = low, high
    return found


def _bounds(low: str, high: str) -> Said:
    """Join two bounds that are already told, without the unit of one of them where both have the same."""
    head, tail = low.partition(" ")[0], low.rpartition(" ")[2]
    if _UNIT.fullmatch(head) and high.startswith(f"{head} "):
        high = high.removeprefix(f"{head} ")
    if low != tail and _is_unit(tail) and high.endswith(f" {tail}"):
        low = low.removesuffix(f" {tail}")
    return say("{low} to {high}", low=low, high=high)


def _is_unit(word: str) -> bool:
    return all(_UNIT.fullmatch(part) for part in word.split("/"))


def estimate_cell(e: Estimate, show: Show, words: Said = text.NOT_MEASURED) -> Cell:
    """Return a measured number with its 95 % interval."""
    if known(e.value) is None:
        return missing(e.reason, words)
    low, high = known(e.low), known(e.high)
    if low is None or high is None:
        bounds, why = NOTHING, e.reason
    else:
        bounds = say("{name}: {bounds}", name=CI, bounds=between(show(low), show(high)))
        why = NOTHING
    n = say("n\u00a0=\u00a0{n}", n=text.count(e.n)) if e.n else NOTHING
    return Cell(show(e.value), joined((bounds, n, why), "; "))


def bounds_of(number: Figure | Estimate) -> tuple[float, float] | None:
    """Return the range or interval of a number, None where it has none."""
    low, high = known(number.low), known(number.high)
    return None if low is None or high is None else (low, high)


def badges(provenance: Sequence[Provenance]) -> tuple[Badge, ...]:
    """Return where a number is from, the best evidence first."""
    return tuple(Badge(str(p), provenance_words(p)) for p in PROVENANCES if p in provenance)


def quantity(value: float | None, unit: str, currency: str) -> Said:
    """Return a number of any unit: money by its currency, shares in percent."""
    if known(value) is None or value is None:
        return text.MISSING
    head, _, rest = unit.partition("/")
    if head and head == currency:
        shown = text.money(value, head)
    elif head == "share":
        shown = say("{n} %", n=numeral(text.three(100 * value)))
    else:
        return say("{n} {unit}", n=plain(value), unit=unit_words(unit)) if unit else plain(value)
    return say("{amount}/{per}", amount=shown, per=unit_words(rest)) if rest else shown


def head_unit(unit: str, currency: str) -> str:
    """Return the part of a unit that is written with a number: a currency or a share; the rest stands beside."""
    head = unit.partition("/")[0]
    return head if head in ("share", currency) else ""


def unit_words(unit: str) -> Said:
    """Return a unit as it is written beside its number."""
    head, _, rest = unit.partition("/")
    shown = _PERCENT if head == "share" else part_words(head)
    return say("{amount}/{per}", amount=shown, per=part_words(rest)) if rest else shown


def plain(value: float | None) -> Said:
    """Return a number with up to four figures, in groups from ten thousand."""
    if known(value) is None or value is None:
        return text.MISSING
    if value >= 1_000_000:
        return text.compact(value)
    return text.count(round(value)) if abs(value) >= 1000 else numeral(f"{value:.4g}")


def input_range(given: Input, currency: str) -> tuple[Said, Said, Said]:
    """Return low, most likely and high of an input; a fixed one has no range."""
    unit = head_unit(given.unit, currency)
    mode = quantity(given.mode, unit, currency)
    if not given.is_varied:
        return text.MISSING, mode, text.MISSING
    return quantity(given.low, unit, currency), mode, quantity(given.high, unit, currency)
