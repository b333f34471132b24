"""Inputs of the cost model: numbers with a range, and with where they are from."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from evalkit.analysis.arrays import Array
from evalkit.analysis.facts import Estimate
from evalkit.wording import NOTHING, Said


class Provenance(StrEnum):
    """Where a number is from, the best evidence first."""

    MEASURED = "measured"
    CONTRACT = "contract"
    LIST_PRICE = "list price"
    IMPORTED = "imported"
    """Somebody else's measurement."""
    YOURS = "your input"
    CATALOGUE = "catalogue"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Input:
    """One number the cost model needs, in the scenario's currency where it is money."""

    key: str
    """Names it within a scenario; inputs of several options with the same key are the same quantity."""
    label: Said
    unit: str
    low: float
    mode: float
    high: float
    provenance: Provenance
    source: Said = NOTHING
    date: str | None = None
    """ISO."""
    owner: str = ""
    note: Said = NOTHING
    is_old: bool = False
    """Whether its source is older than 180 days."""
    rate: Input | None = None
    """Exchange rate that is in its values, where that is uncertain."""

    @property
    def is_varied(self) -> bool:
        """Whether it is uncertain."""
        return self.low < self.high


def as_input(key: str, label: Said, e: Estimate) -> Input | None:
    """Return a measured share as an input; None where it was not measured."""
    if e.value is None:
        return None
    low = e.value if e.low is None else min(e.low, e.value)
    high = e.value if e.high is None else max(e.high, e.value)
    return Input(key, label, "share", low, e.value, high, Provenance.MEASURED)


Reading = Callable[[Input], Array]
"""Gives the value of an input: one number, or `[draws, 1]`."""


def at_mode(given: Input) -> Array:
    """Read the most likely value."""
    return np.asarray(given.mode)


def drawn(n: int, seed: int) -> Reading:
    """Return a reading of `n` values per input, PERT-distributed between its low and high.

    PERT: a beta distribution with mean (low + 4 mode + high) / 6 (Malcolm et al. 1959). An input's values depend on
    its key and the seed alone, so options that share it share its values, and adding an option changes nothing else.
    """
    known: dict[str, Array] = {}

    def read(given: Input) -> Array:
        if given.rate is not None:
            return plain(replace(given, rate=None)) * read(given.rate) / given.rate.mode
        return plain(given)

    def plain(given: Input) -> Array:
        if not given.is_varied:
            return np.asarray(given.mode)
        if given.key not in known:
            rng = np.random.default_rng([seed, zlib.crc32(given.key.encode())])
            span = given.high - given.low
            a = 1 + 4 * (given.mode - given.low) / span
            b = 1 + 4 * (given.high - given.mode) / span
            known[given.key] = (given.low + span * rng.beta(a, b, size=n))[:, None]
        return known[given.key]

    return read


def replaced(read: Reading, key: str, change: Callable[[Array], Array]) -> Reading:
    """Return a reading that differs in one input."""

    def changed(given: Input) -> Array:
        value = read(given)
        if given.rate is not None and given.rate.key == key:
            value = value * change(read(given.rate)) / read(given.rate)
        return change(value) if given.key == key else value

    return changed
