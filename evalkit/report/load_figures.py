"""The figures of load tests, in the style of `figures.py`: colour is the model, a dash tells its lines apart.

Every text is told before it is measured or cut.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.ticker import FuncFormatter

from evalkit.metrics.load_point import Verdict
from evalkit.report import format as text
from evalkit.report.figures import canvas, scale, short, to_svg
from evalkit.report.language import ENGLISH, Spoken
from evalkit.report.style import INK, QUIET, RULE, colour, dash, marker
from evalkit.wording import NOTHING, Said, numeral, say, tell

_MOST_VERTICES = 400
_PANEL_IN = 0.95
_NAMES_IN = 0.25
"""Height above the panels, for the names of steps."""
_NAMES_AT = 1.32
"""Where the names of steps stand, in heights of the first panel."""
_STEADY = "#f1f4f9"


@dataclass(frozen=True, slots=True)
class Point:
    """One level: where it lies, its interval, and whether it may be believed."""

    x: float
    y: float
    low: float | None
    high: float | None
    verdict: str
    """Code of the verdict, one of those in `load`."""
    label: Said


@dataclass(frozen=True, slots=True)
class Curve:
    """One number of one model over load; `rank` is its place among the model's curves: its dash."""

    series: int
    label: Said
    rank: int
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Axes:
    """What the axes of a picture of curves mean."""

    x: Said
    y: Said
    show_y: Callable[[float | None], Said]
    limit: float | None = None
    """Limit that the service level sets."""
    limit_label: Said = NOTHING
    x_ticks: tuple[float, ...] = ()
    """Where the levels lie, when they have round numbers."""
    are_points_named: bool = False
    """Whether the axis does not tell which level a point is."""


@dataclass(frozen=True, slots=True)
class ShareLine:
    """Sorted times of one level; `n` counts requests that failed too."""

    series: int
    label: Said
    values: tuple[float, ...]
    n: int
    rank: int


@dataclass(frozen=True, slots=True)
class Panel:
    """One quantity over a cell, a value per bin; None draws a gap."""

    label: Said
    values: tuple[float | None, ...]
    show: Callable[[float | None], Said]


@dataclass(frozen=True, slots=True)
class Span:
    """One step on the time line, with its steady window."""

    start_s: float
    steady_s: float | None
    cool_s: float | None
    label: Said


@dataclass(frozen=True, slots=True)
class TimeLine:
    """A cell from its first step on."""

    series: int
    width_s: int
    """Width of a bin."""
    length_s: float
    panels: tuple[Panel, ...]
    spans: tuple[Span, ...]


def load_curves(
    curves: Sequence[Curve],
    axes_of: Axes,
    title: Said,
    description: Said,
    *,
    language: Spoken = ENGLISH,
) -> str:
    """Draw numbers over load: hollow points are overloaded or inconclusive, crossed ones INVALID."""
    with canvas(3.3) as figure:
        axes = figure.add_axes((0.10, 0.17, 0.66, 0.76))
        for c in curves:
            _draw_curve(axes, c)
        if axes_of.are_points_named:
            _name_points(axes, curves, language)
        points = [p for c in curves for p in c.points]
        limits = [axes_of.limit] if axes_of.limit is not None else []
        y_values = [*(p.y for p in points), *limits]
        scale(axes.xaxis, axes.set_xscale, [p.x for p in points], _told(text.amount, language))
        scale(axes.yaxis, axes.set_yscale, y_values, _told(axes_of.show_y, language))
        if axes_of.x_ticks:
            axes.set_xticks(axes_of.x_ticks)
        if axes_of.limit is not None:
            axes.axhline(axes_of.limit, color=QUIET, linewidth=1.2, ls=(0, (2, 2)))
            where: dict[str, Any] = {
                "transform": axes.get_yaxis_transform(),
                "va": "bottom",
                "fontsize": 9,
            }
            label = tell(axes_of.limit_label, language)
            axes.text(0.005, axes_of.limit, label, color=QUIET, **where)
        _legend(axes, [(c.series, c.rank, tell(c.label, language)) for c in curves])
        axes.set_xlabel(tell(axes_of.x, language))
        axes.set_ylabel(tell(axes_of.y, language))
        _finish(axes)
        return to_svg(figure, title, description, language=language)


def share_over_time(
    lines: Sequence[ShareLine],
    unit: Said,
    title: Said,
    description: Said,
    *,
    language: Spoken = ENGLISH,
) -> str:
    """Draw for each level which share of its requests was done within which time."""
    with canvas(3.0) as figure:
        axes = figure.add_axes((0.10, 0.19, 0.66, 0.75))
        for line in lines:
            x, y = _steps(line)
            axes.step(x, y, where="post", **_look(line.series, line.rank))
        ends = [v for line in lines for v in (line.values[0], line.values[-1])]
        scale(axes.xaxis, axes.set_xscale, ends, _told(time_tick, language))
        axes.set_ylim(0, 1.02)
        shares = (0, 0.5, 0.95)
        axes.set_yticks(shares, [tell(text.percent(share, 0), language) for share in shares])
        _legend(axes, [(line.series, line.rank, tell(line.label, language)) for line in lines])
        axes.set_xlabel(tell(unit, language))
        _finish(axes)
        return to_svg(figure, title, description, language=language)


