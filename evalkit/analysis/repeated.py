"""Speed, memory and energy of two sides that were each run several times: the run is the unit.

Requests of one run share what the machine was doing then, so a thousand of them are not a thousand observations
(Kalibera and Jones 2013). Runs are: their spread says how far a level may be off, with Student's t for so few of them.
Sides are compared by the logarithm of their ratio; more is worse, so hand in 1/x of what is better when higher.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, inf, sqrt
from typing import NamedTuple

import numpy as np
import scipy

from evalkit.analysis.arrays import EDGE, Array
from evalkit.analysis.onesided import Bounds, one_sided
from evalkit.analysis.stats import SEED
from evalkit.wording import Said, joined, say, verbatim

LEAST_RUNS = 2
"""Fewest runs for a number per run, such as peak memory; latencies need the policy's `min_runs`."""
FEWEST_EQUAL = 3
"""Runs from which values that are all equal count as known."""
RESAMPLES = 2000
_FEWEST_RESAMPLES = 100
_MOST_DRAWN = 2_000_000
"""Prompts drawn per run; with more prompts than fit there are fewer resamples."""


class RatioBounds(NamedTuple):
    """How the candidate compares with the baseline."""

    log_ratio: float
    """log(candidate / baseline)."""
    least: float
    """Lower one-sided bound of the log ratio, at the confidence asked for."""
    most: float
    baseline: float
    """Geometric mean over runs."""
    candidate: float
    n_runs: int
    """Runs of the side with fewer."""
    p_worse: float
    """How likely a ratio so high is, or higher, were the candidate no higher; one-sided."""
    method: Said


class _Part(NamedTuple):
    """Logarithms of one side, or of pairs of runs."""

    found: Array
    """[runs]."""
    drawn: Array | None
    """[resamples, runs], the same with prompts drawn anew; None where there are no prompts."""


class _Error(NamedTuple):
    """How far the sum of the parts' means may be off."""

    se: float
    df: float


def quantile_ratio(
    baseline: Sequence[Array],
    candidate: Sequence[Array],
    q: float,
    confidence: float,
    *,
    is_interleaved: bool,
) -> RatioBounds | None:
    """Return how the q-quantile over prompts compares, such as the median TTFT.

    It is taken run by run over the prompts that every run of both sides has; the log ratio is the mean over runs. Its
    error is that of a hierarchical bootstrap of runs and prompts, made right for few runs (see `_error`); prompts are
    drawn alike for both sides and all runs, so what a prompt costs on both sides cancels.

    None: fewer than two runs on a side or two prompts, a time that is not positive, or equal quantiles in fewer than
    three runs.

    Args:
        baseline: By run, [prompts]; NaN: missing in that run.
        candidate: The same prompts in the same order.
        q: 0.5: the median.
        confidence: Of each bound.
        is_interleaved: The k-th runs of both sides were made next to each other and count as a pair.

    Raises:
        ValueError: Interleaved, but one side has more runs.
    """
    runs = np.array([*baseline, *candidate], dtype=float)
    if min(len(baseline), len(candidate)) < LEAST_RUNS:
        return None
    kept = runs[:, ~np.isnan(runs).any(axis=0)]
    part = _log_quantiles(kept, q)
    if part is None:
        return None
    name = say("hierarchical bootstrap of runs and prompts, t")
    return _compared(part, len(baseline), confidence, is_interleaved=is_interleaved, name=name)


def values_ratio(
    baseline: Sequence[float],
    candidate: Sequence[float],
    confidence: float,
    *,
    is_interleaved: bool,
) -> RatioBounds | None:
    """Return how one number per run compares, such as the peak of memory: t bounds of the log ratio.

    Values that are all equal on a side count as known from three runs on, with no width: memory often is the same to
    the byte. They say nothing about another machine or another day.

    None: fewer than two runs on a side, a value that is not positive, or equal values in fewer than three runs.

    Args:
        baseline: [runs].
        candidate: [runs].
        confidence: Of each bound.
        is_interleaved: The k-th runs of both sides were made next to each other and count as a pair.

    Raises:
        ValueError: Interleaved, but one side has more runs.
    """
    values = np.array([*baseline, *candidate], dtype=float)
    if min(len(baseline), len(candidate)) < LEAST_RUNS or not (values > 0).all():
        return None
    part = _Part(np.log(values), None)
    return _compared(
        part, len(baseline), confidence, is_interleaved=is_interleaved, name=say("runs, t")
    )


def values_bounds(values: Sequence[float], confidence: float) -> Bounds | None:
    """Return the bounds of the geometric mean over runs of one number per run; None as in `values_ratio`."""
    found = np.array(values, dtype=float)
    if len(found) < LEAST_RUNS or not (found > 0).all():
        return None
    return _level(_Part(np.log(found), None), confidence, say("runs, t"))


def quantile_bounds(runs: Sequence[Array], q: float, confidence: float) -> Bounds | None:
    """Return the bounds of the geometric mean over runs of the q-quantile over prompts; None as in `quantile_ratio`.

    Args:
        runs: By run, [prompts]; NaN: missing in that run.
        q: 0.5: the median.
        confidence: Of each bound.
    """
    if len(runs) < LEAST_RUNS:
        return None
    stacked = np.array(runs, dtype=float)
    part = _log_quantiles(stacked[:, ~np.isnan(stacked).any(axis=0)], q)
    return part and _level(part, confidence, say("hierarchical bootstrap of runs and prompts, t"))


