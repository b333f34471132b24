"""Numbers within the verdict's sentences."""

from __future__ import annotations


def percent(share: float, digits: int = 1) -> str:
    """Share of 1 as a percentage."""
    return f"{100 * share:.{digits}f} %"


def amount(value: float) -> str:
    """Number of three figures, whole and in groups from a hundred."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def sentence(text: str) -> str:
    """Begin a text with a capital letter."""
    return text[:1].upper() + text[1:]
