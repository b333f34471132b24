"""The figures of a decision: colour is the option, a marker its side, a label stands where its line ends.

They draw what they are given and compute nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.ticker import FuncFormatter, MaxNLocator

from evalkit.report import format as text
from evalkit.report.decision.labels import (
    NAME_IN,
    ON_WHITE,
    SMALL,
    height_of,
    inches_of,
    label_dots,
    label_top,
    one_line,
    spread,
)
from evalkit.report.figures import WIDTH_IN, canvas, scale, to_svg
from evalkit.report.style import INK, QUIET, RULE, colour, dash

SIDE_MARKERS = {"build": "s", "buy": "o", "blend": "D"}
_LEFT, _WIDTH = 0.09, 0.67
_BOTTOM_IN, _TOP_IN, _PLOT_IN = 0.58, 0.25, 3.0
LONGEST = 38
_FEWEST_LETTERS = 16
_MOST_NAMES = 6
"""Dots that are named where they lie; more are numbered, and named beside the plot."""
_SHADE = "#eef1f6"
_ROW_IN = 0.42
_MOST_ERROR_BARS = 4


@dataclass(frozen=True, slots=True)
class Line:
    """One option's numbers, with the band they lie in where there is one."""

    series: int
    side: str
    label: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    rank: int | None = None
    """Its dash where lines share a colour."""


@dataclass(frozen=True, slots=True)
class Axes:
    """What the axes mean."""

    x: str
    y: str
    show_y: Callable[[float], str]
    show_x: Callable[[float], str] = text.compact


@dataclass(frozen=True, slots=True)
class Mark:
    """A break-even load on a line."""

    x: float
    y: float
    label: str


@dataclass(frozen=True, slots=True)
class LoadRange:
    """What the scenario expects."""

    low: float
    mode: float
    high: float


@dataclass(frozen=True, slots=True)
class SwingBar:
    """What one input does: the difference with it at its low and at its high, and these two in words."""

    label: str
    at_low: float
    at_high: float
    low: str
    high: str


@dataclass(frozen=True, slots=True)
class Dot:
    """One option between two axes, with an interval each way."""

    series: int
    side: str
    label: str
    x: float
    y: float
    x_range: tuple[float, float] | None
    y_range: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class PolicyLine:
    """A policy's frontier; `series` is the option that uses it, None for the others; `rank` tells these apart."""

    series: int | None
    rank: int
    label: str
    is_bound: bool
    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float | None, ...]
    high: tuple[float | None, ...]
    chosen: tuple[float, float] | None = None


def over_months(lines: Sequence[Line], axes_of: Axes, title: str, description: str) -> str:
    """Draw lines over the months, each with its band."""
    height = _BOTTOM_IN + max(_PLOT_IN, len(lines) * NAME_IN) + _TOP_IN
    with canvas(height) as figure:
        axes = figure.add_axes(_rect(height, width=_width(lines)))
        for line in lines:
            _draw_line(axes, line)
        axes.set_xlim(0, max((line.x[-1] for line in lines), default=1) or 1)
        if axes_of.show_y is percent_tick:
            axes.set_ylim(-0.02, 1.02)
            axes.set_yticks([0, 0.25, 0.5, 0.75, 1])
        else:
            axes.set_ylim(bottom=min([0.0, *(v for line in lines for v in line.low or line.y)]))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 3, 6, 10]))
        _name_axes(axes, axes_of)
        _label_ends(axes, [(line.y[-1], line) for line in lines])
        return to_svg(figure, title, description)


