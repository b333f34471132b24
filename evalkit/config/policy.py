"""What a scenario's policy may ask: how good, how fast, how dear, and what may leave the network."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from evalkit.config.quantity import MoneyPerAnswer
from evalkit.config.spec import Spec

DataClass = Literal["public", "internal", "confidential"]
Rate = Literal["format_failures", "refusals", "hallucinations"]
Weight = Annotated[float, Field(ge=0, le=1000)]


class QualityRule(Spec):
    """How good a model must be."""

    at_least: Annotated[float, Field(ge=0, le=1)] | None = None
    """Mean score over the tasks, each by its own metric, weighted by the load's `task_weights`."""
    tasks: dict[str, Annotated[float, Field(ge=0, le=1)]] = Field({})
    """Least score of single tasks."""
    metrics: dict[str, str] = Field({})
    """Task → metric to judge it by; unset: the task's headline metric (docs/metrics.md)."""
    clusters: dict[str, str] = Field({})
    """Task → key of its documents, such as `{grounded_qa: passage_id}`: documents that share its value come from one
    source, and count as one where they rise and fall together."""
    at_most: dict[Rate, Annotated[float, Field(ge=0, le=1)]] = Field({})
    """Highest rates, such as `{hallucinations: 0.3}`: the mean over the tasks that have the rate, weighted as above.
    Definitions: docs/gate.md."""


class WeightsSpec(Spec):
    """What else counts, and how much: only the proportions matter. What is not named does not count."""

    quality: Weight = 0.0
    """How much is right."""
    cost: Weight = 0.0
    """Present value of everything over the horizon."""
    speed: Weight = 0.0
    """Requests within the service level."""
    data_control: Weight = 0.0
    """How little of the data leaves the network."""
    certainty: Weight = 0.0
    """How sure the cost is."""

    @model_validator(mode="after")
    def _is_something(self) -> Self:
        if not any(getattr(self, key) for key in type(self).model_fields):
            raise ValueError("at least one weight must be above 0")
        return self


class WorthSpec(Spec):
    """What an answer is worth to who asks."""

    right: MoneyPerAnswer
    """Worth of a right answer: time saved, a sale, a case closed."""
    wrong: MoneyPerAnswer
    """Harm of a wrong one, beyond its price: work done again, a customer lost; 0: none."""


class PolicySpec(Spec):
    """Rules that decide. Without a rule nothing is excluded by it."""

    quality: QualityRule = QualityRule()
    """Required quality."""
    data_class: DataClass | None = None
    """How sensitive the data in production are; unset: the most sensitive class among the measured suites."""
    outside_may_see: tuple[DataClass, ...] = ("public", "internal")
    """Classes of data that may leave the network."""
    interactive: bool = True
    """Somebody waits for the answers: batch prices are out, and the service level must hold."""
    max_cost_per_month: Annotated[float, Field(gt=0)] | None = None
    """Most cost of a month in the scenario's currency, averaged over the horizon."""
    max_upfront_cost: Annotated[float, Field(gt=0)] | None = None
    """Adoption and first servers, in the scenario's currency."""
    confidence: Annotated[float, Field(ge=0.5, lt=1)] = 0.8
    """How probable the cheapest way must be to be called so."""
    equivalence: Annotated[float, Field(ge=0, lt=1)] = 0.05
    """Share of the total below which a difference in cost does not count: such options are equivalent on cost."""
    worth: WorthSpec | None = None
    """What a right answer is worth and a wrong one costs, such as `{right: 0.2, wrong: 1}`: the report then says what
    each option is worth beyond its cost, and whether doing nothing is better. Unset: not known."""
    weights: WeightsSpec | None = None
    """Where the report's scorecard starts, such as `{quality: 3, cost: 2}`; the verdict does not depend on it. Unset:
    everything that is known counts the same."""
