"""The figures, as SVG with the same bytes for the same numbers. They draw what they are given and compute nothing."""

from __future__ import annotations

import io
import math
import re
import unicodedata
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from evalkit.report import format as text
from evalkit.report.language import ENGLISH, Spoken
from evalkit.report.style import INK, QUIET, RC, colour, dash, marker
from evalkit.report.text_safety import visible
from evalkit.wording import Language, Said, tell

WIDTH_IN = 8.6
HALF_WIDTH_IN = 4.4
_ROW_IN = 0.34
_LABEL = 22
_WIDE = 8.0
"""Largest / smallest value from which an axis is logarithmic."""
FONTS = "system-ui, Helvetica, Arial, sans-serif"


@dataclass(frozen=True, slots=True)
class Dot:
    """One model's number in one row of a dot plot."""

    series: int
    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class DotRow:
    """One row of a dot plot: a label, a dot per model, and what guessing would score."""

    label: str
    dots: tuple[Dot, ...]
    chance: float | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """Sorted values of one model, drawn as the share of requests that took at most that long."""

    series: int
    label: str
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """One model's amount; None draws the words "not measured"."""

    series: int
    label: str
    value: float | None
    text: Said


def dot_plot(
    rows: Sequence[DotRow],
    n_series: int,
    title: Said,
    description: Said,
    *,
    language: Spoken = ENGLISH,
) -> str:
    """Draw shares from 0 to 100 % with their intervals, one row per metric."""
    height = 0.9 + len(rows) * max(_ROW_IN, 0.2 * n_series + 0.14)
    with canvas(height) as figure:
        axes = figure.add_axes((0.40, 0.55 / height, 0.57, 1 - 0.75 / height))
        for y, row in enumerate(reversed(rows)):
            _draw_row(axes, y, row, n_series)
        axes.set_yticks(range(len(rows)), [tell(row.label, language) for row in reversed(rows)])
        axes.set_ylim(-0.6, len(rows) - 0.4)
        axes.set_xlim(-0.02, 1.02)
        axes.set_xticks(*_percents((0, 0.25, 0.5, 0.75, 1), language))
        axes.grid(axis="x")
        axes.set_axisbelow(True)
        return to_svg(figure, title, description, language=language)


def share_lines(
    lines: Sequence[Line],
    unit: Said,
    title: Said,
    description: Said,
    *,
    language: Spoken = ENGLISH,
) -> str:
    """Draw for each model which share of its requests was done within which time."""
    with canvas(3.0) as figure:
        axes = figure.add_axes((0.09, 0.19, 0.70, 0.75))
        for line in lines:
            n = len(line.values)
            shares = [(i + 1) / n for i in range(n)]
            look = {"color": colour(line.series), "linestyle": dash(line.series)}
            axes.step(line.values, shares, where="post", linewidth=2, **look)
        _label_ends(axes, lines)
        axes.set_ylim(0, 1.02)
        axes.set_xlim(left=0)
        axes.set_yticks(*_percents((0, 0.5, 0.95), language))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda v, _: tell(text.amount(v), language)))
        axes.set_xlabel(tell(unit, language))
        axes.grid(axis="both")
        axes.set_axisbelow(True)
        return to_svg(figure, title, description, language=language)


def bars(
    items: Sequence[Bar], title: Said, description: Said, *, language: Spoken = ENGLISH
) -> str:
    """Draw one amount per model, labelled with its text."""
    height = 0.3 + len(items) * _ROW_IN
    with canvas(height, HALF_WIDTH_IN) as figure:
        axes = figure.add_axes((0.30, 0.08, 0.42, 0.84))
        longest = max((item.value or 0.0 for item in items), default=0.0) or 1.0
        for y, item in enumerate(reversed(items)):
            if item.value is not None:
                axes.barh(y, item.value, height=0.55, color=colour(item.series))
            at = (item.value or 0.0) + longest * 0.012
            axes.text(at, y, tell(item.text, language), va="center", color=INK)
        axes.set_yticks(range(len(items)), [short(item.label) for item in reversed(items)])
        axes.set_xlim(0, longest * 1.02)
        axes.set_ylim(-0.6, len(items) - 0.4)
        axes.set_xticks([])
        axes.spines["bottom"].set_visible(False)
        return to_svg(figure, title, description, language=language)


def _percents(shares: Sequence[float], language: Spoken) -> tuple[Sequence[float], list[str]]:
    """Return ticks and what stands beside them."""
    return shares, [tell(text.percent(share, 0), language) for share in shares]