def over_load(
    lines: Sequence[Line],
    load: LoadRange,
    marks: Sequence[Mark],
    axes_of: Axes,
    words: tuple[str, str],
) -> str:
    """Draw the cost of a month over the load; `words` are title and description."""
    top_in = _TOP_IN + NAME_IN * (len(marks) + 1)
    height = _BOTTOM_IN + max(_PLOT_IN, len(lines) * NAME_IN) + top_in
    with canvas(height) as figure:
        axes = figure.add_axes(_rect(height, top_in, _width(lines)))
        axes.set_xscale("log")
        axes.axvspan(load.low, max(load.high, load.low * 1.001), color=_SHADE, linewidth=0)
        axes.axvline(load.mode, color=QUIET, linewidth=1.2, linestyle=(0, (2, 2)))
        for line in lines:
            _draw_line(axes, line)
        costs = [v for line in lines for v in (min(line.y), max(line.y))]
        scale(
            axes.yaxis,
            axes.set_yscale,
            costs,
            lambda v: text.MISSING if v is None else axes_of.show_y(v),
        )
        for mark in marks:
            axes.plot(
                [mark.x], [mark.y], "o", markersize=11, markerfacecolor="none", markeredgecolor=INK
            )
        ends = [x for line in lines for x in (line.x[0], line.x[-1])]
        is_one = min(ends) == max(ends)
        axes.set_xlim(*((ends[0] / 2, ends[0] * 2) if is_one else (min(ends), max(ends))))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda v, _: text.compact(v)))
        axes.set_xlabel(axes_of.x)
        axes.set_ylabel(axes_of.y)
        _finish(axes)
        label_top(axes, [(load.mode, "your load"), *((m.x, m.label) for m in marks)])
        _label_ends(axes, [(line.y[-1], line) for line in lines])
        return to_svg(figure, *words)


def tornado(bars: Sequence[SwingBar], x_label: str, title: str, description: str) -> str:
    """Draw how far each input alone moves the difference, the largest on top."""
    height = 0.75 + len(bars) * _ROW_IN
    with canvas(height) as figure:
        axes = figure.add_axes((0.27, 0.55 / height, 0.62, 1 - 0.65 / height))
        for y, bar in enumerate(reversed(bars)):
            _draw_swing(axes, y, bar)
        axes.axvline(0, color=INK, linewidth=1)
        ends = [0.0, *(v for bar in bars for v in (bar.at_low, bar.at_high))]
        room = (max(ends) - min(ends) or 1.0) * 0.26
        axes.set_xlim(min(ends) - room, max(ends) + room)
        axes.set_yticks(range(len(bars)), [one_line(bar.label, 30) for bar in reversed(bars)])
        axes.set_ylim(-0.6, len(bars) - 0.4)
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda v, _: text.compact(v)))
        axes.set_xlabel(one_line(x_label, 90))
        axes.grid(axis="x")
        axes.set_axisbelow(True)
        return to_svg(figure, title, description)


def quality_against_cost(dots: Sequence[Dot], axes_of: Axes, title: str, description: str) -> str:
    """Draw each option with its intervals both ways; up and left is better."""
    is_numbered = len(dots) > _MOST_NAMES
    height = _BOTTOM_IN + max(_PLOT_IN, len(dots) * NAME_IN) + _TOP_IN
    with canvas(height) as figure:
        axes = figure.add_axes(_rect(height, width=_WIDTH if is_numbered else 0.87))
        for dot in dots:
            look: dict[str, Any] = {
                "color": colour(dot.series),
                "linewidth": 2,
                "alpha": 0.45,
                "solid_capstyle": "round",
            }
            if dot.x_range:
                axes.plot(dot.x_range, [dot.y, dot.y], **look)
            if dot.y_range:
                axes.plot([dot.x, dot.x], dot.y_range, **look)
            _point(axes, dot.x, dot.y, dot.series, dot.side, 9)
        bounds = [v for d in dots for v in (d.x, *(d.x_range or ()))]
        scale(
            axes.xaxis,
            axes.set_xscale,
            bounds,
            lambda v: text.MISSING if v is None else text.compact(v),
        )
        _fit_quality(axes, [v for d in dots for v in (d.y, *(d.y_range or ()))])
        _name_axes(axes, axes_of)
        numbers = [str(i) if is_numbered else d.label for i, d in enumerate(dots, start=1)]
        label_dots(axes, [(d.x, d.y, name) for d, name in zip(dots, numbers, strict=True)])
        if is_numbered:
            _list_dots(axes, dots)
        return to_svg(figure, title, description)


