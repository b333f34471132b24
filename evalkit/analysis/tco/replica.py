"""What is known of one replica: how much it serves within the service level, and what that rests on."""

from __future__ import annotations

from dataclasses import dataclass

from evalkit.analysis.facts import Estimate
from evalkit.analysis.tco.values import Input
from evalkit.wording import NOTHING, Said


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
