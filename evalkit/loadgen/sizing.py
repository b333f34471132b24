"""How long the parts of a load step last: as the config says, and no shorter than the target's answers need."""

from __future__ import annotations

import math
from dataclasses import dataclass

from evalkit.config.bench import ProfileSpec, SloSpec
from evalkit.metrics.load_verdict import least_requests

_WARMUP, _WINDOW, _COOLDOWN = 2, 5, 5
"""Least length of warm-up, steady window and cool-down, in times of one answer."""
_MOST_WARMUP, _MOST_WINDOW, _MOST_COOLDOWN = 1 / 8, 1 / 2, 1 / 4
"""But no more than these shares of `max_s`."""
N_PROBES = 3
"""Single requests before the first step, to learn how long an answer takes."""
SIZED = {"search", "concurrency", "constant", "poisson"}
"""Kinds of load whose windows grow with the answers; a ramp and a trace have their own length."""


@dataclass(frozen=True, slots=True)
class Windows:
    """How long the parts of a step last, in seconds."""

    warmup_s: float
    measure_s: float
    cooldown_s: float
    max_s: float
    min_requests: int


class Sizing:
    """Sizes the steps of one cell; `e2e_s` is how long one answer takes, None as long as that is not known."""

    def __init__(self, profile: ProfileSpec) -> None:
        self._profile = profile
        self._is_sized = profile.load.kind in SIZED
        is_search = profile.load.kind == "search"
        least = _least(profile.slo) if is_search and profile.slo else 0
        self._least = max(profile.min_requests, least)
        self.e2e_s: float | None = None

    @property
    def fitting_s(self) -> float | None:
        """Longest answer that makes no part of a step longer than the profile says; None: none does."""
        if not self._is_sized:
            return None
        p = self._profile
        return min(p.warmup_s / _WARMUP, p.measure_s / _WINDOW, p.cooldown_s / _COOLDOWN)

    def note(self, e2e_s: float | None) -> None:
        """Take note of how long answers took; the fastest that was seen counts."""
        if e2e_s is not None:
            self.e2e_s = min(e2e_s, self.e2e_s or math.inf)

    def windows(self, n_wanted: int = 0, most_s: float = math.inf) -> Windows:
        """Return the windows of a step.

        Args:
            n_wanted: Requests that it shall have, if that is more than the profile needs.
            most_s: Time that is left for it.
        """
        p, e2e_s = self._profile, (self.e2e_s or 0.0) if self._is_sized else 0.0
        return Windows(
            warmup_s=max(p.warmup_s, min(_WARMUP * e2e_s, _MOST_WARMUP * p.max_s)),
            measure_s=max(p.measure_s, min(_WINDOW * e2e_s, _MOST_WINDOW * p.max_s)),
            cooldown_s=max(p.cooldown_s, min(_COOLDOWN * e2e_s, _MOST_COOLDOWN * p.max_s)),
            max_s=min(p.max_s, most_s),
            min_requests=max(self._least, n_wanted),
        )

    def step_s(self, rate_per_s: float, n_wanted: int = 0) -> float:
        """Return how long a step will take: its windows, and one answer after them."""
        w = self.windows(n_wanted)
        window_s = max(w.measure_s, w.min_requests / self._requests_per_s(rate_per_s))
        return min(w.warmup_s + window_s, self._until_s(w)) + min(self.e2e_s or 0.0, w.cooldown_s)

    def most_requests(self, rate_per_s: float) -> int:
        """Return how many requests the longest steady window at a rate can hold."""
        w = self.windows()
        return int((self._until_s(w) - w.warmup_s) * self._requests_per_s(rate_per_s))

    def _requests_per_s(self, rate_per_s: float) -> float:
        return rate_per_s * self._profile.prompts.turns

    def _until_s(self, w: Windows) -> float:
        """Return when the steady window must be over."""
        return max(w.max_s - w.cooldown_s, w.warmup_s + w.measure_s)


def _least(slo: SloSpec) -> int:
    """Return how many requests a search's step needs, those that may fail on top."""
    return math.ceil(least_requests(slo) / (1 - slo.max_error_rate)) + 1
