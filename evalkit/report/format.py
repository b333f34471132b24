"""Numbers as text. Base units become readable ones only here; a missing number is a dash, never a zero."""

from __future__ import annotations

from math import floor, isfinite, log10

from evalkit.analysis.facts import Estimate, QualityFact

MISSING = "–"
NOT_MEASURED = "not measured"
NOT_KNOWN = "not known"
NOT_DISCLOSED = "not disclosed"
NOT_TOLD = "the server does not say"
MARK = "†"
"""Behind a percentile of too few values."""


def percent(value: float | None, digits: int = 1) -> str:
    """Share of 1 as a percentage."""
    return MISSING if value is None else f"{100 * value:.{digits}f} %"


def interval(estimate: Estimate) -> str:
    """The 95 % interval of a share, or a dash."""
    if estimate.low is None or estimate.high is None:
        return MISSING
    return f"{100 * estimate.low:.1f} to {100 * estimate.high:.1f} %"


def seconds(value: float | None) -> str:
    """Duration in ms, s or min, three figures."""
    if value is None:
        return MISSING
    if value < 1:
        return f"{value * 1000:.3g} ms"
    if value < 120:
        return f"{value:.2f} s" if value < 10 else f"{value:.1f} s"
    return f"{value / 60:.1f} min"


def size(value: int | None) -> str:
    """Bytes as MB or GB (powers of ten)."""
    if value is None:
        return MISSING
    return f"{value / 1e6:.0f} MB" if value < 1e9 else f"{value / 1e9:.2f} GB"


def count(value: int | None) -> str:
    """Whole number with thin groups."""
    return MISSING if value is None else f"{value:,}".replace(",", "\u202f")


def big_count(value: int | None) -> str:
    """Parameters and tokens: 135 M, 1.2 B."""
    if value is None:
        return MISSING
    if value >= 1_000_000_000:
        return f"{value / 1e9:.1f} B"
    return f"{value / 1e6:.0f} M" if value >= 1_000_000 else count(value)


def rate(value: float | None, unit: str) -> str:
    """Rate with three figures."""
    return MISSING if value is None else f"{value:.3g} {unit}"


def amount(value: float | None) -> str:
    """Number of three figures, whole and in groups from a hundred."""
    if value is None:
        return MISSING
    return count(round(value)) if abs(value) >= 100 else f"{value:.3g}"


def signed(value: float | None) -> str:
    """Number with its sign."""
    return MISSING if value is None else f"{value:+.1f}"


def energy(value: float | None) -> str:
    """Joules, or kilojoules from a thousand."""
    if value is None:
        return MISSING
    return f"{value:.0f} J" if value < 1000 else f"{value / 1000:.2f} kJ"


def usd(value: float | None) -> str:
    """US dollars: to the cent from a dollar on, three figures below."""
    if value is None:
        return MISSING
    if value >= 1 or value <= 0:
        return f"${value:,.2f}"
    digits = f"{value:.{2 - floor(log10(value))}f}"
    return f"${digits[:4]}{digits[4:].rstrip('0')}"


def money(value: float | None, currency: str) -> str:
    """Money of any currency: whole units from a hundred on, three figures below one, millions from a million on."""
    if value is None or not isfinite(value):
        return MISSING
    return f"{currency} {'−' if value < 0 else ''}{_money_digits(abs(value))}"


def _money_digits(value: float) -> str:
    if value >= 999_500:
        millions = value / 1e6
        decimals = max(0, 2 - floor(log10(millions))) if millions >= 1 else 2
        return f"{millions:,.{decimals}f} M"
    if value >= 99.995:
        return f"{value:,.0f}"
    if value >= 0.995 or value == 0:
        return f"{value:.2f}" if value else "0"
    digits = f"{value:.{2 - floor(log10(value))}f}"
    return digits[:4] + digits[4:].rstrip("0")


def compact(value: float) -> str:
    """Number beside an axis: 300 k, 1.2 M, 0.004."""
    sign, size_of = ("−" if value < 0 else ""), abs(value)
    for limit, mark in ((1e9, " B"), (1e6, " M"), (1e3, " k")):
        if size_of >= limit:
            return f"{sign}{size_of / limit:.3g}{mark}"
    if size_of >= 0.0001 or size_of == 0:
        return f"{sign}{size_of:.3g}"
    return f"{sign}{size_of:.{1 - floor(log10(size_of))}f}".rstrip("0")


def points(value: float | None) -> str:
    """Difference of two shares, in points of 100, with its sign."""
    return MISSING if value is None else f"{100 * value:+.1f}".replace("-", "−")


def latency(estimate: Estimate) -> str:
    """Duration, marked when too few values support it."""
    shown = seconds(estimate.value)
    return shown if estimate.value is None or estimate.is_supported else f"{shown} {MARK}"


def docs_without_answer(n: int) -> str:
    """Say how many docs could not be scored."""
    return f"{n} doc{'' if n == 1 else 's'} got no answer"


def metric_name(fact: QualityFact) -> str:
    """Name a metric with its filter, and an arrow where lower is better."""
    name = fact.metric if fact.filter == "none" else f"{fact.metric} ({fact.filter})"
    return f"{name} ↓" if fact.higher_is_better is False else name
