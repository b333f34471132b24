"""What a scenario may say of the load and of both sides: own machines and APIs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from evalkit.config.files import named
from evalkit.config.quantity import (
    AtLeastOne,
    GrowthPerYear,
    Minutes,
    Money,
    MoneyPerGpuYear,
    MoneyPerKwh,
    MoneyPerMonth,
    MoneyPerServerYear,
    MoneyPerYear,
    PerMonth,
    PerYear,
    PositiveShare,
    Rate,
    Share,
    SharePerYear,
    Staffing,
    Tokens,
    Years,
)
from evalkit.config.scalars import Day
from evalkit.config.spec import Spec


class RateSpec(Spec):
    """What a foreign currency is worth."""

    value: Rate
    """One unit of it in the scenario's currency: a number, or low, most likely and high over the horizon."""
    date: Day
    """Day of the rate."""
    source: str
    """Where it was published."""


class ProfileSpec(Spec):
    """How the load is spread over the hours of a day or week."""

    hours: Annotated[Path | None, named("load profile")] = None
    """Table with a header and 24 rows, one column for all days or seven, Monday first; or one column of 168 rows. Only
    the proportions of the numbers count; a column `hour` is left out. Relative to the scenario."""
    trace: Annotated[Path | None, named("trace")] = None
    """Instead: a recorded load, as for a bench; its requests are counted by hour."""

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.hours is None) == (self.trace is None):
            raise ValueError("give one of 'hours' and 'trace'")
        return self


class LoadAssumptions(Spec):
    """How much will be asked."""

    requests_per_month: PerMonth
    """Requests in the first month."""
    growth_per_year: GrowthPerYear | None = None
    """0.2: a fifth more each year; unset: none."""
    peak_to_mean: AtLeastOne | None = None
    """Requests per second at the busiest / on average; hardware is bought for the peak. Unset: the busiest hour of the
    profile, without one the catalogue's."""
    profile: ProfileSpec | None = None
    """Load by the hour, for GPUs that are rented by the hour. Unset: all of it comes evenly at the peak rate, in 1 /
    `peak_to_mean` of each day's hours."""
    input_tokens: Tokens | None = None
    """Prompt tokens per request; unset: as in the measured requests."""
    output_tokens: Tokens | None = None
    """Answer tokens per request, those that a reasoning model thinks with included; unset: as in the measured
    requests."""
    cached_share: Annotated[float, Field(ge=0, lt=1)] | None = None
    """Share of the prompt tokens that a vendor has cached, for APIs whose price is computed from `input_tokens`. Load
    tests of own machines need as large a `shared_prefix`."""
    task_weights: dict[str, Annotated[float, Field(ge=0)]] | None = None
    """How much each task is of the work, such as `{ticket_routing: 3, grounded_qa: 1}`; unset: all the same."""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.input_tokens is None) != (self.output_tokens is None):
            raise ValueError("give both input_tokens and output_tokens, or neither")
        if self.task_weights is not None and not any(self.task_weights.values()):
            raise ValueError("task_weights: at least one task must have a weight above 0")
        return self


class StaffSpec(Spec):
    """People who keep it running."""

    fte: Staffing
    """Full-time people; 0.5 is half a person."""
    fte_per_replica: Staffing | None = None
    """Self-hosted: people more for each replica beyond the first; unset: as many for any number of replicas."""
    up_to_replicas: Annotated[int, Field(gt=0)] | None = None
    """Self-hosted: replicas that these people keep running; a fleet of more has no known staff."""
    cost_per_year: MoneyPerYear
    """Cost of one person: salary, taxes, workplace."""


class SideSpec(Spec):
    """What one side costs beside the machines or the API: the same questions for both."""

    staff: StaffSpec | None = None
    """Unset: not known; where it could turn the verdict, that is not decidable."""
    adoption_cost: Money | None = None
    """Once, at the beginning: project, integration, training, review. Unset: as for staff."""
    exit_cost: Money | None = None
    """Once, at the end of the horizon: moving to something else. Unset: none."""
    egress_per_1000_requests: Money | None = None
    """What the network charges for what leaves it; unset: nothing."""
    revalidation_cost: Money | None = None
    """Testing anew when a model is retired or replaced, each time; unset: nothing."""
    revalidations_per_year: PerYear | None = None
    """How often that is forced; unset: once a year."""


class SelfHostedSpec(SideSpec):
    """Assumptions of running models on own or rented machines."""

    electricity_country: str | None = None
    """Row of the catalogue, such as `DE`; only for owned machines."""
    electricity_price: MoneyPerKwh | None = None
    """Instead of the country's."""
    pue: AtLeastOne | None = None
    """Power of the whole site / power of its machines; unset: the catalogue's."""
    useful_life_years: Years | None = None
    """Years until a server is replaced; unset: the catalogue's."""
    residual_share: Share | None = None
    """What a server is worth then, as a share of its price; unset: the catalogue's."""
    resale_share: Share | None = None
    """What is got for a server that is sold before its life is over, as a share of the worth that straight-line
    depreciation leaves; unset: the catalogue's. 0: nothing is sold at the end of the horizon."""
    server_price_change_per_year: GrowthPerYear | None = None
    """How prices of servers move until one is bought again, -0.1: a tenth less each year; unset: the catalogue's."""
    rent_change_per_year: GrowthPerYear | None = None
    """How rents of GPUs move, in either direction; a reservation keeps its price. Unset: the catalogue's."""
    start_up_minutes: Minutes | None = None
    """From the order of a rented GPU until it serves; paid at every start. Unset: how long loading the model took when
    it was measured in evalkit's process, else the catalogue's."""
    outage_share: Share | None = None
    """Share of the time in which own machines do not serve, and `failover` answers; unset: the catalogue's."""
    maintenance_share: SharePerYear | None = None
    """Maintenance per year, as a share of the server's price; unset: the catalogue's."""
    hosting_per_server_year: MoneyPerServerYear | None = None
    """Rack, cooling, network of an owned server; unset: its power at the catalogue's price of a kW in a data centre."""
    licence_per_gpu_year: MoneyPerGpuYear | None = None
    """Serving software; unset: the catalogue's."""
    headroom: PositiveShare | None = None
    """Share of the measured capacity that is used at the peak; unset: the catalogue's."""
    spare_replicas: Annotated[int, Field(ge=0, le=10)] = 0
    """Replicas that stand by for one that fails: 1 is N+1."""


class ApiSpec(SideSpec):
    """Assumptions of buying answers from an API."""

    price_decline_per_year: SharePerYear | None = None
    """0.3: prices fall by 30 % each year; unset: the catalogue's, 0 most likely, which favours own machines."""
    minimum_spend_per_month: MoneyPerMonth | None = None
    """What is paid even if less is used; unset: nothing."""


class TaxSpec(Spec):
    """Taxes that change what a company pays; without them all amounts are net and before income tax."""

    vat_not_deductible: Share | None = None
    """Value-added tax that can't be deducted (banks, insurers, the public): on all but people, adoption, exit; a sold
    server brings its net price."""
    income_tax: Share | None = None
    """Rate of tax on profits: costs lower it when they arise, servers over their life. Totals, payback and verdict are
    then after tax."""
