"""Numbers of a gate as text. A bound is rounded towards what is less sure, so that it stays true as it is printed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from evalkit.gate.facts import RuleResult
from evalkit.metrics.catalogue.gate import GATE
from evalkit.report import format as text
from evalkit.wording import Said, numeral, say, say_n, verbatim

_MORE_DIGITS, _MOST_WRITTEN = 4, 3
NO_CHANGE = say("no change")
_Pair = tuple[Callable[[str], Said], Callable[[str], Said]]
_POINTS: _Pair = (
    lambda n: say("{n} points worse", n=n),
    lambda n: say("{n} points better", n=n),
)
_RATES: _Pair = (
    lambda n: say("{n} points more", n=n),
    lambda n: say("{n} points fewer", n=n),
)
_RELATIVE: dict[str, _Pair] = {
    "latency": (lambda n: say("{n} % slower", n=n), lambda n: say("{n} % faster", n=n)),
    "throughput_at_slo": (
        lambda n: say("{n} % less throughput", n=n),
        lambda n: say("{n} % more throughput", n=n),
    ),
    "peak_memory": (
        lambda n: say("{n} % more memory", n=n),
        lambda n: say("{n} % less memory", n=n),
    ),
    "energy_per_token": (
        lambda n: say("{n} % more energy", n=n),
        lambda n: say("{n} % less energy", n=n),
    ),
    "cost": (lambda n: say("{n} % more expensive", n=n), lambda n: say("{n} % cheaper", n=n)),
}
"""How much worse and how much better, in words, by metric or family."""
_OTHER: _Pair = (lambda n: say("{n} % worse", n=n), lambda n: say("{n} % better", n=n))
_UNITS = {
    "requests/s": lambda n: say("{n} requests/s", n=n),
    "J/token": lambda n: say("{n} J/token", n=n),
    "USD": lambda n: say("${n}", n=n),
    "%": lambda n: say("{n} %", n=n),
    "ms": lambda n: say("{n} ms", n=n),
    "MB": lambda n: say("{n} MB", n=n),
}


def change(rule: RuleResult, value: float, *, up: bool | None = None) -> Said:
    """Say how much worse or better the candidate is.

    Args:
        rule: Whose change it is.
        value: Damage, as share of 1.
        up: Whether it is an upper bound, and never rounded down; None: it is no bound.
    """
    is_small = up is None and abs(100 * value) < 0.05
    shown = _size(rule, value, up, 2 if is_small else 1)
    return _worded(rule, value, numeral(shown)) if shown.strip("0.") else NO_CHANGE


def change_range(rule: RuleResult, least: float, most: float) -> Said:
    """Say between which bounds the change lies, and its direction once where both have the same."""
    low, high = change(rule, least, up=False), change(rule, most, up=True)
    if low == high == NO_CHANGE:
        return NO_CHANGE
    if NO_CHANGE in (low, high) or least * most <= 0:
        return say("between {least} and {most}", least=low, most=high)
    ends = sorted((_size(rule, least, False), _size(rule, most, True)), key=_number)
    return _worded(rule, least, say("{low} to {high}", low=numeral(ends[0]), high=numeral(ends[1])))


def allowed(rule: RuleResult) -> Said:
    """Say how much worse the candidate may be."""
    if rule.margin is None:
        return text.MISSING
    shown = numeral(_plain(100 * rule.margin))
    return say("{n} %", n=shown) if rule.scale == "relative" else shown


def limit(rule: RuleResult) -> Said:
    """Return the limit of a rule that looks at the candidate alone."""
    return _with_unit(
        rule, "–" if rule.margin is None else _plain(rule.margin / _unit(rule.metric)[1])
    )


def bound(rule: RuleResult, value: float, *, up: bool) -> Said:
    """Return a bound of the candidate's own value, in the unit of its limit."""
    scale = _unit(rule.metric)[1]
    scaled = value / scale
    digits = max(0, 2 - math.floor(math.log10(abs(scaled)))) if scaled else 0
    limits = () if rule.margin is None else (rule.margin / scale,)
    return _with_unit(rule, outward(scaled, limits, digits, up=up))


