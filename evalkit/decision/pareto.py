"""Which options nothing else beats in both quality and cost, and whether larger models are the better ones here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations
from math import hypot

from evalkit.analysis.facts import Estimate
from evalkit.analysis.tco.facts import BLEND, TcoFacts
from evalkit.store.run_dir import Run
from evalkit.wording import say


class Bigger(StrEnum):
    """Whether larger models are better here."""

    YES = "yes"
    """At least one larger model is clearly better, and none clearly worse."""
    NO = "no"
    """At least one smaller model is clearly better, and none clearly worse."""
    MIXED = "mixed"
    """Some larger models are clearly better, others clearly worse."""
    NO_DIFFERENCE = "no difference"
    """No pair of models is told apart."""
    NOT_KNOWN = "not known"
    """No two models of known and different size were measured."""


@dataclass(frozen=True, slots=True)
class SizePair:
    """Two models of known size."""

    larger: str
    smaller: str
    difference: Estimate
    """Larger − smaller: paired by doc where both are of a pair of options, else of two independent scores."""

    @property
    def sign(self) -> int:
        """Return 1: the larger is clearly better; −1: the smaller is; 0: can't tell."""
        low, high = self.difference.low, self.difference.high
        if low is None or high is None:
            return 0
        return int(low > 0) - int(high < 0)


@dataclass(frozen=True, slots=True)
class SizeFact:
    """What the measured models say about size."""

    answer: Bigger
    pairs: tuple[SizePair, ...]
    """Largest distance in size first."""
    undisclosed: tuple[str, ...]
    """Measured models whose size is unknown."""


def pareto_front(points: Sequence[tuple[float, float]]) -> tuple[int, ...]:
    """Return the positions of points that no other beats, cheapest first; equal points stay together.

    Args:
        points: Cost, of which less is better, and quality, of which more is better.
    """
    order = sorted(range(len(points)), key=lambda i: (points[i][0], -points[i][1]))
    front: list[int] = []
    for i in order:
        if not front or points[i][1] > points[front[-1]][1] or points[i] == points[front[-1]]:
            front.append(i)
    return tuple(front)


def model_sizes(runs: Iterable[Run]) -> dict[str, int | None]:
    """Return the number of parameters of every measured model; None where it is not disclosed."""
    found: dict[str, int | None] = {}
    for run in runs:
        for entry in run.manifest.models:
            found[entry.name] = entry.n_parameters or found.get(entry.name)
    return found


def size_fact(facts: TcoFacts, sizes: Mapping[str, int | None]) -> SizeFact:
    """Compare measured models of known size, two at a time.

    Args:
        facts: Of the scenario.
        sizes: Model → parameters, as of `model_sizes`.
    """
    scores = {
        o.models[0]: o.quality
        for o in facts.options
        if o.side != BLEND and o.quality.value is not None
    }
    known = {model: n for model in scores if (n := sizes.get(model)) is not None}
    pairs = sorted(
        _pairs(known, scores, _paired(facts)), key=lambda p: known[p.smaller] / known[p.larger]
    )
    return SizeFact(_answer(pairs), tuple(pairs), tuple(m for m in scores if m not in known))


def _pairs(
    sizes: Mapping[str, int],
    scores: Mapping[str, Estimate],
    paired: Mapping[tuple[str, str], Estimate],
) -> Iterator[SizePair]:
    for one, other in combinations(sizes, 2):
        smaller, larger = sorted((one, other), key=lambda m: sizes[m])
        if sizes[smaller] < sizes[larger]:
            found = paired.get((larger, smaller)) or difference(scores[larger], scores[smaller])
            yield SizePair(larger, smaller, found)


def _paired(facts: TcoFacts) -> dict[tuple[str, str], Estimate]:
    """Return the differences that were paired by doc, both ways round."""
    models = {o.name: o.models[0] for o in facts.options if o.side != BLEND}
    found = {}
    for p in facts.pairs:
        e = p.quality_difference
        if p.build in models and p.buy in models and e.value is not None:
            found[models[p.buy], models[p.build]] = e
            found[models[p.build], models[p.buy]] = _turned(e)
    return found


def _turned(e: Estimate) -> Estimate:
    value, low, high = (None if x is None else -x for x in (e.value, e.high, e.low))
    return Estimate(value, e.unit, e.n, low, high, e.method, e.reason, e.is_supported)


def difference(one: Estimate, other: Estimate) -> Estimate:
    """Return `one` − `other` with the interval that follows from theirs, as if they were independent.

    MOVER (Zou and Donner 2008). Two scores on the same docs mostly rise and fall together, so it is rather too wide.
    """
    n = min(one.n, other.n)
    if one.value is None or other.value is None:
        return Estimate(None, one.unit, n, reason=say("a score is not known"))
    value = one.value - other.value
    if one.low is None or one.high is None or other.low is None or other.high is None:
        return Estimate(value, one.unit, n, reason=say("a score has no interval"))
    low = value - hypot(one.value - one.low, other.high - other.value)
    high = value + hypot(one.high - one.value, other.value - other.low)
    return Estimate(value, one.unit, n, low, high, "MOVER 95 %")


def _answer(pairs: Sequence[SizePair]) -> Bigger:
    if not pairs:
        return Bigger.NOT_KNOWN
    signs = {p.sign for p in pairs} - {0}
    if not signs:
        return Bigger.NO_DIFFERENCE
    if len(signs) == 2:
        return Bigger.MIXED
    return Bigger.YES if signs == {1} else Bigger.NO
