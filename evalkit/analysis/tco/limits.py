"""What the model says nothing about: fleets and loads so large that other laws hold."""

from __future__ import annotations

from dataclasses import replace

from evalkit.analysis.tco.book import Book
from evalkit.analysis.tco.deployment import Workload
from evalkit.analysis.tco.options import Resolved
from evalkit.analysis.tco.people import no_staff
from evalkit.analysis.tco.uncertainty import future
from evalkit.analysis.tco.values import at_mode
from evalkit.errors import ConfigError
from evalkit.wording import numeral, say

MOST_REPLICAS = 10_000
MOST_GROWTH = 1_000
"""Load at the end of the horizon / in the first month."""


def _check_growth(work: Workload, scenario: str) -> None:
    most = (1 + work.growth_per_year.high) ** ((work.months - 1) / 12)
    if most > MOST_GROWTH:
        raise ConfigError(
            f"scenario {scenario!r}: load: growth_per_year: {work.growth_per_year.high:g} makes the load"
            f" {most:.2g} times as large within {work.months} months: outside what this can tell.",
            f"Give less growth or a shorter horizon: up to {MOST_GROWTH:,} times.",
        )


def within_limits(r: Resolved, work: Workload, book: Book) -> Resolved:
    """Return an option without costs where its fleet is too large, and without staff where none is given for it.

    Raises:
        ConfigError: The load grows out of what the model can tell.
    """
    _check_growth(work, book.scenario.name)
    if r.deployment is None or r.deployment.fleet is None:
        return r
    most = float(future(r.deployment, work, at_mode).months.replicas.max())
    if most > MOST_REPLICAS:
        why = say(
            "{option} would need {n} replicas: more than {most} is outside what this can tell",
            option=r.spec.name,
            n=numeral(f"{most:.2g}"),
            most=numeral(f"{MOST_REPLICAS:,}"),
        )
        return replace(r, deployment=None, missing=(why,))
    side = book.scenario.self_hosted
    return replace(r, no_staff=no_staff(r.spec, side, round(most)))
