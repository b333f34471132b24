"""Page → one self-contained HTML file: no request to anywhere, readable without JavaScript."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from evalkit import __version__
from evalkit.analysis.facts import RunFacts
from evalkit.report.figures import bars, dot_plot, share_lines
from evalkit.report.page import Page, build_page
from evalkit.report.text_safety import visible
from evalkit.store.run_dir import Run

_FOLDER = files("evalkit.report")


def render_report(runs: Sequence[tuple[Run, RunFacts]]) -> bytes:
    """Render the report of one or more runs; the same runs give the same bytes."""
    page = build_page(runs)
    environment = Environment(
        loader=FunctionLoader(_template),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    html = environment.get_template("report.html.j2").render(
        page=page,
        figures=_figures(page),
        css=Markup(_static("report.css")),
        js=Markup(_static("report.js")),
        version=__version__,
    )
    return html.encode()


def _finalize(value: object) -> object:
    """Neutralise every text that is put into the page; our own markup is already safe."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _figures(page: Page) -> dict[str, Markup]:
    """Return the figures there is data for; figures.py escapes every text it is given."""
    drawn: dict[str, str] = {}
    n = len(page.models)
    if page.quality_dots:
        drawn["quality"] = dot_plot(
            page.quality_dots,
            n,
            "Quality by task",
            "Each model's score as a dot on its 95 % interval; a dashed line marks chance."
            " The tables below give the same numbers.",
        )
    if page.ttft_lines:
        drawn["ttft"] = share_lines(
            page.ttft_lines,
            "seconds until the first token",
            "Time to first token",
            "Share of each model's requests whose first token came within so many seconds.",
        )
        drawn["e2e"] = share_lines(
            page.e2e_lines,
            "seconds until the whole answer",
            "End-to-end latency",
            "Share of each model's requests that were complete within so many seconds.",
        )
    drawn["speed"] = bars(
        page.speed_bars, "Generation speed", "Output tokens per second of each model."
    )
    drawn["memory"] = bars(page.memory_bars, "Peak memory", "Peak host memory of each model.")
    return {name: Markup(svg) for name, svg in drawn.items()}


def _template(name: str) -> str:
    return (_FOLDER / "templates" / name).read_text(encoding="utf-8")


def _static(name: str) -> str:
    return (_FOLDER / "static" / name).read_text(encoding="utf-8")
