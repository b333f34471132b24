"""The figures of a decision: colour is the option, a marker its side, a label stands where its line ends.

They draw what they are given and compute nothing. Every text is told before it is measured or cut.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from matplotlib.ticker import FuncFormatter, MaxNLocator

from evalkit.report import format as text
from evalkit.report.decision.labels import (
    NAME_IN,
    ON_WHITE,
    SMALL,
    height_of,
    inches_of,
    label_rows,
    label_top,
    one_line,
    spread,
)
from evalkit.report.figures import WIDTH_IN, canvas, scale, to_svg
from evalkit.report.language import ENGLISH
from evalkit.report.style import INK, QUIET, RULE, colour, dash, side_marker
from evalkit.wording import Language, Said, numeral, say, tell, verbatim

_LEFT, _WIDTH = 0.112, 0.67
_BOTTOM_IN, _TOP_IN, _PLOT_IN = 0.58, 0.25, 3.0
LONGEST = 38
_FEWEST_LETTERS = 16
_MOST_NAMES = 6
"""Dots that are named where they lie; more are numbered, and named beside the plot."""
_SHADE = "#eef1f6"
_ROW_IN = 0.42


@dataclass(frozen=True, slots=True)
class Line:
    """One option's numbers, with the band they lie in where there is one."""

    series: int
    side: str
    label: Said
    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    rank: int | None = None
    """Which dash it has where lines share a colour."""


@dataclass(frozen=True, slots=True)
class Axes:
    """What the axes mean."""

    x: Said
    y: Said
    show_y: Callable[[float], Said]
    show_x: Callable[[float], Said] = text.compact

    def told(self, language: Language) -> Axes:
        """Return the axes in a language."""
        return Axes(
            verbatim(tell(self.x, language)),
            verbatim(tell(self.y, language)),
            lambda v: verbatim(tell(self.show_y(v), language)),
            lambda v: verbatim(tell(self.show_x(v), language)),
        )


@dataclass(frozen=True, slots=True)
class Mark:
    """A break-even load on a line, with the range it lies in where that is known."""

    x: float
    y: float
    label: Said
    x_range: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class LoadRange:
    """What the scenario expects."""

    low: float
    mode: float
    high: float


@dataclass(frozen=True, slots=True)
class SwingBar:
    """What one input does: the difference with it at its low and at its high, and these two in words."""

    label: Said
    at_low: float
    at_high: float
    low: Said
    high: Said


def over_months(
    lines: Sequence[Line],
    axes_of: Axes,
    title: Said,
    description: Said,
    *,
    language: Language = ENGLISH,
) -> str:
    """Draw lines over the months, each with its band."""
    lines = [replace(line, label=_told(line.label, language)) for line in lines]
    is_share, axes_of = axes_of.show_y is percent_tick, axes_of.told(language)
    height = _BOTTOM_IN + max(_PLOT_IN, len(lines) * NAME_IN) + _TOP_IN
    with canvas(height) as figure:
        axes = figure.add_axes(rect(height, width=_width(lines)))
        for line in lines:
            _draw_line(axes, line)
        axes.set_xlim(0, max((line.x[-1] for line in lines), default=1) or 1)
        if is_share:
            axes.axhline(0.5, color=QUIET, linewidth=1, linestyle=(0, (2, 2)), zorder=1)
            axes.set_ylim(-0.02, 1.02)
            axes.set_yticks([0, 0.25, 0.5, 0.75, 1])
        else:
            axes.set_ylim(bottom=min([0.0, *(v for line in lines for v in line.low or line.y)]))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 3, 6, 10]))
        name_axes(axes, axes_of)
        _label_ends(axes, [(line.y[-1], line) for line in lines])
        return to_svg(figure, tell(title, language), tell(description, language))


def over_load(
    lines: Sequence[Line],
    load: LoadRange,
    marks: Sequence[Mark],
    axes_of: Axes,
    words: tuple[Said, Said],
    *,
    language: Language = ENGLISH,
) -> str:
    """Draw the cost of a month over the load; `words` are title and description."""
    lines = [replace(line, label=_told(line.label, language)) for line in lines]
    axes_of = axes_of.told(language)
    top_in = _TOP_IN + NAME_IN * (len(marks) + 1)
    height = _BOTTOM_IN + max(_PLOT_IN, len(lines) * NAME_IN) + top_in
    with canvas(height) as figure:
        axes = figure.add_axes(rect(height, top_in, _width(lines)))
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
            _draw_mark(axes, mark)
        ends = [x for line in lines for x in (line.x[0], line.x[-1])]
        is_one = min(ends) == max(ends)
        axes.set_xlim(*((ends[0] / 2, ends[0] * 2) if is_one else (min(ends), max(ends))))
        name_axes(axes, axes_of)
        named = [(load.mode, say("your load")), *((m.x, m.label) for m in marks)]
        label_top(axes, [(x, tell(words, language)) for x, words in named])
        _label_ends(axes, [(line.y[-1], line) for line in lines])
        return to_svg(figure, *(tell(w, language) for w in words))


