"""Page → one self-contained HTML file: no request to anywhere, readable without JavaScript."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from evalkit import __version__
from evalkit.analysis.facts import RunFacts
from evalkit.report.figures import bars, dot_plot, share_lines
from evalkit.report.language import ENGLISH, Spoken
from evalkit.report.load_figures import Curve, load_curves, share_over_time, time_panels
from evalkit.report.load_page import LoadSection, ProfileLoad
from evalkit.report.page import Page, build_page
from evalkit.report.text_safety import visible
from evalkit.store.run_dir import Run
from evalkit.wording import tell

_FOLDER = files("evalkit.report")


@dataclass(frozen=True, slots=True)
class ProfileFigures:
    """The pictures of one load profile, by name, and one time line per model."""

    by_name: dict[str, Markup]
    time_lines: tuple[Markup, ...]


def render_report(runs: Sequence[tuple[Run, RunFacts]]) -> bytes:
    """Render the report of one or more runs; the same runs give the same bytes."""
    page = build_page(runs)
    return render_template(
        "report.html.j2",
        page=page,
        figures={} if page.is_only_load else _figures(page),
        load_figures=[] if page.load is None else _load_figures(page.load),
        css=static("report.css", *([] if page.load is None else ["load.css"])),
        js=static("report.js"),
    )


def render_template(name: str, language: Spoken = ENGLISH, **values: object) -> bytes:
    """Fill one of the package's templates; every text that is not our own markup comes out escaped and visible."""
    environment = Environment(
        loader=FunctionLoader(_template),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=partial(_finalize, language),
        extensions=["jinja2.ext.i18n"],
    )
    environment.policies["ext.i18n.trimmed"] = True
    environment.filters["t"] = partial(_finalize, language)
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        language.message, language.plural, newstyle=True
    )
    page = environment.get_template(name).render(version=__version__, lang=language.code, **values)
    return page.encode()


def static(*names: str) -> Markup:
    """Return the package's own files, one after the other, to be put into the page as they are."""
    texts = ((_FOLDER / "static" / name).read_text(encoding="utf-8") for name in names)
    return Markup("".join(texts))


def _finalize(language: Spoken, value: object) -> object:
    """Say every text in the reader's language and neutralise it; our own markup is already safe."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return visible(tell(value, language))
    return value


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


def _load_figures(load: LoadSection) -> list[ProfileFigures]:
    """Return the figures of each profile; titles are numbered, since ids are made of them."""
    return [_profile_figures(i, p) for i, p in enumerate(load.profiles, start=1)]


def _profile_figures(number: int, p: ProfileLoad) -> ProfileFigures:
    head = f"Profile {number}, {p.name}"
    curves, shares = {}, {}
    if _is_curve(p.latency):
        curves["latency"] = load_curves(
            p.latency,
            p.latency_axes,
            f"{head}: latency against load",
            "Time to first token from the moment a request was due, p50 and p95 of each model, at each level of load."
            " The table below gives the numbers.",
        )
    if _is_curve(p.tokens):
        curves["tokens"] = load_curves(
            p.tokens,
            p.tokens_axes,
            f"{head}: output tokens per second against load",
            "Output tokens per second of each model at each level of load. The table below gives the numbers.",
        )
    for name, lines, what in (
        ("ttft", p.ttft_shares, "first token"),
        ("e2e", p.e2e_shares, "whole answer"),
    ):
        if lines:
            shares[name] = share_over_time(
                lines,
                f"from the moment a request was due until the {what}",
                f"{head}: share of requests by time until the {what}",
                f"Share of the requests of each level whose {what} came within so long. Failed requests never come.",
            )
    time_lines = [
        time_panels(
            c.line,
            f"{head}: time line {i}, {c.cell_id}",
            f"{', '.join(panel.label for panel in c.line.panels)} over the seconds of the cell."
            " The table below it gives the numbers.",
        )
        for i, c in enumerate(p.lines, start=1)
    ]
    return ProfileFigures(
        {name: Markup(svg) for name, svg in {**curves, **shares}.items()},
        tuple(Markup(svg) for svg in time_lines),
    )


def _is_curve(curves: Sequence[Curve]) -> bool:
    """Tell whether there is more than one level to compare."""
    return any(len(c.points) > 1 for c in curves)


def _template(name: str) -> str:
    return (_FOLDER / "templates" / name).read_text(encoding="utf-8")
