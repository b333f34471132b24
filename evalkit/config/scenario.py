"""What a scenario may say: the deployments to compare, the load, the company's own numbers, and its policy.

Staff and adoption cost have no default: nobody knows them but the company, and leaving them out favours one side.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from evalkit.config.bench import SloSpec
from evalkit.config.files import named
from evalkit.config.policy import PolicySpec
from evalkit.config.quantity import (
    AtLeastOne,
    Currency,
    GrowthPerYear,
    Money,
    MoneyPerGpuHour,
    MoneyPerGpuYear,
    MoneyPerKwh,
    MoneyPerServer,
    MoneyPerServerYear,
    MoneyPerYear,
    PerMonth,
    PerSecond,
    PositiveShare,
    Share,
    SharePerYear,
    Staffing,
    Tokens,
    WattPerGpu,
    Years,
)
from evalkit.config.run import Name, PriceSpec, check_names
from evalkit.config.scalars import Day
from evalkit.config.spec import Spec

OWNED, ON_DEMAND, RESERVED = "owned", "rented_on_demand", "rented_reserved"
API_LIST, API_CONTRACT, API_BATCH = "api_list", "api_contract", "api_batch"
OFFERED, CONCURRENCY = "offered_per_s", "concurrency"
"""Axes of a load curve: requests per second that come, or how many are answered at once."""
SELF_HOSTED = (OWNED, ON_DEMAND, RESERVED)
MOST_GPUS = 10_000
"""GPUs that one replica or server may have."""
RENTED = (ON_DEMAND, RESERVED)
APIS = (API_LIST, API_CONTRACT, API_BATCH)
KINDS_OF_KEYS: dict[str, tuple[str, ...]] = {
    "hardware": SELF_HOSTED,
    "gpus_per_replica": SELF_HOSTED,
    "gpus_per_server": SELF_HOSTED,
    "capacity": SELF_HOSTED,
    "server_price": (OWNED,),
    "idle_power": (OWNED,),
    "load_power": (OWNED,),
    "gpu_hour_price": RENTED,
    "term_months": (RESERVED,),
    "provider": APIS,
    "price": (API_CONTRACT,),
    "batch_discount": (API_BATCH,),
}
"""Key of an option → the kinds for which it means something."""


class RateSpec(Spec):
    """What a foreign currency is worth."""

    value: Annotated[float, Field(gt=0)]
    """One unit of it in the scenario's currency."""
    date: Day
    """Day of the rate."""
    source: str
    """Where it was published."""


class LoadAssumptions(Spec):
    """How much will be asked."""

    requests_per_month: PerMonth
    """Requests in the first month."""
    growth_per_year: GrowthPerYear | None = None
    """0.2: a fifth more each year; unset: none."""
    peak_to_mean: AtLeastOne | None = None
    """Requests per second at the busiest / on average; hardware is bought for the peak. Unset: the catalogue's."""
    input_tokens: Tokens | None = None
    """Prompt tokens per request; unset: as in the measured requests."""
    output_tokens: Tokens | None = None
    """Answer tokens per request; unset: as in the measured requests."""
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
    cost_per_year: MoneyPerYear
    """Cost of one person: salary, taxes, workplace."""


class SideSpec(Spec):
    """What one side costs beside the machines or the API: the same questions for both."""

    staff: StaffSpec | None = None
    """Unset: not known; where it could turn the verdict, that is not decidable."""
    adoption_cost: Money | None = None
    """Once, at the beginning: project, integration, training, review. Unset: as for staff."""


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
    maintenance_share: SharePerYear | None = None
    """Maintenance per year, as a share of the server's price; unset: the catalogue's."""
    hosting_per_server_year: MoneyPerServerYear | None = None
    """Rack, cooling, network of an owned server; unset: the catalogue's."""
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


