"""Numbers and names within the verdict's sentences."""

from __future__ import annotations

from collections.abc import Iterable
from math import floor, log10

from evalkit.wording import Said, joined, numeral, say, verbatim

_RULES = {
    "data": say("data"),
    "quality": say("quality"),
    "service level": say("service level"),
    "interactive": say("interactive"),
    "cost per month": say("cost per month"),
    "upfront cost": say("upfront cost"),
    "cost known": say("cost known"),
}
_QUALITY_OF = "quality of "


def percent(share: float, digits: int = 1) -> Said:
    """Share of 1 as a percentage."""
    return say("{n} %", n=numeral(f"{100 * share:.{digits}f}"))


def share_of_futures(share: float) -> Said:
    """Share of draws in whole percent; only what never happens is 0, and only what always does is 100."""
    if 0 < share < 0.005:
        return say("fewer than 1 %")
    return say("more than 99 %") if 0.995 <= share < 1 else percent(share, 0)


def amount(value: float) -> Said:
    """Number of three figures, whole and in groups from a hundred."""
    return numeral(f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}")


def money(value: float | None, currency: str) -> Said:
    """Whole units of a currency."""
    if value is None:
        return say("an unknown amount")
    return say("{currency} {amount}", currency=currency, amount=numeral(f"{value:,.0f}"))


def about(value: float, currency: str) -> Said:
    """Amount of money in two digits, cents only below ten."""
    digits = 1 - floor(log10(abs(value))) if value else 0
    rounded = round(value, min(digits, 2))
    shown = f"{rounded:,.0f}" if abs(rounded) >= 10 else f"{rounded:,.2f}"
    return say("{currency} {amount}", currency=currency, amount=numeral(shown))


def both(names: Iterable[str]) -> Said:
    """Name things one after the other: a, b and c."""
    *first, last = [*names] or [""]
    return joined((joined(first), last), say(" and "))


def rule_words(rule: str) -> Said:
    """Say what a rule of the policy is called."""
    if rule.startswith(_QUALITY_OF):
        return say("quality of {task}", task=rule.removeprefix(_QUALITY_OF))
    return _RULES.get(rule, verbatim(rule))
