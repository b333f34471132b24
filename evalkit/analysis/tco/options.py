"""A scenario's options → deployments that can be costed, and for each what is missing where it can't."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from evalkit.analysis.docs import DocTable
from evalkit.analysis.facts import Estimate
from evalkit.analysis.outcomes import Outcome, outcomes
from evalkit.analysis.tco.api import NOT_ASKED, ApiCost, api_cost
from evalkit.analysis.tco.book import Asked, Book
from evalkit.analysis.tco.capacity import capacity_of
from evalkit.analysis.tco.evidence import hosts_of, is_inside
from evalkit.analysis.tco.model import (
    Api,
    Deployment,
    Fleet,
    Power,
    Purchase,
    Rent,
    Reserved,
    Workload,
)
from evalkit.analysis.tco.people import no_adoption, no_staff, people
from evalkit.analysis.tco.quality import quality_of
from evalkit.analysis.tco.replica import Capacity
from evalkit.analysis.tco.values import Input, Provenance
from evalkit.config.quantity import Quantity
from evalkit.config.scenario import (
    ON_DEMAND,
    OWNED,
    RESERVED,
    OptionSpec,
)
from evalkit.errors import ConfigError, did_you_mean
from evalkit.store.run_dir import Run
from evalkit.wording import Said, numeral, say


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
    growth = Asked("load.growth_per_year", say("growth of the load"), "share/year")
    return Workload(
        requests_per_month=book.yours(asked, load.requests_per_month),
        growth_per_year=(
            book.fixed(growth, 0.0, Provenance.DEFAULT, say("no growth unless you give it"))
            if load.growth_per_year is None
            else book.yours(growth, load.growth_per_year)
        ),
        peak_to_mean=book.assumed(
            Asked("load.peak_to_mean", say("peak / mean load"), "factor"),
            load.peak_to_mean,
            "peak_to_mean",
        ),
        discount_rate=book.assumed(
            Asked("discount_rate", say("discount rate"), "share/year"),
            scenario.discount_rate,
            "discount_rate",
        ),
        months=scenario.horizon_months,
    )


def resolve(option: OptionSpec, table: DocTable, book: Book) -> Resolved:
    """Return an option with what runs, scenario and catalogue say about it."""
    runs = table.runs
    side = book.scenario.self_hosted if option.is_self_hosted else book.scenario.api
    staffed = people(option, side, book)
    found = outcomes(table, option.model)
    capacity = capacity_of(option, runs, book) if option.is_self_hosted else None
    api = None if option.is_self_hosted else api_cost(option, runs, book)
    fleet, missing = (None, ()) if capacity is None else _fleet(option, capacity, book)
    if api is not None and api.per_request is None:
        missing = (api.reason,)
    deployment = None
    if not missing:
        deployment = Deployment(option.name, fleet, _api(api, book), (staffed,))
    share = capacity.good_share if capacity is not None else None
    return Resolved(
        spec=option,
        deployment=deployment,
        missing=missing,
        no_staff=no_staff(option, side),
        no_adoption=no_adoption(option, side),
        capacity=capacity,
        api=api,
        leaves_network=_leaves(option, runs),
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


def _api(found: ApiCost | None, book: Book) -> Api | None:
    if found is None or found.per_request is None:
        return None
    asked = Asked("api.price_decline", say("fall of API prices"), "share/year")
    given = book.scenario.api.price_decline_per_year
    return Api(found.per_request, book.assumed(asked, given, "api_price_decline"))


# --- own and rented machines --------------------------------------------------------------------------------------


def _fleet(
    option: OptionSpec, capacity: Capacity, book: Book
) -> tuple[Fleet | None, tuple[Said, ...]]:
    """Return the machines, and what is missing to cost them."""
    hardware = book.hardware(option.name, option.hardware)
    missing: list[Said] = [] if capacity.per_s is not None else [capacity.reason]
    machine: Purchase | Rent | None
    if option.kind == OWNED:
        machine = _purchase(option, hardware, capacity, book, missing)
    else:
        machine = _rent(option, hardware, book, missing)
    if missing or machine is None or capacity.per_s is None:
        return None, tuple(missing)
    mine = book.scenario.self_hosted
    return (
        Fleet(
            capacity_per_s=capacity.per_s,
            headroom=book.assumed(
                Asked("headroom", say("share of capacity used at the peak"), "share"),
                mine.headroom,
                "headroom",
            ),
            spare=mine.spare_replicas,
            gpus_per_replica=option.gpus_per_replica,
            gpus_per_server=_gpus_per_server(option, hardware, book),
            machine=machine,
            licence_per_gpu_year=book.assumed(
                Asked("licence", say("serving software, per GPU"), "money/year"),
                mine.licence_per_gpu_year,
                "licence_per_gpu_year",
            ),
        ),
        (),
    )


def _gpus_per_server(option: OptionSpec, hardware: str | None, book: Book) -> int:
    if option.gpus_per_server is not None:
        return option.gpus_per_server
    row = None if hardware is None else book.catalog.find(hardware, "gpus_per_server")
    return round(row.mode) if option.kind == OWNED and row is not None else 1


_TERM_MONTHS = 36
"""The catalogue's reserved rents are for three years, but for the H100: one year."""


