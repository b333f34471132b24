"""The compared models."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from evalkit.analysis.facts import EndpointFact, PerformanceFact, QualityFact, RunFacts
from evalkit.store.manifest import ModelEntry
from evalkit.store.run_dir import Run


@dataclass(frozen=True, slots=True)
class Model:
    """One compared model of one run."""

    label: str
    """Unique among those that were asked, and among those under load; the same model in both has one label."""
    run: Run
    facts: RunFacts
    entry: ModelEntry | None
    name: str
    series: int = 0
    """Place of its label among all, and by it its colour."""

    @property
    def is_under_load(self) -> bool:
        """Whether its run is a load test, in which nothing is asked about quality."""
        return self.run.manifest.kind == "bench"

    @property
    def is_api(self) -> bool:
        """Whether it was asked over the network, so that its machine can't be measured."""
        return bool(self.entry and self.entry.is_api) or endpoint_of(self) is not None


def compared_models(runs: Sequence[tuple[Run, RunFacts]]) -> list[Model]:
    """Return every model of every run; a name that occurs twice in runs of one kind is told apart by its run."""
    found = []
    for run, facts in runs:
        entries = {e.name: e for e in run.manifest.models}
        found += [Model(name, run, facts, entries.get(name), name) for name in facts.models]
    known = Counter((m.name, m.is_under_load) for m in found)
    told_apart = [
        replace(m, label=f"{m.name} ({m.facts.run_id})")
        if known[m.name, m.is_under_load] > 1
        else m
        for m in found
    ]
    places = {label: i for i, label in enumerate(labels_of(told_apart))}
    return [replace(m, series=places[m.label]) for m in told_apart]


def labels_of(models: Sequence[Model]) -> tuple[str, ...]:
    """Return every label once, of models that were asked first."""
    ordered = sorted(models, key=lambda m: m.is_under_load)
    return tuple(dict.fromkeys(m.label for m in ordered))


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