def frontiers(lines: Sequence[PolicyLine], axes_of: Axes, title: str, description: str) -> str:
    """Draw quality over what goes to the vendor, one line per policy; the policy in use has its option's colour."""
    height = _BOTTOM_IN + _PLOT_IN + _TOP_IN
    with canvas(height) as figure:
        axes = figure.add_axes(_rect(height))
        for line in lines:
            _draw_policy(axes, line)
        for line in lines:
            if line.chosen is not None:
                axes.plot(
                    *line.chosen, "o", markersize=15, markerfacecolor="none", markeredgecolor=INK
                )
                _note(axes, line.chosen, "chosen")
        values = [v for line in lines for v in line.y]
        bounds = [v for line in lines for v in (*line.low, *line.high) if v is not None]
        _fit_quality(axes, [*values, *bounds])
        axes.set_xlim(left=-0.02 * axes.get_xlim()[1])
        axes.xaxis.set_major_locator(MaxNLocator(6))
        _name_axes(axes, axes_of)
        _label_policies(axes, lines)
        return to_svg(figure, title, description)


def _rect(
    height: float, top_in: float = _TOP_IN, width: float = _WIDTH
) -> tuple[float, float, float, float]:
    return (_LEFT, _BOTTOM_IN / height, width, 1 - (_BOTTOM_IN + top_in) / height)


def _width(lines: Sequence[Line]) -> float:
    """Return how wide the plot may be, so that the longest name fits beside it."""
    longest = max(len(one_line(line.label, LONGEST)) for line in lines)
    names_in = 0.65 + 0.075 * max(longest, _FEWEST_LETTERS)
    return 1 - _LEFT - names_in / WIDTH_IN


def percent_tick(value: float) -> str:
    """Write a share beside an axis."""
    return f"{100 * value:.3g} %"


def _draw_line(axes: Any, line: Line) -> None:
    look: dict[str, Any] = {
        "color": colour(line.series),
        "linestyle": dash(line.series if line.rank is None else line.rank),
        "linewidth": 2,
    }
    if line.low and line.high:
        axes.fill_between(line.x, line.low, line.high, color=look["color"], alpha=0.13, linewidth=0)
    axes.plot(line.x, line.y, **look)
    _point(axes, line.x[-1], line.y[-1], line.series, line.side, 6)


def _point(axes: Any, x: float, y: float, series: int, side: str, size: float) -> None:
    look = {"color": colour(series), "markersize": size, "clip_on": False, "zorder": 4}
    axes.plot([x], [y], SIDE_MARKERS.get(side, "o"), markeredgecolor="white", **look)


def _draw_swing(axes: Any, y: int, bar: SwingBar) -> None:
    axes.plot(
        [bar.at_low, bar.at_high], [y, y], color=RULE, linewidth=9, solid_capstyle="butt", zorder=2
    )
    axes.plot([bar.at_low], [y], "o", color=INK, markerfacecolor="white", markersize=7, zorder=3)
    axes.plot([bar.at_high], [y], "o", color=INK, markersize=7, zorder=3)
    is_right = bar.at_high >= bar.at_low
    for x, words, on_right in (
        (bar.at_low, bar.low, not is_right),
        (bar.at_high, bar.high, is_right),
    ):
        where = {"xytext": (8 if on_right else -8, 0), "textcoords": "offset points"}
        side = "left" if on_right else "right"
        axes.annotate(
            one_line(words, 16), (x, y), ha=side, va="center", fontsize=8, color=QUIET, zorder=5, **where
        )  # fmt: skip