def _rent(option: OptionSpec, hardware: str | None, book: Book, missing: list[Said]) -> Rent | None:
    what = "gpu_hour_on_demand" if option.kind == ON_DEMAND else "gpu_hour_reserved"
    label = say("rent of {name}", name=option.name)
    asked = Asked(f"rent.{option.name}", label, "money/GPU-hour")
    price = book.find(asked, option.gpu_hour_price, what, hardware)
    if price is None:
        missing.append(_unknown(option, "gpu_hour_price", hardware))
        return None
    change = book.assumed(
        Asked("rent_change", say("change of rents"), "share/year"),
        book.scenario.self_hosted.rent_change_per_year,
        "rent_change",
    )
    billing = Reserved(option.term_months or _TERM_MONTHS) if option.kind == RESERVED else None
    return Rent(price, change, billing)


def _purchase(
    option: OptionSpec, hardware: str | None, capacity: Capacity, book: Book, missing: list[Said]
) -> Purchase | None:
    name, mine = option.name, book.scenario.self_hosted
    label = say("server price of {name}", name=name)
    asked = Asked(f"server_price.{name}", label, "money/server")
    price = book.find(asked, option.server_price, "server_price", hardware)
    _check_server_size(option, hardware, book)
    if price is None:
        missing.append(_unknown(option, "server_price", hardware))
    power = _power(option, hardware, capacity, book, missing)
    if price is None or power is None:
        return None

    def assumed(key: str, label: Said, unit: str, given: Quantity | None) -> Input:
        return book.assumed(Asked(key, label, unit), given, key)

    return Purchase(
        price=price,
        life_years=assumed(
            "useful_life_years", say("useful life"), "years", mine.useful_life_years
        ),
        residual_share=assumed(
            "residual_share", say("residual value"), "share", mine.residual_share
        ),
        resale_share=assumed(
            "resale_of_book_value",
            say("value at the end of the horizon, of the book value"),
            "share",
            mine.resale_share,
        ),
        price_change_per_year=assumed(
            "hardware_price_change",
            say("change of server prices"),
            "share/year",
            mine.server_price_change_per_year,
        ),
        maintenance_share=assumed(
            "maintenance_share", say("maintenance"), "share/year", mine.maintenance_share
        ),
        hosting_per_year=assumed(
            "hosting_per_server_year",
            say("hosting"),
            "money/server-year",
            mine.hosting_per_server_year,
        ),
        power=power,
    )


