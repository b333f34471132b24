"""The cost formulas, each on its own: numbers or arrays in, the same out. Sources are in docs/decision.md.

Money is in one currency, hours are hours, loads are requests per second, tokens per second are those of all replicas.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from evalkit.analysis.arrays import ROUNDING, Array

HOURS_PER_YEAR = 8760.0
HOURS_PER_MONTH = HOURS_PER_YEAR / 12
SECONDS_PER_HOUR = 3600.0
SECONDS_PER_MONTH = HOURS_PER_MONTH * SECONDS_PER_HOUR


def capital_recovery_factor(rate: ArrayLike, years: ArrayLike) -> Array:
    """Return the share of a price that is paid per year, over its life, at an interest rate.

    CRF = r(1+r)^L / ((1+r)^L − 1); at r = 0 it is 1/L. Source: any textbook of engineering economics (annuity).
    """
    r, life = np.broadcast_arrays(np.asarray(rate, float), np.asarray(years, float))
    # expm1 and log1p keep small rates exact, where (1+r)^L − 1 would lose its digits
    grown = np.expm1(life * np.log1p(r))
    with np.errstate(divide="ignore", invalid="ignore"):
        annuity = r * (grown + 1) / grown
    return np.where(grown == 0, 1 / life, annuity)


def owned_cost_per_year(
    price: ArrayLike, residual: ArrayLike, rate: ArrayLike, years: ArrayLike
) -> Array:
    """Return what a bought machine costs per year: CRF · (price − residual / (1+r)^L)."""
    worth_today = np.asarray(residual) / (1 + np.asarray(rate)) ** np.asarray(years)
    return np.asarray(capital_recovery_factor(rate, years) * (np.asarray(price) - worth_today))


def energy_kw(
    n_gpus: ArrayLike, n_busy_gpus: ArrayLike, idle_w: ArrayLike, load_w: ArrayLike, busy: ArrayLike
) -> Array:
    """Return mean power: all GPUs draw idle power, and those of replicas more for the share of time they work.

    With every GPU in a replica this is n · (idle · (1 − b) + load · b) / 1000.
    """
    more = np.maximum(np.asarray(load_w) - np.asarray(idle_w), 0)
    watts = np.asarray(n_gpus) * np.asarray(idle_w) + np.asarray(n_busy_gpus) * more * busy
    return np.asarray(watts / 1000)


def replicas_needed(
    peak_per_s: ArrayLike, headroom: ArrayLike, capacity_per_s: ArrayLike, spare: int = 0
) -> Array:
    """Return ceil(peak / (headroom · λ_SLO)), at least 1, and the spare ones (N+1) on top."""
    exact = np.asarray(peak_per_s) / (np.asarray(headroom) * np.asarray(capacity_per_s))
    return np.asarray(np.maximum(np.ceil(exact - ROUNDING), 1) + spare)


def servers_needed(replicas: ArrayLike, gpus_per_replica: int, gpus_per_server: int) -> Array:
    """Return how many servers hold the replicas; a replica may span servers."""
    return np.ceil(np.asarray(replicas) * gpus_per_replica / gpus_per_server - ROUNDING)


def cost_per_mtok(cost_per_hour: ArrayLike, tokens_per_s: ArrayLike) -> Array:
    """Return cost / million tokens.

    With the tokens that are really served it is C_eff; with those at full load it is C_naive, and C_eff / C_naive =
    1 / utilisation (arXiv 2606.11690).
    """
    return np.asarray(cost_per_hour) / (np.asarray(tokens_per_s) * SECONDS_PER_HOUR / 1e6)


def split_per_mtok(
    cost_per_hour: ArrayLike, input_per_s: ArrayLike, output_per_s: ArrayLike, ratio: ArrayLike
) -> tuple[Array, Array]:
    """Return cost per million input and per million output tokens, where an output token is worth `ratio` input ones.

    output = cost / (input tokens / ratio + output tokens); input = output / ratio. Source: Google's GKE inference
    recommender. It is an allocation: together they are the whole cost at any ratio.
    """
    weighted = np.asarray(input_per_s) / np.asarray(ratio) + np.asarray(output_per_s)
    output = cost_per_mtok(cost_per_hour, weighted)
    return output / np.asarray(ratio), output


def break_even_per_s(cost_per_hour: ArrayLike, cost_per_request: ArrayLike) -> Array:
    """Return λ* = H / (3600 · c_req): the load at which own machines cost what the API costs."""
    return np.asarray(cost_per_hour) / (SECONDS_PER_HOUR * np.asarray(cost_per_request))


def changed(price: ArrayLike, per_year: ArrayLike, months: ArrayLike) -> Array:
    """Return a price after some months of a change per year: p · (1 + c)^(m/12)."""
    return np.asarray(price) * (1 + np.asarray(per_year)) ** (np.asarray(months) / 12)


def cumulated(amounts: ArrayLike, rate: ArrayLike) -> Array:
    """Return what has been paid after 0, 1, … months, as present values.

    Args:
        amounts: Paid at the end of months 0 (now), 1, … `[..., months + 1]`.
        rate: Discount rate per year.
    """
    values = np.asarray(amounts, float)
    months = np.arange(values.shape[-1])
    return np.cumsum(values / (1 + np.asarray(rate)) ** (months / 12), axis=-1)


def kept(needed: ArrayLike, life_months: ArrayLike) -> tuple[Array, Array]:
    """Return what is there in each month, and what was bought at its beginning.

    What was bought stays for its life, whether it is needed or not; only what is needed then is bought again. With a
    life as long as a contract's term, and rents for purchases, the same holds for reservations.

    Args:
        needed: Units needed in months 1, 2, … `[..., months]`.
        life_months: Whole months, one number or `[..., 1]`.
    """
    wanted = np.asarray(needed, float)
    life = np.asarray(life_months)
    shape = np.broadcast_shapes(wanted.shape, life.shape)
    wanted = np.broadcast_to(wanted, shape)
    bought = np.zeros(shape)
    there = np.zeros(shape)
    alive = np.zeros(shape[:-1])
    ends = np.broadcast_to(life, (*shape[:-1], 1))
    for t in range(shape[-1]):
        alive = alive - _lagged(bought, t, ends)
        bought[..., t] = np.maximum(wanted[..., t] - alive, 0)
        alive = alive + bought[..., t]
        there[..., t] = alive
    return there, bought


def _lagged(values: Array, t: int, lag: Array) -> Array:
    """Return the value `lag` months before month `t`; 0 before the first."""
    at = t - lag
    found = np.take_along_axis(values, np.maximum(at, 0), axis=-1)
    return np.where(at < 0, 0.0, found)[..., 0]


def during(values: Array, life_months: ArrayLike) -> Array:
    """Return in each month the sum of the values of the last `life_months` months, that month's included."""
    total = np.cumsum(values, axis=-1)
    months = np.arange(values.shape[-1])
    at = months - np.asarray(life_months)
    before = np.take_along_axis(total, np.broadcast_to(np.maximum(at, 0), total.shape), axis=-1)
    return np.asarray(total - np.where(at < 0, 0.0, before))