def time_panels(
    line: TimeLine, title: Said, description: Said, *, language: Spoken = ENGLISH
) -> str:
    """Draw a cell second by second, one small panel per quantity; steady windows are shaded."""
    n = len(line.panels)
    height = 0.5 + n * _PANEL_IN + _NAMES_IN
    with canvas(height) as figure:
        for i, panel in enumerate(line.panels):
            bottom = (0.5 + (n - 1 - i) * _PANEL_IN) / height
            axes = figure.add_axes((0.10, bottom, 0.88, (_PANEL_IN - 0.27) / height))
            _draw_panel(axes, panel, line, language)
            if i == 0:
                _name_spans(axes, line, language)
            if i < n - 1:
                axes.set_xticklabels([])
        axes.xaxis.set_major_formatter(FuncFormatter(lambda v, _: tell(_second(v), language)))
        axes.set_xlabel(tell(say("seconds since the cell began"), language))
        return to_svg(figure, title, description, language=language)


def _told(show: Callable[[float | None], Said], language: Spoken) -> Callable[[float | None], str]:
    """Return what writes a number in a language."""
    return lambda value: tell(show(value), language)


def _second(value: float) -> Said:
    """Write a moment beside the axis of a time line: all digits, so that moments stay apart."""
    return numeral(f"{value:.10g}")


def _draw_curve(axes: Any, c: Curve) -> None:
    look = _look(c.series, c.rank)
    # a line must not lead a reader through points that are not to be believed
    drawn = [p for p in c.points if p.verdict != Verdict.INVALID]
    axes.plot([p.x for p in drawn], [p.y for p in drawn], **look)
    for p in c.points:
        if p.low is not None and p.high is not None:
            axes.plot([p.x, p.x], [max(p.low, p.y / 100), p.high], color=look["color"], linewidth=1)
        style: dict[str, Any] = {"color": look["color"], "linestyle": "none"}
        style["markersize"] = 7.5 if c.rank == 0 else 5
        if p.verdict == Verdict.INVALID:
            axes.plot([p.x], [p.y], "x", markeredgewidth=1.8, **style)
        elif p.verdict in (Verdict.OVERLOADED, Verdict.INCONCLUSIVE):
            axes.plot([p.x], [p.y], marker(c.series), markerfacecolor="white", **style)
        else:
            axes.plot([p.x], [p.y], marker(c.series), **style)


def _name_points(axes: Any, curves: Sequence[Curve], language: Spoken) -> None:
    """Write its load beside the first point of each level of each model: the upper one where it has two."""
    named: set[tuple[int, str]] = set()
    look: dict[str, Any] = {"fontsize": 8, "color": QUIET, "textcoords": "offset points"}
    for c in curves:
        for p in c.points:
            if (c.series, p.label) not in named:
                shown = tell(p.label, language)
                axes.annotate(shown, (p.x, p.y), xytext=(-6, 5), ha="right", **look)
                named.add((c.series, p.label))


def time_tick(value: float | None) -> Said:
    """Write a time beside an axis, without the digits a measured one has."""
    if value is None:
        return text.MISSING
    if value < 0.9995:
        return say("{n} ms", n=numeral(text.three(value * 1000)))
    return say("{n} s", n=numeral(text.three(value)))


def _look(series: int, rank: int) -> dict[str, Any]:
    return {
        "color": colour(series),
        "linestyle": dash(rank),
        "linewidth": 2.0 if rank < 4 else 1.0,
    }


def _legend(axes: Any, items: Sequence[tuple[int, int, str]]) -> None:
    """Write each line's name beside the plot, behind a piece of it."""
    for position, (series, rank, label) in enumerate(items):
        y = 0.95 - 0.1 * position
        look = {**_look(series, rank), "clip_on": False, "transform": axes.transAxes}
        axes.plot([1.02, 1.08], [y, y], **look)
        axes.text(1.09, y, short(label), transform=axes.transAxes, va="center", fontsize=9)


def _finish(axes: Any) -> None:
    axes.grid(axis="both")
    axes.set_axisbelow(True)


def _steps(line: ShareLine) -> tuple[list[float], list[float]]:
    """Return the corners of a line; of very many values, evenly chosen ones and the last."""
    last = len(line.values) - 1
    every = max(1, len(line.values) // _MOST_VERTICES)
    chosen = sorted({*range(0, last + 1, every), last})
    x = [line.values[0], *(line.values[i] for i in chosen)]
    return x, [0.0, *((i + 1) / line.n for i in chosen)]


def _draw_panel(axes: Any, panel: Panel, line: TimeLine, language: Spoken) -> None:
    for span in line.spans:
        if span.steady_s is not None and span.cool_s is not None:
            axes.axvspan(span.steady_s, span.cool_s, color=_STEADY, linewidth=0)
        axes.axvline(span.start_s, color=RULE, linewidth=1)
    edges = [float(i * line.width_s) for i in range(len(panel.values))]
    edges.append(max(line.length_s, edges[-1]))
    values = [math.nan if v is None else v for v in panel.values]
    axes.stairs(values, edges, baseline=None, color=colour(line.series), linewidth=1.5)
    top = max((v for v in panel.values if v is not None), default=1.0) or 1.0
    axes.set_xlim(0, line.length_s)
    axes.set_ylim(0, top * 1.15)
    axes.set_yticks([0, top], ["0", tell(panel.show(top), language)])
    axes.tick_params(labelsize=8)
    axes.set_title(tell(panel.label, language), loc="left", fontsize=9, color=INK, pad=3)


def _name_spans(axes: Any, line: TimeLine, language: Spoken) -> None:
    """Write the load of each step above all panels, where there is room."""
    free_s = 0.0
    where = {"transform": axes.get_xaxis_transform(), "va": "bottom", "fontsize": 8, "color": QUIET}
    for span in line.spans:
        if span.start_s >= free_s:
            label = tell(span.label, language)
            axes.text(span.start_s, _NAMES_AT, label, ha="left", **where)
            free_s = span.start_s + line.length_s * 0.009 * (len(label) + 1)
