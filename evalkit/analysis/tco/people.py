"""What people cost: those who keep a deployment running, and those who introduce it. Only the company knows it."""

from __future__ import annotations

from evalkit.analysis.tco.book import Asked, Book
from evalkit.analysis.tco.deployment import People
from evalkit.analysis.tco.values import Input
from evalkit.config.quantity import Quantity
from evalkit.config.scenario import OptionSpec
from evalkit.config.sides import SideSpec
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
    )


def no_staff(option: OptionSpec, side: SideSpec) -> tuple[Said, ...]:
    """Say what to give where nobody gave the staff; empty where somebody did."""
    if option.staff or side.staff:
        return ()
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
