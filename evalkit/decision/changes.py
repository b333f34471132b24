"""What would turn the verdict: one number moved until another option is the cheapest of those that keep the rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from evalkit.analysis.facts import Estimate
from evalkit.analysis.tco.analyse import Case
from evalkit.analysis.tco.formulas import SECONDS_PER_MONTH
from evalkit.analysis.tco.uncertainty import Future, future
from evalkit.analysis.tco.values import Array, Input, Reading, drawn, replaced
from evalkit.config.scenario import ScenarioConfig
from evalkit.decision.choose import Choice, Standing
from evalkit.decision.facts import Change
from evalkit.decision.words import amount, percent, sentence

_FURTHEST = 30.0
"""A number is moved to a thirtieth, or thirty times, of what it is."""
_STEPS = 18
_HALVINGS = 7
_DRAWS = 1000


@dataclass(frozen=True, slots=True)
class _Moved:
    """A number that is moved, and how it is told."""

    given: Input
    what: str
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
                change = _first_change(case, scenario, rivals, choice.best, moved, way)
                if change is not None:
                    found.append(change)
    found += _quality_changes(case, scenario, standing, choice)
    return tuple(found)


def _moved(case: Case, rivals: Sequence[Future]) -> Iterator[_Moved]:
    yield _Moved(case.workload.requests_per_month, "load")
    seen: set[str] = set()
    for f in rivals:
        api, fleet = f.deployment.api, f.deployment.fleet
        if api is not None and api.cost_per_request.key not in seen:
            seen.add(api.cost_per_request.key)
            yield _Moved(api.cost_per_request, f"price of {f.deployment.name}")
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
    best: str,
    moved: _Moved,
    way: int,
) -> Change | None:
    """Return the smallest move in one direction that makes another option the cheapest."""
    read = drawn(_DRAWS, scenario.seed)

    def winner(factor: float) -> str:
        return _cheapest(case, rivals, replaced(read, moved.given.key, lambda x: x * factor))

    if winner(1.0) != best:  # nearly equal costs: any number would turn it
        return None
    factors = np.geomspace(1, moved.most, _STEPS) ** way
    held = 1.0
    for factor in factors[1:]:
        if winner(float(factor)) != best:
            turned = _bisect(lambda x: winner(x) != best, held, float(factor))
            return _change(case, moved, turned, winner(turned), way > 0, best)
        held = float(factor)
    return None


def _bisect(is_turned: Callable[[float], bool], held: float, turned: float) -> float:
    for _ in range(_HALVINGS):
        middle = float(np.sqrt(held * turned))
        held, turned = (held, middle) if is_turned(middle) else (middle, turned)
    return turned


def _cheapest(case: Case, rivals: Sequence[Future], read: Reading) -> str:
    totals = {
        f.deployment.name: float(np.median(future(f.deployment, case.workload, read).total))
        for f in rivals
    }
    return min(totals, key=lambda name: totals[name])


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
    direction = "above" if is_above else "below"
    text = (
        f"{sentence(moved.what)} {direction} {amount(at)} {moved.given.unit} (now"
        f" {amount(now)}): {becomes} ({side}) becomes the cheapest"
    )
    if moved.given.key == case.workload.requests_per_month.key:
        used = _utilisation(case, best, becomes, at)
        text += f"; {used}" if used else ""
    return Change(moved.what, now, at, moved.given.unit, is_above, becomes, side, f"{text}.")


def _utilisation(case: Case, best: str, becomes: str, per_month: float) -> str:
    """Say how much of the machines such a load would use, for the option that has machines of its own."""
    for name in (best, becomes):
        fleet = case.futures[name].deployment.fleet
        if fleet is None or case.futures[name].deployment.local_share is not None:
            continue
        mean = per_month / SECONDS_PER_MONTH
        peak = mean * case.workload.peak_to_mean.mode
        usable = fleet.headroom.mode * fleet.capacity_per_s.mode
        replicas = max(np.ceil(peak / usable - 1e-9), 1) + fleet.spare
        share = mean / (replicas * fleet.capacity_per_s.mode)
        return f"{name} would then be used to {percent(share, 0)}"
    return ""


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
    becomes = others[0] if others else "not decidable"
    side = by_name[becomes].side if others else "not decidable"
    yield Change(
        "required quality",
        required,
        sure,
        "share",
        True,
        becomes,
        side,
        f"A required quality above {percent(sure)} (now {percent(required)}): {best.name} is not sure to reach"
        " it;"
        f" {'then ' + becomes + ' (' + side + ') is the cheapest' if others else 'nothing else does'}.",
    )
    cost = _median(case, best.name)
    for name in (*standing.unclear, *standing.failed):
        o = by_name[name]
        is_cheaper = name in case.futures and _median(case, name) < cost
        low = _bound(o.quality)
        if is_cheaper and o.quality.value is not None and low < required:
            yield Change(
                "required quality",
                required,
                low,
                "share",
                False,
                name,
                o.side,
                f"A required quality of {percent(low)} or less (now {percent(required)}): {name} ({o.side}), which is"
                " cheaper, would reach it for sure.",
            )


def _bound(e: Estimate) -> float:
    """Return the quality that is sure to be reached."""
    if e.value is None:
        return -1.0
    return e.value if e.low is None else e.low


def _median(case: Case, name: str) -> float:
    totals: Array = case.futures[name].total
    return float(np.median(totals))
