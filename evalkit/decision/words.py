"""Numbers and names within the verdict's sentences."""

from __future__ import annotations

from collections.abc import Iterable
from math import floor, isfinite, log10

from evalkit.analysis.tco.facts import Figure, PairFact
from evalkit.analysis.tco.formulas import SECONDS_PER_MONTH
from evalkit.metrics.catalogue.gate import GATE
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
NEAR = 5.0
"""A break-even load beyond so many times the given one is not within reach."""


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


def rounded(value: float) -> float:
    """Round to two figures."""
    return round(value, 1 - floor(log10(abs(value)))) if value else 0.0


def about(value: float, currency: str) -> Said:
    """Amount of money in two figures, whole units from ten on."""
    near = rounded(value)
    decimals = max(2, 1 - floor(log10(abs(near)))) if 0 < abs(near) < 10 else 0
    return say("{currency} {amount}", currency=currency, amount=numeral(f"{near:,.{decimals}f}"))


def ranged(figure: Figure, currency: str) -> Said:
    """Amount of money in two figures with its range."""
    if figure.value is None:
        return money(None, currency)
    shown = say("about {money}", money=about(figure.value, currency))
    if figure.low is None or figure.high is None or rounded(figure.low) == rounded(figure.high):
        return shown
    bounds = {"low": two_digits(figure.low), "high": two_digits(figure.high)}
    return say("{money} ({low} to {high})", money=shown, **bounds)


def two_digits(value: float) -> Said:
    """Number of two figures, in groups."""
    near = rounded(value)
    return numeral(f"{near:,.0f}" if abs(near) >= 10 or not near else f"{near:.2g}")


def break_even_today(p: PairFact) -> Said:
    """Say from which load a month is cheaper today, and in how many futures there is none."""
    return _break_even(p, p.break_even_per_month.value, p.never_share)


def break_even_later(p: PairFact) -> Said:
    """Say from which load the whole horizon is cheaper, and in how many futures there is none."""
    return _break_even(p, p.break_even_over_horizon, p.never_over_horizon)


def _break_even(p: PairFact, at: float | None, never: float) -> Said:
    yours, share = p.load_per_s * SECONDS_PER_MONTH, share_of_futures(never)
    if at is None or not isfinite(at):
        return say("at no load, in {share} of futures", share=share)
    if at == 0:
        found = say("at the smallest loads")
    elif at > NEAR * yours:
        found = say(
            "only beyond reach, from about {n} times your load on", n=two_digits(at / yours)
        )
    else:
        found = say("first at about {load} requests a month", load=two_digits(at))
    if not never:
        return found
    return say("{load} (in {share} of futures at none)", load=found, share=share)


def both(names: Iterable[str]) -> Said:
    """Name things one after the other: a, b and c."""
    *first, last = [*names] or [""]
    return joined((joined(first), last), say(" and "))


RATE_OF = "rate: "
"""How the keys of rules on a rate begin; a metric of the gate follows."""


def rule_words(rule: str, task: str = "") -> Said:
    """Say what a rule of the policy is called; `task` is what its task reads as."""
    if rule.startswith(_QUALITY_OF):
        return say("quality of {task}", task=task or rule.removeprefix(_QUALITY_OF))
    if rule.startswith(RATE_OF):
        return say(GATE[rule.removeprefix(RATE_OF)].name)
    return _RULES.get(rule, verbatim(rule))