def _draw_row(axes: Any, y: int, row: DotRow, n_series: int) -> None:
    step = min(0.26, 0.7 / max(1, n_series))
    if row.chance is not None:
        half = 0.38
        axes.plot(
            [row.chance] * 2, [y - half, y + half], color=QUIET, linewidth=1.2, ls=(0, (2, 2))
        )
    for dot in row.dots:
        at = y + step * ((n_series - 1) / 2 - dot.series)
        if dot.low is not None and dot.high is not None:
            line = {"color": colour(dot.series), "linewidth": 2.2, "alpha": 0.45}
            axes.plot([dot.low, dot.high], [at, at], solid_capstyle="round", **line)
        axes.plot([dot.value], [at], marker(dot.series), color=colour(dot.series), markersize=6.5)


def _label_ends(axes: Any, lines: Sequence[Line]) -> None:
    """Write each model's name beside the plot, behind a piece of its line."""
    for position, line in enumerate(lines):
        y = 0.92 - 0.11 * position
        look = {"color": colour(line.series), "linestyle": dash(line.series), "clip_on": False}
        axes.plot([1.02, 1.06], [y, y], transform=axes.transAxes, linewidth=3, **look)
        axes.text(1.07, y, short(line.label), transform=axes.transAxes, va="center")


def short(label: str, longest: int = _LABEL) -> str:
    """Cut a label that would run out of the picture."""
    return label if len(label) <= longest else label[: longest - 1] + "…"


def scale(
    axis: Any,
    set_scale: Callable[[str], None],
    values: Sequence[float],
    show: Callable[[float | None], str],
) -> None:
    """Choose a linear axis from 0, or a logarithmic one where values span much; few ticks, in readable units."""
    positive = [v for v in values if v > 0]
    low, high = min(positive, default=1.0), max(positive, default=1.0)
    if high / low >= _WIDE:
        set_scale("log")
        ticks = _log_ticks(low / 1.3, high * 1.3)
        axis.set_major_locator(FixedLocator(ticks))
        axis.set_minor_locator(NullLocator())
        axis.axes.set(**{f"{axis.axis_name}lim": (low / 1.3, high * 1.3)})
    else:
        axis.axes.set(**{f"{axis.axis_name}lim": (0, high * 1.12)})
    axis.set_major_formatter(FuncFormatter(lambda v, _: "0" if v == 0 else show(v)))


def _log_ticks(low: float, high: float) -> list[float]:
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for factors in ((1, 2, 5), (1, 3), (1,)):
        ticks = [f * 10.0**d for d in decades for f in factors if low <= f * 10.0**d <= high]
        if len(ticks) <= 7:
            break
    return ticks


@contextmanager
def canvas(height_in: float, width_in: float = WIDTH_IN) -> Iterator[Figure]:
    """Yield an empty figure in the report's style."""
    with mpl.rc_context(RC):
        figure = Figure(figsize=(width_in, height_in))
        FigureCanvasSVG(figure)
        yield figure


def to_svg(figure: Figure, title: str, description: str, *, language: Language = ENGLISH) -> str:
    """Return the SVG element, named and described for screen readers, ids made unique by its title.

    A title that is told here gives the same ids in every language.
    """
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    svg = visible(buffer.getvalue())
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = svg.replace("'DejaVu Sans', ", "").replace("'DejaVu Sans'", FONTS)
    prefix = id_of(title)
    svg = re.sub(r'id="([^"]+)"', rf'id="{prefix}-\1"', svg)
    svg = re.sub(r'(href="#|url\(#)', rf"\g<1>{prefix}-", svg)
    head = f'<svg role="img" aria-labelledby="{prefix}-t {prefix}-d"'
    names = f'<title id="{prefix}-t">{_escape(tell(title, language))}</title>'
    names += f'<desc id="{prefix}-d">{_escape(tell(description, language))}</desc>'
    opening, _, rest = svg.partition(">")
    opening = re.sub(r'\s(width|height)="[^"]*"', "", opening.removeprefix("<svg"))
    return f"{head}{opening}>{names}{rest}"


def id_of(title: str) -> str:
    """Return a title as an id of plain letters; what letters alone would not tell apart gets a number."""
    folded = unicodedata.normalize("NFKD", title.casefold())
    plain = "".join(c for c in folded if not unicodedata.combining(c))
    name = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    letters = [c for c in title if c.isalpha()]
    if all(c.isascii() for c in letters):
        return name
    return f"{name}-{zlib.crc32(title.encode()):08x}".lstrip("-")


def _escape(text: str) -> str:
    return visible(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