def value_words(metric: str, value: float | None) -> Said:
    """Return what one side measured, in a readable unit; a dash where it did not."""
    if value is None or not math.isfinite(value):
        return text.MISSING
    kind = GATE.get(metric)
    if kind is None:
        return text.amount(value)
    match kind.family:
        case "docs":
            return text.percent(value)
        case "latency":
            return text.seconds(value)
        case "cost":
            return text.usd(value)
    if kind.unit == "MB":
        return text.size(round(value))
    shown = text.amount(value / kind.scale)
    return _UNITS[kind.unit](shown) if kind.unit in _UNITS else shown


def signed(rule: RuleResult, value: float | None, *, up: bool | None = None) -> Said:
    """Return a damage with its sign: in points of 100, or in per cent.

    Args:
        rule: Whose damage it is.
        value: As share of 1.
        up: As of `change`.
    """
    if value is None or not math.isfinite(value):
        return text.MISSING
    shown = signed_number(rule, value, up=up)
    return say("{n} %", n=shown) if rule.scale == "relative" else shown


def signed_number(rule: RuleResult, value: float, *, up: bool | None = None) -> Said:
    """Return a damage with its sign, without a unit; where it is a large one, in whole numbers."""
    shown = _size(rule, value, up, 1 if abs(value) < 0.9995 else 0)
    sign = "−" if value < 0 and shown.strip("0.") else "+"
    return numeral(sign + shown)


def outward(value: float, limits: Sequence[float], digits: int, *, up: bool) -> str:
    """Round up or down, with more digits where it would seem to be on the other side of a limit, or on it."""
    for n in range(digits, digits + _MORE_DIGITS + 1):
        factor = 10.0**n
        # what is left of the binary fraction must not tip a round number over
        exact = round(value * factor, 6)
        rounded = (math.ceil(exact) if up else math.floor(exact)) / factor
        if all(_side(rounded, at) == _side(value, at) for at in limits):
            break
    return f"{rounded:,.{n}f}"


def confidence_words(confidence: float) -> Said:
    """Return a confidence as a percentage."""
    return say("{n} %", n=numeral(_plain(100 * confidence)))


def count_words(rule: RuleResult) -> Said:
    """Say on how much a rule rests."""
    match rule.n_unit:
        case "runs":
            return say_n("{n} run per side", "{n} runs per side", rule.n)
        case "clusters":
            return say_n("{n} source", "{n} sources", rule.n)
        case _:
            return documents(rule.n)


def documents(n: int) -> Said:
    """Return a number of documents."""
    return say_n("{n} document", "{n} documents", n)


def _size(rule: RuleResult, value: float, up: bool | None, digits: int = 1) -> str:
    """Return a change without its sign, in points or per cent."""
    scaled = 100 * value
    if up is None:
        shown = f"{scaled:,.{digits}f}"
    else:
        limits = (0.0, *(() if rule.margin is None else (100 * rule.margin,)))
        shown = outward(scaled, limits, digits, up=up)
    return shown.removeprefix("-")


def _number(shown: str) -> float:
    return float(shown.replace(",", ""))


def _worded(rule: RuleResult, value: float, amount: Said) -> Said:
    """Say in which direction a change is."""
    worse, better = _pair(rule)
    return (worse if value > 0 else better)(amount)


def _pair(rule: RuleResult) -> _Pair:
    kind = GATE.get(rule.metric)
    if rule.scale != "relative":
        return _POINTS if kind is None or kind.higher_is_better else _RATES
    family = "" if kind is None else kind.family
    return _RELATIVE.get(rule.metric) or _RELATIVE.get(family) or _OTHER


def _unit(metric: str) -> tuple[str, float]:
    kind = GATE.get(metric)
    return ("", 1.0) if kind is None else (kind.unit, kind.scale)


def _with_unit(rule: RuleResult, number: str) -> Said:
    unit, shown = _unit(rule.metric)[0], numeral(number)
    return _UNITS[unit](shown) if unit in _UNITS else verbatim(shown)


def _plain(value: float) -> str:
    """Return a number as somebody wrote it; one that was computed, with a digit behind the point."""
    written = f"{value:,.6f}".rstrip("0").rstrip(".")
    is_short = len(written.partition(".")[2]) <= _MOST_WRITTEN
    return written if is_short or abs(value) < 1 else f"{value:,.1f}"


def _side(value: float, limit_at: float) -> int:
    apart = round(value - limit_at, 9)
    return (apart > 0) - (apart < 0)