def _check_server_size(option: OptionSpec, hardware: str | None, book: Book) -> None:
    """Refuse the catalogue's price of a server for one of another size."""
    row = None if hardware is None else book.catalog.find(hardware, "gpus_per_server")
    mine = option.gpus_per_server
    if row is not None and option.server_price is None and mine not in (None, round(row.mode)):
        raise ConfigError(
            f"option {option.name!r}: gpus_per_server: {mine}, but the catalogue's price of {hardware} is for a server"
            f" of {row.mode:g}.",
            "Give `server_price`, or leave gpus_per_server out.",
        )


def _power(
    option: OptionSpec, hardware: str | None, capacity: Capacity, book: Book, missing: list[Said]
) -> Power | None:
    name, mine = option.name, book.scenario.self_hosted
    of_load, of_idle = (
        say("power under load of {name}", name=name),
        say("idle power of {name}", name=name),
    )
    load_as = Asked(f"load_power.{name}", of_load, "W/GPU")
    idle_as = Asked(f"idle_power.{name}", of_idle, "W/GPU")
    load = _watts(load_as, option.load_power, capacity.load_w, capacity, book)
    load = load or book.find(load_as, None, "load_power_w", hardware)
    if load is None:
        missing.append(_unknown(option, "load_power", hardware))
    idle = _watts(idle_as, option.idle_power, capacity.idle_w, capacity, book)
    idle = idle or book.find(idle_as, None, "idle_power_w", hardware)
    if idle is None and load is not None:
        idle = _share_of(load, idle_as, book)
    price = _electricity(option, book, missing)
    if load is None or idle is None or price is None:
        return None
    pue = book.assumed(Asked("pue", say("PUE"), "factor"), mine.pue, "pue")
    return Power(idle, load, pue, price)


def _watts(
    asked: Asked,
    given: Quantity | None,
    measured: float | None,
    capacity: Capacity,
    book: Book,
) -> Input | None:
    """Return the user's number, else what the bench measured."""
    if given is not None:
        return book.yours(asked, given)
    if measured is None or capacity.per_s is None:
        return None
    source = capacity.per_s.source
    found = book.fixed(asked, measured, capacity.per_s.provenance, source)
    return replace(
        found,
        date=capacity.per_s.date,
        note=say("GPU boards alone: the rest of the server is not in it"),
    )


def _share_of(load: Input, asked: Asked, book: Book) -> Input:
    share = book.assumed(
        Asked("idle_power_share", say("idle power / power under load"), "share"),
        None,
        "idle_power_share",
    )
    return replace(
        share,
        key=asked.key,
        label=asked.label,
        unit=asked.unit,
        low=share.low * load.mode,
        mode=share.mode * load.mode,
        high=share.high * load.mode,
        note=say("{factor} × {label}", factor=numeral(f"{share.mode:g}"), label=load.label),
    )


def _electricity(option: OptionSpec, book: Book, missing: list[Said]) -> Input | None:
    mine = book.scenario.self_hosted
    asked = Asked("electricity_price", say("electricity"), "money/kWh")
    country = mine.electricity_country
    found = book.find(asked, mine.electricity_price, "electricity_price", country)
    if found is None and country is not None:
        known = book.catalog.items("electricity_price")
        raise ConfigError(
            f"self_hosted: electricity_country: {country!r} is not in the catalogue.",
            did_you_mean(
                country, known, "Give `electricity_price`, or one of: " + ", ".join(known)
            ),
        )
    if found is None:
        missing.append(
            say(
                "electricity of {option}: give {one} or {other}",
                option=option.name,
                one="self_hosted.electricity_country",
                other="electricity_price",
            )
        )
    return found


_WANTED = {
    "gpu_hour_price": say("gpu hour price"),
    "server_price": say("server price"),
    "load_power": say("load power"),
}
"""Key of an option → what it is called."""


def _unknown(option: OptionSpec, key: str, hardware: str | None) -> Said:
    has = say("no `hardware` is named")
    if hardware:
        has = say("the catalogue has none for {hardware}", hardware=hardware)
    return say(
        "{what} of {option}: {why}; give `{key}`",
        what=_WANTED[key],
        option=option.name,
        why=has,
        key=key,
    )
