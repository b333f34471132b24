"""What the cost analysis says: values and words for the verdict and the report; drawing is left to them.

Money is in the scenario's currency. A figure that was computed from uncertain inputs has the range that holds in 80 of
100 draws (P10 to P90); one that was measured has its 95 % interval.
"""

from __future__ import annotations

from dataclasses import dataclass

from evalkit.analysis.blend.facts import BlendFact, Point, Policy
from evalkit.analysis.facts import Estimate
from evalkit.analysis.tco.values import Input, Provenance
from evalkit.wording import NOTHING, Said

BUILD, BUY, BLEND = "build", "buy", "blend"


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its range and what it rests on."""

    value: float | None
    """P50 where it was computed from uncertain inputs. None: not known; `reason` says why."""
    unit: str
    low: float | None = None
    high: float | None = None
    provenance: tuple[Provenance, ...] = ()
    """Where everything it was computed from is from."""
    reason: Said = NOTHING


@dataclass(frozen=True, slots=True)
class UnitCosts:
    """What a piece of work costs in the first month."""

    per_request: Figure
    per_request_within_slo: Figure
    """Cost per request / share of requests that kept the service level."""
    per_correct_answer: Figure
    """Cost per request / quality."""
    input_per_mtok: Figure
    output_per_mtok: Figure
    """Self-hosted: an allocation, see `allocation`."""
    blended_per_mtok: Figure
    """All cost / all tokens, input and output."""
    full_load_per_mtok: Figure
    """Self-hosted: the same with full servers at their capacity, without staff (C_naive)."""
    allocation: Said
    """How cost is divided between input and output tokens, in words."""
    utilisation: Figure
    """Mean load / what the replicas serve within the service level; not the GPU's utilisation."""
    energy_kwh_per_mtok: Figure
    energy_cost_per_request: Figure
    """Part of the cost per request that is electricity; rented and API: in the price, not known."""


@dataclass(frozen=True, slots=True)
class Breakdown:
    """Cost of a month, by what is paid."""

    machines: float
    """Cost of own servers spread over their life, or rent."""
    energy: float
    upkeep: float
    """Maintenance, hosting, licences."""
    staff: float
    api: float

    @property
    def total(self) -> float:
        """The whole month."""
        return self.machines + self.energy + self.upkeep + self.staff + self.api


@dataclass(frozen=True, slots=True)
class CashFact:
    """What is paid over the horizon, at the most likely values."""

    adoption: float
    """Each is a present value; together they are the total at the most likely values."""
    purchases: float
    rent: float
    energy: float
    upkeep: float
    staff: float
    api: float
    resale: float
    """What sold servers bring: 0 or less."""
    exit: float
    tax: float
    """Less tax on profits, 0 or less; 0 where none is looked at."""
    years: tuple[float, ...]
    """Paid at the beginning, and in year 1, 2, …, the last one perhaps a part of a year; not discounted."""


@dataclass(frozen=True, slots=True)
class OptionFact:
    """One deployment: what it needs, what it costs, what it gives."""

    name: str
    side: str
    """`build`, `buy` or `blend`."""
    kind: str
    """Kind as in the scenario; `blend` for a combination."""
    models: tuple[str, ...]
    parts: tuple[str, ...]
    """The two options that a blend combines; empty for others."""
    missing: tuple[Said, ...]
    """What had to be known to cost it, in words; not empty: there are no costs."""
    no_staff: tuple[Said, ...]
    """What to give where nobody gave what its staff costs, of a blend perhaps of one side: the totals are without."""
    no_adoption: tuple[Said, ...]
    """What to give where nobody gave what adopting it costs: the totals are without."""
    leaves_network: bool
    """Whether data go to a host outside."""
    capacity_per_s: Figure | None
    """λ_SLO of one replica; None for an API."""
    service_level: Said
    replicas: int | None
    servers: int | None
    """Servers bought, or units rented, in the first month."""
    gpus: int | None
    """None where no hardware of the catalogue is named: perhaps it has none."""
    upfront: Figure
    """Cash view: adoption and, where owned, the first servers."""
    first_month: Breakdown | None
    """Unit view."""
    months: tuple[float, ...]
    """Unit view: cost of each month, most likely values; without adoption."""
    cumulated: tuple[float, ...]
    """Cash view: P50 of what has been paid after 0, 1, … months, discounted; servers when they are bought."""
    cumulated_low: tuple[float, ...]
    cumulated_high: tuple[float, ...]
    total: Figure
    """Cash view: present value of everything that is paid over the horizon, less what servers then bring."""
    resale: Figure
    """Cash view: present value of what servers bring when they are sold, at the end of the horizon or of their life."""
    per_month: Figure
    """Unit view: mean cost of all months, without discounting and without adoption."""
    cash: CashFact | None
    unit: UnitCosts | None
    quality: Estimate
    slo_share: Estimate
    """Share of measured requests that kept the service level's times."""
    capacity_n: int | None = None
    """Requests that the capacity rests on; None where it was not measured, or the file does not tell."""
    speed_doubt: Said = NOTHING
    """Why it can't be told that the capacity holds within the service level, though there is one."""
    escalated: Estimate | None = None
    """Blend: share of requests that go to the vendor."""
    policy: Policy | None = None
    point: Point | None = None
    out_of_reach: Said = NOTHING
    """Blend: why no setting of it is good enough or affordable; then it is out, and `missing` says so, too."""

    @property
    def incomplete(self) -> tuple[Said, ...]:
        """Return what to give, so that the totals are whole."""
        return self.no_staff + self.no_adoption


