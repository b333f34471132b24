"""What deployments cost, from docs/decision.md alone: futures, load, payments, cash view, unit cost. No evalkit.

Arrays are `[futures, months]` or `[futures, 1]`; there is one future where nothing is uncertain. Amounts are in the
scenario's currency.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[np.float64]
Spec = Mapping[str, Any]
HOURS_PER_MONTH = 730.0
TOKENS = ("input_tokens", "output_tokens")
TOKEN_RATIO, TOKEN_EXPONENT = 4.0, (0.7, 1.0, 1.3)
"""What an output token is worth in input tokens; how capacity follows lengths (defaults of the catalogue)."""


@dataclass
class Futures:
    """Values of inputs, each `[futures, 1]`: the most likely ones (one future), or PERT draws, one per name."""

    draws: int = 0
    seed: int = 7
    known: dict[str, Array] = field(default_factory=dict)

    def of(self, given: Any, name: str) -> Array:
        """Return the values of a number, of low, mode and high, or of a mapping with either."""
        if name not in self.known:
            self.known[name] = self._values(*triple(given))
        return self.known[name]

    def _values(self, low: float, mode: float, high: float) -> Array:
        if not self.draws or low == high:
            return np.full((1, 1), mode)
        rng = np.random.default_rng([self.seed, len(self.known)])
        mean = (low + 4 * mode + high) / 6
        a, b = 6 * (mean - low) / (high - low), 6 * (high - mean) / (high - low)
        return low + (high - low) * rng.beta(a, b, (self.draws, 1))


def triple(given: Any) -> tuple[float, float, float]:
    """Return low, most likely and high of a quantity as scenarios write it."""
    if isinstance(given, Mapping):
        each = [given[k] for k in ("low", "mode", "high")] if "low" in given else given["value"]
        return triple(each)
    if isinstance(given, Sequence):
        low, mode, high = map(float, given)
        return low, mode, high
    return (float(given),) * 3


def is_uncertain(node: Any) -> bool:
    """Tell whether a quantity in a scenario has a range."""
    if isinstance(node, Mapping):
        return "low" in node or any(map(is_uncertain, node.values()))
    if isinstance(node, list):
        numbers = len(node) == 3 and all(isinstance(v, int | float) for v in node)
        return numbers or any(map(is_uncertain, node))
    return False


# --- the load -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Load:
    """Requests of each month `[futures, months]`; hours of the week relative to their mean; the busiest of them."""

    requests: Array
    hours: Array | None
    peak_to_mean: Array
    discount_rate: Array

    @property
    def months(self) -> int:
        """The horizon."""
        return self.requests.shape[1]

    @property
    def per_s(self) -> Array:
        """Requests per second on average."""
        return self.requests / (HOURS_PER_MONTH * 3600)

    def times(self, share: float) -> Load:
        """Return so much of the load."""
        return Load(self.requests * share, self.hours, self.peak_to_mean, self.discount_rate)


def load_of(scenario: Spec, folder: Path, x: Futures) -> Load:
    """Return the load of a scenario whose peak or profile is given."""
    load, months = scenario["load"], np.arange(scenario["horizon_months"])
    growth = x.of(load.get("growth_per_year", 0), "growth")
    requests = x.of(load["requests_per_month"], "requests") * (1 + growth) ** (months / 12)
    hours = None
    if "profile" in load:
        table = pd.read_csv(folder / load["profile"]["hours"]).drop(columns="hour", errors="ignore")
        levels = table.to_numpy(float).T.ravel()
        hours = levels / levels.mean()
    given = load.get("peak_to_mean")
    peak = hours.max() if given is None and hours is not None else given
    return Load(
        requests, hours, x.of(peak, "peak"), x.of(scenario["discount_rate"], "discount rate")
    )


def now_worth(load: Load, months: Array) -> Array:
    """Return what 1 paid after so many months is worth now."""
    return np.asarray((1 + load.discount_rate) ** (-months / 12))


# --- deployments --------------------------------------------------------------------------------------------------


@dataclass
class Flows:
    """What a deployment pays: rows `[futures, months]`, at the end of each month unless said otherwise.

    Attributes:
        monthly: Running costs by row.
        machines: Unit cost of owned servers each month; they are no payment.
        buying: Paid for servers at the beginning of each month.
        sold: Got for servers at the end of each month.
        adoption: Paid now.
        exit: Paid at the end.
    """

    monthly: dict[str, Array]
    machines: Array | None = None
    buying: Array | None = None
    sold: Array | None = None
    adoption: Array = field(default_factory=lambda: np.zeros((1, 1)))
    exit: Array = field(default_factory=lambda: np.zeros((1, 1)))

    def __add__(self, other: Flows) -> Flows:
        """Return both together, at most one of them with servers."""
        rows = {**self.monthly, **other.monthly}
        both = {k: self.monthly.get(k, 0) + other.monthly.get(k, 0) for k in rows}
        return Flows(
            both,
            self.machines,
            self.buying,
            self.sold,
            self.adoption + other.adoption,
            self.exit + other.exit,
        )


@dataclass(frozen=True)
class Money:
    """What is told of a deployment, each `[futures]` or `[futures, months]`."""

    cash: dict[str, Array]
    cumulated: Array
    months: Array

    @property
    def total(self) -> Array:
        """Everything over the horizon, discounted."""
        return self.cumulated[:, -1]


def money(flows: Flows, load: Load) -> Money:
    """Return the cash view, discounted, and the unit cost of each month, not discounted."""
    begin, end = np.arange(load.months), np.arange(1, load.months + 1)
    early, late = now_worth(load, begin), now_worth(load, end)
    none = np.zeros((1, load.months))
    rows = {name: row * late for name, row in flows.monthly.items()}
    buying = early * (none if flows.buying is None else flows.buying)
    sold = late * (none if flows.sold is None else flows.sold)
    leaving = flows.exit * late[:, -1:]
    paid = np.asarray(sum(rows.values())) + none - sold
    paid[:, :-1] += buying[:, 1:]
    paid[:, -1:] += leaving
    first = flows.adoption + buying[:, :1] + 0 * paid[:, :1]
    cumulated = np.cumsum(np.concatenate([first, paid], axis=1), axis=1)
    cash = {name: row.sum(axis=1) for name, row in rows.items()}
    cash |= {"purchases": buying.sum(axis=1), "resale": -sold.sum(axis=1)}
    cash |= {"adoption": flows.adoption[:, 0], "exit": leaving[:, 0]}
    unit = np.asarray(sum(flows.monthly.values())) + none
    return Money(cash, cumulated, unit if flows.machines is None else unit + flows.machines)


def owned(scenario: Spec, option: Spec, load: Load, x: Futures) -> Flows:
    """Return the payments for servers that are bought."""
    site, name = scenario["self_hosted"], option["name"]
    capacity = capacity_of(scenario, option, x)
    planned = x.of(site["headroom"], "headroom") * capacity
    needed = np.maximum(np.ceil(load.per_s * load.peak_to_mean / planned), 1)
    replicas = needed + site.get("spare_replicas", 0)
    servers = np.ceil(replicas * option["gpus_per_replica"] / option["gpus_per_server"])
    life = x.of(site["useful_life_years"], "life")
    price = x.of(option["server_price"], f"price {name}")
    change = x.of(site["server_price_change_per_year"], "server price change")
    left = x.of(site["residual_share"], "residual")
    got = x.of(site["resale_share"], "resale")
    buying, sold = bought(servers, life, price, change, left, got)
    rate = load.discount_rate
    annuity = np.where(rate > 0, rate * (1 + rate) ** life / ((1 + rate) ** life - 1), 1 / life)
    yearly = annuity * (price - left * price / (1 + rate) ** life)
    gpus = servers * option["gpus_per_server"]
    idle, busy = (x.of(option[k], f"{k} {name}") for k in ("idle_power", "load_power"))
    working = load.per_s / capacity * option["gpus_per_replica"]
    watts = gpus * idle + working * (busy - idle)
    per_kwh = x.of(site["pue"], "pue") * x.of(site["electricity_price"], "electricity")
    upkeep = servers * (
        x.of(site["maintenance_share"], "maintenance") * price
        + x.of(site["hosting_per_server_year"], "hosting")
    )
    upkeep = upkeep + gpus * x.of(site["licence_per_gpu_year"], "licence")
    monthly = {
        "energy": HOURS_PER_MONTH * watts / 1000 * per_kwh,
        "upkeep": upkeep / 12 + side_upkeep(site, load, x, "own"),
        "staff": staff(site, x, "own", replicas),
    }
    return Flows(
        monthly, servers * yearly / 12, buying, sold, once(site, x, "own"), leaving(site, x, "own")
    )


def capacity_of(scenario: Spec, option: Spec, x: Futures) -> Array:
    """Return what a replica serves per second, at the lengths of each future."""
    found = x.of(option["capacity"]["requests_per_s"], f"capacity {option['name']}")
    lengths = [scenario["load"].get(key) for key in TOKENS]
    if None in lengths:
        return found
    weights = (1 / TOKEN_RATIO, 1)
    likely = sum(triple(given)[1] * w for given, w in zip(lengths, weights, strict=True))
    asked = sum(
        x.of(given, key) * w for given, key, w in zip(lengths, TOKENS, weights, strict=True)
    )
    return np.asarray(found * (likely / asked) ** x.of(TOKEN_EXPONENT, "token exponent"))


def bought(
    servers: Array, life: Array, price: Array, change: Array, left: Array, got: Array
) -> tuple[Array, Array]:
    """Return what is paid for servers at the beginning of each month, and got for them at the end of it."""
    months = servers.shape[1]
    futures = np.broadcast_shapes(servers[:, :1].shape, life.shape, price.shape, change.shape)[0]
    need = np.broadcast_to(servers, (futures, months))
    life_months = np.broadcast_to(np.round(life * 12), (futures, 1))[:, 0]
    n, paid, sold = (np.zeros((futures, months)) for _ in range(3))
    for month in range(months):
        in_use = month - np.arange(month)[None, :] < life_months[:, None]
        have = (n[:, :month] * in_use).sum(axis=1)
        n[:, month] = np.maximum(need[:, month] - have, 0)
        each = price * (1 + change) ** (month / 12)
        paid[:, month] = n[:, month] * each[:, 0]
        age = np.minimum(life_months, months - month)
        worth = left + got * (1 - left) * (1 - age[:, None] / life_months[:, None])
        gone = (month + age - 1).astype(int)
        sold[np.arange(futures), gone] += paid[:, month] * worth[:, 0]
    return paid, sold


def on_demand(scenario: Spec, option: Spec, load: Load, x: Futures) -> Flows:
    """Return the payments for GPUs by the hour."""
    site, name = scenario["self_hosted"], option["name"]
    assert load.hours is not None
    capacity = capacity_of(scenario, option, x)
    planned = x.of(site["headroom"], "headroom") * capacity
    each_hour = load.per_s[:, :, None] * load.hours
    running = np.maximum(np.ceil(each_hour / planned[:, :, None]), option.get("min_replicas", 1))
    running = running + np.where(running > 0, site.get("spare_replicas", 0), 0)
    starts = np.maximum(running - np.roll(running, 1, axis=2), 0).sum(axis=2)
    start_h = x.of(site["start_up_minutes"], "start") / 60 + option["billing_step_s"] / 3600 / 2
    weeks = HOURS_PER_MONTH / load.hours.size
    gpu_hours = weeks * (running.sum(axis=2) + starts * start_h) * option["gpus_per_replica"]
    change = x.of(site["rent_change_per_year"], "rent change")
    month = np.arange(load.months)
    rent = gpu_hours * x.of(option["gpu_hour_price"], f"rent {name}") * (1 + change) ** (month / 12)
    licence = gpu_hours / HOURS_PER_MONTH * x.of(site["licence_per_gpu_year"], "licence") / 12
    monthly = {
        "rent": rent,
        "upkeep": licence + side_upkeep(site, load, x, "own"),
        "staff": staff(site, x, "own", running.max(axis=2)),
    }
    return Flows(monthly, None, None, None, once(site, x, "own"), leaving(site, x, "own"))


def api(scenario: Spec, load: Load, per_request: Array, x: Futures, share: float = 1.0) -> Flows:
    """Return the payments for answers by the token.

    Args:
        scenario: Its assumptions.
        load: All of it.
        per_request: Price today per request of all of it.
        x: Values of inputs.
        share: Of the requests, that the API answers.
    """
    side, month = scenario["api"], np.arange(1, load.months + 1)
    decline = x.of(side["price_decline_per_year"], "decline")
    monthly = {
        "api": load.requests * per_request * (1 - decline) ** (month / 12),
        "upkeep": side_upkeep(side, load.times(share), x, "api"),
        "staff": staff(side, x, "api", np.ones((1, load.months))),
    }
    return Flows(monthly, None, None, None, once(side, x, "api"), leaving(side, x, "api"))


def staff(side: Spec, x: Futures, name: str, replicas: Array) -> Array:
    """Return what people cost each month: more of them for each replica beyond the first."""
    who = side["staff"]
    more = x.of(who.get("fte_per_replica", 0), f"more {name}")
    fte = x.of(who["fte"], f"fte {name}") + more * (replicas - 1)
    return np.asarray(fte * x.of(who["cost_per_year"], f"salary {name}") / 12)


def side_upkeep(side: Spec, load: Load, x: Futures, name: str) -> Array:
    """Return egress and re-validation of each month."""
    egress = x.of(side.get("egress_per_1000_requests", 0), f"egress {name}") / 1000 * load.requests
    each = x.of(side.get("revalidation_cost", 0), f"revalidation {name}")
    return np.asarray(
        egress + each * x.of(side.get("revalidations_per_year", 1), f"times {name}") / 12
    )


def once(side: Spec, x: Futures, name: str) -> Array:
    """Return the adoption cost."""
    return x.of(side["adoption_cost"], f"adoption {name}")


def leaving(side: Spec, x: Futures, name: str) -> Array:
    """Return the exit cost."""
    return x.of(side.get("exit_cost", 0), f"exit {name}")
