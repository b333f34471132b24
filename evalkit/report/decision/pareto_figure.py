"""The picture of quality against cost: a dot per option, its intervals, its name and size, and the Pareto front."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Any, NamedTuple

from matplotlib.ticker import FuncFormatter, MaxNLocator

from evalkit.report import format as text
from evalkit.report.decision.figures import percent_tick
from evalkit.report.decision.labels import NAME_IN, ON_WHITE, SMALL, one_line
from evalkit.report.figures import WIDTH_IN, canvas, scale, to_svg
from evalkit.report.language import Spoken
from evalkit.report.style import INK, QUIET, RULE, colour, side_marker
from evalkit.wording import Said, tell

_MOST_NAMES = 6
"""Dots that are named where they lie; more are numbered, and named beside the plot."""
_LEFT, _BOTTOM_IN, _TOP_IN, _PLOT_IN = 0.09, 0.58, 0.25, 3.4
_WIDE, _BESIDE_NAMES = 0.88, 0.62
_LONGEST, _LONGEST_SMALL, _LONGEST_LISTED = 30, 48, 32
_LETTER_IN, _LINE_IN = 0.073, 0.155
"""Size of a name's letters; the reader's own font may differ, so a little more than matplotlib's."""
_LETTER_SMALL_IN = 0.068
_NEAR_IN = 0.25
"""Distance from which on a line leads from a dot to its name."""


@dataclass(frozen=True, slots=True)
class Spot:
    """One option; `small` is written below its name."""

    series: int
    side: str
    name: str
    small: Said
    x: float
    y: float
    x_range: tuple[float, float] | None
    y_range: tuple[float, float] | None
    is_out: bool
    """Drawn hollow."""


@dataclass(frozen=True, slots=True)
class Front:
    """The points that no other beats, cheapest first."""

    points: tuple[tuple[float, float], ...]
    name: Said


