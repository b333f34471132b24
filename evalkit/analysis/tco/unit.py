"""What a piece of work costs in the first month: per request, per correct answer, per million tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from evalkit.analysis.arrays import Array
from evalkit.analysis.facts import Estimate
from evalkit.analysis.tco.deployment import Deployment, Purchase, Workload
from evalkit.analysis.tco.facts import Figure, UnitCosts
from evalkit.analysis.tco.formulas import (
    HOURS_PER_MONTH,
    SECONDS_PER_MONTH,
    cost_per_mtok,
    split_per_mtok,
)
from evalkit.analysis.tco.model import capacity_per_s, fixed_and_marginal, volumes
from evalkit.analysis.tco.uncertainty import Future, figure, inputs_of
from evalkit.analysis.tco.values import Input, Reading, as_input
from evalkit.wording import NOTHING, Said, numeral, say, verbatim


@dataclass(frozen=True, slots=True)
class Work:
    """What a request of an option is like."""

    input_tokens: float | None
    """Mean input tokens per request."""
    output_tokens: float | None
    quality: Estimate
    slo_share: Estimate
    prices: tuple[float, float] | None
    """An API's own, per million input and output tokens."""
    ratio: Input
    """What an output token is worth in input tokens, where cost has to be divided."""


def unit_costs(
    future: Future, workload: Workload, work: Work, currency: str, read: Reading
) -> UnitCosts:
    """Return costs per unit; every figure with its P10 to P90."""
    deployment = future.deployment
    rests_on = [*inputs_of(workload), *inputs_of(deployment)]
    asked = volumes(workload, read)[..., :1]
    total = future.months.total[..., :1]
    per_request = total / asked
    tokens = _tokens(work)

    def shown(values: Array | None, unit: str, reason: Said = NOTHING) -> Figure:
        if values is None:
            return Figure(None, unit, reason=reason)
        return figure(values, unit, rests_on)

    no_tokens = say("tokens per request are not known")
    paid_in, paid_out, allocation = _split(deployment, work, total, asked, read)
    energy = future.months.energy[..., :1]
    own_power = deployment.fleet is not None and isinstance(deployment.fleet.machine, Purchase)
    in_price = say("not known: part of the rent")
    if deployment.fleet is None:
        in_price = say("not known: part of the API's price")
    kwh = future.months.energy_kwh[..., :1]
    per_mtok = f"{currency}/Mtok"
    return UnitCosts(
        per_request=shown(per_request, f"{currency}/request"),
        per_request_within_slo=_per_share(
            per_request, work.slo_share, "slo", f"{currency}/request", rests_on, read
        ),
        per_correct_answer=_per_share(
            per_request, work.quality, "quality", f"{currency}/correct answer", rests_on, read
        ),
        input_per_mtok=_price(paid_in, per_mtok, rests_on, allocation),
        output_per_mtok=_price(paid_out, per_mtok, rests_on, allocation),
        blended_per_mtok=shown(
            None if tokens is None else _per_mtok(total, asked * tokens), per_mtok, no_tokens
        ),
        full_load_per_mtok=shown(
            None if tokens is None else _at_full_load(deployment, workload, tokens, read),
            per_mtok,
            no_tokens if tokens is None else say("an API has no capacity of yours"),
        ),
        allocation=allocation,
        utilisation=shown(
            _utilisation(future, asked, read), "share", say("an API has no capacity of yours")
        ),
        energy_kwh_per_mtok=shown(
            _per_mtok(kwh, asked * tokens) if own_power and tokens is not None else None,
            "kWh/Mtok",
            no_tokens if own_power else in_price,
        ),
        energy_cost_per_request=shown(
            energy / asked if own_power else None, f"{currency}/request", in_price
        ),
    )


def _per_mtok(amount: Array, tokens: Array) -> Array:
    """Return what a month takes per million of its tokens."""
    return cost_per_mtok(amount / HOURS_PER_MONTH, tokens / SECONDS_PER_MONTH)


def _tokens(work: Work) -> float | None:
    if work.input_tokens is None or work.output_tokens is None:
        return None
    return work.input_tokens + work.output_tokens


def _per_share(
    per_request: Array,
    share: Estimate,
    what: str,
    unit: str,
    rests_on: Sequence[Input],
    read: Reading,
) -> Figure:
    """Return cost per request / share of requests that count."""
    # the same measurement has the same key, so options of one model share its draws
    given = as_input(f"share.{what}.{share.value}.{share.n}", verbatim(what), share)
    if given is None:
        return Figure(None, unit, reason=share.reason)
    if given.mode <= 0:
        return Figure(None, unit, reason=say("none was"))
    with np.errstate(divide="ignore"):
        values = per_request / read(given)
    found = figure(values, unit, [*rests_on, given])
    # an interval that ends at 1 is lopsided: its draws would move the figure itself
    return replace(found, value=figure(per_request / given.mode, unit, rests_on).value)


def _price(value: Array | float | None, unit: str, rests_on: Sequence[Input], why: Said) -> Figure:
    if value is None:
        return Figure(None, unit, reason=why)
    if isinstance(value, float):
        kinds = [i for i in rests_on if i.key.startswith("price.")]
        return Figure(value, unit, provenance=tuple(dict.fromkeys(i.provenance for i in kinds)))
    return figure(value, unit, rests_on)


def _split(
    deployment: Deployment, work: Work, total: Array, asked: Array, read: Reading
) -> tuple[Array | float | None, Array | float | None, Said]:
    """Return cost per million input and output tokens, and in words how it was divided."""
    if deployment.fleet is not None and deployment.api is not None:
        return None, None, say("a blend pays machines and an API: see its parts")
    if deployment.fleet is None:
        if work.prices is None:
            return None, None, say("no price per token is known")
        return *work.prices, say("the API's prices per token; staff is not in them")
    if work.input_tokens is None or work.output_tokens is None:
        return None, None, say("tokens per request are not known")
    per_s = asked / SECONDS_PER_MONTH
    ratio = read(work.ratio)
    paid_in, paid_out = split_per_mtok(
        total / HOURS_PER_MONTH, per_s * work.input_tokens, per_s * work.output_tokens, ratio
    )
    why = say(
        "an output token is taken to be worth {ratio} input tokens ({source}); staff is in them",
        ratio=numeral(f"{work.ratio.mode:.3g}"),
        source=work.ratio.source,
    )
    return paid_in, paid_out, why


def _at_full_load(
    deployment: Deployment, workload: Workload, tokens: float, read: Reading
) -> Array | None:
    """Return the cost per million tokens of full servers, all replicas at their capacity; without people."""
    fleet = deployment.fleet
    if fleet is None or deployment.api is not None:
        return None
    n = np.asarray(float(fleet.gpus_per_server))
    people, _ = fixed_and_marginal(deployment, workload, np.asarray(0.0), read)
    fixed, more = fixed_and_marginal(deployment, workload, n, read)
    served = n * capacity_per_s(fleet, read) * SECONDS_PER_MONTH
    return np.asarray(((fixed - people) / served + more) / tokens * 1e6)


def _utilisation(future: Future, asked: Array, read: Reading) -> Array | None:
    """Return mean load / what all replicas serve within the service level."""
    fleet = future.deployment.fleet
    if fleet is None:
        return None
    share = 1.0 if future.deployment.local_share is None else read(future.deployment.local_share)
    offered = asked * share / SECONDS_PER_MONTH
    return np.asarray(offered / (future.months.replicas[..., :1] * capacity_per_s(fleet, read)))
