"""One visual language for all figures: colour means model, a dot is the number, a bar is its interval."""

from __future__ import annotations

from typing import Any

PALETTE = ("#3f90da", "#e76300", "#832db6", "#94a4a2", "#a96b59", "#b9ac70", "#bd1f01", "#717581")
"""petroff10 without its lightest colours: told apart by colour-blind readers, legible on white."""
INK = "#1f2430"
QUIET = "#667085"
RULE = "#d7dbe2"

RC: dict[str, Any] = {
    "svg.hashsalt": "evalkit",
    "svg.fonttype": "none",
    "text.parse_math": False,
    "font.family": "sans-serif",
    "font.sans-serif": [
        "DejaVu Sans"
    ],  # comes with matplotlib; the SVG names the reader's own fonts
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": QUIET,
    "axes.edgecolor": RULE,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "xtick.color": QUIET,
    "ytick.color": INK,
    "ytick.major.size": 0,
    "grid.color": RULE,
    "grid.linewidth": 0.6,
    "figure.facecolor": "white",
    "axes.facecolor": "white",
}


MARKERS = "osD^vPX*"
DASHES: tuple[Any, ...] = ("solid", (0, (5, 1.5)), (0, (1.5, 1.5)), (0, (6, 1.5, 1.5, 1.5)))


SIDE_MARKERS = {"build": "o", "buy": "s", "blend": "D"}
"""Markers in figures of a decision, where colour means option: whether it is run, bought, or both combined."""


def marker(position: int) -> str:
    """Marker of the n-th model: colour is never the only difference."""
    return MARKERS[position % len(MARKERS)]


def dash(position: int) -> Any:
    """Line style of the n-th model."""
    return DASHES[position % len(DASHES)]


def colour(position: int) -> str:
    """Colour of the n-th model, the same in every figure."""
    return PALETTE[position % len(PALETTE)]


def side_marker(side: str) -> str:
    """Marker of an option by its side."""
    return SIDE_MARKERS.get(side, "o")
