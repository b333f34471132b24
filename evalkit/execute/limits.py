"""The run's budget and deadline: asked before every API request, in whichever thread sends it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from evalkit.backends import place
from evalkit.backends.base import BudgetHeldError
from evalkit.config.run import LimitsSpec, ModelSpec
from evalkit.errors import ExecutionError, StoppedError, UsageError
from evalkit.meters.clock import now_ns
from evalkit.plan import Cell
from evalkit.prices import cost_usd
from evalkit.records import NS_PER_S, Attempt, CellRecord, Request, Usage


class RunGuard:
    """Adds up what requests cost and stops the run before the budget is passed.

    A request sets aside what it can cost at most before it is sent, so the budget holds with any number in flight.

    Args:
        limits: Budget and deadline.
        spent_usd: By earlier sessions.
    """

    def __init__(self, limits: LimitsSpec, spent_usd: float = 0.0) -> None:
        self._most_usd = limits.max_cost_usd
        self._minutes = limits.max_minutes
        self._until_ns = (
            None
            if limits.max_minutes is None
            else now_ns() + round(limits.max_minutes * 60 * NS_PER_S)
        )
        self._spent_usd = spent_usd
        self._reserved_usd = 0.0
        self._n_reserved = 0
        self.n_asked = 0
        """How often somebody asked whether a request may be sent."""
        self._lock = (
            threading.Lock()
        )  # protects sums and count: requests settle in the loop's thread

    @property
    def spent_usd(self) -> float:
        """What all sessions have spent so far, unknown costs at their reservation."""
        return self._spent_usd

    def price(self, model: ModelSpec, usage: Usage) -> float | None:
        """Return US dollars for one attempt at today's price; None when it is unknown."""
        return cost_usd(model, usage, datetime.now(UTC))

    def most_usd(self, model: ModelSpec, most: Usage) -> float | None:
        """Return what a request that uses at most this much can cost; None when its price is unknown."""
        written = replace(most, cache_write_tokens=most.input_tokens)  # may cost more than reading
        kept = replace(written, cache_write_1h_tokens=most.input_tokens)
        costs = [self.price(model, usage) for usage in (most, written, kept)]
        return max((cost for cost in costs if cost is not None), default=None)

    def bound(self, model: ModelSpec) -> Callable[[Usage], float | None]:
        """Return what tells what a request of a model can cost at most; None of one that nobody charges for."""
        return partial(self.most_usd, model) if place(model).is_billed else lambda _: None

    def reserve(self, model: ModelSpec, most: Usage) -> float | None:
        """Set money aside for a request.

        Raises:
            StoppedError: Budget or deadline forbid sending it.
            BudgetHeldError: It may fit once requests in flight have settled.
        """
        with self._lock:
            self.n_asked += 1
        if self._until_ns is not None and now_ns() > self._until_ns:
            raise StoppedError(
                f"the deadline of {self._minutes:g} minutes has passed.",
                "Resume the run to go on, with another --max-minutes if need be.",
            )
        if self._most_usd is None:
            return None
        cost = self.most_usd(model, most) or 0.0
        with self._lock:
            if self._spent_usd + cost > self._most_usd:
                raise StoppedError(
                    f"the budget of ${self._most_usd:g} does not cover another request: ${self._spent_usd:.4f}"
                    f" spent, the next one may cost ${cost:.4f}.",
                    "Resume the run with a higher --max-cost-usd to go on.",
                )
            if self._n_reserved and self._spent_usd + self._reserved_usd + cost > self._most_usd:
                raise BudgetHeldError
            self._reserved_usd += cost
            self._n_reserved += 1
        return cost

    def check_asked(self, n_least: int, model: ModelSpec) -> None:
        """Check that a backend asks before each request, where there is something to keep.

        Args:
            n_least: What `n_asked` must be by now.
            model: Whose backend it is.

        Raises:
            ExecutionError: It does not: neither budget nor deadline can be kept.
        """
        has_limits = self._most_usd is not None or self._until_ns is not None
        if has_limits and self.n_asked < n_least:
            raise ExecutionError(
                f"backend {model.backend!r} sends requests of model {model.name!r} without asking whether it may:"
                " budget and deadline can't be kept.",
                "Remove max_cost_usd and max_minutes, or have the backend ask the guard of its cell"
                " (docs/how-it-works.md).",
            )

    def settle(self, reserved: float, spent: float | None) -> None:
        """Replace what was set aside by what was spent."""
        with self._lock:
            self._reserved_usd -= reserved
            self._n_reserved -= 1
            self._spent_usd += reserved if spent is None else spent


def check_spent(
    limits: LimitsSpec,
    models: Iterable[ModelSpec],
    cells: Iterable[CellRecord],
    requests: Iterable[Request],
) -> None:
    """Check that it is known what a run has cost so far at most, where it has a budget to keep.

    Raises:
        UsageError: It is not.
    """
    if limits.max_cost_usd is None:
        return
    billed = {m.name for m in models if place(m).is_billed}
    models_of = {c.cell_id: c.model for c in cells if c.model in billed}
    for request in (r for r in requests if r.cell_id in models_of):
        if any(a.cost_usd is None and a.reserved_usd is None for a in request.attempts):
            raise UsageError(
                f"what requests of model {models_of[request.cell_id]!r} have cost so far is not known, so"
                " max_cost_usd can't be kept.",
                "Resume without a budget, or start a new run.",
            )


def spent_usd(requests: Iterable[Request], open_attempts: Iterable[Attempt]) -> float:
    """Return what attempts of a run cost so far; an unknown cost counts as what was set aside for it."""
    attempts = [*(a for r in requests for a in r.attempts), *open_attempts]
    costs = (a.reserved_usd if a.cost_usd is None else a.cost_usd for a in attempts)
    return sum(cost for cost in costs if cost is not None)


def most_cost_usd(cell: Cell) -> float | None:
    """Return what a cell costs if every answer is as long as it may be; None where nobody charges, and without a price.

    Prompt tokens are estimated, so this is an estimate, too; warm-up and retries come on top.
    """
    if not cell.place.is_billed:
        return None
    most = Usage(input_tokens=cell.prompt_tokens, output_tokens=cell.most_output_tokens)
    return cost_usd(cell.model, most, datetime.now(UTC))
