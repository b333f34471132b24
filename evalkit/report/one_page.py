"""Document → the decision on one A4 page: verdict, options, what it rests on, one chart, why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from evalkit.analysis.facts import RunFacts
from evalkit.report.decision.charts import Chart
from evalkit.report.decision.front import Front, build_front
from evalkit.report.decision.page import DecisionPage
from evalkit.report.document import Decided, Document, Look, build_document
from evalkit.report.html import content_security_policy, render_template, static
from evalkit.report.language import ENGLISH, Spoken
from evalkit.store.run_dir import Run
from evalkit.wording import Said, joined, numeral, say, tell

TEMPLATE = "one_page.html.j2"
CHART = "over_load"
_MOST_OPTIONS = 6
_MOST_MISSING = 3
_REASONS, _CHANGES = 520, 480
"""Letters there is room for in the two lists."""


@dataclass(frozen=True, slots=True)
class OnePage:
    """What the page shows; the rest is in the whole report."""

    title: Said
    decision: DecisionPage
    incomplete: Said
    chart: Chart | None
    reasons: tuple[Said, ...]
    front: Front
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
    decision = document.decision
    missing = decision.verdict.incomplete
    named = missing[:_MOST_MISSING]
    return OnePage(
        title=document.title,
        decision=decision,
        incomplete=_and_more(named, len(missing) - len(named)),
        chart=next((c for c in decision.charts if c.name == CHART), None),
        reasons=_fitting(decision.reasons, _REASONS, language),
        front=build_front(decided.case.facts, decided.verdict, _MOST_OPTIONS),
        changes=_fitting(decision.verdict.changes, _CHANGES, language),
        n_warnings=len(document.warnings),
        command=document.commands[-1],
    )


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
