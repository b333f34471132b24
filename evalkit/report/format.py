"""Numbers as text. Base units become readable ones only here; a missing number is a dash, never a zero."""

from __future__ import annotations

from math import copysign, floor, isfinite, log10

from evalkit.analysis.facts import SHARE, Estimate, QualityFact
from evalkit.wording import Said, joined, numeral, say, say_n, verbatim

MISSING = verbatim("–")
NOT_MEASURED = say("not measured")
NOT_KNOWN = say("not known")
NOT_DISCLOSED = say("not disclosed")
NOT_TOLD = say("the server does not say")
MARK = "†"
"""Sign behind a percentile of too few values."""


def percent(value: float | None, digits: int = 1) -> Said:
    """Share of 1 as a percentage."""
    return MISSING if value is None else say("{n} %", n=numeral(f"{100 * value:.{digits}f}"))


def score(value: float | None) -> Said:
    """A score that is no share, four figures."""
    return MISSING if value is None else numeral(f"{value:.4g}")


def interval(estimate: Estimate) -> Said:
    """The 95 % interval of a quality, or a dash."""
    if estimate.low is None or estimate.high is None:
        return MISSING
    if estimate.unit != SHARE:
        return say("{low} to {high}", low=score(estimate.low), high=score(estimate.high))
    low, high = (numeral(f"{100 * x:.1f}") for x in (estimate.low, estimate.high))
    return say("{low} to {high} %", low=low, high=high)


def seconds(value: float | None) -> Said:
    """Duration in ms, s or min, three figures."""
    if value is None:
        return MISSING
    if value < 0.9995:
        return say("{n} ms", n=numeral(f"{value * 1000:.3g}"))
    if value < 120:
        return say("{n} s", n=numeral(f"{value:.2f}" if value < 10 else f"{value:.1f}"))
    return say("{n} min", n=numeral(f"{value / 60:.1f}"))


def size(value: int | None) -> Said:
    """Bytes as MB or GB (powers of ten)."""
    if value is None:
        return MISSING
    if value < 999.5e6:
        return say("{n} MB", n=numeral(f"{value / 1e6:.0f}"))
    return say("{n} GB", n=numeral(f"{value / 1e9:.2f}"))


def count(value: int | None) -> Said:
    """Whole number in groups of three."""
    return MISSING if value is None else numeral(f"{value:,}")


def day(iso: str) -> Said:
    """Day as the reader's language writes it; what is no day, such as a month alone, stays as it is."""
    year, month, rest = (*iso.split("-"), "", "")[:3]
    if not (year.isdigit() and month.isdigit() and rest.isdigit() and iso.count("-") == 2):
        return verbatim(iso)
    return say("{year}-{month}-{day}", year=year, month=month, day=rest)


def big_count(value: int | None) -> Said:
    """Parameters and tokens: 135 M, 1.2 B."""
    if value is None:
        return MISSING
    if value >= 999_500_000:
        return say("{n} B", n=numeral(f"{value / 1e9:.1f}"))
    return say("{n} M", n=numeral(f"{value / 1e6:.0f}")) if value >= 1_000_000 else count(value)


def rate(value: float | None, unit: str) -> Said:
    """Rate with three figures, whole and in groups from a hundred."""
    return MISSING if value is None else say("{n} {unit}", n=amount(value), unit=unit)


def amount(value: float | None) -> Said:
    """Number of three figures, whole and in groups from a hundred."""
    if value is None:
        return MISSING
    return count(round(value)) if abs(value) >= 100 else numeral(f"{value:.3g}")


def signed(value: float | None) -> Said:
    """Number with its sign."""
    return MISSING if value is None else numeral(f"{value:+z.1f}".replace("-", "−"))


def energy(value: float | None) -> Said:
    """Joules, or kilojoules from a thousand."""
    if value is None:
        return MISSING
    if value < 999.5:
        return say("{n} J", n=numeral(f"{value:.0f}"))
    return say("{n} kJ", n=numeral(f"{value / 1000:.2f}"))


