"""A scenario's options → deployments that can be costed, and for each what is missing where it can't."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evalkit.analysis.docs import DocTable
from evalkit.analysis.facts import Estimate
from evalkit.analysis.outcomes import Outcome, outcomes
from evalkit.analysis.tco.api import NOT_ASKED, ApiCost, api_cost
from evalkit.analysis.tco.book import Asked, Book
from evalkit.analysis.tco.capacity import capacity_of
from evalkit.analysis.tco.deployment import (
    Api,
    Deployment,
    Failover,
    Profile,
    TokenPrice,
    Workload,
)
from evalkit.analysis.tco.evidence import hosts_of, is_inside
from evalkit.analysis.tco.fleets import fleet_of
from evalkit.analysis.tco.people import extras, no_adoption, no_staff, people
from evalkit.analysis.tco.profile import read_profile
from evalkit.analysis.tco.quality import quality_of
from evalkit.analysis.tco.replica import Capacity
from evalkit.analysis.tco.token_work import scenario_lengths, with_doubt
from evalkit.analysis.tco.values import Input, Provenance
from evalkit.config.quantity import Quantity
from evalkit.config.scenario import (
    OWNED,
    OptionSpec,
)
from evalkit.store.run_dir import Run
from evalkit.wording import Said, say


@dataclass(frozen=True, slots=True)
class Resolved:
    """One option with everything known about it."""

    spec: OptionSpec
    deployment: Deployment | None
    missing: tuple[Said, ...]
    """Why there is no deployment."""
    no_staff: tuple[Said, ...]
    """What to give where nobody gave its staff; empty where somebody did."""
    no_adoption: tuple[Said, ...]
    """What to give where nobody gave what adopting it costs; empty where somebody did."""
    capacity: Capacity | None
    api: ApiCost | None
    leaves_network: bool
    outcomes: tuple[Outcome, ...]
    quality: Estimate
    slo_share: Estimate
    warnings: tuple[Said, ...]


def workload(book: Book) -> Workload:
    """Return what is asked of every option."""
    scenario, load = book.scenario, book.scenario.load
    asked = Asked("load.requests_per_month", say("load"), "requests/month")
    profile = None if load.profile is None else read_profile(load.profile)
    growth = Asked("load.growth_per_year", say("growth of the load"), "share/year")
    return Workload(
        requests_per_month=book.yours(asked, load.requests_per_month),
        growth_per_year=(
            book.fixed(growth, 0.0, Provenance.DEFAULT, say("no growth unless you give it"))
            if load.growth_per_year is None
            else book.yours(growth, load.growth_per_year)
        ),
        peak_to_mean=_peak(profile, book),
        discount_rate=book.assumed(
            Asked("discount_rate", say("discount rate"), "share/year"),
            scenario.discount_rate,
            "discount_rate",
        ),
        months=scenario.horizon_months,
        profile=profile,
        vat=_tax("vat", say("VAT that can't be deducted"), scenario.tax.vat_not_deductible, book),
        income_tax=_tax("income_tax", say("tax on profits"), scenario.tax.income_tax, book),
    )


def _tax(key: str, label: Said, given: Quantity | None, book: Book) -> Input | None:
    return None if given is None else book.yours(Asked(f"tax.{key}", label, "share"), given)


def _peak(profile: Profile | None, book: Book) -> Input:
    load = book.scenario.load
    asked = Asked("load.peak_to_mean", say("peak / mean load"), "factor")
    if profile is not None and load.peak_to_mean is None:
        source = say("busiest hour of the profile")
        return book.fixed(asked, profile.levels[-1], Provenance.YOURS, source)
    return book.assumed(asked, load.peak_to_mean, "peak_to_mean")


def resolve(option: OptionSpec, table: DocTable, book: Book) -> Resolved:
    """Return an option with what runs, scenario and catalogue say about it."""
    runs = table.runs
    side = book.scenario.self_hosted if option.is_self_hosted else book.scenario.api
    staffed = people(option, side, book)
    found = outcomes(table, option.model)
    capacity = None
    if option.is_self_hosted:
        capacity = with_doubt(option, capacity_of(option, runs, book), runs, book)
    api = None if option.is_self_hosted else api_cost(option, runs, book)
    fleet, missing = (None, ()) if capacity is None else fleet_of(option, capacity, runs, book)
    if api is not None and api.per_request is None:
        missing = (api.reason,)
    spare = _failover(option, runs, book)
    if spare is not None and spare.per_request is None:
        missing = (*missing, spare.reason)
    deployment = None
    if not missing:
        deployment = Deployment(
            option.name,
            fleet,
            _api(api, book),
            (staffed,),
            failover=_while_out(_api(spare, book), book),
            own_extras=extras(option, book) if option.is_self_hosted else None,
            api_extras=None if option.is_self_hosted else extras(option, book),
        )
    share = capacity.good_share if capacity is not None else None
    return Resolved(
        spec=option,
        deployment=deployment,
        missing=missing,
        no_staff=no_staff(option, side),
        no_adoption=no_adoption(option, side),
        capacity=capacity,
        api=api,
        leaves_network=any(_leaves(o, runs) for o in (option, _named(option.failover, book)) if o),
        outcomes=found,
        quality=_quality(option, table, found, book),
        slo_share=api.slo_share if api is not None else share or NOT_ASKED,
        warnings=() if api is None else api.warnings,
    )


def _quality(option: OptionSpec, table: DocTable, found: Sequence[Outcome], book: Book) -> Estimate:
    if not found:
        reason = say("no run asked {name}", name=option.model)
        if any(table.of(run, option.model) for run in table.runs):
            reason = say(
                "no task of {name} is judged by a share of which more is better", name=option.model
            )
        return Estimate(None, "share", 0, reason=reason)
    return quality_of(found, book.scenario.load.task_weights)


def _leaves(option: OptionSpec, runs: Sequence[Run]) -> bool:
    """Tell whether data leave the company's network: rented machines and unknown hosts are outside."""
    if option.outside is not None:
        return option.outside
    if option.is_self_hosted:
        return option.kind != OWNED
    hosts = hosts_of(runs, option.model)
    return not hosts or not all(map(is_inside, hosts))


def _named(option: str | None, book: Book) -> OptionSpec | None:
    return next((o for o in book.scenario.options if o.name == option), None)


def _failover(option: OptionSpec, runs: Sequence[Run], book: Book) -> ApiCost | None:
    named = _named(option.failover, book)
    return None if named is None else api_cost(named, runs, book)


def _while_out(api: Api | None, book: Book) -> Failover | None:
    if api is None:
        return None
    asked = Asked("outage_share", say("time in which own machines do not serve"), "share")
    share = book.assumed(asked, book.scenario.self_hosted.outage_share, "outage_share")
    return Failover(api, share)


def _api(found: ApiCost | None, book: Book) -> Api | None:
    if found is None or found.per_request is None:
        return None
    asked = Asked("api.price_decline", say("fall of API prices"), "share/year")
    given = book.scenario.api.price_decline_per_year
    return Api(
        found.per_request,
        book.assumed(asked, given, "api_price_decline"),
        _token_price(found, book),
    )


def _token_price(found: ApiCost, book: Book) -> TokenPrice | None:
    n_in, n_out = scenario_lengths(book)
    if found.token_prices is None or n_in is None or n_out is None:
        return None
    return TokenPrice(n_in, n_out, *found.token_prices)