def tornado(
    bars: Sequence[SwingBar],
    x_label: Said,
    title: Said,
    description: Said,
    *,
    language: Language = ENGLISH,
) -> str:
    """Draw how far each input alone moves the difference, the largest on top."""
    height = 0.75 + len(bars) * _ROW_IN
    with canvas(height) as figure:
        axes = figure.add_axes((0.3, 0.55 / height, 0.6, 1 - 0.65 / height))
        for y, bar in enumerate(reversed(bars)):
            _draw_swing(axes, y, bar, language)
        axes.axvline(0, color=INK, linewidth=1)
        ends = [0.0, *(v for bar in bars for v in (bar.at_low, bar.at_high))]
        room = (max(ends) - min(ends) or 1.0) * 0.26
        axes.set_xlim(min(ends) - room, max(ends) + room)
        axes.set_yticks([])
        label_rows(axes, [tell(bar.label, language) for bar in reversed(bars)], _ROW_IN)
        axes.set_ylim(-0.6, len(bars) - 0.4)
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda v, _: tell(text.compact(v), language)))
        axes.set_xlabel(one_line(tell(x_label, language), 90))
        axes.grid(axis="x")
        axes.set_axisbelow(True)
        return to_svg(figure, tell(title, language), tell(description, language))


def rect(
    height: float, top_in: float = _TOP_IN, width: float = _WIDTH
) -> tuple[float, float, float, float]:
    """Return where the plot lies in its figure, with room for ticks, axis names and what stands beside it."""
    return (_LEFT, _BOTTOM_IN / height, width, 1 - (_BOTTOM_IN + top_in) / height)


def _width(lines: Sequence[Line]) -> float:
    """Return how wide the plot may be, so that the longest name fits beside it."""
    longest = max(len(one_line(line.label, LONGEST)) for line in lines)
    names_in = 0.65 + 0.075 * max(longest, _FEWEST_LETTERS)
    return 1 - _LEFT - names_in / WIDTH_IN


def percent_tick(value: float) -> Said:
    """Write a share beside an axis."""
    return say("{n} %", n=numeral(text.three(100 * value)))


def _told(label: Said, language: Language) -> Said:
    return verbatim(tell(label, language))


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
    axes.plot([x], [y], side_marker(side), markeredgecolor="white", **look)


def _draw_mark(axes: Any, mark: Mark) -> None:
    """Ring a break-even load, on a bar from the least to the most it may be."""
    if mark.x_range is not None:
        look = {"color": INK, "linewidth": 1.6, "alpha": 0.6, "zorder": 3}
        axes.plot(mark.x_range, [mark.y] * 2, **look)
        axes.plot(mark.x_range, [mark.y] * 2, "|", markersize=7, **look)
    axes.plot(
        [mark.x],
        [mark.y],
        "o",
        markersize=11,
        markerfacecolor="none",
        markeredgecolor=INK,
        zorder=4,
    )


def _draw_swing(axes: Any, y: int, bar: SwingBar, language: Language) -> None:
    axes.plot(
        [bar.at_low, bar.at_high], [y, y], color=RULE, linewidth=9, solid_capstyle="butt", zorder=2
    )
    axes.plot([bar.at_low], [y], "o", color=INK, markerfacecolor="white", markersize=7, zorder=4)
    axes.plot([bar.at_high], [y], "o", color=INK, markersize=7, zorder=4)
    is_right = bar.at_high >= bar.at_low
    for x, words, on_right in (
        (bar.at_low, bar.low, not is_right),
        (bar.at_high, bar.high, is_right),
    ):
        axes.annotate(
            one_line(tell(words, language), 18),
            (x, y),
            xytext=(8 if on_right else -8, 0),
            textcoords="offset points",
            ha="left" if on_right else "right",
            va="center",
            fontsize=8,
            color=QUIET,
            bbox=ON_WHITE,
            zorder=3,
        )


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
        axes.plot([x], [y], side_marker(line.side), **look, **at)
        axes.text(x + 0.02, y, one_line(line.label, LONGEST), va="center", fontsize=SMALL, **at)


def fit_quality(axes: Any, values: Sequence[float]) -> None:
    """Show the range that is used, not all from 0: differences of a few points decide."""
    low, high = min(values), max(values)
    room = max(high - low, 0.02) * 0.12
    axes.set_ylim(low - room, high + room * 1.6)
    axes.yaxis.set_major_locator(MaxNLocator(6))


def name_axes(axes: Any, axes_of: Axes) -> None:
    """Write what the axes mean and the numbers beside them; their texts are told."""
    axes.xaxis.set_major_formatter(FuncFormatter(lambda v, _: axes_of.show_x(v)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda v, _: axes_of.show_y(v)))
    axes.set_xlabel(axes_of.x)
    axes.set_ylabel(axes_of.y)
    axes.grid(axis="both")
    axes.set_axisbelow(True)
