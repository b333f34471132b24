"""A decision → one self-contained HTML page: no script, no request to anywhere."""

from __future__ import annotations

from markupsafe import Markup

from evalkit.analysis.tco.facts import TcoFacts
from evalkit.decision.facts import Verdict
from evalkit.report.decision.blends import HOW_TUNED
from evalkit.report.decision.charts import Chart
from evalkit.report.decision.page import build_decision
from evalkit.report.html import render_template, static


def render_decision(facts: TcoFacts, verdict: Verdict) -> bytes:
    """Render the page; the same facts give the same bytes."""
    page = build_decision(facts, verdict)
    return render_template(
        "decision.html.j2",
        page=page,
        pictures=[_markup(chart) for chart in page.charts],
        blend_pictures=[_markup(blend.chart) for blend in page.blends],
        how_tuned=HOW_TUNED,
        css=static("report.css", "decision.css"),
    )


def _markup(chart: Chart | None) -> Markup:
    """Return a picture as it is; figures.py escapes every text it is given."""
    return Markup(chart.svg if chart else "")
