"""The verdict as values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from evalkit.analysis.tco.facts import Swing
from evalkit.analysis.tco.values import Input
from evalkit.wording import Said


class Decision(StrEnum):
    """What to do."""

    BUILD = "build"
    BUY = "buy"
    BLEND = "blend"
    NOT_DECIDABLE = "not decidable"


class Outcome(StrEnum):
    """Whether an option keeps a rule."""

    PASS = "pass"
    FAIL = "fail"
    UNCLEAR = "unclear"
    """The interval of what was measured holds the limit, or nothing was measured."""


@dataclass(frozen=True, slots=True)
class Check:
    """One rule of the policy on one option."""

    option: str
    rule: str
    """A key, see `decision.words.rule_words`: `data`, `quality`, `quality of TASK`, `service level`, `interactive`,
    `cost per month`, `upfront cost`, `cost known`."""
    outcome: Outcome
    text: Said
    """A sentence with the numbers."""
    limit: float | None = None
    """What the rule asks for, where it is a number."""
    task: str = ""
    """Whose score it is about, where it is of one."""


@dataclass(frozen=True, slots=True)
class Change:
    """What would turn the verdict, all else being drawn as ever."""

    what: Said
    """What changes, in words: `load`, `price of gpt`, `capacity of own`, `required quality` …"""
    now: float
    at: float
    unit: str
    is_above: bool
    """True: from `at` upwards; False: from `at` downwards."""
    becomes: str
    """The option that would then be chosen, or `not decidable`."""
    becomes_side: str
    text: Said
    """A sentence with the numbers."""


class Unpaid(StrEnum):
    """Why a cost that nobody gave can't turn the verdict."""

    BY_BEST = "only others bear it"
    BY_ALL = "all that could be chosen instead bear it"
    NO_RIVAL = "nothing of another kind may be chosen"
    OWN_TAKES_MORE = "own machines take no less of it than an API does"


@dataclass(frozen=True, slots=True)
class MissingCost:
    """A cost that nobody gave, and what it does to the verdict."""

    what: str
    """`staff` or `adoption`."""
    side: str
    """`build`: of own machines; `buy`: of APIs."""
    options: tuple[str, ...]
    """Options whose totals are without it."""
    harmless: Unpaid | None = Unpaid.BY_BEST
    """Why it can't turn the verdict; None: it can."""
    turns_at: float | None = None
    """From which amount on another kind is the cheapest: money a year for staff, money at once for adoption."""
    salary: float | None = None
    """What one person costs a year, where the scenario says it of anybody."""
    becomes: str | None = None
    """The option that is then the cheapest."""
    is_difference: bool = False
    """The other side's was not given either: `turns_at` is what this one has to exceed it by."""

    @property
    def fte(self) -> float | None:
        """How many people the amount pays."""
        if self.turns_at is None or self.salary is None:
            return None
        return self.turns_at / self.salary


class Source(StrEnum):
    """What there is to find out."""

    INPUT = "input"
    """An uncertain input, exactly: `worth` is the most that any measurement of it can be worth."""
    BENCH = "bench"
    """A longer bench of an option's capacity."""
    DOCUMENTS = "documents"
    """More documents for an option whose quality is unclear."""
    RULE = "rule"
    """Whether an option keeps its unclear rules: `worth` is what is saved if it does, so the most."""


@dataclass(frozen=True, slots=True)
class Information:
    """What it is worth to find something out before deciding; money is present value over the horizon."""

    source: Source
    worth: float
    """Expected saving."""
    cost: float | None = None
    """What finding it out costs, as far as an API is paid for it; None: not known, or nothing to be paid."""
    option: str | None = None
    given: Input | None = None
    """The input; of a bench, the capacity."""
    n: int | None = None
    """More documents to ask, or how many times the requests of the bench."""

    @property
    def is_most(self) -> bool:
        """Whether `worth` is an upper bound."""
        return self.source in (Source.INPUT, Source.RULE)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do, why, how sure, and what would change it."""

    decision: Decision
    option: str | None
    """The option it means; None when not decidable, or when only the kind is decided."""
    leaning: str | None
    """The option that looks best so far, where none is meant."""
    sentence: Said
    confidence: float | None
    """Share of draws in which no admissible option of another kind is cheaper over the horizon; ties count half."""
    is_incomplete: bool
    """A cost that nobody gave could turn it."""
    incomplete: tuple[Said, ...]
    """What the company has to give before the verdict can be relied on."""
    reasons: tuple[Said, ...]
    """Why, one sentence each, the weightiest first; also where self-hosting does not pay, or the API is better."""
    checks: tuple[Check, ...]
    against: str | None
    """The option it was compared with: the cheapest admissible one of another kind, else the cheapest other."""
    changes: tuple[Change, ...]
    swings: tuple[Swing, ...]
    """The inputs that move the difference between `option` and `against` most, largest first."""
    assumptions: tuple[Said, ...]
    """What carries the verdict and was not measured, one sentence each."""
    next_measurements: tuple[Said, ...]
    """What to measure next, with the command."""
    equivalent: tuple[str, ...] = ()
    """Admissible options whose cost can't be told from that of `option` or `leaning` by the policy's margin."""
    open_options: tuple[str, ...] = ()
    """Options of the decided kind that may be cheaper, but are not known well enough: then no option is named."""
    information: tuple[Information, ...] = ()
    """What it is worth to find out, most first."""
    fixed: tuple[Input, ...] = ()
    """Inputs without a range of the options that were compared: no draw differs in them."""
    missing: tuple[MissingCost, ...] = ()
    """Every cost that nobody gave, of the options that may be chosen; empty where nothing is decided without them."""
