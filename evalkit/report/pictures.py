"""The figures of a run's page; every text in them is escaped where it is drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from evalkit.report.figures import bars, dot_plot, share_lines
from evalkit.report.language import Spoken
from evalkit.report.load_figures import Curve, load_curves, share_over_time, time_panels
from evalkit.report.load_page import LoadSection, ProfileLoad
from evalkit.report.page import Page
from evalkit.wording import numeral, say, verbatim


@dataclass(frozen=True, slots=True)
class ProfileFigures:
    """The pictures of one load profile, by name, and one time line per model."""

    by_name: dict[str, Markup]
    time_lines: tuple[Markup, ...]


def run_figures(page: Page, language: Spoken) -> dict[str, Markup]:
    """Return the figures there is data for, by name."""
    return {name: Markup(svg) for name, svg in _run_figures(page, language)}


def load_figures(load: LoadSection, language: Spoken) -> list[ProfileFigures]:
    """Return the figures of each profile; titles are numbered, since ids are made of them."""
    return [_profile_figures(i, p, language) for i, p in enumerate(load.profiles, start=1)]


def _run_figures(page: Page, language: Spoken) -> Iterator[tuple[str, str]]:
    if page.quality_dots:
        yield (
            "quality",
            dot_plot(
                page.quality_dots,
                len(page.models),
                say("Quality by task"),
                say(
                    "Each model's score as a dot on its 95 % interval; a dashed line marks chance."
                    " The tables below give the same numbers."
                ),
                language=language,
            ),
        )
    if page.ttft_lines:
        yield (
            "ttft",
            share_lines(
                page.ttft_lines,
                say("seconds until the first token"),
                say("Time to first token"),
                say(
                    "Share of each model's requests whose first token came within so many seconds."
                ),
                language=language,
            ),
        )
        yield (
            "e2e",
            share_lines(
                page.e2e_lines,
                say("seconds until the whole answer"),
                say("End-to-end latency"),
                say("Share of each model's requests that were complete within so many seconds."),
                language=language,
            ),
        )
    yield (
        "speed",
        bars(
            page.speed_bars,
            say("Generation speed"),
            say("Output tokens per second of each model."),
            language=language,
        ),
    )
    yield (
        "memory",
        bars(
            page.memory_bars,
            say("Peak memory"),
            say("Peak host memory of each model."),
            language=language,
        ),
    )


def _profile_figures(number: int, p: ProfileLoad, language: Spoken) -> ProfileFigures:
    pictures = {**dict(_curves(number, p, language)), **dict(_shares(number, p, language))}
    time_lines = [
        time_panels(
            c.line,
            say(
                "Profile {n}, {name}: time line {i}, {cell}",
                n=numeral(str(number)),
                name=p.name,
                i=numeral(str(i)),
                cell=c.cell_id,
            ),
            say(
                "One panel for each kind of reading, over the seconds of the cell. The table below it gives"
                " the numbers."
            ),
            language=language,
        )
        for i, c in enumerate(p.lines, start=1)
    ]
    return ProfileFigures(
        {name: Markup(svg) for name, svg in pictures.items()},
        tuple(Markup(svg) for svg in time_lines),
    )


def _curves(number: int, p: ProfileLoad, language: Spoken) -> Iterator[tuple[str, str]]:
    n, name = numeral(str(number)), verbatim(p.name)
    if _is_curve(p.latency):
        yield (
            "latency",
            load_curves(
                p.latency,
                p.latency_axes,
                say("Profile {n}, {name}: latency against load", n=n, name=name),
                say(
                    "Time to first token from the moment a request was due, p50 and p95 of each model, at each level of"
                    " load. The table below gives the numbers."
                ),
                language=language,
            ),
        )
    if _is_curve(p.tokens):
        yield (
            "tokens",
            load_curves(
                p.tokens,
                p.tokens_axes,
                say("Profile {n}, {name}: output tokens per second against load", n=n, name=name),
                say(
                    "Output tokens per second of each model at each level of load. The table below gives the numbers."
                ),
                language=language,
            ),
        )


def _shares(number: int, p: ProfileLoad, language: Spoken) -> Iterator[tuple[str, str]]:
    n, name = numeral(str(number)), verbatim(p.name)
    if p.ttft_shares:
        yield (
            "ttft",
            share_over_time(
                p.ttft_shares,
                say("from the moment a request was due until the first token"),
                say(
                    "Profile {n}, {name}: share of requests by time until the first token",
                    n=n,
                    name=name,
                ),
                say(
                    "Share of the requests of each level whose first token came within so long. Failed requests never"
                    " come."
                ),
                language=language,
            ),
        )
    if p.e2e_shares:
        yield (
            "e2e",
            share_over_time(
                p.e2e_shares,
                say("from the moment a request was due until the whole answer"),
                say(
                    "Profile {n}, {name}: share of requests by time until the whole answer",
                    n=n,
                    name=name,
                ),
                say(
                    "Share of the requests of each level whose whole answer came within so long. Failed requests never"
                    " come."
                ),
                language=language,
            ),
        )


def _is_curve(curves: Sequence[Curve]) -> bool:
    """Tell whether there is more than one level to compare."""
    return any(len(c.points) > 1 for c in curves)