def _level(part: _Part, confidence: float, name: Said) -> Bounds | None:
    error = _error([part])
    if error is None:
        return None
    at, half = float(part.found.mean()), _half(error, confidence)
    return Bounds(exp(at - half), exp(at + half), one_sided(name, confidence))


def _compared(
    both: _Part, n_base: int, confidence: float, *, is_interleaved: bool, name: Said
) -> RatioBounds | None:
    """Return the bounds from logarithms of the baseline's runs, followed by the candidate's."""
    base, cand = both.found[:n_base], both.found[n_base:]
    drawn = None if both.drawn is None else (both.drawn[:, :n_base], both.drawn[:, n_base:])
    if not is_interleaved:
        parts = [
            _Part(-base, None if drawn is None else -drawn[0]),
            _Part(cand, None if drawn is None else drawn[1]),
        ]
    elif len(base) == len(cand):
        parts = [_Part(cand - base, None if drawn is None else drawn[1] - drawn[0])]
    else:
        raise ValueError(f"{len(base)} and {len(cand)} runs can't be interleaved")
    error = _error(parts)
    if error is None:
        return None
    log_ratio = float(cand.mean() - base.mean())
    half = _half(error, confidence)
    how = say("pairs of runs") if is_interleaved else verbatim("Welch")
    return RatioBounds(
        log_ratio,
        log_ratio - half,
        log_ratio + half,
        exp(float(base.mean())),
        exp(float(cand.mean())),
        min(len(base), len(cand)),
        _p_higher(log_ratio, error),
        one_sided(joined([name, how]), confidence),
    )


def _half(error: _Error, confidence: float) -> float:
    return float(scipy.stats.t.ppf(confidence, error.df)) * error.se if error.se else 0.0


def _p_higher(log_ratio: float, error: _Error) -> float:
    if error.se == 0:
        return 0.0 if log_ratio > EDGE else 1.0
    return float(scipy.stats.t.sf(log_ratio / error.se, error.df))


def _error(parts: Sequence[_Part]) -> _Error | None:
    """Return the standard error of the sum of the parts' means and its degrees of freedom; None: not enough runs.

    A logarithm in run k over prompts p is a_k + b_p + e_kp: the run's own part, the prompts', and what is left. With K
    runs and P prompts the mean varies by V = σa²/K + σb²/P + σe²/(KP). A hierarchical bootstrap has three parts:

    - drawing runs: R = s²/K of the K numbers, with the K − 1 that a bootstrap forgets. R estimates σa²/K + σe²/(KP).
    - drawing prompts, alike in all runs: B = σb²/P + σe²/(KP).
    - drawing runs from drawn prompts: the mean of R over the resamples, which is R + σe²/(KP): e is drawn twice.

    Their sum has σe²/(KP) three times (Owen 2007); V = R + B − (mean R over resamples − R) has it once, and is never
    less than R or B. Degrees of freedom by Satterthwaite (1946), as in Welch's test: K − 1 of
    each R, P − 1 or more of the rest, which counts as known. Drawing runs is in closed form, so only prompts are drawn.
    """
    if any(len(p.found) < FEWEST_EQUAL and np.ptp(p.found) <= EDGE for p in parts):
        return None
    by_run = [float(p.found.var(ddof=1)) / len(p.found) for p in parts]
    runs = sum(by_run)
    total = max(runs, _prompts(parts, runs))
    if total <= EDGE**2:
        return _Error(0.0, inf)
    tail = sum(v**2 / (len(p.found) - 1) for v, p in zip(by_run, parts, strict=True))
    return _Error(sqrt(total), total**2 / tail if tail > 0 else inf)


def _prompts(parts: Sequence[_Part], runs: float) -> float:
    """Return V of `_error` where prompts were drawn, else 0; `runs` is its R."""
    drawn = [p.drawn for p in parts if p.drawn is not None]
    if not drawn:
        return 0.0
    prompts = float(np.sum([d.mean(axis=1) for d in drawn], axis=0).var(ddof=1))
    twice = sum(float((d.var(axis=1, ddof=1) / d.shape[1]).mean()) for d in drawn)
    return max(prompts, runs + prompts - max(twice - runs, 0.0))


def _log_quantiles(runs: Array, q: float) -> _Part | None:
    """Return the logarithm of each run's quantile over runs [runs, prompts], as found and with prompts drawn anew.

    A drawn quantile needs no sorting: with the prompts in a run's order, it is where the running count of how often
    each was drawn reaches its rank.
    """
    n = runs.shape[1]
    if n < LEAST_RUNS:
        return None
    found = np.quantile(runs, q, axis=1)
    if not (runs > 0).all():
        return None
    n_resamples = max(_FEWEST_RESAMPLES, min(RESAMPLES, _MOST_DRAWN // n))
    rng = np.random.default_rng(SEED)
    rows = rng.integers(0, n, (n_resamples, n)) * n_resamples + np.arange(n_resamples)[:, None]
    counts = np.bincount(rows.ravel(), minlength=n * n_resamples).astype(np.int32)
    counts = counts.reshape(n, n_resamples)
    rank = q * (n - 1)
    lower = int(rank)
    drawn = np.empty((n_resamples, len(runs)))
    for k, values in enumerate(runs):
        order = np.argsort(values)
        reached = counts[order].cumsum(axis=0, dtype=np.int32)
        ranked = values[order]
        low = ranked[(reached <= lower).sum(axis=0)]
        high = ranked[np.minimum((reached <= lower + 1).sum(axis=0), n - 1)]
        drawn[:, k] = np.log(low + (rank - lower) * (high - low))
    return _Part(np.log(found), drawn)
