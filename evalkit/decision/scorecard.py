"""How the options look when other things count than the policy's rules and cost: a weighted mean of five criteria.

Each criterion is a number between 0 and 1, 1 the best:

- quality: own score / best score of all options;
- cost: lowest present value over the horizon / own, both medians;
- speed: share of measured requests within the service level;
- data control: share of requests whose data stay in the company's network;
- certainty: P10 / P90 of the present value.

How much the result hangs on the weights is told by rank acceptability (SMAA-2: Lahdelma and Salminen 2001): the share
of all weightings, each as likely as any other, in which an option is first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from evalkit.analysis.arrays import Array
from evalkit.analysis.tco.analyse import Case
from evalkit.analysis.tco.facts import BLEND, OptionFact, TcoFacts
from evalkit.config.scenario import ScenarioConfig
from evalkit.decision.facts import Outcome, Verdict
from evalkit.wording import NOTHING, Said, joined, say, verbatim

DRAWS = 10_000
LEVEL = 1e-9
"""Totals that differ by less are level."""


class Criterion(StrEnum):
    """What is weighed; the names are the keys of `policy: weights`."""

    QUALITY = "quality"
    COST = "cost"
    SPEED = "speed"
    DATA_CONTROL = "data_control"
    CERTAINTY = "certainty"


@dataclass(frozen=True, slots=True)
class Score:
    """One option by one criterion."""

    value: float | None
    """0 to 1. None: not known; `reason` says why."""
    measured: float | None = None
    """What it was computed from: score, present value, share in time, share that stays, P10 / P90."""
    reason: Said = NOTHING
    """Why it is not known, or what is not in it."""


@dataclass(frozen=True, slots=True)
class Scored:
    """One option by all criteria."""

    option: str
    scores: tuple[Score, ...]
    """Scores in the order of `Scorecard.criteria`."""
    broken: tuple[Said, ...]
    """Rules it breaks, one sentence each: then it is not ranked."""
    unclear: tuple[Said, ...]
    """Rules that it may break."""
    total: float | None = None
    rank: int | None = None
    """1 is the best; level ones share a rank. None: not ranked."""
    wins: float | None = None
    """Share of all weightings in which it is first; level ones share the win."""


@dataclass(frozen=True, slots=True)
class Scorecard:
    """All options under the scenario's weights, and how much hangs on these."""

    criteria: tuple[Criterion, ...]
    weights: tuple[float, ...]
    is_given: bool
    """Whether the scenario says the weights; else everything that is known of any option counts the same."""
    options: tuple[Scored, ...]
    draws: int

    @property
    def leaders(self) -> tuple[str, ...]:
        """Return the options in the first place; several are level, none could be ranked."""
        return tuple(o.option for o in self.options if o.rank == 1)

    @property
    def winner(self) -> str | None:
        """Return the one option in the first place; None where several are level, or none could be ranked."""
        return self.leaders[0] if len(self.leaders) == 1 else None


def scorecard(case: Case, verdict: Verdict, scenario: ScenarioConfig) -> Scorecard | None:
    """Weigh the options of a scenario; None where there are no two of them, or nothing is known about any."""
    options = case.facts.options
    columns = [measure(options) for measure in (_cost, _speed, _data_control, _certainty)]
    columns.insert(0, _quality(case.facts))
    known = [any(s.value is not None for s in column) for column in columns]
    if len(options) < 2 or not any(known):
        return None
    given = scenario.policy.weights
    weights = tuple(
        float(is_known) if given is None else float(getattr(given, c))
        for c, is_known in zip(Criterion, known, strict=True)
    )
    rows = [
        Scored(
            option=o.name,
            scores=scores,
            broken=tuple(_sentences(verdict, o.name, Outcome.FAIL)),
            unclear=tuple(_sentences(verdict, o.name, Outcome.UNCLEAR)),
        )
        for o, scores in zip(options, zip(*columns, strict=True), strict=True)
    ]
    totals = totals_of(rows, weights)
    wins = _wins(rows, weights, totals, scenario.seed)
    return Scorecard(
        criteria=tuple(Criterion),
        weights=weights,
        is_given=given is not None,
        options=tuple(
            replace(row, total=total, rank=rank, wins=share)
            for row, total, rank, share in zip(rows, totals, ranks_of(totals), wins, strict=True)
        ),
        draws=DRAWS,
    )


def totals_of(options: Sequence[Scored], weights: Sequence[float]) -> tuple[float | None, ...]:
    """Return Σ weight · score / Σ weight of each option.

    None for one that breaks a rule, or whose score is not known where there is a weight; for all without any weight.
    """
    return tuple(_total(o, weights) for o in options)


def _total(option: Scored, weights: Sequence[float]) -> float | None:
    # added one after the other, as the page's script does, so that both give the same number
    whole = total = 0.0
    for score, weight in zip(option.scores, weights, strict=True):
        if weight > 0:
            if score.value is None:
                return None
            whole += weight
            total += weight * score.value
    return None if option.broken or not whole else total / whole


