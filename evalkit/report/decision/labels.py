"""Where the labels of a figure fit: names beside lines and points, moved apart where they would touch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from evalkit.report.style import RULE
from evalkit.report.text_safety import visible

SMALL = 9
NAME_IN = 0.2
"""Height of a line of names beside a plot."""
ON_WHITE = {"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.8}
"""Keeps a label legible on a line."""


def label_top(axes: Any, marks: Sequence[tuple[float, str]]) -> None:
    """Write what lies at a load above the plot, each a line higher than the one before where they would touch."""
    free: list[float] = []
    low, high = (axes.transData.transform((x, 1))[0] for x in axes.get_xlim())
    for x, words in sorted(marks, key=lambda m: m[0]):
        at = (axes.transData.transform((x, 1))[0] - low) / (high - low)
        if not 0 <= at <= 1:
            continue
        shown = one_line(words, 44)
        half = 0.0065 * len(shown)
        middle = min(max(at, half), 1.3 - half)
        row = next((i for i, end in enumerate(free) if end < middle - half), len(free))
        free[row : row + 1] = [middle + half + 0.01]
        y = 1.03 + row * NAME_IN / inches_of(axes)
        axes.plot(
            [at, at], [1, y], color=RULE, linewidth=1, transform=axes.transAxes, clip_on=False
        )
        axes.text(middle, y, shown, transform=axes.transAxes, ha="center", va="bottom", fontsize=8)


def label_dots(axes: Any, dots: Sequence[tuple[float, float, str]]) -> None:
    """Write each option's name up and right of it, or up and left in the right half; moved up where two would touch."""
    box = axes.get_window_extent()
    taken: list[tuple[float, float]] = []
    longest = max(len(one_line(words, 30)) for _, _, words in dots) + 1
    for data_x, data_y, words in sorted(dots, key=lambda d: (d[1], d[0])):
        px, py = axes.transData.transform((data_x, data_y))
        x, y = (px - box.x0) / box.width, (py - box.y0) / box.height + 0.035
        while any(
            abs(y - other_y) < 0.055 and abs(x - other_x) < 0.0115 * longest
            for other_x, other_y in taken
        ):
            y += 0.055
        taken.append((x, y))
        is_right = x > 0.6
        at: dict[str, Any] = {
            "transform": axes.transAxes,
            "ha": "right" if is_right else "left",
        }
        axes.text(x + (-0.012 if is_right else 0.012), y, one_line(words, 30), fontsize=SMALL, **at)


def spread(heights: Sequence[float], gap: float) -> list[float]:
    """Move heights apart to at least `gap`, keeping their order and staying as near as they can."""
    order = sorted(range(len(heights)), key=lambda i: heights[i])
    placed: dict[int, float] = {}
    last = float("-inf")
    for i in order:
        last = placed[i] = max(heights[i], last + gap)
    top = 1.02
    for i in reversed(order):
        top = placed[i] = min(placed[i], top)
        top -= gap
    return [placed[i] for i in range(len(heights))]


def height_of(axes: Any, y: float) -> float:
    """Return how high a value lies, as a share of the plot."""
    box = axes.get_window_extent()
    pixels = axes.transData.transform((axes.get_xlim()[1], y))[1]
    return float((pixels - box.y0) / box.height)


def inches_of(axes: Any) -> float:
    """Return the height of the plot."""
    return float(axes.get_window_extent().height / axes.figure.dpi)


def one_line(words: str, longest: int) -> str:
    """Return a name that fits on one line and in which nothing acts; a long one is cut in the middle."""
    shown = " ".join(visible(words).split())
    if len(shown) <= longest:
        return shown
    tail = (longest - 1) // 2
    return f"{shown[: longest - 1 - tail]}…{shown[-tail:]}"
