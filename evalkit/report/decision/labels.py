"""Where the labels of a figure fit: names beside lines and points, moved apart where they would touch."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

from evalkit.report.style import RULE
from evalkit.report.text_safety import visible

SMALL = 9
NAME_IN = 0.2
"""Height of a line of names beside a plot."""
_LINE_IN = 0.15
_ROW_LETTERS = 32
"""Most letters of a name left of a plot."""
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


def label_rows(axes: Any, rows: Sequence[str], row_in: float) -> None:
    """Write a name left of each row, from the lowest up, on two lines where it is long."""
    for y, words in enumerate(rows):
        lines = _two_lines(words)
        for i, line in enumerate(lines):
            lower = (i - (len(lines) - 1) / 2) * _LINE_IN / row_in
            at: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "ha": "right"}
            axes.text(-0.015, y - lower, line, va="center", fontsize=SMALL, **at)


def _two_lines(words: str) -> list[str]:
    shown = " ".join(visible(str(words)).split())
    first = textwrap.wrap(shown, _ROW_LETTERS)[0] if shown else ""
    rest = shown[len(first) :].strip()
    return [first, one_line(rest, _ROW_LETTERS)] if rest else [first]


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
    shown = " ".join(visible(str(words)).split())
    if len(shown) <= longest:
        return shown
    tail = (longest - 1) // 2
    return f"{shown[: longest - 1 - tail]}…{shown[-tail:]}"