def _draw_policy(axes: Any, line: PolicyLine) -> None:
    used = line.series is not None
    tint = colour(line.series) if line.series is not None else QUIET
    style: Any = (0, (5, 2)) if line.is_bound else "solid" if used else dash(line.rank + 1)
    axes.plot(line.x, line.y, color=tint, linewidth=2.6 if used else 1.4, linestyle=style)
    if line.is_bound:
        return
    every = max(1, len(line.x) // _MOST_ERROR_BARS)
    for i in range(every // 2, len(line.x), every) if used else ():
        low, high = line.low[i], line.high[i]
        if low is not None and high is not None:
            axes.plot([line.x[i]] * 2, [low, high], color=tint, linewidth=1.6, alpha=0.45)


def _label_ends(axes: Any, ends: Sequence[tuple[float, Line]]) -> None:
    """Write each line's name where it ends, moved apart where two would lie on each other."""
    heights = [height_of(axes, y) for y, _ in ends]
    x = 1.05
    for (_, line), true, y in zip(
        ends, heights, spread(heights, NAME_IN / inches_of(axes)), strict=True
    ):
        at: dict[str, Any] = {"transform": axes.transAxes, "clip_on": False}
        axes.plot([1.012, x - 0.015], [true, y], color=RULE, linewidth=1, **at)
        look = {"color": colour(line.series), "markersize": 7, "markeredgecolor": "white"}
        axes.plot([x], [y], SIDE_MARKERS.get(line.side, "o"), **look, **at)
        axes.text(x + 0.02, y, one_line(line.label, LONGEST), va="center", fontsize=SMALL, **at)


def _list_dots(axes: Any, dots: Sequence[Dot]) -> None:
    """Write each dot's number and name beside the plot."""
    step = NAME_IN / inches_of(axes)
    for i, dot in enumerate(dots):
        y = 1 - step * (i + 0.5)
        at: dict[str, Any] = {"transform": axes.transAxes, "clip_on": False}
        look = {"color": colour(dot.series), "markersize": 7, "markeredgecolor": "white"}
        axes.plot([1.03], [y], SIDE_MARKERS.get(dot.side, "o"), **look, **at)
        named = f"{i + 1}  {one_line(dot.label, 22)}"
        axes.text(1.05, y, named, va="center", fontsize=SMALL, **at)


def _label_policies(axes: Any, lines: Sequence[PolicyLine]) -> None:
    """Write each policy's name beside the plot, in the order of their best quality, behind a piece of its line."""
    order = sorted(lines, key=lambda line: -max(line.y))
    for position, line in enumerate(order):
        y = 0.95 - 0.085 * position
        used = line.series is not None
        tint = colour(line.series) if line.series is not None else QUIET
        style: Any = (0, (5, 2)) if line.is_bound else "solid" if used else dash(line.rank + 1)
        at: dict[str, Any] = {"transform": axes.transAxes, "clip_on": False}
        axes.plot(
            [1.02, 1.075], [y, y], color=tint, linewidth=2.6 if used else 1.4, linestyle=style, **at
        )
        axes.text(1.085, y, one_line(line.label, 26), va="center", fontsize=SMALL, **at)


def _note(axes: Any, at: tuple[float, float], words: str) -> None:
    where: dict[str, Any] = {
        "textcoords": "offset points",
        "ha": "center",
        "fontsize": 8,
        "bbox": ON_WHITE,
    }
    axes.annotate(words, at, xytext=(0, 13), **where)


def _fit_quality(axes: Any, values: Sequence[float]) -> None:
    """Show the range that is used, not all from 0: differences of a few points decide."""
    low, high = min(values), max(values)
    room = max(high - low, 0.02) * 0.12
    axes.set_ylim(low - room, high + room * 1.6)
    axes.yaxis.set_major_locator(MaxNLocator(6))


def _name_axes(axes: Any, axes_of: Axes) -> None:
    axes.xaxis.set_major_formatter(FuncFormatter(lambda v, _: axes_of.show_x(v)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda v, _: axes_of.show_y(v)))
    axes.set_xlabel(axes_of.x)
    axes.set_ylabel(axes_of.y)
    _finish(axes)


def _finish(axes: Any) -> None:
    axes.grid(axis="both")
    axes.set_axisbelow(True)
