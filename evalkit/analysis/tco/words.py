"""Codes of the cost analysis as they are read within a sentence: units, and where numbers are from."""

from __future__ import annotations

from evalkit.analysis.tco.facts import BLEND, BUILD, BUY
from evalkit.analysis.tco.values import Provenance
from evalkit.wording import Said, joined, say, verbatim

SIDES = {BUILD: say("build"), BUY: say("buy"), BLEND: say("blend")}
_PROVENANCES = {
    Provenance.MEASURED: say("measured"),
    Provenance.CONTRACT: say("contract"),
    Provenance.LIST_PRICE: say("list price"),
    Provenance.IMPORTED: say("imported"),
    Provenance.YOURS: say("your input"),
    Provenance.CATALOGUE: say("catalogue"),
    Provenance.DEFAULT: say("default"),
}
_UNITS = {
    "requests": say("requests"),
    "request": say("request"),
    "answer": say("answer"),
    "share": say("share"),
    "factor": say("factor"),
    "ratio": say("ratio"),
    "month": say("month"),
    "year": say("year"),
    "years": say("years"),
    "server": say("server"),
    "server-year": say("server-year"),
    "GPU-hour": say("GPU-hour"),
    "FTE": say("FTE"),
    "times": say("times"),
    "tokens": say("tokens"),
    "minutes": say("minutes"),
}
"""Parts of units that are words; others (EUR, kWh, W, GPU, s) are the same in every language."""


def provenance_words(provenance: Provenance) -> Said:
    """Say where a number is from."""
    return _PROVENANCES[provenance]


def unit_words(unit: str) -> Said:
    """Return a unit, such as requests/month, as it stands behind a number."""
    return joined((_UNITS.get(part, verbatim(part)) for part in unit.split("/")), "/")