@dataclass(frozen=True, slots=True)
class PairFact:
    """Two options of different kinds: owned or rented machines, a blend, an API."""

    build: str
    """The one that takes more of its own: owned before rented machines, then blends, then APIs."""
    buy: str
    """The other one."""
    is_own_against_api: bool
    """Machines alone against an API alone: only then has the load from which they pay a closed form."""
    break_even_per_month: Figure
    """λ*, break-even today: the load in requests per month from which `build` is cheaper per month, without adoption.

    P50, P10 and P90 over all draws; the most likely values' where there is no closed form. None: no load, in so many of
    the draws or with the replicas that it would need.
    """
    break_even_per_s: Figure
    """λ* in requests per second, as a mean."""
    never_share: float
    """Share of draws in which no load makes `build` cheaper per month."""
    load_per_s: float
    """Mean load of the first month."""
    likely_break_even_per_month: float | None
    """λ* in requests per month at the most likely values: where the curves over the load cross. None: nowhere."""
    break_even_over_horizon: float | None
    """Load in the first month from which `build` costs no more over the horizon, at the most likely values; 0: the
    smallest, None: none up to a thousand times the given one."""
    never_over_horizon: float
    """Share of draws in which `build` is dearer over the horizon at a thousandth of the load, at it, and at a thousand
    times of it."""
    payback_months: Figure
    """P50, P10 and P90 over all draws; None where that share of draws never pays back within the horizon."""
    payback_share: float
    """Share of draws that pay back within the horizon."""
    cheaper_by_month: tuple[float, ...]
    """Share of draws in which `build` has cost less by month 0, 1, …; ties count half."""
    saving: Figure
    """Present value of `buy` − `build` over the horizon."""
    quality_difference: Estimate
    """`buy` − `build`, paired by doc; points on a scale of 0 to 1."""

    @property
    def is_feasible(self) -> bool:
        """Whether some load makes `build` cheaper per month, in at least half of the draws."""
        return self.break_even_per_month.value is not None


@dataclass(frozen=True, slots=True)
class BenefitFact:
    """What one option of known cost and quality gives for its money, over the horizon."""

    option: str
    right_answers: Figure
    """Requests that are answered right, each counted."""
    compared_with: str | None
    """The dearest of the cheaper options that is not itself dominated; None: nothing is cheaper."""
    is_dominated: bool
    """It costs no less than `compared_with` and is no better."""
    per_additional: Figure | None
    """Money for each right answer beyond those of `compared_with`; None for the cheapest and a dominated one."""
    net_benefit: Figure | None
    """Worth of right answers − harm of wrong ones − cost, present value, where doing nothing gives 0; None: the policy
    does not say what answers are worth."""


@dataclass(frozen=True, slots=True)
class LoadCurve:
    """Cost of a month over the load, most likely values, in steps where replicas are added."""

    option: str
    side: str
    requests_per_month: tuple[float, ...]
    cost: tuple[float, ...]
    replicas: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Swing:
    """How much one input moves the difference between two options, all others at their most likely values."""

    given: Input
    at_low: float
    """Saving (present value) with the input at its low."""
    at_high: float

    @property
    def span(self) -> float:
        """How far the saving moves."""
        return abs(self.at_high - self.at_low)


@dataclass(frozen=True, slots=True)
class Assumption:
    """An input of the model and the options that use it."""

    given: Input
    used_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Guess:
    """A model that is not surely better than guessing on a closed task."""

    model: str
    task: str
    score: Estimate
    chance: float
    """What guessing scores: the mean of 1 / choices."""


@dataclass(frozen=True, slots=True)
class TcoFacts:
    """Everything computed for one scenario."""

    name: str
    title: str
    about: str
    currency: str
    horizon_months: int
    draws: int
    seed: int
    today: str
    runs: tuple[str, ...]
    load: Input
    """Requests per month."""
    options: tuple[OptionFact, ...]
    pairs: tuple[PairFact, ...]
    """Every two options of different kinds whose costs are known; own deployments against APIs first."""
    curves: tuple[LoadCurve, ...]
    blends: tuple[BlendFact, ...]
    assumptions: tuple[Assumption, ...]
    rates: tuple[tuple[str, float, str, str], ...]
    """Currency, value, date, source."""
    data_class: str
    warnings: tuple[Said, ...] = ()
    benefits: tuple[BenefitFact, ...] = ()
    """What each option of known cost and quality gives, cheapest first."""
    guesses: tuple[Guess, ...] = ()
    """Models and closed tasks on which nothing shows that they do not guess."""
    unlike: tuple[Said, ...] = ()
    """How the models were asked in different ways, a sentence each."""

    def guesses_of(self, option: OptionFact) -> tuple[Guess, ...]:
        """Return where an option may be guessing: a blend by task has each task from one of its models."""
        return tuple(g for g in self.guesses if g.model in answering(option, g.task))


def answering(option: OptionFact, task: str) -> tuple[str, ...]:
    """Return the models that answer a task."""
    if option.point is None or option.policy is not Policy.TASK:
        return option.models
    return option.models[1:] if task in option.point.tasks else option.models[:1]
