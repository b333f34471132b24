"""What would turn the verdict: one number moved until another option is the cheapest of those that keep the rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evalkit.analysis.arrays import Array
from evalkit.analysis.facts import Estimate
from evalkit.analysis.tco.analyse import Case
from evalkit.analysis.tco.facts import OptionFact
from evalkit.analysis.tco.formulas import SECONDS_PER_MONTH
from evalkit.analysis.tco.model import capacity_per_s
from evalkit.analysis.tco.uncertainty import Future, future, inputs_of
from evalkit.analysis.tco.values import Input, Reading, at_mode, drawn, replaced
from evalkit.analysis.tco.words import SIDES, unit_words
from evalkit.config.scenario import ScenarioConfig
from evalkit.decision.choose import Choice, Standing
from evalkit.decision.facts import Change
from evalkit.decision.words import amount, percent, rounded
from evalkit.wording import NOTHING, Said, joined, say

_FURTHEST = 30.0
"""A number is moved to a thirtieth, or thirty times, of what it is."""
_STEPS = 10
_HALVINGS = 7
_DRAWS = 300
_QUALITY = say("required quality")
_NOT_DECIDABLE = "not decidable"


@dataclass(frozen=True, slots=True)
class _Moved:
    """A number that is moved, and how it is told."""

    given: Input
    what: Said
    most: float = _FURTHEST


def changes_of(
    case: Case, scenario: ScenarioConfig, standing: Standing, choice: Choice
) -> tuple[Change, ...]:
    """Return what would turn the verdict; options that break a rule stay out, cost limits aside.

    Medians over a few hundred draws are compared, all other numbers being drawn as ever. A number is moved by a factor
    on its whole range.
    """
    if choice.best is None:
        return ()
    found: list[Change] = []
    rivals = [case.futures[name] for name in standing.passing if name in case.futures]
    sides = {o.name: o.side for o in case.facts.options}
    if len({sides[f.deployment.name] for f in rivals}) > 1:
        for moved in _moved(case, rivals):
            for way in (1, -1):
                change = _first_change(case, scenario, rivals, choice, moved, way)
                if change is not None:
                    found.append(change)
    found += _quality_changes(case, scenario, standing, choice)
    return tuple(found)


def _moved(case: Case, rivals: Sequence[Future]) -> Iterator[_Moved]:
    yield _Moved(case.workload.requests_per_month, say("load"))
    seen: set[str] = set()
    for f in rivals:
        api, fleet = f.deployment.api, f.deployment.fleet
        if api is not None and api.cost_per_request.key not in seen:
            seen.add(api.cost_per_request.key)
            yield _Moved(api.cost_per_request, say("price of {name}", name=f.deployment.name))
        if fleet is not None and fleet.capacity_per_s.key not in seen:
            seen.add(fleet.capacity_per_s.key)
            yield _Moved(fleet.capacity_per_s, fleet.capacity_per_s.label)
        for people in f.deployment.people:
            if people.fte is not None and people.fte.mode > 0 and people.fte.key not in seen:
                seen.add(people.fte.key)
                yield _Moved(people.fte, people.fte.label)


def _first_change(
    case: Case,
    scenario: ScenarioConfig,
    rivals: Sequence[Future],
    choice: Choice,
    moved: _Moved,
    way: int,
) -> Change | None:
    """Return the smallest move in one direction that makes another option the cheapest.

    Where options are equivalent now, it is the move from which on one of them is cheaper by more than the margin.
    """
    read = drawn(_DRAWS, scenario.seed)
    margin = scenario.policy.equivalence if choice.is_level else 0.0
    now = None if choice.is_level else choice.best

    key = moved.given.key
    moving = [f for f in rivals if _uses(f, case, key)]
    still = {f.deployment.name: _total(f, case, read) for f in rivals if f not in moving}

    def winner(factor: float) -> str | None:
        at = replaced(read, key, lambda x: x * factor)
        totals = {f.deployment.name: _total(f, case, at) for f in moving}
        return _cheapest(case, {**still, **totals}, margin)

    if winner(1.0) != now:  # nearly equal costs: any number would turn it
        return None
    factors = np.geomspace(1, moved.most, _STEPS) ** way
    held = 1.0
    for factor in factors[1:]:
        if winner(float(factor)) != now:
            turned = _bisect(lambda x: winner(x) != now, held, float(factor))
            becomes = winner(turned)
            if becomes is None:
                return None
            return _change(case, moved, turned, becomes, way > 0, choice.best or becomes)
        held = float(factor)
    return None


def _bisect(is_turned: Callable[[float], bool], held: float, turned: float) -> float:
    for _ in range(_HALVINGS):
        middle = float(np.sqrt(held * turned))
        held, turned = (held, middle) if is_turned(middle) else (middle, turned)
    return turned


def _uses(f: Future, case: Case, key: str) -> bool:
    return any(i.key == key for part in (case.workload, f.deployment) for i in inputs_of(part))


def _total(f: Future, case: Case, read: Reading) -> float:
    return float(np.median(future(f.deployment, case.workload, read).total))


def _cheapest(case: Case, totals: Mapping[str, float], margin: float) -> str | None:
    """Return the option of the least cost; None where one of another kind is within the margin."""
    sides = {o.name: o.side for o in case.facts.options}
    best = min(totals, key=lambda name: totals[name])
    others = [total for name, total in totals.items() if sides[name] != sides[best]]
    is_clear = totals[best] < min(others) * (1 - margin) or not margin
    return best if is_clear else None


def _change(
    case: Case,
    moved: _Moved,
    factor: float,
    becomes: str,
    is_above: bool,
    best: str,
) -> Change:
    now = moved.given.mode
    at = now * factor
    side = next(o.side for o in case.facts.options if o.name == becomes)
    values = {
        "what": moved.what,
        "at": amount(rounded(at)),
        "unit": unit_words(moved.given.unit),
        "now": amount(now),
        "option": becomes,
        "side": SIDES[side],
    }
    text = say(
        "With {what} below {at} {unit} (now {now}), {option} ({side}) becomes the cheapest.",
        **values,
    )
    if is_above:
        text = say(
            "With {what} above {at} {unit} (now {now}), {option} ({side}) becomes the cheapest.",
            **values,
        )
    if moved.given.key == case.workload.requests_per_month.key:
        text = joined((text, _utilisation(case, best, becomes, at)), " ")
    return Change(moved.what, now, at, moved.given.unit, is_above, becomes, side, text)


def _utilisation(case: Case, best: str, becomes: str, per_month: float) -> Said:
    """Say how much of the machines such a load would use, for the option that has machines of its own."""
    for name in (best, becomes):
        fleet = case.futures[name].deployment.fleet
        is_shared = case.futures[name].deployment.local_share is not None
        if fleet is None or is_shared or fleet.elastic is not None:
            continue
        mean = per_month / SECONDS_PER_MONTH
        peak = mean * case.workload.peak_to_mean.mode
        capacity = float(capacity_per_s(fleet, at_mode))
        usable = fleet.headroom.mode * capacity
        replicas = max(np.ceil(peak / usable - 1e-9), 1) + fleet.spare
        share = mean / (replicas * capacity)
        return say("{name} would then be used to {share}.", name=name, share=percent(share, 0))
    return NOTHING


# --- quality ------------------------------------------------------------------------------------------------------


def _quality_changes(
    case: Case, scenario: ScenarioConfig, standing: Standing, choice: Choice
) -> Iterator[Change]:
    """Yield the required quality at which the chosen option is out, and at which a cheaper one would be in."""
    required = scenario.policy.quality.at_least
    by_name = {o.name: o for o in case.facts.options}
    best = by_name[choice.best or ""]
    if required is None or best.quality.value is None:
        return
    sure = _bound(best.quality)
    others = [n for n in standing.passing if n != best.name and _bound(by_name[n].quality) > sure]
    values = {"sure": percent(sure), "now": percent(required), "option": best.name}
    becomes, side = _NOT_DECIDABLE, _NOT_DECIDABLE
    text = say(
        "A required quality above {sure} (now {now}): {option} is not sure to reach it, and nothing else that keeps the"
        " other rules does.",
        **values,
    )
    if others:
        becomes, side = others[0], by_name[others[0]].side
        text = say(
            "A required quality above {sure} (now {now}): {option} is not sure to reach it; then {other} ({side})"
            " is the cheapest.",
            **values,
            other=becomes,
            side=SIDES[side],
        )
    yield Change(_QUALITY, required, sure, "share", True, becomes, side, text)
    yield from _cheaper_at_less(case, standing, best, required)


def _cheaper_at_less(
    case: Case, standing: Standing, best: OptionFact, required: float
) -> Iterator[Change]:
    """Yield the lower quality at which a cheaper option would keep the rule."""
    by_name = {o.name: o for o in case.facts.options}
    cost = _median(case, best.name)
    for name in (*standing.unclear, *standing.failed):
        o = by_name[name]
        is_cheaper = name in case.futures and _median(case, name) < cost
        low = _bound(o.quality)
        if is_cheaper and o.quality.value is not None and low < required:
            text = say(
                "A required quality of {sure} or less (now {now}): {option} ({side}), which is cheaper, would reach"
                " it for sure.",
                sure=percent(low),
                now=percent(required),
                option=name,
                side=SIDES[o.side],
            )
            yield Change(_QUALITY, required, low, "share", False, name, o.side, text)


def _bound(e: Estimate) -> float:
    """Return the quality that is sure to be reached."""
    if e.value is None:
        return -1.0
    return e.value if e.low is None else e.low


def _median(case: Case, name: str) -> float:
    totals: Array = case.futures[name].total
    return float(np.median(totals))
