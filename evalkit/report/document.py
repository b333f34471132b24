"""Runs, and where there is one a verdict → the whole report as values, in the order in which it is read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from evalkit.analysis.differences import differences
from evalkit.analysis.docs import DocTable, doc_table, judged_by
from evalkit.analysis.facts import RunFacts
from evalkit.gate.facts import GateResult
from evalkit.report.differences import DifferencesSection, build_differences
from evalkit.report.gate.names import TERMS as GATE_TERMS
from evalkit.report.gate.section import GateSection, build_gate
from evalkit.report.glossary import all_terms
from evalkit.report.language import ENGLISH, Spoken
from evalkit.report.models import compared_models
from evalkit.report.page import Page, build_page
from evalkit.report.text_safety import without_folders
from evalkit.report.theme import Theme
from evalkit.store.run_dir import Run
from evalkit.wording import NOTHING, Said, say, verbatim

if TYPE_CHECKING:  # most reports decide nothing
    from evalkit.analysis.tco.analyse import Case
    from evalkit.config.scenario import ScenarioConfig
    from evalkit.decision.facts import Verdict
    from evalkit.report.decision.page import DecisionPage
    from evalkit.report.decision.pareto import ParetoSection
    from evalkit.report.decision.scorecard import ScorecardSection
    from evalkit.report.decision.simulator import Simulator


@dataclass(frozen=True, slots=True)
class Decided:
    """A scenario, everything computed for it, and what follows."""

    case: Case
    verdict: Verdict
    scenario: ScenarioConfig
    file: str = ""
    """Where the scenario was read from, as it was named."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a report is told and shown; the same facts in another look are the same facts."""

    language: Spoken = ENGLISH
    theme: Theme | None = None
    templates: Path | None = None
    """Folder whose files replace the package's templates of the same name."""
    is_live: bool = False
    """Whether it is served while a run goes on, and reloads."""


