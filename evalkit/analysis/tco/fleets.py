"""A self-hosted option → its machines, or what is missing to cost them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from evalkit.analysis.tco.book import Asked, Book
from evalkit.analysis.tco.deployment import Elastic, Fleet, Power, Purchase, Rent, Reserved
from evalkit.analysis.tco.replica import Capacity
from evalkit.analysis.tco.token_work import token_work
from evalkit.analysis.tco.values import Input, Provenance
from evalkit.config.quantity import Quantity
from evalkit.config.scenario import (
    ON_DEMAND,
    OWNED,
    RESERVED,
    SERVERLESS,
    OptionSpec,
)
from evalkit.errors import ConfigError, did_you_mean
from evalkit.store.run_dir import Run
from evalkit.wording import Said, joined, numeral, say


def fleet_of(
    option: OptionSpec, capacity: Capacity, runs: Sequence[Run], book: Book
) -> tuple[Fleet | None, tuple[Said, ...]]:
    """Return the machines, and what is missing to cost them."""
    hardware = book.hardware(option.name, option.hardware)
    missing: list[Said] = [] if capacity.per_s is not None else [capacity.reason]
    machine: Purchase | Rent | None
    if option.kind == OWNED:
        machine = _purchase(option, hardware, capacity, book, missing)
    else:
        machine = _rent(option, hardware, runs, book, missing)
    if missing or machine is None or capacity.per_s is None:
        return None, tuple(missing)
    mine = book.scenario.self_hosted
    return (
        Fleet(
            capacity_per_s=capacity.per_s,
            headroom=book.assumed(
                Asked("headroom", say("planned use at the peak"), "share"),
                mine.headroom,
                "headroom",
            ),
            spare=0 if option.failover else mine.spare_replicas,
            gpus_per_replica=option.gpus_per_replica,
            gpus_per_server=_gpus_per_server(option, hardware, book),
            machine=machine,
            licence_per_gpu_year=book.assumed(
                Asked("licence", say("serving software, per GPU"), "money/year"),
                mine.licence_per_gpu_year,
                "licence_per_gpu_year",
            ),
            tokens=token_work(option, capacity, runs, book),
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


_RENTS = {
    ON_DEMAND: "gpu_hour_on_demand",
    RESERVED: "gpu_hour_reserved",
    SERVERLESS: "gpu_hour_serverless",
}
"""Kind → the catalogue's row."""


def _rent(
    option: OptionSpec, hardware: str | None, runs: Sequence[Run], book: Book, missing: list[Said]
) -> Rent | None:
    what = "gpu_hour_hyperscaler" if option.is_hyperscaler else _RENTS[option.kind]
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
    return Rent(price, change, _billing(option, runs, book))


def _billing(option: OptionSpec, runs: Sequence[Run], book: Book) -> Reserved | Elastic:
    if option.kind == RESERVED:
        return Reserved(option.term_months or _TERM_MONTHS, option.term_months is None)
    start_up = _start_up(option, runs, book)
    if option.kind == SERVERLESS:
        return Elastic(start_up, minimum=0, is_per_second=True)
    return Elastic(
        start_up_minutes=start_up,
        minimum=option.min_replicas,
        active_share=option.active_hours_per_week / 168,
        billing_step_hours=option.billing_step_s / 3600,
    )


def _start_up(option: OptionSpec, runs: Sequence[Run], book: Book) -> Input:
    """Return the user's number, else how long loading the model took when it was measured, else the catalogue's."""
    given = book.scenario.self_hosted.start_up_minutes
    asked = Asked("start_up_minutes", say("start-up of a rented GPU"), "minutes")
    cells = [c for run in runs for c in run.manifest.cells if c.model == option.model]
    loads = [c.load_s for c in cells if c.is_in_process and c.load_s]
    if given is not None or not loads:
        return book.assumed(asked, given, "start_up_minutes")
    source = say("loading of {name} when it was measured", name=option.model)
    measured = replace(asked, key=f"start_up_minutes.{option.model}")
    return book.fixed(measured, max(loads) / 60, Provenance.MEASURED, source)


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
        hosting_per_year=_hosting(option, hardware, power, book),
        power=power,
    )


def _hosting(option: OptionSpec, hardware: str | None, power: Power, book: Book) -> Input:
    """Return rack, cooling and network of a server: the user's number, else what a data centre asks for its power."""
    asked = Asked("hosting_per_server_year", say("hosting"), "money/server-year")
    mine = book.scenario.self_hosted.hosting_per_server_year
    if mine is not None:
        return book.yours(asked, mine)
    each = Asked("hosting_per_kw_month", say("hosting"), "money/kW-month")
    per_kw = book.assumed(each, None, "hosting_per_kw_month")
    kw = power.load_w.mode * _gpus_per_server(option, hardware, book) / 1000
    of_kw = say(
        "{kw} kW at {price} per kW and month",
        kw=numeral(f"{kw:.3g}"),
        price=numeral(f"{per_kw.mode:.3g}"),
    )
    return replace(
        per_kw,
        key=f"hosting.{option.name}",
        label=say("hosting of {name}", name=option.name),
        unit=per_kw.unit.replace("kW-month", "server-year"),
        low=per_kw.low * 12 * kw,
        mode=per_kw.mode * 12 * kw,
        high=per_kw.high * 12 * kw,
        note=joined((of_kw, per_kw.note), "; "),
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
