"""What people cost: those who keep a deployment running, and those who introduce it. Only the company knows it."""

from __future__ import annotations

from dataclasses import replace

from evalkit.analysis.tco.book import Asked, Book
from evalkit.analysis.tco.deployment import Extras, People
from evalkit.analysis.tco.values import Input
from evalkit.config.quantity import Quantity
from evalkit.config.scenario import OptionSpec
from evalkit.config.sides import ApiSpec, SideSpec
from evalkit.wording import Said, joined, say, verbatim


def people(option: OptionSpec, side: SideSpec, book: Book) -> People:
    """Return what people cost with an option, as far as it is known: its own, else that of its side."""
    where = _key(option)
    staff = option.staff or side.staff
    # a colon is in no option's name, so a side is no option called so
    of_staff = option.name if option.staff else f"{where}:"
    cost = option.adoption_cost or side.adoption_cost
    of_cost = option.name if option.adoption_cost else f"{where}:"

    def mine(key: str, of: str, label: Said, unit: str, given: Quantity | None) -> Input | None:
        if given is None:
            return None
        named = {"self_hosted:": say("own side"), "api:": say("API side")}.get(of, verbatim(of))
        return book.yours(Asked(f"{key}.{of}", joined((label, named)), unit), given)

    return People(
        fte=mine("fte", of_staff, say("staff"), "FTE", staff.fte if staff else None),
        cost_per_year=mine(
            "salary",
            of_staff,
            say("cost of one person"),
            "money/year",
            staff.cost_per_year if staff else None,
        ),
        adoption=mine("adoption", of_cost, say("adoption cost"), "money", cost),
        fte_per_replica=mine(
            "fte_per_replica",
            of_staff,
            say("staff for each further replica"),
            "FTE",
            staff.fte_per_replica if staff and option.is_self_hosted else None,
        ),
    )


def extras(option: OptionSpec, book: Book) -> Extras | None:
    """Return what else the option's side costs; None where nothing was given."""
    side = book.scenario.self_hosted if option.is_self_hosted else book.scenario.api
    where = _key(option)

    def mine(key: str, label: Said, unit: str, given: Quantity | None) -> Input | None:
        return None if given is None else book.yours(Asked(f"{where}.{key}", label, unit), given)

    often = side.revalidations_per_year or Quantity(low=1, mode=1, high=1)
    least = side.minimum_spend_per_month if isinstance(side, ApiSpec) else None
    egress = mine("egress", say("egress"), "money/1000 requests", side.egress_per_1000_requests)
    found = Extras(
        egress_per_request=None if egress is None else _per_request(egress),
        minimum_per_month=mine("minimum_spend", say("least bill of the API"), "money/month", least),
        exit_cost=mine("exit_cost", say("exit cost"), "money", side.exit_cost),
        revalidation_cost=mine(
            "revalidation_cost", say("cost of a re-validation"), "money", side.revalidation_cost
        ),
        revalidations_per_year=None
        if side.revalidation_cost is None
        else mine("revalidations", say("re-validations"), "times/year", often),
    )
    return None if found == Extras() else found


def _per_request(each_1000: Input) -> Input:
    return replace(
        each_1000,
        unit=each_1000.unit.replace("1000 requests", "request"),
        low=each_1000.low / 1000,
        mode=each_1000.mode / 1000,
        high=each_1000.high / 1000,
    )


def no_staff(option: OptionSpec, side: SideSpec, replicas: int | None = None) -> tuple[Said, ...]:
    """Say what to give where nobody gave the staff, or not for so many replicas; empty where somebody did."""
    staff = option.staff or side.staff
    if staff is not None:
        most = staff.up_to_replicas
        if most is None or replicas is None or replicas <= most:
            return ()
        return (
            say(
                "staff of {option}: given for up to {most} replicas, {n} are needed",
                option=option.name,
                most=f"{most}",
                n=f"{replicas}",
            ),
        )
    key = f"{_key(option)}: staff:"
    return (say("staff of {option}: give `{key}`", option=option.name, key=key),)


def no_adoption(option: OptionSpec, side: SideSpec) -> tuple[Said, ...]:
    """Say what to give where nobody gave the cost of adoption; empty where somebody did."""
    if option.adoption_cost or side.adoption_cost:
        return ()
    key = f"{_key(option)}: adoption_cost:"
    return (say("adoption cost of {option}: give `{key}`", option=option.name, key=key),)


def _key(option: OptionSpec) -> str:
    """Return under which key of the scenario stands what holds for all options like this one."""
    return "self_hosted" if option.is_self_hosted else "api"