@dataclass(frozen=True, slots=True)
class _Parts:
    """What only a report with a verdict has."""

    decision: DecisionPage | None = None
    scorecard: ScorecardSection | None = None
    pareto: ParetoSection | None = None
    simulator: Simulator | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page."""

    name: str
    """File among `templates/sections`."""
    contents: tuple[tuple[str, Said], ...]
    """Id and title of what the table of contents has of it."""


@dataclass(frozen=True, slots=True)
class Document:
    """The whole report, ready to be put into HTML."""

    title: Said
    about: str
    subtitle: Said
    decision: DecisionPage | None
    """None without a scenario: then there is no verdict."""
    scorecard: ScorecardSection | None
    pareto: ParetoSection | None
    simulator: Simulator | None
    gate: GateSection | None
    """None where no candidate was judged."""
    run: Page
    docs: DocTable
    """What each model scored, and by which metric a task is judged."""
    differences: DifferencesSection | None
    warnings: tuple[Said, ...]
    commands: tuple[str, ...]
    """What was called, and what makes this report again."""
    terms: tuple[tuple[Said, Said], ...]
    scenario: str
    """The scenario as YAML, as it was understood; empty without one."""
    sections: tuple[Section, ...]
    """Parts of the page, in its order."""


def build_document(
    runs: Sequence[tuple[Run, RunFacts]],
    decided: Decided | None,
    language: Spoken = ENGLISH,
    gate: GateResult | None = None,
) -> Document:
    """Decide everything a reader will see.

    Args:
        runs: With their facts; none only where the verdict rests on none.
        decided: None for a report of runs alone.
        gate: Whether a candidate may replace its baseline; None where none was judged.
        language: For what is drawn or sorted; everything else is told by the template.
    """
    metrics = None if decided is None else decided.scenario.policy.quality.metrics
    docs = doc_table((run for run, _ in runs), metrics)
    if gate is not None and decided is None:
        rules = (r for r in gate.rules if r.metric == "accuracy")
        docs = judged_by(docs, {r.task: r.score for r in rules if r.task and r.score})
    run = build_page(runs, docs)
    asked = [m for m in compared_models(runs) if not m.is_under_load]
    parts = _Parts() if decided is None else _decided(runs, decided, language)
    judged = None if gate is None else build_gate(gate, language)
    decision = parts.decision
    return Document(
        title=run.title if decision is None else verbatim(decision.title),
        about="" if decision is None else decision.about,
        subtitle=run.subtitle if decision is None else decision.subtitle,
        decision=decision,
        scorecard=parts.scorecard,
        pareto=parts.pareto,
        simulator=parts.simulator,
        gate=judged,
        run=run,
        docs=docs,
        differences=build_differences(differences(asked, docs), [m.label for m in asked], language),
        warnings=tuple(_warnings(run, decision)),
        commands=tuple(_commands(runs, decided)),
        terms=all_terms(
            with_load=run.load is not None,
            with_decision=decision is not None,
            more=() if gate is None else GATE_TERMS,
            language=language,
        ),
        scenario="" if decided is None else _as_yaml(decided.scenario),
        sections=tuple(_sections(run, parts, judged)),
    )


def _decided(runs: Sequence[tuple[Run, RunFacts]], decided: Decided, language: Spoken) -> _Parts:
    from evalkit.decision.pareto import model_sizes
    from evalkit.decision.scorecard import scorecard
    from evalkit.report.decision.page import build_decision
    from evalkit.report.decision.pareto import build_pareto
    from evalkit.report.decision.scorecard import build_scorecard
    from evalkit.report.decision.simulator import build_simulator

    case, verdict = decided.case, decided.verdict
    card = scorecard(case, verdict, decided.scenario)
    sizes = model_sizes([run for run, _ in runs])
    return _Parts(
        decision=build_decision(case.facts, verdict, language=language),
        scorecard=None if card is None else build_scorecard(card, case.facts, language, verdict),
        pareto=build_pareto(case.facts, verdict, sizes, language),
        simulator=build_simulator(case, verdict, language),
    )


def _warnings(run: Page, decision: DecisionPage | None) -> Iterator[Said]:
    """Yield what to know before comparing: of the decision first, each once."""
    of_decision = () if decision is None else decision.warnings
    yield from dict.fromkeys((*of_decision, *run.warnings))


def _commands(runs: Sequence[tuple[Run, RunFacts]], decided: Decided | None) -> Iterator[str]:
    yield from (without_folders(run.manifest.command) for run, _ in runs)
    folders = " ".join(f"results/{run.manifest.run_id}" for run, _ in runs)
    scenario = ""
    if decided is not None:
        scenario = f" --scenario {decided.file or f'{decided.scenario.name}.yaml'}"
    yield f"evalkit report {folders}{scenario}" if folders else f"evalkit tco{scenario}"


def _as_yaml(scenario: ScenarioConfig) -> str:
    values = scenario.model_dump(mode="json", exclude_none=True)
    return without_folders(yaml.safe_dump(values, sort_keys=False, allow_unicode=True))


def _sections(run: Page, parts: _Parts, gate: GateSection | None) -> Iterator[Section]:
    """Yield the sections that there are, in the order of the page and its contents."""
    is_decided, is_asked = parts.decision is not None, not run.is_only_load
    costs = (("costs", say("Costs")), ("tornado", say("What moves the result")))
    warnings = (("warnings", say("Warnings")),) if is_decided else ()
    errors = (*warnings, ("errors", say("Errors and exclusions")))
    audit = (("audit", say("How this was measured")), ("terms", say("Words explained")))
    sections = (
        (gate, Section("gate", (("gate", NOTHING if gate is None else gate.title),))),
        (parts.scorecard, Section("scorecard", (("scorecard", say("Scorecard")),))),
        (parts.pareto, Section("pareto", (("pareto", say("Quality against cost")),))),
        (is_decided, Section("costs", costs)),
        (is_asked, Section("quality", (("quality", say("Quality")),))),
        (is_asked, Section("speed", (("speed", say("Speed and memory")),))),
        (run.load, Section("load", (("load", say("Under load")),))),
        (run.endpoints, Section("api", ())),
        (is_decided, Section("blends", (("blends", say("Combining both")),))),
        (True, Section("errors", errors)),
        (is_decided, Section("assumptions", (("assumptions", say("Assumptions")),))),
        (is_asked, Section("explorer", (("samples", say("Questions and answers")),))),
        (True, Section("audit", audit)),
    )
    yield from (section for is_there, section in sections if is_there)
