"""How many docs or runs a gate needs, and how likely a candidate passes it; for planning, before anything is measured.

Margins and effects are shares of docs (0.03: three points), worse counts as positive. Discordance is the share of docs
on which the two sides differ.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import ceil, log, log1p, sqrt

import numpy as np
import scipy

from evalkit.analysis.arrays import EDGE, Array, Flags, Ints
from evalkit.analysis.repeated import FEWEST_EQUAL

Judge = Callable[[Ints, Ints], Flags]
"""Tells of wins and losses whether they are few enough losses."""
_TAIL = 1e-13
_STEPS = 1000
"""Steps in which a margin is searched, up to 100 points."""


def docs_needed(
    margin: float, discordance: float, confidence: float, power: float, effect: float = 0.0
) -> int:
    """Return how many docs show with that power that a candidate keeps the margin, by the usual formula.

    n = (z_confidence + z_power)² · (discordance − effect²) / (margin − effect)², rounded up, and never fewer than
    `least_docs`. Source: Miller 2024, section 5; Liu and others 2002. It takes the spread as it is at the effect, while
    Tango's bound takes what it would be at the margin, so it asks for too few where the margin is about as large as the
    discordance: `docs_to_pass` is exact.

    Args:
        margin: Allowed.
        discordance: Expected.
        confidence: Of the bound.
        power: Wanted chance to pass.
        effect: How much worse the candidate is in truth; negative: better.

    Raises:
        ValueError: The effect is not below the margin, or larger than the discordance.
    """
    _check(margin, discordance, effect)
    z = float(scipy.stats.norm.ppf(confidence) + scipy.stats.norm.ppf(power))
    docs = ceil(z**2 * (discordance - effect**2) / (margin - effect) ** 2)
    return max(docs, least_docs(margin, confidence) if margin > 0 else 1)


def docs_to_pass(
    margin: float, discordance: float, confidence: float, power: float, effect: float = 0.0
) -> int:
    """Return with how many docs `power_to_pass` reaches that power; arguments as in `docs_needed`.

    Power goes up and down a little from one n to the next, since counts are whole: with some fewer docs it may be
    reached, too.
    """
    low, high = 0, docs_needed(margin, discordance, confidence, power, effect)
    while power_to_pass(high, margin, discordance, confidence, effect) < power:
        low, high = high, high + ceil(high / 10)
    while high - low > 1:
        middle = (low + high) // 2
        if power_to_pass(middle, margin, discordance, confidence, effect) < power:
            low = middle
        else:
            high = middle
    return high


def least_docs(margin: float, confidence: float) -> int:
    """Return the fewest docs with which a candidate passes that differs on none of them.

    Without a doc that differs, Tango's bound is z² / (n + z²), and Clopper and Pearson's 1 − (1 − confidence)^(1/n):
    three in n at 95 %. Both must keep the margin.

    Raises:
        ValueError: The margin is not positive: no number of docs would do.
    """
    if margin <= 0:
        raise ValueError("a margin of 0 can't be shown without docs that differ")
    if margin >= 1:
        return 1
    z2 = float(scipy.stats.norm.ppf(confidence)) ** 2
    tango, exact = z2 * (1 - margin) / margin, log(1 - confidence) / log1p(-margin)
    return max(1, ceil(max(tango, exact) - EDGE))


def margin_to_pass(n: int, discordance: float, confidence: float, power: float) -> float | None:
    """Return the smallest margin that n docs can show, in steps of a tenth of a point; None: not even 100 points.

    With it `power_to_pass` reaches that power for a candidate that is as good, and n is at least `least_docs`. Power
    grows with the margin, so bisection finds it.
    """

    def can_show(step: int) -> bool:
        margin = step / _STEPS
        return (
            n >= least_docs(margin, confidence)
            and power_to_pass(n, margin, discordance, confidence) >= power
        )

    low, high = 0, _STEPS
    if n < 1 or not can_show(high - 1):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if can_show(middle) else (middle, high)
    return high / _STEPS


def power_to_pass(
    n: int, margin: float, discordance: float, confidence: float, effect: float = 0.0
) -> float:
    """Return how likely a candidate passes `paired_bounds` on right and wrong; exact.

    The docs that differ are binomial, and so are the losses among them. For each number of docs that differ there is a
    largest number of losses that still passes. Found by bisection, so that 100 000 docs take no longer than 1 000.

    Args:
        n: Docs.
        margin: Allowed.
        discordance: Share of docs that differ, in truth.
        confidence: Of the bound.
        effect: How much worse the candidate is in truth; with the margin itself this is how often a gate errs.

    Raises:
        ValueError: The effect is larger than the discordance.
    """
    return _chance(
        partial(keeps_margin, n=n, margin=margin, confidence=confidence), n, discordance, effect
    )


def power_to_fail(
    n: int, margin: float, discordance: float, confidence: float, effect: float
) -> float:
    """Return how likely a candidate that much worse fails `paired_bounds` on right and wrong; arguments as above."""

    def is_not_broken(wins: Ints, losses: Ints) -> Flags:
        return ~breaks_margin(wins, losses, n, margin, confidence)

    return 1.0 - _chance(is_not_broken, n, discordance, effect)


def _chance(is_few: Judge, n: int, discordance: float, effect: float) -> float:
    """Return how likely the losses among n docs are few enough."""
    if abs(effect) > discordance + EDGE:
        raise ValueError(f"{discordance:g} of docs differ, so no effect can be {effect:g}")
    low, high = (int(x) for x in scipy.stats.binom.ppf([_TAIL, 1 - _TAIL], n, discordance))
    differing = np.arange(max(low, 0), high + 1)
    most = _most_losses(differing, is_few)
    losing = min(1.0, (discordance + effect) / 2 / discordance) if discordance > 0 else 0.0
    split = np.where(most >= 0, scipy.stats.binom.cdf(most, differing, losing), 0.0)
    return float(scipy.stats.binom.pmf(differing, n, discordance) @ split)


def _most_losses(differing: Ints, is_few: Judge) -> Ints:
    """Return the most losses among so many docs that differ that are few enough; −1: none."""
    low, high = np.full_like(differing, -1), differing.copy()
    while (low < high).any():
        middle = (low + high + 1) // 2
        fits = is_few(differing - middle, middle)
        low, high = np.where(fits, middle, low), np.where(fits, high, middle - 1)
    return low


def keeps_margin(wins: Ints, losses: Ints, n: int, margin: float, confidence: float) -> Flags:
    """Tell for many counts at once whether the upper of `paired_bounds` is within a margin.

    It is where the score at the margin is beyond z, and, where no doc was won, Clopper and Pearson's bound, too.
    """
    z = float(scipy.stats.norm.ppf(confidence))
    is_exact = scipy.stats.binom.cdf(losses, n, margin) <= 1 - confidence
    return np.asarray((_score(wins, losses, n, margin) <= -z) & (is_exact | (wins > 0)))


def breaks_margin(wins: Ints, losses: Ints, n: int, margin: float, confidence: float) -> Flags:
    """Tell for many counts at once whether the lower of `paired_bounds` is beyond a margin; as `keeps_margin`."""
    z = float(scipy.stats.norm.ppf(confidence))
    is_exact = scipy.stats.binom.sf(losses - 1, n, margin) < 1 - confidence
    return np.asarray((_score(wins, losses, n, margin) > z) & (is_exact | (wins > 0)))


def _score(wins: Ints, losses: Ints, n: int, margin: float) -> Array:
    """Return Tango's score of a margin, as `paired.tango` has it; infinite where nothing can vary."""
    b = -wins - losses + (2 * n - losses + wins) * margin
    root = np.sqrt(np.maximum(b * b + 8 * n * wins * margin * (1 - margin), 0.0))
    spread = n * ((root - b) / (2 * n) + margin * (1 - margin))
    distance = losses - wins - n * margin
    with np.errstate(divide="ignore", invalid="ignore"):
        score = distance / np.sqrt(np.where(spread > EDGE, spread, 0.0))
    return np.where(np.isnan(score), 0.0, score)


