"""What is deployed, and what is asked of it: the inputs of the cost model."""

from __future__ import annotations

from dataclasses import dataclass

from evalkit.analysis.tco.values import Input


@dataclass(frozen=True, slots=True)
class Profile:
    """How the load is spread over the hours of a day or week that come again."""

    levels: tuple[float, ...]
    """Load / mean load, rising."""
    hours: tuple[float, ...]
    """Hours of each level."""
    rises: tuple[tuple[int, int, int], ...]
    """From which level to which it rises without falling in between, and how often."""


@dataclass(frozen=True, slots=True)
class Workload:
    """What is asked of every option, and over how long."""

    requests_per_month: Input
    growth_per_year: Input
    peak_to_mean: Input
    discount_rate: Input
    months: int
    profile: Profile | None = None
    """None: all of the load comes evenly at its peak, in mean / peak of each day's hours."""
    vat: Input | None = None
    """Value-added tax that can't be deducted; None: there is none."""
    income_tax: Input | None = None
    """Rate of tax on profits; None: everything is before tax."""


@dataclass(frozen=True, slots=True)
class Power:
    """Electricity of owned servers."""

    idle_w: Input
    """Power of an idle GPU."""
    load_w: Input
    pue: Input
    price_per_kwh: Input


@dataclass(frozen=True, slots=True)
class Purchase:
    """A server that is bought, and bought again when its life is over."""

    price: Input
    price_change_per_year: Input
    """How the price of such a server moves until it is bought again; −0.1: a tenth less each year."""
    life_years: Input
    residual_share: Input
    """What it is worth at the end of its life, as a share of its price."""
    resale_share: Input
    """What is got for one sold earlier, as a share of the worth it has left (straight line) over its residual value."""
    maintenance_share: Input
    hosting_per_year: Input
    power: Power


@dataclass(frozen=True, slots=True)
class Reserved:
    """Rent that is committed: paid for the whole term, whatever the load does."""

    term_months: int
    ends_with_horizon: bool = False
    """Whether nothing is owed after the horizon."""


@dataclass(frozen=True, slots=True)
class Elastic:
    """Rent that follows the load by the hour, or by the second."""

    start_up_minutes: Input
    """From the order until it serves: paid, and of no use."""
    minimum: int = 1
    """Replicas that are kept when hardly anything is asked."""
    active_share: float = 1.0
    """Share of all hours in which anything is asked or kept at all."""
    billing_step_hours: float = 0.0
    """Whole steps are billed: on average half of one is lost at each stop."""
    is_per_second: bool = False
    """Serverless: billed while it works, nothing is kept."""


@dataclass(frozen=True, slots=True)
class Rent:
    """GPUs by the hour."""

    price: Input
    """What a GPU costs per hour, today."""
    change_per_year: Input
    """How rents move; a reservation keeps the price of the day it was made."""
    billing: Reserved | Elastic


@dataclass(frozen=True, slots=True)
class TokenWork:
    """How long the work's requests are, beside those that capacity was measured with."""

    tested_input: float
    tested_output: float
    input_tokens: Input
    output_tokens: Input
    ratio: Input
    """Input tokens that are as much work as an output token."""
    exponent: Input
    """How capacity follows: 1 is as much work per second at any length."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """Replicas of a model on own or rented machines."""

    capacity_per_s: Input
    """λ_SLO of one replica, at the lengths it was measured with."""
    headroom: Input
    spare: int
    gpus_per_replica: int
    gpus_per_server: int
    """What is bought or rented together."""
    machine: Purchase | Rent
    licence_per_gpu_year: Input
    tokens: TokenWork | None = None
    """None: requests are as long as those of the measurement, as far as is known."""

    @property
    def elastic(self) -> Elastic | None:
        """How the rent follows the load; None where it does not, or nothing is rented."""
        billing = self.machine.billing if isinstance(self.machine, Rent) else None
        return billing if isinstance(billing, Elastic) else None


@dataclass(frozen=True, slots=True)
class TokenPrice:
    """Lengths of the scenario that an API's price per request was computed from."""

    input_tokens: Input
    output_tokens: Input
    input_price: float
    """Price of one token; only the proportion of the two counts."""
    output_price: float


@dataclass(frozen=True, slots=True)
class Api:
    """Answers by the token."""

    cost_per_request: Input
    """At the most likely lengths."""
    decline_per_year: Input
    tokens: TokenPrice | None = None
    """None: the price is that of measured requests."""


@dataclass(frozen=True, slots=True)
class Failover:
    """An API that answers while own machines do not."""

    api: Api
    outage_share: Input
    """Share of the time in which it does."""


@dataclass(frozen=True, slots=True)
class People:
    """Cost beside machines and API. None: nobody said, so totals are without it."""

    fte: Input | None
    cost_per_year: Input | None
    adoption: Input | None
    fte_per_replica: Input | None = None
    """People more for each replica beyond the first."""


@dataclass(frozen=True, slots=True)
class Extras:
    """What else a side costs; None: nothing."""

    egress_per_request: Input | None = None
    minimum_per_month: Input | None = None
    """Least bill of an API."""
    exit_cost: Input | None = None
    """What leaving it costs, at the end of the horizon."""
    revalidation_cost: Input | None = None
    revalidations_per_year: Input | None = None


@dataclass(frozen=True, slots=True)
class Deployment:
    """One option, ready to be costed: machines, an API, or both."""

    name: str
    fleet: Fleet | None
    api: Api | None
    people: tuple[People, ...]
    """Staff of each side, machines or API, that the option needs."""
    local_share: Input | None = None
    """Blend: share of requests the own machines get; None: all."""
    billed_share: Input | None = None
    """Blend: what goes to the API, as a share of its bill for everything; None: all."""
    failover: Failover | None = None
    own_extras: Extras | None = None
    """Extras of the machines' side."""
    api_extras: Extras | None = None
