"""The figure of a blend: quality over what goes to the API, a line per policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from matplotlib.ticker import MaxNLocator

from evalkit.report.decision.figures import Axes, fit_quality, name_axes, rect
from evalkit.report.decision.labels import NAME_IN, ON_WHITE, SMALL, inches_of, one_line
from evalkit.report.figures import WIDTH_IN, canvas, to_svg
from evalkit.report.language import ENGLISH
from evalkit.report.style import INK, QUIET, colour, dash
from evalkit.wording import Language, Said, say, tell, verbatim

_HEIGHT_IN = 3.83
_LONGEST = 34
_INTERVALS = 3
"""Intervals drawn on a line that no option uses; the used one has a band."""
_MARKERS = "^v<>*p"
"""Other than those of the sides."""
_BOUND: Any = (0, (5, 2))


@dataclass(frozen=True, slots=True)
class PolicyLine:
    """A policy's frontier; `series` is the option that uses it, None for the others; `rank` tells these apart."""

    series: int | None
    rank: int
    label: Said
    is_bound: bool
    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float | None, ...]
    high: tuple[float | None, ...]
    chosen: tuple[float, float] | None = None

    @property
    def look(self) -> dict[str, Any]:
        """How its line is drawn: by its option's colour, or in grey with a dash and a marker of its own."""
        if self.is_bound:
            return {"color": INK, "linewidth": 1.3, "linestyle": _BOUND}
        if self.series is not None:
            return {"color": colour(self.series), "linewidth": 2.6}
        own = _MARKERS[self.rank % len(_MARKERS)]
        style = {"linestyle": dash(self.rank), "marker": own, "markersize": 4.5}
        return {"color": QUIET, "linewidth": 1.2, **style}


def frontiers(
    lines: Sequence[PolicyLine],
    axes_of: Axes,
    title: Said,
    description: Said,
    *,
    language: Language = ENGLISH,
) -> str:
    """Draw quality over what goes to the vendor, one line per policy; the policy in use has its option's colour."""
    lines = [replace(line, label=verbatim(tell(line.label, language))) for line in lines]
    with canvas(_HEIGHT_IN) as figure:
        axes = figure.add_axes(rect(_HEIGHT_IN, width=_width(lines)))
        for line in lines:
            _draw(axes, line)
        for line in lines:
            if line.chosen is not None:
                _ring(axes, line.chosen, tell(say("chosen"), language))
        bounds = [v for line in lines for v in (*line.low, *line.high) if v is not None]
        fit_quality(axes, [*(v for line in lines for v in line.y), *bounds])
        axes.set_xlim(left=-0.02 * axes.get_xlim()[1])
        axes.xaxis.set_major_locator(MaxNLocator(6))
        name_axes(axes, axes_of.told(language))
        _name(axes, lines)
        return to_svg(figure, tell(title, language), tell(description, language))


def _width(lines: Sequence[PolicyLine]) -> float:
    """Return how wide the plot may be, so that the longest name fits beside it."""
    longest = max(len(one_line(line.label, _LONGEST)) for line in lines)
    return min(0.67, 0.888 - (0.7 + 0.066 * longest) / WIDTH_IN)


def _draw(axes: Any, line: PolicyLine) -> None:
    """Draw a line with its intervals: a band where an option uses it, else a few bars, at other places than others'."""
    axes.plot(line.x, line.y, zorder=3 if line.series is not None else 2.5, **line.look)
    known = [
        (x, low, high)
        for x, low, high in zip(line.x, line.low, line.high, strict=True)
        if low is not None and high is not None
    ]
    look = {"color": line.look["color"], "zorder": 2}
    if line.series is not None:
        axes.fill_between(*map(list, zip(*known, strict=True)), alpha=0.14, linewidth=0, **look)
        return
    every = max(1, len(known) // _INTERVALS)
    for x, low, high in known[(2 * line.rank + every // 2) % every :: every]:
        axes.plot([x, x], [low, high], linewidth=1, alpha=0.35, **look)


def _ring(axes: Any, at: tuple[float, float], words: str) -> None:
    """Ring the point that an option uses."""
    look = {"markerfacecolor": "none", "markeredgecolor": INK, "zorder": 4}
    axes.plot(*at, "o", markersize=15, **look)
    axes.annotate(
        words,
        at,
        xytext=(0, 13),
        textcoords="offset points",
        ha="center",
        fontsize=8,
        bbox=ON_WHITE,
        zorder=5,
    )


def _name(axes: Any, lines: Sequence[PolicyLine]) -> None:
    """Write each policy's name beside the plot, in the order of their best quality, behind a piece of its line."""
    step = 1.25 * NAME_IN / inches_of(axes)
    sample = 0.32 / (axes.get_window_extent().width / axes.figure.dpi)
    for position, line in enumerate(sorted(lines, key=lambda line: -max(line.y))):
        y = 0.97 - step * position
        at: dict[str, Any] = {"transform": axes.transAxes, "clip_on": False}
        x = [1.02, 1.02 + sample / 2, 1.02 + sample]
        axes.plot(x, [y] * 3, markevery=[1], **line.look, **at)
        words = one_line(line.label, _LONGEST)
        axes.text(x[-1] + 0.012, y, words, va="center", fontsize=SMALL, **at)