def worth_left(age: ArrayLike, life: ArrayLike, residual: ArrayLike, resale: ArrayLike) -> Array:
    """Return what a used machine brings, as a share of its price: s + h · (1 − s) · (1 − age/life).

    The worth that is left by straight-line depreciation over the residual value s, times a haircut h; at the end of its
    life the residual value. Ages beyond the life count as its end.
    """
    left = np.clip(1 - np.asarray(age) / np.asarray(life), 0, 1)
    s = np.asarray(residual)
    return np.asarray(s + np.asarray(resale) * (1 - s) * left)


def payback_month(own: Array, other: Array) -> Array:
    """Return the first month from which on `own` has cumulated to no more than `other`; inf when it never does.

    Where the curves cross once, as they do unless one side only starts cheaper, it is the least such month. Curves that
    cross back count as never: what is dearer at the horizon has not paid back.

    Args:
        own: Cumulated cost after 0, 1, … months `[..., months + 1]`.
        other: The same.
    """
    is_dearer = own > other + ROUNDING * np.maximum(np.abs(other), 1)
    n = is_dearer.shape[-1]
    last_dearer = n - 1 - is_dearer[..., ::-1].argmax(axis=-1)
    since = np.where(is_dearer.any(axis=-1), last_dearer + 1, 0).astype(float)
    return np.where(since < n, since, np.inf)
