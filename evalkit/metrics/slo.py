"""What a service level promises, as the formulas need it; `config` reads it from a load profile."""

from __future__ import annotations

from typing import Literal, Protocol


class ServiceLevel(Protocol):
    """Limits of time at one percentile, and how many requests may fail."""

    @property
    def ttft_s(self) -> float | None:
        """Longest time to first token; None: no limit."""
        ...

    @property
    def tpot_s(self) -> float | None:
        """Longest time per output token; None: no limit."""
        ...

    @property
    def e2e_s(self) -> float | None:
        """Longest time to the whole answer; None: no limit."""
        ...

    @property
    def percentile(self) -> Literal[50, 90, 95, 99]:
        """How many of 100 requests must keep the times."""
        ...

    @property
    def max_error_rate(self) -> float:
        """Share of requests that may fail."""
        ...
