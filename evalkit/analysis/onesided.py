"""One-sided bounds for decisions: how much worse can it be, how much worse is it surely.

A gate asks two one-sided questions, so both bounds hold at the full confidence, each on its own. They rest on the
two-sided intervals of `paired.py` and `stats.py`, widened where simulation (docs/statistics.md) found those to err more
often than they say: where few docs differ, where all that differ differ the same way, and for few clusters.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, log, sqrt
from typing import NamedTuple

import numpy as np
import scipy

from evalkit.analysis.arrays import EDGE, Array, Ints
from evalkit.analysis.paired import limit_of_bca, paired_interval, tango
from evalkit.analysis.resample import BLOCK, bca_shares
from evalkit.analysis.stats import LEAST_VALUES, RESAMPLES, SEED, clopper_pearson, percent, wilson
from evalkit.wording import Said, joined, numeral, say, verbatim

FEWEST_CLUSTERS = 5
MOST_FOR_FLIPS = 200
"""Docs that differ; for more of them the t test gives what flipped signs give."""
MOST_FOR_RATIOS = 2000
"""Docs up to which a ratio is resampled."""
_HALF = 0.5
_SIGNS = np.array([-1.0, 1.0, 1.0, -1.0])
"""Signs of the logarithms of base_num, base_den, cand_num and cand_den in the log ratio."""


class Bounds(NamedTuple):
    """A one-sided lower and a one-sided upper bound, each at the confidence asked for."""

    least: float
    most: float
    method: Said


def paired_bounds(change: Array, *, is_share: bool, confidence: float) -> Bounds | None:
    """Return the bounds of the mean of differences; None where they do not tell how much it may vary.

    Right and wrong: Tango's bounds (1998). Where all docs that differ do so the same way they err up to 6.9 times in a
    hundred instead of 5, so Clopper and Pearson's (1934) count there if they are wider.

    Other scores: the widest of BCa, Student's t, and Tango's bounds of scaled counts (`_counted`). BCa alone errs 9
    times in a hundred where every tenth of 50 docs differs, since a bootstrap never draws what it has not seen.

    Args:
        change: [docs], whichever way round.
        is_share: Both scores are between 0 and 1.
        confidence: Of each bound.
    """
    found = paired_interval(change, is_share=is_share, confidence=2 * confidence - 1)
    if found is None:
        return None
    if is_share and np.isin(change, (-1.0, 0.0, 1.0)).all():
        is_one_way = bool((change >= 0).all() or (change <= 0).all())
        method = say("Tango and Clopper-Pearson") if is_one_way else verbatim("Tango")
        return Bounds(
            *_counted(change, 1.0, confidence), one_sided(method, confidence, is_paired=True)
        )
    counted = _counted(change, _unseen(change, is_share=is_share), confidence)
    several = [found[:2], counted]
    if len(change) >= LEAST_VALUES:
        several += [_student(change, confidence)]
    method = say("widest of BCa, t and scaled Tango")
    return _widest(several, one_sided(method, confidence, is_paired=True))


def cluster_bounds(
    change: Array, clusters: Ints, confidence: float, *, is_share: bool = True
) -> Bounds | None:
    """Return the bounds of the mean of differences where docs of one source rise and fall together.

    The cluster is the unit. The mean is a ratio, Σ sums / Σ sizes; with N docs in G clusters, cluster g weighs in with
    x_g = sum_g · G/N, and the ratio varies as the mean of x_g − mean · size_g · G/N does: its linear part (Cochran
    1977, chapter 6). The bounds are the widest of: a BCa bootstrap that draws clusters by that part; Student's t on it
    with G − 1 degrees of freedom; Tango's bounds of scaled counts of x. Where no doc differs, these are those of G
    docs, since each cluster may be one doc asked many times.

    None: fewer than 5 clusters, or no difference between scores without bounds.

    Args:
        change: [docs], whichever way round.
        clusters: [docs], which cluster each is of, from 0.
        confidence: Of each bound.
        is_share: Both scores are between 0 and 1.
    """
    _, place = np.unique(clusters, return_inverse=True)
    sizes = np.bincount(place).astype(float)
    n = len(sizes)
    if n < FEWEST_CLUSTERS:
        return None
    scale = n / len(change)
    weights = np.asarray(np.bincount(place, change) * scale, dtype=np.float64)
    mean = float(change.mean())
    spread = weights - mean * sizes * scale
    unseen = _unseen(weights, is_share=is_share)
    if unseen == 0:
        return None
    several = [_counted(weights, unseen, confidence)]
    if np.ptp(spread) > EDGE:
        drawn = paired_interval(spread, is_share=False, confidence=2 * confidence - 1)
        several += [_student(spread, confidence, mean)]
        several += [(mean + drawn.low, mean + drawn.high)] if drawn else []
    limit = 1.0 if is_share and float(np.abs(change).max()) <= 1 else inf
    several = [(max(-limit, low), min(limit, high)) for low, high in several]
    method = say("widest of cluster bootstrap, t and scaled Tango")
    return _widest(several, one_sided(method, confidence))


def _unseen(change: Array, *, is_share: bool) -> float:
    """Return how large a difference may be that was not seen: as large as any other.

    Bounded scores: a whole one where at least half of the units do not differ, else half a one or more.
    """
    largest = float(np.abs(change).max())
    if not is_share:
        return largest
    return max(largest, 1.0 if np.median(np.abs(change)) <= EDGE else _HALF)


def _counted(change: Array, unseen: float, confidence: float) -> tuple[float, float]:
    """Return Tango's bounds of scaled counts; of counts where all differences are −1, 0 and 1 and `unseen` is 1.

    Differences of any size count as if all were of size m = (Σd² + u²) / (Σ|d| + u), wins as Σd⁺/m and losses as
    Σd⁻/m, and m scales the bounds back: sum and sum of squares are kept, as in Bohm and Zech's scaled Poisson (2014).
    One difference of size u that was not seen is in m, as in Fay and Feuer's bounds of weighted counts (1997), so that
    few small differences do not promise that a large one can't come.
    """
    n = len(change)
    up = float(np.maximum(change, 0).sum())
    down = float(np.maximum(-change, 0).sum())
    size = (float(change @ change) + unseen**2) / (up + down + unseen)
    wins, losses = min(up / size, n), min(down / size, n)
    two_sided = 2 * confidence - 1
    low, high = tango(wins, losses, n, two_sided)
    if losses == 0:
        low, high = _wider((low, high), clopper_pearson(wins, n, two_sided))
    if wins == 0:
        least, most = clopper_pearson(losses, n, two_sided)
        low, high = _wider((low, high), (-most, -least))
    return size * low, size * high


def _student(values: Array, confidence: float, shift: float = 0.0) -> tuple[float, float]:
    """Return the t bounds of a mean, moved by `shift`."""
    n = len(values)
    half = float(scipy.stats.t.ppf(confidence, n - 1)) * float(values.std(ddof=1)) / sqrt(n)
    mean = float(values.mean()) + shift
    return mean - half, mean + half


def _wider(a: tuple[float, float], b: tuple[float, float]) -> tuple[float, float]:
    return min(a[0], b[0]), max(a[1], b[1])


def one_sided(name: Said, confidence: float, *, is_paired: bool = False) -> Said:
    """Name a method with the confidence of each of its bounds."""
    level = numeral(percent(confidence))
    if is_paired:
        return say("{name}, one-sided {level}, paired", name=name, level=level)
    return say("{name}, one-sided {level}", name=name, level=level)


def _widest(several: Sequence[tuple[float, ...]], method: Said) -> Bounds:
    return Bounds(min(low for low, _ in several), max(high for _, high in several), method)


def share_bounds(values: Array, confidence: float) -> Bounds | None:
    """Return the bounds of a mean of scores within 0 and 1, for floors and ceilings; None without values.

    0/1 scores: the wider of Wilson's (1927) and Clopper and Pearson's bounds; Wilson's alone call a failure rate of 3 %
    higher than 3 % eight times in a hundred instead of five, with 100 docs. Other scores: the widest of BCa, t and the
    same with scaled counts, of what is missing from 1 for the lower bound and of the scores for the upper one.
    """
    n = len(values)
    if n == 0:
        return None
    least, most = 1 - _highest(1 - values, confidence), _highest(values, confidence)
    if np.isin(values, (0.0, 1.0)).all():
        return Bounds(least, most, one_sided(say("Wilson and Clopper-Pearson"), confidence))
    several: list[tuple[float, ...]] = [(least, most)]
    drawn = paired_interval(values, is_share=False, confidence=2 * confidence - 1)
    if drawn is not None:
        several += [drawn[:2], _student(values, confidence)]
    found = _widest(several, one_sided(say("widest of BCa, t and scaled Wilson"), confidence))
    return found._replace(least=max(0.0, found.least), most=min(1.0, found.most))


def _highest(values: Array, confidence: float) -> float:
    """Return the upper bound by counts, scaled as in `_counted`."""
    n, unseen = len(values), 1.0
    size = (float(values @ values) + unseen**2) / (float(values.sum()) + unseen)
    count = min(float(values.sum()) / size, n)
    highest = max(method(count, n, 2 * confidence - 1)[1] for method in (wilson, clopper_pearson))
    return min(1.0, size * highest)


def mover(estimates: Sequence[float], bounds: Sequence[Bounds], weights: Sequence[float]) -> Bounds:
    """Return the bounds of a weighted sum of independent estimates, such as the mean over tasks, from their own bounds.

    Lower: Σwθ − sqrt(Σ(w(θ − bound))²), with each θ's lower bound where its weight is positive, else its upper one; the
    upper bound is the mirror. Source: Zou and Donner 2008 (MOVER).

    Args:
        estimates: [tasks].
        bounds: [tasks], all at one confidence.
        weights: [tasks].
    """
    total = sum(w * e for e, w in zip(estimates, weights, strict=True))
    below = above = 0.0
    for e, b, w in zip(estimates, bounds, weights, strict=True):
        down, up = (e - b.least, b.most - e) if w > 0 else (b.most - e, e - b.least)
        below, above = below + (w * down) ** 2, above + (w * up) ** 2
    methods = joined(dict.fromkeys(b.method for b in bounds), "; ")
    return Bounds(
        total - sqrt(below), total + sqrt(above), say("MOVER ({methods})", methods=methods)
    )


def ratio_bounds(
    base_num: Array, base_den: Array, cand_num: Array, cand_den: Array, confidence: float
) -> Bounds | None:
    """Return the bounds of log((Σcand_num / Σcand_den) / (Σbase_num / Σbase_den)), such as of cost per correct answer.

    All are [docs], the same docs in the same order. The wider of two: a BCa bootstrap over docs, and MOVER of the ratio
    of numerators and the ratio of denominators, each with its own bounds, which knows that docs may flip that did not.
    Beyond 2000 docs the bootstrap is taken in its limit.

    A resample without any correct answer on one side is infinitely dear there and counts as such; one without any on
    both counts against either bound. So a bound may be infinite. None: fewer than two docs, or one of the four sums is
    not positive.
    """
    columns = np.stack([base_num, base_den, cand_num, cand_den])
    n = columns.shape[1]
    sums = columns.sum(axis=1)
    if n < LEAST_VALUES or not (sums > 0).all():
        return None
    drawn = _resampled(columns, confidence)
    apart = _apart(columns, confidence)
    several = [drawn] if apart is None else [drawn, apart]
    method = one_sided(say("wider of BCa and MOVER"), confidence, is_paired=True)
    return _widest(several, method)


def _resampled(columns: Array, confidence: float) -> tuple[float, float]:
    """Return the bootstrap's bounds of the log ratio of sums over columns [4, docs]."""
    n = columns.shape[1]
    sums = columns.sum(axis=1)
    at = float(_SIGNS @ np.log(sums))
    if n > MOST_FOR_RATIOS:
        # how the log ratio changes with each doc
        least, most = limit_of_bca((_SIGNS * n / sums) @ columns, 2 * confidence - 1)
        return at + least, at + most
    rng = np.random.default_rng(SEED)
    rows = max(1, BLOCK // n)
    found = []
    for start in range(0, RESAMPLES, rows):
        some = min(rows, RESAMPLES - start)
        drawn = rng.integers(0, n, (some, n)) + np.arange(some)[:, None] * n
        counts = np.bincount(drawn.ravel(), minlength=some * n).reshape(some, n)
        found.append(counts @ columns.T)
    with np.errstate(divide="ignore", invalid="ignore"):  # log 0, and ∞ − ∞
        ratios = np.log(np.concatenate(found)) @ _SIGNS
        without = np.log(np.maximum(sums[:, None] - columns, 0)).T @ _SIGNS
    shares = bca_shares(ratios, at, without, 1 - confidence)
    low, high = np.where(np.isnan(ratios), -inf, ratios), np.where(np.isnan(ratios), inf, ratios)
    return (
        float(np.quantile(low, shares[0], method="lower")),
        float(np.quantile(high, shares[1], method="higher")),
    )


def _apart(columns: Array, confidence: float) -> tuple[float, float] | None:
    """Return MOVER's bounds of the log ratio, from those of the numerators' and of the denominators' ratio.

    The two are correlated: a wrong answer may be a long one. Source: Zou and Donner 2008, with r estimated. Where the
    difference of denominators is at its bound, each of them has moved as far as it varies with the difference.
    """
    base_num, base_den, cand_num, cand_den = columns
    means = columns.mean(axis=1)
    dearer, gain = cand_num / means[2] - base_num / means[0], cand_den - base_den
    is_share = bool((columns[[1, 3]] <= 1).all() and (columns[[1, 3]] >= 0).all())
    found = paired_bounds(gain, is_share=is_share, confidence=confidence)
    if found is None:
        return None
    own, r = 0.5, 0.0
    if np.ptp(gain) > EDGE:
        own = float(np.cov(cand_den, gain)[0, 1] / gain.var(ddof=1))
        r = float(np.corrcoef(dearer, gain)[0, 1]) if np.ptp(dearer) > EDGE else 0.0
    better = log(means[3] / means[1])
    at = log(means[2] / means[0]) - better
    half = _student(dearer, confidence)[1]

    def distance(bound: float) -> float:
        """From the log ratio to where the mean gain is at its bound."""
        moved = bound - float(gain.mean())
        den, base = means[3] + own * moved, means[1] - (1 - own) * moved
        if den <= 0 or base <= 0:
            return inf
        other = abs(log(den / base) - better)
        return sqrt(max(half**2 + other**2 - 2 * r * half * other, 0))

    return at - distance(found.most), at + distance(found.least)


def p_worse_binary(wins: int, losses: int) -> float:
    """Return how likely so many losses are, or more, were the candidate no worse: McNemar's exact test, one-sided."""
    if wins + losses == 0:
        return 1.0
    return float(scipy.stats.binomtest(losses, wins + losses, 0.5, alternative="greater").pvalue)


def p_worse(change: Array) -> float:
    """Return how likely a mean of differences so low is, or lower, were it no lower than 0.

    Differences that are all of one size, such as right and wrong: McNemar's exact test. Others: signs are flipped, all
    ways or 9 999 of them, up to 200 docs that differ; Student's t test beyond. Docs that do not differ tell nothing.

    Args:
        change: [docs], + means better; or the sums of clusters, whose signs are then flipped as a whole.
    """
    moved = change[np.abs(change) > EDGE]
    if len(moved) == 0 or np.ptp(np.abs(moved)) <= EDGE:
        return p_worse_binary(int((moved > 0).sum()), int((moved < 0).sum()))
    if len(moved) > MOST_FOR_FLIPS:
        return float(scipy.stats.ttest_1samp(change, 0.0, alternative="less").pvalue)
    found = scipy.stats.permutation_test(
        (moved,),
        np.mean,
        permutation_type="samples",
        vectorized=True,
        n_resamples=RESAMPLES,
        alternative="less",
        rng=np.random.default_rng(SEED),
    )
    return float(found.pvalue)


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values that count for all of them together, by Holm's step-down method (1979)."""
    if not p_values:
        return []
    from statsmodels.stats.multitest import multipletests

    return [float(p) for p in multipletests(list(p_values), method="holm")[1]]