def runs_needed(noise_sd: float, margin: float, confidence: float, power: float) -> int:
    """Return how many runs per side show with that power that a candidate as fast keeps a latency margin.

    The t test of log ratios, as `repeated.quantile_ratio` makes it: the power is that of a noncentral t distribution.
    At least three, the fewest for values that are all equal.

    Args:
        noise_sd: Standard deviation of the log ratio from one pair of runs to the next; an A/A test measures it.
        margin: Relative (0.1: a tenth slower).
        confidence: Of the bound.
        power: Wanted chance to pass.

    Raises:
        ValueError: The margin is not positive.
    """
    if margin <= 0:
        raise ValueError("a margin of 0 can't be shown: the candidate is as fast, not faster")
    if noise_sd <= 0:
        return FEWEST_EQUAL
    size = log1p(margin) / noise_sd
    z = float(scipy.stats.norm.ppf(confidence) + scipy.stats.norm.ppf(power))
    runs = max(
        FEWEST_EQUAL, int((z / size) ** 2)
    )  # what the normal distribution needs is a little less
    while (
        scipy.stats.nct.sf(scipy.stats.t.ppf(confidence, runs - 1), runs - 1, size * sqrt(runs))
        < power
    ):
        runs += 1
    return runs


def _check(margin: float, discordance: float, effect: float) -> None:
    if effect >= margin:
        raise ValueError(f"an effect of {effect:g} does not keep a margin of {margin:g}")
    if abs(effect) > discordance + EDGE:
        raise ValueError(f"{discordance:g} of docs differ, so no effect can be {effect:g}")