def ranks_of(totals: Sequence[float | None]) -> tuple[int | None, ...]:
    """Return the place of each option: 1 + how many are better."""
    known = [t for t in totals if t is not None]
    return tuple(None if t is None else 1 + sum(o > t + LEVEL for o in known) for t in totals)


def _wins(
    options: Sequence[Scored],
    weights: Sequence[float],
    totals: Sequence[float | None],
    seed: int,
) -> tuple[float | None, ...]:
    """Return how often each ranked option is first when the criteria that count get random weights."""
    counts = [i for i, weight in enumerate(weights) if weight > 0]
    ranked = [i for i, total in enumerate(totals) if total is not None]
    if not ranked:
        return (None,) * len(options)
    scores = np.array([[options[i].scores[c].value for c in counts] for i in ranked], dtype=float)
    drawn = np.random.default_rng(seed).dirichlet(np.ones(len(counts)), size=DRAWS)
    shares = dict(zip(ranked, _first(drawn @ scores.T), strict=True))
    return tuple(shares.get(i) for i in range(len(options)))


def _first(totals: Array) -> list[float]:
    """Return the share of rows in which each column is the highest; level ones share the row."""
    is_first = totals >= totals.max(axis=1, keepdims=True) - LEVEL
    return [float(x) for x in (is_first / is_first.sum(axis=1, keepdims=True)).mean(axis=0)]


def _sentences(verdict: Verdict, option: str, outcome: Outcome) -> Iterator[Said]:
    for check in verdict.checks:
        if check.option == option and check.outcome is outcome:
            yield verbatim(check.text)


# --- criteria -----------------------------------------------------------------------------------------------------


def _quality(facts: TcoFacts) -> list[Score]:
    """Return quality as a share of the best option's; what may be guessing counts by what is sure, not as best."""
    guessing = {o.name for o in facts.options if facts.guesses_of(o)}
    values = [o.quality.value for o in facts.options if o.name not in guessing]
    best = max((v for v in values if v is not None), default=0.0)
    return [
        _of_guessing(o) if o.name in guessing else _share_of_best(o, best) for o in facts.options
    ]


def _of_guessing(o: OptionFact) -> Score:
    if o.quality.value is None:
        return Score(None, reason=_why(o.quality.reason))
    return Score(o.quality.low or 0.0, o.quality.value)


def _share_of_best(o: OptionFact, best: float) -> Score:
    value = o.quality.value
    if value is None:
        return Score(None, reason=_why(o.quality.reason))
    if value < 0:
        return Score(None, value, say("a score below 0 is no share of the best one"))
    return Score(value / best if best else 0.0, value)


def _cost(options: Sequence[OptionFact]) -> list[Score]:
    lowest = min((o.total.value for o in options if o.total.value is not None), default=0.0)
    return [_share_of_lowest(o, lowest) for o in options]


def _share_of_lowest(o: OptionFact, lowest: float) -> Score:
    value = o.total.value
    if value is None:
        return Score(None, reason=_unknown_cost(o))
    return Score(1.0 if value <= lowest else max(lowest, 0.0) / value, value, _without(o))


def _speed(options: Sequence[OptionFact]) -> list[Score]:
    return [
        Score(None, reason=_why(o.slo_share.reason))
        if o.slo_share.value is None
        else Score(o.slo_share.value, o.slo_share.value)
        for o in options
    ]


def _data_control(options: Sequence[OptionFact]) -> list[Score]:
    by_name = {o.name: o for o in options}
    return [_staying(o, by_name) for o in options]


def _staying(o: OptionFact, by_name: Mapping[str, OptionFact]) -> Score:
    """Return the share of requests whose data stay; of a cascade the first model sees every request."""
    if o.side != BLEND or not o.leaves_network:
        stays = 0.0 if o.leaves_network else 1.0
        return Score(stays, stays)
    local, vendor = (by_name[part].leaves_network for part in o.parts)
    if local and (vendor or (o.policy is not None and o.policy.is_cascade)):
        return Score(0.0, 0.0)
    away = None if o.escalated is None else o.escalated.value
    if away is None:
        return Score(None, reason=say("what share goes to the API is not known"))
    stays = away if local else 1 - away
    return Score(stays, stays)


def _certainty(options: Sequence[OptionFact]) -> list[Score]:
    return [_narrowness(o) for o in options]


def _narrowness(o: OptionFact) -> Score:
    low, high = o.total.low, o.total.high
    if o.total.value is None or low is None or high is None:
        return Score(None, reason=_unknown_cost(o))
    ratio = max(low, 0.0) / high if high > 0 else 1.0
    return Score(ratio, ratio, _without(o))


def _unknown_cost(o: OptionFact) -> Said:
    return joined(map(verbatim, o.missing), "; ") or _why(o.total.reason)


def _without(o: OptionFact) -> Said:
    """Say which costs nobody gave, so that they are not in the total."""
    if not o.incomplete:
        return NOTHING
    return say("without {costs}", costs=joined(map(verbatim, o.incomplete), "; "))


def _why(reason: str) -> Said:
    return verbatim(reason) if reason else say("not measured")