class ImportSpec(Spec):
    """A load curve that another harness measured, as a table with a row per level of load; repeats are further rows."""

    file: Annotated[Path, named("load curve")]
    """CSV, JSON lines or Parquet, each may be gzipped; relative to the scenario."""
    columns: dict[str, str]
    """What evalkit needs → the file's column: `offered_per_s` or `concurrency`; `completed_per_s` or, of those within
    the file's own limits, `good_per_s`; `ttft_s`, `tpot_s`, `e2e_s`, `error_rate`, `output_tokens_per_s`, `power_w`,
    `n_requests`, `input_tokens`, `output_tokens`. Times are in the unit that their column's name ends in (`_ms`,
    `(us)`), else seconds; an error rate is a share, or in percent where the name says so."""
    axis: Literal["offered_per_s", "concurrency"] | None = None
    """Along which the load grows; unset: the one that `columns` names."""
    where: dict[str, str | bool | float] = Field({})
    """Columns and their values: only rows that have them are read. 1024 is found as 1024.0, too."""
    percentile: Literal[50, 90, 95, 99, "mean"]
    """Which percentile the latencies in those columns are. `mean`, or a lower one than the service level's, leaves
    open whether the service level holds."""
    input_tokens: Annotated[float, Field(gt=0)]
    """Prompt tokens per request in that measurement."""
    output_tokens: Annotated[float, Field(gt=0)]
    """Answer tokens per request in that measurement."""
    source: str
    """Who measured it, on what."""
    date: Day
    """When."""


class CapacitySpec(Spec):
    """How much one replica serves within the service level. Unset: the only bench of the model among the runs."""

    profile: str | None = None
    """Load profile of the bench to take."""
    curve: ImportSpec | None = None
    """Instead of a bench: somebody else's measurement, marked as imported."""
    requests_per_s: PerSecond | None = None
    """Instead of a bench: your own number, marked as not measured."""

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if sum(x is not None for x in (self.profile, self.curve, self.requests_per_s)) != 1:
            raise ValueError("give one of 'profile', 'curve', 'requests_per_s'")
        return self


class ContractSpec(PriceSpec):
    """An API's price by contract, per million tokens."""

    currency: Currency = "USD"
    """Currency of the prices."""


class OptionSpec(Spec):
    """One way to deploy one model."""

    name: Name
    """How the report calls it."""
    kind: Literal[
        "owned", "rented_on_demand", "rented_reserved", "api_list", "api_contract", "api_batch"
    ]
    """`owned`: servers you buy; `rented_*`: GPUs by the hour; `api_*`: answers by the token. `api_batch` is cheaper and
    answers within a day."""
    model: str
    """The model's name in the runs; for an API that was not measured, its name in the price list."""
    hardware: str | None = None
    """Self-hosted: row of the catalogue (`evalkit catalog`), such as `h100-sxm`."""
    gpus_per_replica: Annotated[int, Field(gt=0, le=MOST_GPUS)] = 1
    """Self-hosted: GPUs that one measured deployment of the model takes (on a machine without GPUs: 1)."""
    gpus_per_server: Annotated[int, Field(gt=0, le=MOST_GPUS)] | None = None
    """Self-hosted: what is bought or rented together. Unset: the catalogue's for owned servers, 1 for rented GPUs."""
    capacity: CapacitySpec | None = None
    """Self-hosted: what one replica serves; unset: the model's bench among the runs."""
    server_price: MoneyPerServer | None = None
    """`owned`: instead of the catalogue's."""
    gpu_hour_price: MoneyPerGpuHour | None = None
    """`rented_*`: instead of the catalogue's."""
    term_months: Annotated[int, Field(gt=0, le=180)] | None = None
    """`rented_reserved`: months for which GPUs are committed, whatever the load does; then as many as are needed are
    committed again. Unset: 36. The catalogue's rents are for 1 or 3 years: see the note."""
    idle_power: WattPerGpu | None = None
    """`owned`: the whole server's power when idle, per GPU; instead of the catalogue's."""
    load_power: WattPerGpu | None = None
    """`owned`: the whole server's power under load, per GPU; instead of the catalogue's."""
    provider: str | None = None
    """API that was not measured: whose list price, such as `openai` (`evalkit prices MODEL`)."""
    price: ContractSpec | None = None
    """`api_contract`: the contract's price."""
    batch_discount: Share | None = None
    """`api_batch`: off the ordinary price; unset: the catalogue's."""
    outside: bool | None = None
    """Whether data leave the company's network. Unset: not for owned servers and measured APIs with a private address,
    else yes."""
    staff: StaffSpec | None = None
    """Instead of the side's."""
    adoption_cost: Money | None = None
    """Instead of the side's."""

    @property
    def is_self_hosted(self) -> bool:
        """Whether it runs on own or rented machines."""
        return self.kind in SELF_HOSTED

    @model_validator(mode="after")
    def _keys_fit_the_kind(self) -> Self:
        for key, kinds in KINDS_OF_KEYS.items():
            is_given = getattr(self, key) != type(self).model_fields[key].default
            if is_given and self.kind not in kinds:
                raise ValueError(
                    f"{key!r} means nothing for kind {self.kind!r}; it is for {' and '.join(kinds)}"
                )
        if self.kind == API_CONTRACT and self.price is None:
            raise ValueError(
                "kind 'api_contract' needs 'price': the contract's, per million tokens"
            )
        return self


