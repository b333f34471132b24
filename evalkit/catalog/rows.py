"""A fact with its bounds, unit, source and date; and what kinds of facts there are."""

from __future__ import annotations

import csv
import datetime
import io
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

OLD_AFTER_DAYS = 180
"""Prices of GPUs halve or double within a year: what is older should be looked up again before a decision."""
COLUMNS = ("item", "what", "low", "mode", "high", "unit", "source", "url", "date", "note")
"""Columns of every CSV, shipped or the user's."""
CHECKED = "checked"
"""Column that a CSV may have, too: the day on which the source was last opened and said these numbers."""
NOTHING_TO_OPEN = ("assumption", "by definition")
"""How the sources begin that are no publication."""
HARDWARE, ELECTRICITY, DEFAULTS = "hardware", "electricity", "defaults"
GROUPS = (HARDWARE, ELECTRICITY, DEFAULTS)
"""Each is one shipped file and one printed table."""
MONEY = "money"
"""Part of a `What`'s unit that stands for any currency, a code of three letters."""


@dataclass(frozen=True, slots=True)
class What:
    """One kind of fact: its unit, and the numbers that make sense."""

    group: str
    unit: str
    meaning: str
    least: float = 0.0
    most: float = math.inf

    def has_unit(self, unit: str) -> bool:
        """Tell whether a unit is this kind's; the currency is free."""
        head, slash, rest = self.unit.partition("/")
        if head != MONEY:
            return unit == self.unit
        return re.fullmatch(f"[A-Z]{{3}}{re.escape(slash + rest)}", unit) is not None

    @property
    def example_unit(self) -> str:
        """The unit, in US dollars where it is money."""
        return self.unit.replace(MONEY, "USD")


WHATS: Mapping[str, What] = MappingProxyType(
    {
        "server_price": What(HARDWARE, "money/server", "price of a whole server"),
        "gpus_per_server": What(HARDWARE, "count", "GPUs of that server", least=1),
        "card_price": What(HARDWARE, "money/GPU", "price of a GPU without the server around it"),
        "gpu_hour_on_demand": What(
            HARDWARE, "money/GPU-hour", "rent without a commitment, of a GPU cloud"
        ),
        "gpu_hour_hyperscaler": What(
            HARDWARE, "money/GPU-hour", "rent without a commitment, of AWS, Azure, Google or Oracle"
        ),
        "gpu_hour_serverless": What(
            HARDWARE, "money/GPU-hour", "rent by the second, while it works"
        ),
        "gpu_hour_reserved": What(
            HARDWARE, "money/GPU-hour", "rent with a commitment; the note says for how long"
        ),
        "load_power_w": What(HARDWARE, "W/GPU", "power of the server under load / its GPUs"),
        "idle_power_w": What(HARDWARE, "W/GPU", "power of the idle server / its GPUs"),
        "memory_gb": What(HARDWARE, "GB", "memory of one GPU"),
        "electricity_price": What(ELECTRICITY, "money/kWh", "price for businesses, without VAT"),
        "useful_life_years": What(DEFAULTS, "years", "until a server is replaced", 0.25, 50),
        "residual_share": What(DEFAULTS, "share", "of the price, what it is worth then", most=1),
        "discount_rate": What(DEFAULTS, "share/year", "cost of capital", most=1),
        "hosting_per_kw_month": What(
            DEFAULTS, "money/kW-month", "space and cooling in a colocation, without electricity"
        ),
        "licence_per_gpu_year": What(DEFAULTS, "money/GPU-year", "serving software"),
        "maintenance_share": What(DEFAULTS, "share/year", "of the server's price", most=1),
        "pue": What(DEFAULTS, "factor", "power of the site / power of its machines", least=1),
        "api_price_decline": What(DEFAULTS, "share/year", "by which API prices fall", most=1),
        "peak_to_mean": What(DEFAULTS, "factor", "busiest load / average load", least=1),
        "headroom": What(DEFAULTS, "share", "of measured capacity that is used", 0.01, 1),
        "idle_power_share": What(DEFAULTS, "share", "idle power / power under load", most=1),
        "input_output_price_ratio": What(
            DEFAULTS, "ratio", "cost of an output token / cost of an input token", 0.01
        ),
        "batch_discount": What(DEFAULTS, "share", "off the price, for batch requests", most=1),
        "resale_of_book_value": What(
            DEFAULTS, "share", "of the straight-line book value, what a used server brings", most=3
        ),
        "rent_change": What(DEFAULTS, "share/year", "by which rents of GPUs rise", -0.9, 3),
        "hardware_price_change": What(
            DEFAULTS, "share/year", "by which the price of a like server rises", -0.9, 3
        ),
        "outage_share": What(
            DEFAULTS, "share", "of the time that a single replica is down", most=1
        ),
        "token_work_exponent": What(
            DEFAULTS, "factor", "how capacity follows token work at other lengths", most=3
        ),
        "start_up_minutes": What(DEFAULTS, "minutes", "until a rented machine serves", most=1440),
    }
)
"""`what` → its kind, in the order in which tables show them."""


@dataclass(frozen=True, slots=True)
class Row:
    """One fact."""

    item: str
    """What it is about: `h100-sxm`, `DE`, `default`."""
    what: str
    """Key of `WHATS`."""
    low: float
    mode: float
    """The most likely value."""
    high: float
    unit: str
    source: str
    """Where the numbers are from, in words; an assumption says that it is one."""
    url: str | None
    date: datetime.date
    """When the most likely value was published, or checked where its source has no date."""
    note: str
    """What one must know to use the number; may be empty."""
    is_own: bool
    """Whether it is from the user's CSV."""
    checked: datetime.date | None = None
    """When the source was last opened and all three numbers were found; None: not since the row was written."""

    @property
    def is_to_be_checked(self) -> bool:
        """Tell whether a shipped row rests on a source that nobody opened again."""
        return (
            not self.is_own and self.checked is None and not self.source.startswith(NOTHING_TO_OPEN)
        )

    def is_old(self, on: datetime.date) -> bool:
        """Tell whether it should be looked up again on a day."""
        return (on - self.date).days > OLD_AFTER_DAYS


@dataclass(frozen=True, slots=True)
class Catalog:
    """Facts, at most one of each item and kind."""

    rows: tuple[Row, ...]

    def find(self, item: str, what: str) -> Row | None:
        """Return a fact, or None where there is none; upper and lower case of items are the same."""
        wanted = (item.casefold(), what)
        return next((row for row in self.rows if key_of(row) == wanted), None)

    def items(self, what: str | None = None) -> tuple[str, ...]:
        """Return the items there are, or only those with a fact of one kind."""
        named = {
            row.item.casefold(): row.item for row in self.rows if what is None or row.what == what
        }
        return tuple(named.values())


def key_of(row: Row) -> tuple[str, str]:
    """Return what a catalogue has at most one row of."""
    return row.item.casefold(), row.what


def to_csv(rows: Iterable[Row]) -> str:
    """Return rows in the format that `load_catalog` reads; no digit is lost."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow((*COLUMNS, CHECKED))
    for r in rows:
        numbers = (_exact(x) for x in (r.low, r.mode, r.high))
        checked = "" if r.checked is None else r.checked.isoformat()
        rest = (r.unit, r.source, r.url or "", r.date.isoformat(), r.note, checked)
        writer.writerow((r.item, r.what, *numbers, *rest))
    return out.getvalue()


def _exact(number: float) -> str:
    """Return the shortest text that reads back as the same number; 320000 without `.0`."""
    return repr(number).removesuffix(".0")