def usd(value: float | None) -> Said:
    """US dollars: to the cent from a dollar on, three figures below."""
    if value is None:
        return MISSING
    if value >= 1 or value <= 0:
        return say("${n}", n=numeral(f"{value:,.2f}"))
    digits = f"{value:.{2 - floor(log10(value))}f}"
    return say("${n}", n=numeral(f"{digits[:4]}{digits[4:].rstrip('0')}"))


def money(value: float | None, currency: str) -> Said:
    """Money of any currency: whole units from a hundred on, three figures below one, millions from a million on."""
    if value is None or not isfinite(value):
        return MISSING
    amount_of = _money_digits(abs(value))
    if value < 0:
        return say("{currency} −{amount}", currency=currency, amount=amount_of)
    return say("{currency} {amount}", currency=currency, amount=amount_of)


def about(value: float | None) -> Said:
    """Money in two figures without its currency: what a simulation knows of it, and no more."""
    if value is None or not isfinite(value):
        return MISSING
    rounded = two(abs(value))
    decimals = 2 if 1 <= rounded < 10 else max(_two_digits(rounded), 0)
    shown = f"{rounded:,.{decimals}f}"
    return numeral(f"−{shown}" if value < 0 else shown)


def two(value: float) -> float:
    """Round to two figures, halves away from 0 as people do."""
    scale = 10.0 ** _two_digits(value)
    return copysign(floor(abs(value) * scale + 0.5) / scale, value)


def _two_digits(value: float) -> int:
    """Return how many decimals two figures take: -2 of 1234."""
    return 1 - floor(log10(abs(value))) if value else 0


def _money_digits(value: float) -> Said:
    if value >= 999_500:
        millions = value / 1e6
        decimals = max(0, 2 - floor(log10(millions))) if millions >= 1 else 2
        return say("{n} M", n=numeral(f"{millions:,.{decimals}f}"))
    if value >= 99.995:
        return numeral(f"{value:,.0f}")
    if value >= 0.995 or value == 0:
        return numeral(f"{value:.2f}" if value else "0")
    digits = f"{value:.{2 - floor(log10(value))}f}"
    return numeral(digits[:4] + digits[4:].rstrip("0"))


def compact(value: float) -> Said:
    """Number beside an axis: 300 k, 1.2 M, 0.004."""
    sign, size_of = ("−" if value < 0 else ""), abs(value)
    if size_of >= 999.5e6:
        return say("{n} B", n=numeral(f"{sign}{three(size_of / 1e9)}"))
    if size_of >= 999.5e3:
        return say("{n} M", n=numeral(f"{sign}{three(size_of / 1e6)}"))
    if size_of >= 999.5:
        return say("{n} k", n=numeral(f"{sign}{three(size_of / 1e3)}"))
    if size_of >= 0.0001 or size_of == 0:
        return numeral(f"{sign}{size_of:.3g}")
    return numeral(f"{sign}{size_of:.{1 - floor(log10(size_of))}f}".rstrip("0"))


def three(value: float) -> str:
    """Three figures, never as a power of ten; whole and in groups where there are more."""
    return f"{value:,.0f}" if abs(value) >= 999.5 else f"{value:.3g}"


def points(value: float | None) -> Said:
    """Difference of two shares, in points of 100, with its sign."""
    return MISSING if value is None else numeral(f"{100 * value:+z.1f}".replace("-", "−"))


def latency(estimate: Estimate) -> Said:
    """Duration, marked when too few values support it."""
    shown = seconds(estimate.value)
    if estimate.value is None or estimate.is_supported:
        return shown
    return joined((shown, MARK), " ")


def docs_without_answer(n: int) -> Said:
    """Say how many docs could not be scored."""
    return say_n("{n} doc got no answer", "{n} docs got no answer", n)


def with_filter(metric: str, filter_name: str) -> str:
    """Name a metric, with its filter where the task has named ones."""
    return metric if filter_name in ("", "none") else f"{metric} ({filter_name})"


def metric_name(fact: QualityFact) -> Said:
    """Name a metric with its filter, and an arrow where lower is better."""
    name = with_filter(fact.metric, fact.filter)
    return verbatim(f"{name} ↓" if fact.higher_is_better is False else name)
