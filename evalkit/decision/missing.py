"""Costs that nobody gave: from which amount they turn the verdict, or why they can't."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from evalkit.analysis.tco.analyse import Case
from evalkit.analysis.tco.facts import BUILD, BUY, OptionFact
from evalkit.analysis.tco.formulas import cumulated
from evalkit.decision.choose import Choice, Standing
from evalkit.decision.facts import MissingCost, Unpaid

_STAFF, _ADOPTION = "staff", "adoption"


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the amounts are reckoned from."""

    case: Case
    by_name: Mapping[str, OptionFact]
    rivals: tuple[str, ...]
    """Options of another kind than the best, of known cost, and not out."""
    best: str


def missing_costs(case: Case, standing: Standing, choice: Choice) -> tuple[MissingCost, ...]:
    """Return every cost that nobody gave, of options that may be chosen; none where nothing is decided.

    A cost that the best option has to bear, and one of another kind need not, turns the verdict from the median of the
    difference in present value onwards. Staff is told per year: that difference / the present value of 1 a year. What
    both bear cancels out; where each side lacks its own, it is what own machines take more that counts, since they take
    no less staff and adoption than an API does.
    """
    if choice.best is None or not choice.is_decided:
        return ()
    by_name = {o.name: o for o in case.facts.options}
    kind = by_name[choice.best].side
    able = [n for n in (*standing.passing, *standing.unclear) if n in case.futures]
    rivals = tuple(n for n in able if by_name[n].side != kind)
    asked = _Asked(case, by_name, rivals, choice.best)
    return tuple(_each(asked, able))


def _each(asked: _Asked, able: Sequence[str]) -> Iterator[MissingCost]:
    for what in (_STAFF, _ADOPTION):
        for side in (BUILD, BUY):
            without = [n for n in able if _lacks(asked.by_name[n], what, side, asked.by_name)]
            if without:
                yield _one(asked, what, side, without)


def _one(asked: _Asked, what: str, side: str, without: Sequence[str]) -> MissingCost:
    found = MissingCost(what=what, side=side, options=tuple(without))
    if asked.best not in without:
        return found
    bare = [n for n in asked.rivals if n not in without]
    if not bare:
        return replace(found, harmless=Unpaid.BY_ALL if asked.rivals else Unpaid.NO_RIVAL)
    lacking = [n for n in bare if _lacks_more(asked, n, what, side)]
    if side == BUY and len(lacking) == len(bare):
        return replace(found, harmless=Unpaid.OWN_TAKES_MORE)
    gaps = {n: _gap(asked, n) for n in bare if side == BUILD or n not in lacking}
    becomes = min(gaps, key=lambda n: gaps[n])
    is_staff = what == _STAFF
    return replace(
        found,
        harmless=None,
        turns_at=max(gaps[becomes], 0.0) / (_worth_of_a_year(asked.case) if is_staff else 1.0),
        salary=_salary(asked.case) if is_staff else None,
        becomes=becomes,
        is_difference=becomes in lacking,
    )


def _lacks_more(asked: _Asked, rival: str, what: str, side: str) -> bool:
    """Tell whether the rival is without what nobody gave of the other side, which the best need not bear."""
    other = BUY if side == BUILD else BUILD
    mine, its = (_lacks(asked.by_name[n], what, other, asked.by_name) for n in (asked.best, rival))
    return its and not mine


def _lacks(o: OptionFact, what: str, side: str, by_name: Mapping[str, OptionFact]) -> bool:
    """Tell whether an option's cost is without what nobody gave of a side; a blend bears both sides."""
    parts = [by_name[name] for name in o.parts] or [o]
    return any(p.side == side and (p.no_staff if what == _STAFF else p.no_adoption) for p in parts)


def _gap(asked: _Asked, rival: str) -> float:
    futures = asked.case.futures
    return float(np.median(futures[rival].total - futures[asked.best].total))


def _worth_of_a_year(case: Case) -> float:
    """Return the present value of 1 a year, paid month by month over the horizon."""
    paid = np.array([0.0, *[1 / 12] * case.workload.months])
    return float(cumulated(paid, case.workload.discount_rate.mode)[-1])


def _salary(case: Case) -> float | None:
    """Return what one person costs a year, where the scenario says it of anybody."""
    everyone = (p for f in case.futures.values() for p in f.deployment.people)
    given = (p.cost_per_year.mode for p in everyone if p.cost_per_year is not None)
    return next((salary for salary in given if salary > 0), None)
