"""The most that one cell of a bench can ask, and what that follows from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from evalkit.backends import place
from evalkit.config.bench import ProfileSpec
from evalkit.config.run import ModelSpec
from evalkit.loadgen.sizing import N_PROBES, SIZED, Sizing
from evalkit.prices import cost_usd
from evalkit.records import Usage

FASTEST_TOKENS_PER_S = 1000
"""Speed that no target is expected to write one answer faster than."""
MOST_SENT_PER_S = 1000
"""Requests that evalkit itself can send: each takes about 1 ms of one core."""


class Bound(StrEnum):
    """What the most requests of a cell follow from."""

    SCHEDULE = "schedule"
    """The rates, or the trace, and the longest windows."""
    ANSWERS = "answers"
    """A closed loop: every answer is as long as asked for, and comes at `FASTEST_TOKENS_PER_S`."""
    MAX_RATE = "max_rate"
    """A search at its `max_rate` for as long as it may take."""
    CLIENT = "client"
    """A search at what evalkit itself can send for as long as it may take."""
    BUDGET = "budget"
    """What `max_cost_usd` pays for."""


@dataclass(frozen=True, slots=True)
class FewRequests:
    """A search whose first steps can't be judged: they hold fewer requests than its percentile needs."""

    rate_per_s: float
    holds: int
    needed: int
    max_s: float
    """The profile's `max_s` with which a step would hold as many as are needed."""


def most_requests(
    profile: ProfileSpec,
    steps: Sequence[tuple[float, float | None]],
    most_s: float,
    lengths: tuple[float, float] | None,
) -> tuple[float | None, Bound | None]:
    """Return the most requests of a cell, once, and what that follows from.

    Args:
        profile: The load.
        steps: Of each step the longest time, and the most requests that are due; None: that depends on the answers.
        most_s: Longest time of all.
        lengths: Prompt and answer tokens of a request; None: of tasks.
    """
    load = profile.load
    match load.kind:
        case "search":
            rate = (load.max_rate or math.inf) * profile.prompts.turns
            bound = Bound.MAX_RATE if rate <= MOST_SENT_PER_S else Bound.CLIENT
            return min(rate, MOST_SENT_PER_S) * most_s + N_PROBES, bound
        case "concurrency":
            if lengths is None:
                return None, None
            answer_s = max(lengths[1] / FASTEST_TOKENS_PER_S, 1 / MOST_SENT_PER_S)
            each = zip(load.concurrency, steps, strict=True)
            return sum(n * (s / answer_s + 1) for n, (s, _) in each) + N_PROBES, Bound.ANSWERS
        case _:
            due = [n for _, n in steps if n is not None]
            return sum(due) + (N_PROBES if load.kind in SIZED else 0), Bound.SCHEDULE


def within_budget(
    budget_usd: float | None, price_usd: float | None, most: float | None, bound: Bound | None
) -> tuple[float | None, Bound | None]:
    """Return the most requests that a budget pays for, where that is less."""
    if budget_usd is None or not price_usd:
        return most, bound
    payable = budget_usd / price_usd
    if most is not None and most <= payable:
        return most, bound
    return math.floor(payable), Bound.BUDGET


def few_requests(profile: ProfileSpec, sizing: Sizing) -> FewRequests | None:
    """Return what is wrong with a search whose first step holds too few requests."""
    if profile.load.kind != "search":
        return None
    rate, windows = profile.load.first_rate, sizing.windows()
    holds, needed = sizing.most_requests(rate), windows.min_requests
    if holds >= needed:
        return None
    window_s = needed / (rate * profile.prompts.turns)
    return FewRequests(rate, holds, needed, windows.warmup_s + window_s + windows.cooldown_s)


def price_usd_of(model: ModelSpec, lengths: tuple[float, float] | None) -> float | None:
    """Return what one request costs; None where nobody charges, and without a price."""
    if lengths is None or not place(model).is_billed:
        return None
    usage = Usage(input_tokens=math.ceil(lengths[0]), output_tokens=math.ceil(lengths[1]))
    return cost_usd(model, usage, datetime.now(UTC))
