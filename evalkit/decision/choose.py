"""Which option is chosen: the cheapest of those that keep every rule, if that is sure enough.

The rules, in this order:

1. An option with a failed rule is out. One with an unclear rule is not chosen, but may be measured further.
2. Of the options that keep every rule, the one with the lowest median cost over the horizon is the best.
3. Confidence is the share of draws in which it is no dearer than every passing option of another kind (build, buy,
   blend). Below the policy's `confidence` nothing is decided, and the best is only what the verdict leans to.
4. Nothing is decided either while an option of another kind is unclear that may well be cheaper: one of unknown cost,
   or one that is dearer in less than that share of draws.
5. Where no option keeps every rule, nothing is decided.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evalkit.analysis.arrays import Array
from evalkit.analysis.tco.facts import OptionFact
from evalkit.decision.facts import Check, Outcome


@dataclass(frozen=True, slots=True)
class Standing:
    """How each option stands."""

    passing: tuple[str, ...]
    """Keep every rule; cheapest first."""
    unclear: tuple[str, ...]
    """Might keep every rule; cheapest first, those of unknown cost last."""
    failed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """What the rules say."""

    best: str | None
    """None: no option keeps every rule."""
    rival: str | None
    """The cheapest passing option of another kind."""
    confidence: float | None
    """None without a rival: nothing else is admissible."""
    blockers: tuple[str, ...] = ()
    """Unclear options of another kind that may well be cheaper."""
    is_decided: bool = False


def standing(
    options: Sequence[OptionFact], checks: Sequence[Check], totals: Mapping[str, Array]
) -> Standing:
    """Sort options by what the rules say about them, and by cost."""

    def cost(name: str) -> float:
        return float(np.median(totals[name])) if name in totals else float("inf")

    groups: dict[Outcome, list[str]] = {outcome: [] for outcome in Outcome}
    for o in options:
        found = {c.outcome for c in checks if c.option == o.name}
        worst = next((x for x in (Outcome.FAIL, Outcome.UNCLEAR) if x in found), Outcome.PASS)
        groups[worst].append(o.name)
    ordered = {outcome: tuple(sorted(names, key=cost)) for outcome, names in groups.items()}
    return Standing(ordered[Outcome.PASS], ordered[Outcome.UNCLEAR], ordered[Outcome.FAIL])


def choose(
    standing: Standing, sides: Mapping[str, str], totals: Mapping[str, Array], confidence: float
) -> Choice:
    """Choose by the rules above.

    Args:
        standing: How the options stand.
        sides: Option → `build`, `buy` or `blend`.
        totals: Option → present value in each draw.
        confidence: Least probability to call an option the cheapest.
    """
    if not standing.passing:
        return Choice(None, None, None)
    best = standing.passing[0]
    mine = np.ravel(totals[best])

    def cheaper(names: Sequence[str]) -> float:
        """Return the share of draws in which the best is no dearer than all of these."""
        # one by one, since an option without anything uncertain has a single row
        is_cheaper = [mine <= np.ravel(totals[n]) for n in names]
        return float(np.mean(np.all(np.broadcast_arrays(*is_cheaper), axis=0)))

    others = [n for n in standing.passing if sides[n] != sides[best]]
    open_ones = [n for n in standing.unclear if sides[n] != sides[best]]
    blockers = tuple(n for n in open_ones if n not in totals or cheaper([n]) < confidence)
    sure = cheaper(others) if others else None
    is_sure = sure is None or sure >= confidence
    return Choice(best, next(iter(others), None), sure, blockers, is_sure and not blockers)
