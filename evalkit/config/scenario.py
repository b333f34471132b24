"""What a scenario may say: the deployments to compare, the load, the company's own numbers, and its policy.

Staff and adoption cost have no default: nobody knows them but the company, and leaving them out favours one side.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from evalkit.config.bench import SloSpec
from evalkit.config.capacity import CapacitySpec
from evalkit.config.files import named
from evalkit.config.policy import PolicySpec
from evalkit.config.quantity import (
    Currency,
    Money,
    MoneyPerGpuHour,
    MoneyPerServer,
    Share,
    SharePerYear,
    WattPerGpu,
)
from evalkit.config.run import Name, PriceSpec, check_names
from evalkit.config.sides import (
    ApiSpec,
    LoadAssumptions,
    RateSpec,
    SelfHostedSpec,
    StaffSpec,
    TaxSpec,
)
from evalkit.config.spec import Spec

OWNED, ON_DEMAND, RESERVED = "owned", "rented_on_demand", "rented_reserved"
SERVERLESS = "rented_serverless"
API_LIST, API_CONTRACT, API_BATCH = "api_list", "api_contract", "api_batch"
RENTED = (ON_DEMAND, RESERVED, SERVERLESS)
SELF_HOSTED = (OWNED, *RENTED)
MOST_GPUS = 10_000
"""GPUs that one replica or server may have."""
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
    "is_hyperscaler": (ON_DEMAND,),
    "min_replicas": (ON_DEMAND,),
    "active_hours_per_week": (ON_DEMAND,),
    "billing_step_s": (ON_DEMAND,),
    "failover": SELF_HOSTED,
    "provider": APIS,
    "price": (API_CONTRACT,),
    "batch_discount": (API_BATCH,),
}
"""Key of an option → the kinds for which it means something."""


class ContractSpec(PriceSpec):
    """An API's price by contract, per million tokens."""

    currency: Currency = "USD"
    """Currency of the prices."""


_Language = Annotated[str, Field(pattern="^(en|de)$")]
Title = str | Annotated[dict[_Language, str], Field(min_length=1)]
"""Words of your own: the same in every language, or `{en: …, de: …}`."""


class OptionSpec(Spec):
    """One way to deploy one model."""

    name: Name
    """What the scenario and other tools call it."""
    title: Title | None = None
    """How the report calls it, such as `Own servers`, or by language: `{en: Own servers, de: Eigene Server}`. Unset:
    the name."""
    kind: Literal[
        "owned",
        "rented_on_demand",
        "rented_reserved",
        "rented_serverless",
        "api_list",
        "api_contract",
        "api_batch",
    ]
    """`owned`: servers you buy; `rented_on_demand`: GPUs by the hour, as many as each hour needs; `rented_reserved`:
    GPUs for a term; `rented_serverless`: GPUs by the second; `api_*`: answers by the token, `api_batch` cheaper and
    within a day."""
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
    is_hyperscaler: bool = False
    """`rented_on_demand`: the catalogue's rents are those of hyperscalers instead of GPU clouds."""
    term_months: Annotated[int, Field(gt=0, le=180)] | None = None
    """`rented_reserved`: months for which GPUs are committed, whatever the load does; then as many as are needed are
    committed again. Unset: 36. The catalogue's rents are for 1 or 3 years: see the note."""
    min_replicas: Annotated[int, Field(ge=0, le=MOST_GPUS)] = 1
    """`rented_on_demand`: replicas that are kept when hardly anything is asked; 0: none while nothing is asked."""
    active_hours_per_week: Annotated[float, Field(gt=0, le=168)] = 168
    """`rented_on_demand`: hours in which anything is asked or kept at all. With a profile: its hours of load."""
    billing_step_s: Annotated[float, Field(gt=0, le=86_400)] = 60
    """`rented_on_demand`: what is billed at least, and in whole steps of."""
    failover: str | None = None
    """Self-hosted: the API option that answers while own machines do not, instead of spare replicas."""
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
    title: Title | None = None
    """How the report calls the two together. Unset: both titles."""


def _check_failovers(options: Sequence[OptionSpec]) -> None:
    apis = [o.name for o in options if not o.is_self_hosted and o.kind != API_BATCH]
    for o in options:
        if o.failover is not None and o.failover not in apis:
            raise ValueError(
                f"option {o.name!r}: failover: {o.failover!r} is none of the APIs that answer at once:"
                f" {', '.join(apis) or 'there is none'}"
            )


class ScenarioConfig(Spec):
    """One decision: a load, deployments to compare, a horizon, and a policy."""

    name: Name
    """Names the report's file."""
    title: Title = ""
    """Heading of the report, perhaps by language: `{en: …, de: …}`; unset: the name."""
    about: Title = ""
    """Who decides what, in a few sentences, perhaps by language; printed in the report."""
    titles: dict[str, Title] = Field({})
    """Task → how the verdict calls it, such as `{ticket_routing: sorting tickets}`, perhaps by language."""
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
    tax: TaxSpec = TaxSpec()
    """Taxes; unset: none."""
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
        _check_failovers(self.options)
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