class BlendPair(Spec):
    """Two options to combine: the local model answers, the vendor's takes over some of it."""

    local: str
    """A self-hosted option."""
    vendor: str
    """An API option."""


class ScenarioConfig(Spec):
    """One decision: a load, deployments to compare, a horizon, and a policy."""

    name: Name
    """Names the report's file."""
    title: str = ""
    """Heading of the report; unset: the name."""
    about: str = ""
    """Who decides what, in a few sentences; printed in the report."""
    currency: Currency = "USD"
    """Currency of every result, and of every amount of money without a unit."""
    rates: dict[Currency, RateSpec] = Field({})
    """Other currencies. List prices and most of the catalogue are in USD."""
    horizon_months: Annotated[int, Field(gt=0, le=180)] = 36
    """How far the comparison looks."""
    discount_rate: SharePerYear | None = None
    """Cost of capital per year; unset: the catalogue's."""
    catalog: Annotated[Path | None, named("catalog")] = None
    """CSV with your own rows (`evalkit catalog --csv`); relative to this file."""
    load: LoadAssumptions
    """How much will be asked, and of what."""
    service_level: SloSpec | None = None
    """What users are promised; unset: that of the bench."""
    self_hosted: SelfHostedSpec = SelfHostedSpec()
    """Own or rented machines."""
    api: ApiSpec = ApiSpec()
    """Answers bought by the token."""
    options: Annotated[tuple[OptionSpec, ...], Field(min_length=1)]
    """Deployments to compare."""
    blends: tuple[BlendPair, ...] | None = None
    """Which to combine; unset: every self-hosted model with every interactive API that answered the same docs."""
    policy: PolicySpec = PolicySpec()
    """Rules of the verdict."""
    draws: Annotated[int, Field(ge=100, le=200_000)] = 10_000
    """Draws of the simulation over everything uncertain."""
    seed: Annotated[int, Field(ge=0)] = 0
    """Seed of the draws: the same seed gives the same report."""

    @model_validator(mode="after")
    def _names_are_known(self) -> Self:
        check_names(options=self.options)
        kinds = {o.name: o.is_self_hosted for o in self.options}
        for pair in self.blends or ():
            for key, name, wanted in (("local", pair.local, True), ("vendor", pair.vendor, False)):
                if kinds.get(name) is not wanted:
                    what = "self-hosted" if wanted else "API"
                    known = ", ".join(n for n, is_own in kinds.items() if is_own is wanted)
                    raise ValueError(
                        f"blends: {key}: no {what} option is called {name!r}; there are: {known or 'none'}"
                    )
        return self


class PolicyFile(Spec):
    """A file with nothing but a policy, for several scenarios."""

    policy: PolicySpec
    """Replaces the scenario's."""