class _Box(NamedTuple):
    """A rectangle in inches."""

    left: float
    bottom: float
    right: float
    top: float

    def overlap(self, other: _Box) -> float:
        """Return the area both cover."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.top, other.top) - max(self.bottom, other.bottom)
        return max(width, 0.0) * max(height, 0.0)


def quality_against_cost(
    spots: Sequence[Spot],
    front: Front,
    axis_names: tuple[Said, Said],
    words: tuple[Said, Said],
    language: Spoken,
) -> str:
    """Draw each option with its intervals both ways; up and left is better.

    Args:
        spots: Options.
        front: Drawn as steps: to the next better one, and from there on nothing cheaper is as good.
        axis_names: Of x and y.
        words: Title and description.
        language: Every text is told in it.
    """
    is_numbered = len(spots) > _MOST_NAMES
    height = _BOTTOM_IN + max(_PLOT_IN, len(spots) * 2 * NAME_IN * is_numbered) + _TOP_IN
    with canvas(height) as figure:
        width = _BESIDE_NAMES if is_numbered else _WIDE
        rect = (_LEFT, _BOTTOM_IN / height, width, 1 - (_BOTTOM_IN + _TOP_IN) / height)
        axes = figure.add_axes(rect)
        _fit(axes, spots, language)
        for spot in spots:
            _draw_intervals(axes, spot)
        _draw_front(axes, front, language)
        for spot in spots:
            _draw_marker(axes, spot, (spot.x, spot.y), 9.5)
        axes.set_xlabel(tell(axis_names[0], language))
        axes.set_ylabel(tell(axis_names[1], language))
        axes.grid(axis="both")
        axes.set_axisbelow(True)
        labels = [_label(s, i if is_numbered else None, language) for i, s in enumerate(spots, 1)]
        _name_spots(axes, spots, labels, _steps(axes, front))
        if is_numbered:
            _list_spots(axes, spots, language)
        return to_svg(figure, tell(words[0], language), tell(words[1], language))


def _fit(axes: Any, spots: Sequence[Spot], language: Spoken) -> None:
    """Show the range of quality that is used, not all from 0: differences of a few points decide."""

    def money(value: float | None) -> str:
        return tell(text.MISSING if value is None else text.compact(value), language)

    costs = [v for s in spots for v in (s.x, *(s.x_range or ()))]
    if min(s.x for s in spots) > 0:
        scale(axes.xaxis, axes.set_xscale, costs, money)
    else:  # what costs nothing has no place on a logarithmic axis
        most = max(costs) or 1.0
        axes.set_xlim(-0.03 * most, 1.12 * most)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda v, _: money(v)))
    values = [v for s in spots for v in (s.y, *(s.y_range or ()))]
    low, high = min(values), max(values)
    room = max(high - low, 0.02) * 0.12
    axes.set_ylim(low - room, high + 1.8 * room)
    axes.yaxis.set_major_locator(MaxNLocator(6))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda v, _: tell(percent_tick(v), language)))


def _draw_intervals(axes: Any, spot: Spot) -> None:
    look: dict[str, Any] = {
        "color": colour(spot.series),
        "linewidth": 2,
        "alpha": 0.45,
        "solid_capstyle": "round",
        "zorder": 2.2,
    }
    if spot.x_range:
        axes.plot(spot.x_range, [spot.y, spot.y], **look)
    if spot.y_range:
        axes.plot([spot.x, spot.x], spot.y_range, **look)


def _draw_marker(axes: Any, spot: Spot, at: tuple[float, float], size: float, **more: Any) -> None:
    tint = colour(spot.series)
    look: dict[str, Any] = {"color": tint, "markeredgecolor": "white", "markersize": size}
    if spot.is_out:
        look |= {"markerfacecolor": "white", "markeredgecolor": tint, "markeredgewidth": 1.8}
    axes.plot([at[0]], [at[1]], side_marker(spot.side), zorder=4, **{**look, **more})


def _draw_front(axes: Any, front: Front, language: Spoken) -> None:
    corners = _steps(axes, front)
    if not corners:
        return
    x, y = zip(*corners, strict=True)
    axes.plot(x, y, color=INK, linewidth=1.1, linestyle=(0, (4, 2)), zorder=2.1)
    axes.annotate(
        tell(front.name, language),
        corners[-1],
        xytext=(-2, -3),
        textcoords="offset points",
        ha="right",
        va="top",
        fontsize=8,
        color=QUIET,
        bbox=ON_WHITE,
        zorder=3,
    )


def _steps(axes: Any, front: Front) -> list[tuple[float, float]]:
    """Return the corners of the front, from the bottom through every point to the right edge."""
    if not front.points:
        return []
    corners = [(front.points[0][0], axes.get_ylim()[0])]
    for x, y in front.points:
        corners += [(x, corners[-1][1]), (x, y)]
    return [*corners, (axes.get_xlim()[1], corners[-1][1])]


# --- names --------------------------------------------------------------------------------------------------------


def _label(spot: Spot, number: int | None, language: Spoken) -> tuple[str, str]:
    """Return the two lines of a label; a number stands for them where there are many."""
    if number is not None:
        return str(number), ""
    return one_line(spot.name, _LONGEST), one_line(tell(spot.small, language), _LONGEST_SMALL)


def _name_spots(
    axes: Any,
    spots: Sequence[Spot],
    labels: Sequence[tuple[str, str]],
    steps: Sequence[tuple[float, float]],
) -> None:
    """Write each label beside its dot, where it covers least of the others."""
    dpi, frame = axes.figure.dpi, axes.get_window_extent()
    inside = _Box(frame.x0 / dpi, frame.y0 / dpi, (WIDTH_IN * dpi - 4) / dpi, frame.y1 / dpi + 0.2)

    def inches(x: float, y: float) -> tuple[float, float]:
        px, py = axes.transData.transform((x, y))
        return px / dpi, py / dpi

    at = [inches(s.x, s.y) for s in spots]
    taken = [_Box(x - 0.08, y - 0.08, x + 0.08, y + 0.08) for x, y in at]
    ends = [e for s in spots for e in _ends(s)] + list(pairwise(steps))
    lines = [_thin(inches(*a), inches(*b)) for a, b in ends]
    if steps:  # the front's own name stands below its end
        right, top = inches(*steps[-1])
        taken.append(_Box(right - 0.8, top - 0.2, right, top))
    for (x, y), (name, small) in zip(at, labels, strict=True):
        width = max(len(name) * _LETTER_IN, len(small) * _LETTER_SMALL_IN)
        height = _LINE_IN * (2 if small else 1)
        best = min(
            _places(x, y, width, height),
            key=lambda box: (
                100 * sum(box.overlap(t) for t in taken)
                + 100 * (width * height - box.overlap(inside))
                + 28 * sum(box.overlap(t) for t in lines)
                + 0.35 * abs((box.left + box.right) / 2 - x)
                + 0.6 * abs((box.bottom + box.top) / 2 - y)
            ),
        )
        taken.append(best)
        _lead(axes, (x, y), best)
        _write(axes, best, (name, small), is_left=best.right <= x)


def _ends(spot: Spot) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
    """Yield the ends of both intervals."""
    if spot.x_range:
        yield (spot.x_range[0], spot.y), (spot.x_range[1], spot.y)
    if spot.y_range:
        yield (spot.x, spot.y_range[0]), (spot.x, spot.y_range[1])


def _thin(a: tuple[float, float], b: tuple[float, float]) -> _Box:
    """Return the rectangle that a level or upright line covers."""
    (left, right), (bottom, top) = sorted((a[0], b[0])), sorted((a[1], b[1]))
    return _Box(left - 0.02, bottom - 0.02, right + 0.02, top + 0.02)


def _places(x: float, y: float, width: float, height: float) -> Iterator[_Box]:
    """Yield places for a label around a dot, near ones first."""
    gap = 0.1
    for away in (0.07, 0.3, 0.55):
        for is_up, is_right, aside in product((True, False), (True, False), (gap, 0.5, 1.0)):
            left = x + aside if is_right else x - aside - width
            bottom = y + away if is_up else y - away - height
            yield _Box(left, bottom, left + width, bottom + height)


def _lead(axes: Any, dot: tuple[float, float], box: _Box) -> None:
    """Draw a thin line to a label that had to go further away."""
    x = min(max(dot[0], box.left - 0.03), box.right + 0.03)
    y = min(max(dot[1], box.bottom), box.top)
    if abs(x - dot[0]) + abs(y - dot[1]) < _NEAR_IN:
        return
    width, height = axes.figure.get_size_inches()
    ends = ((dot[0] / width, x / width), (dot[1] / height, y / height))
    at: dict[str, Any] = {"transform": axes.figure.transFigure, "clip_on": False}
    axes.plot(*ends, color=QUIET, linewidth=0.7, zorder=3.5, **at)


def _write(axes: Any, box: _Box, lines: tuple[str, str], *, is_left: bool) -> None:
    x = (box.right if is_left else box.left) / WIDTH_IN
    at: dict[str, Any] = {
        "transform": axes.figure.transFigure,
        "ha": "right" if is_left else "left",
        "va": "center",
        "zorder": 3,
        "bbox": ON_WHITE,
    }
    height = axes.figure.get_figheight()
    step = (box.top - box.bottom) / (2 if lines[1] else 1)
    axes.text(x, (box.top - step / 2) / height, lines[0], fontsize=SMALL, color=INK, **at)
    if lines[1]:
        axes.text(x, (box.bottom + step / 2) / height, lines[1], fontsize=8, color=QUIET, **at)


def _list_spots(axes: Any, spots: Sequence[Spot], language: Spoken) -> None:
    """Write each dot's number, name and size beside the plot."""
    frame_in = axes.get_window_extent().height / axes.figure.dpi
    step = 2 * NAME_IN / frame_in
    for i, spot in enumerate(spots):
        y = 1 - step * (i + 0.35)
        at: dict[str, Any] = {"transform": axes.transAxes, "clip_on": False}
        _draw_marker(axes, spot, (1.035, y), 7, **at)
        named = f"{i + 1}  {one_line(spot.name, 26)}"
        axes.text(1.06, y, named, va="center", fontsize=SMALL, color=INK, **at)
        small = one_line(tell(spot.small, language), _LONGEST_LISTED)
        axes.text(1.085, y - step * 0.42, small, va="center", fontsize=8, color=QUIET, **at)
    axes.plot(
        [1.012, 1.012], [0, 1], color=RULE, linewidth=0.6, transform=axes.transAxes, clip_on=False
    )
