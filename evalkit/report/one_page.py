"""Document → the decision on one A4 page: verdict, four numbers, one chart, the options, and what would change it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from evalkit.analysis.facts import RunFacts
from evalkit.analysis.tco.facts import OptionFact
from evalkit.decision.facts import Verdict
from evalkit.report.blocks import Table
from evalkit.report.decision.brief import cost_columns, option_grid, quality_column, rules_column
from evalkit.report.decision.charts import Chart
from evalkit.report.decision.page import DecisionPage
from evalkit.report.decision.tiles import Tile
from evalkit.report.document import Decided, Document, Look, build_document
from evalkit.report.html import content_security_policy, render_template, static
from evalkit.report.language import ENGLISH, Spoken
from evalkit.store.run_dir import Run
from evalkit.wording import Said, joined, numeral, say, tell

TEMPLATE = "one_page.html.j2"
CHART = "over_load"
_MOST_OPTIONS = 6
_MOST_MISSING = 3
_TILE, _REASONS, _CHANGES = 130, 520, 480
"""Letters there is room for, in a tile and in the two lists."""


@dataclass(frozen=True, slots=True)
class OnePage:
    """What the page shows; the rest is in the whole report."""

    title: Said
    decision: DecisionPage
    incomplete: Said
    tiles: tuple[Tile, ...]
    chart: Chart | None
    reasons: tuple[Said, ...]
    options: Table
    n_more: int
    """Options that found no room."""
    changes: tuple[Said, ...]
    n_warnings: int
    command: str
    """Makes the whole report."""


def render_one_page(
    runs: Sequence[tuple[Run, RunFacts]], decided: Decided, look: Look | None = None
) -> bytes:
    """Render the page; the same facts give the same bytes."""
    look = look or Look()
    document = build_document(runs, decided, look.language)
    return render_template(
        TEMPLATE,
        look.language,
        look.templates,
        page=build_one_page(document, decided, look.language),
        css=static("one_page.css") + (look.theme.css if look.theme else Markup("")),
        csp=content_security_policy(""),
        theme=look.theme,
    )


def build_one_page(document: Document, decided: Decided, language: Spoken = ENGLISH) -> OnePage:
    """Choose what fits.

    Args:
        document: The whole report, with a decision.
        decided: What it was built from.
        language: In which it has to fit.
    """
    assert document.decision is not None
    decision, facts, verdict = document.decision, decided.case.facts, decided.verdict
    options = sorted(facts.options, key=lambda o: _rank(o, verdict))
    upfront, per_month, total, *_ = cost_columns(facts)
    columns = [rules_column(verdict), upfront, per_month, total, quality_column()]
    missing = decision.verdict.incomplete
    named = missing[:_MOST_MISSING]
    return OnePage(
        title=document.title,
        decision=decision,
        incomplete=_and_more(named, len(missing) - len(named)),
        tiles=tuple(replace(t, lines=_fitting(t.lines, _TILE, language)) for t in decision.tiles),
        chart=next((c for c in decision.charts if c.name == CHART), None),
        reasons=_fitting(decision.reasons, _REASONS, language),
        options=option_grid(facts, columns, options[:_MOST_OPTIONS]),
        n_more=max(0, len(options) - _MOST_OPTIONS),
        changes=_fitting(decision.verdict.changes, _CHANGES, language),
        n_warnings=len(document.warnings),
        command=document.commands[-1],
    )


def _rank(option: OptionFact, verdict: Verdict) -> int:
    """Return whether an option is what the verdict is about: those come first, and none of them is left out."""
    about = (verdict.option, verdict.leaning, verdict.against)
    return about.index(option.name) if option.name in about else len(about)


def _fitting(lines: Sequence[Said], letters: int, language: Spoken) -> tuple[Said, ...]:
    """Return the first lines, whole, that fit; at least one."""
    kept: list[Said] = []
    for line in filter(None, lines):
        letters -= len(tell(line, language))
        if kept and letters < 0:
            break
        kept.append(line)
    return tuple(kept)


def _and_more(named: Sequence[Said], n_more: int) -> Said:
    """List a few things, and say how many are left."""
    if not named:
        return say("something that only you can give")
    listed = joined(named)
    return (
        say("{listed}, and {n} more", listed=listed, n=numeral(str(n_more))) if n_more else listed
    )
