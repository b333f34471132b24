"""What is known of one replica: how much it serves within the service level, and what that rests on."""

from __future__ import annotations

from dataclasses import dataclass

from evalkit.analysis.facts import Estimate
from evalkit.analysis.tco.values import Input
from evalkit.wording import NOTHING, Said, numeral, say

MOST_BELOW = 10
"""Repeats that differ much have an interval down to below 0; it ends at this part of their mean."""
_WIDE = 1.5
"""Lowest rate that failed / highest that held, from which a reader is told how little is known between them."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """λ_SLO of one replica and what else is known from measuring it."""

    per_s: Input | None
    reason: Said = NOTHING
    """Why it is not known, or what to keep in mind."""
    service_level: Said = NOTHING
    input_tokens: float | None = None
    """Mean input tokens per request."""
    output_tokens: float | None = None
    good_share: Estimate | None = None
    """Share of the requests at that load that kept the service level."""
    idle_w: float | None = None
    """Measured power per GPU at rest; boards alone."""
    load_w: float | None = None
    machine: str = ""
    """What it was measured on; empty where not measured here."""
    n: int | None = None
    """Requests it rests on: those at the levels of load that held; None: not told, or not measured."""
    n_needed: int | None = None
    """Requests that the service level takes to be judged; None where `n` is."""
    doubt: Said = NOTHING
    """Why it can't be told that the service level holds at that load; empty: it does, as far as is known."""


def gap(held_per_s: float, failed_per_s: float | None) -> Said:
    """Say where a wide bracket makes the high end of a capacity little more than a guess."""
    if failed_per_s is None or failed_per_s <= _WIDE * held_per_s:
        return NOTHING
    return say(
        "nothing was measured between {held} and {failed} requests/s: its range reaches that far, measure in between",
        held=numeral(f"{held_per_s:.3g}"),
        failed=numeral(f"{failed_per_s:.3g}"),
    )
