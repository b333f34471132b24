"""Which option is chosen: the cheapest of those that keep every rule, if that is sure enough and by enough.

The rules, in this order:

1. An option with a failed rule is out. One with an unclear rule is not chosen, but may be measured further.
2. Of the options that keep every rule, the one with the lowest median cost over the horizon is the best.
3. Options whose costs differ by no more than the policy's `equivalence` in at least half of the draws are equivalent on
   cost (`compare.is_equivalent`). Where one of another kind (build, buy, blend) is equivalent to the best, cost decides
   nothing. Those of the same kind are named beside it.
4. Confidence is the share of draws in which the best is cheaper than every option of another kind that passes, or may;
   a tie counts half. Below the policy's `confidence` nothing is decided, and the best is only what the verdict leans
   to.
5. Nothing is decided either while an option of another kind is unclear that may well be cheaper: one of unknown cost,
   or one that is dearer in less than that share of draws and not equivalent, so that there is something to gain.
6. One of the same kind of which rule 5 holds leaves the kind as it is, but then no option is named.
7. Where no option keeps every rule, nothing is decided.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evalkit.analysis.arrays import Array
from evalkit.analysis.tco.compare import chance_less, is_equivalent
from evalkit.analysis.tco.facts import OptionFact
from evalkit.config.policy import PolicySpec
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

    best: str | None = None
    """None: no option keeps every rule."""
    rival: str | None = None
    """The cheapest passing option of another kind."""
    confidence: float | None = None
    """None without a rival: nothing else is admissible."""
    equivalent: tuple[str, ...] = ()
    """Passing options that are equivalent to the best on cost, cheapest first."""
    blockers: tuple[str, ...] = ()
    """Unclear options of another kind that may well be cheaper."""
    open_ones: tuple[str, ...] = ()
    """Unclear options of the same kind that may well be cheaper: the kind is decided, the option is not."""
    is_level: bool = False
    """An option of another kind is equivalent on cost."""
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
    standing: Standing, sides: Mapping[str, str], totals: Mapping[str, Array], policy: PolicySpec
) -> Choice:
    """Choose by the rules above.

    Args:
        standing: How the options stand.
        sides: Option → `build`, `buy` or `blend`.
        totals: Option → present value in each draw.
        policy: Says how sure it must be, and what difference counts.
    """
    if not standing.passing:
        return Choice()
    best = standing.passing[0]
    mine = np.ravel(totals[best])

    def is_same(name: str) -> bool:
        return is_equivalent(mine, np.ravel(totals[name]), policy.equivalence)

    def may_gain(name: str) -> bool:
        if name not in totals:
            return True
        is_dearer = chance_less(mine, np.ravel(totals[name])) >= policy.confidence
        return not is_dearer and not is_same(name)

    others = [n for n in standing.passing if sides[n] != sides[best]]
    # one that may keep the rules may be the cheapest, too: what is stated must hold if it does
    perhaps = [n for n in standing.unclear if n in totals and sides[n] != sides[best]]
    rivals = [np.ravel(totals[n]) for n in (*others, *perhaps)]
    sure = chance_less(mine, *rivals) if others else None
    equivalent = tuple(n for n in standing.passing[1:] if is_same(n))
    may_be_cheaper = [n for n in standing.unclear if may_gain(n)]
    blockers = tuple(n for n in may_be_cheaper if sides[n] != sides[best])
    is_level = any(sides[n] != sides[best] for n in equivalent)
    is_sure = sure is None or sure >= policy.confidence
    return Choice(
        best=best,
        rival=next(iter(others), None),
        confidence=sure,
        equivalent=equivalent,
        blockers=blockers,
        open_ones=tuple(n for n in may_be_cheaper if sides[n] == sides[best]),
        is_level=is_level,
        is_decided=is_sure and not blockers and not is_level,
    )
