"""The compared models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from evalkit.analysis.facts import EndpointFact, PerformanceFact, QualityFact, RunFacts
from evalkit.store.manifest import ModelEntry
from evalkit.store.run_dir import Run


@dataclass(frozen=True, slots=True)
class Model:
    """One compared model; `label` is unique in the report."""

    label: str
    run: Run
    facts: RunFacts
    entry: ModelEntry | None
    name: str

    @property
    def is_api(self) -> bool:
        """Whether it was asked over the network, so that its machine can't be measured."""
        return bool(self.entry and self.entry.is_api) or endpoint_of(self) is not None


def compared_models(runs: Sequence[tuple[Run, RunFacts]]) -> list[Model]:
    """Return every model of every run; a name that occurs twice is told apart by its run."""
    found = []
    for run, facts in runs:
        entries = {e.name: e for e in run.manifest.models}
        found += [Model(name, run, facts, entries.get(name), name) for name in facts.models]
    names = [m.name for m in found]
    return [
        replace(m, label=f"{m.name} ({m.facts.run_id})") if names.count(m.name) > 1 else m
        for m in found
    ]


def overall(model: Model) -> PerformanceFact | None:
    """Return speed and resources over all suites, if anything was measured."""
    found = (p for p in model.facts.performance if p.suite is None and p.model == model.name)
    return next(found, None)


def endpoint_of(model: Model) -> EndpointFact | None:
    """Return errors, tokens and cost over all suites; None for a model that ran here."""
    found = (f for f in model.facts.endpoints if f.suite is None and f.model == model.name)
    return next(found, None)


def quality_of(model: Model, suite: str, task: str) -> list[QualityFact]:
    """Return every metric of one task."""
    return [
        q for q in model.facts.quality if (q.model, q.suite, q.task) == (model.name, suite, task)
    ]
