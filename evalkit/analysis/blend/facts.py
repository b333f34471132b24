"""What the analysis of a blend says: what a local model and a vendor's would score and cost together.

All shares, qualities and costs are weighted by task, as the real workload is. Every quality of a policy is measured on
docs that its threshold, or its choice of tasks, was not chosen on; the bound `oracle` is the exception, by definition.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from evalkit.analysis.facts import Estimate
from evalkit.wording import NOTHING, Said


class Policy(StrEnum):
    """Who answers which doc."""

    MARGIN = "margin"
    LOGPROB = "mean_logprob"
    SELF_REPORTED = "self_reported"
    PARSED = "parsed"
    TASK = "task"
    """Each task goes wholly to one model."""
    RANDOM = "random"
    """A share goes to the vendor, drawn at random: what a policy has to beat."""
    ORACLE = "oracle"
    """Knows the scores: a bound, not a policy anyone can run."""

    @property
    def is_cascade(self) -> bool:
        """Whether the local model answers every doc first, and those it is least sure of go to the vendor."""
        return self in CASCADES

    @property
    def is_runnable(self) -> bool:
        """Whether it needs nothing that is unknown in production."""
        return self is not Policy.ORACLE


CASCADES = (Policy.MARGIN, Policy.LOGPROB, Policy.SELF_REPORTED, Policy.PARSED)


@dataclass(frozen=True, slots=True)
class Point:
    """One setting of a policy."""

    target: float
    """The share asked for: of docs; for `task`: of tasks."""
    escalated: Estimate
    """Share of docs that went to the vendor. Below the target where too few docs have the signal."""
    quality: Estimate
    vendor_cost: Estimate
    """The vendor's cost of the docs that went there / all docs; in the currency of the prices that were given."""
    threshold: float | None
    """Cascades: docs with less confidence go to the vendor, some of those with just this one too; median over the
    folds. None where nothing, or everything that has the signal, goes there."""
    tasks: tuple[str, ...] = ()
    """`task`: those that go to the vendor, in most folds."""


@dataclass(frozen=True, slots=True)
class Frontier:
    """Quality against cost of one policy, from nothing to everything at the vendor."""

    policy: Policy
    points: tuple[Point, ...]
    is_cascade: bool
    """True: the local model needs capacity for every doc. False: docs for the vendor never reach it."""
    n_docs: int
    coverage: float
    """Share of docs that have the signal, weighted by task; the others stay local, except where everything goes."""
    reason: Said = NOTHING
    """Why there are no points."""


@dataclass(frozen=True, slots=True)
class TaskPair:
    """Both models on the docs of one task."""

    task: str
    metric: str
    n: int
    local: Estimate
    vendor: Estimate
    difference: Estimate
    """Vendor − local, paired by doc."""


@dataclass(frozen=True, slots=True)
class BlendFact:
    """What a local and a vendor's model can do together."""

    local: str
    vendor: str
    n_docs: int
    n_unpaired: int
    """Docs left out: only one model has them, they differ, or one got no answer."""
    tasks: tuple[TaskPair, ...]
    local_quality: Estimate
    vendor_quality: Estimate
    difference: Estimate
    """Vendor − local, paired by doc."""
    frontiers: tuple[Frontier, ...]
    """One per policy."""
    reason: Said = NOTHING
    """Why nothing could be computed."""
    notes: tuple[Said, ...] = ()
    """What was left out or assumed, a sentence each."""
    together: int = 1
    """How many scores, of models and of settings, the bounds of quality hold for together."""
