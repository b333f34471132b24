"""The pictures of a gate: each rule's damage as a dot between its bounds, against the margin it must keep."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any

from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, MaxNLocator

from evalkit.gate.facts import GateResult, RuleResult, Status
from evalkit.report import format as text
from evalkit.report.decision.labels import label_rows, one_line
from evalkit.report.figures import canvas, to_svg
from evalkit.report.gate.amounts import signed, signed_number
from evalkit.report.gate.names import badge, rule_names
from evalkit.report.language import Spoken
from evalkit.report.style import INK, QUIET, RULE, colour
from evalkit.wording import Said, joined, numeral, say, tell

_MOST_ROWS = 30
"""Most rows in one picture; more go into the next."""
_ROW_IN, _FOOT_IN, _HEAD_IN = 0.36, 0.55, 0.3
_LEFT, _WIDTH = 0.3, 0.35
_REACH = 4.0
"""How many margins a picture reaches to either side: one rule far out must not squeeze the others."""
_LOOKS = {
    Status.PASS: ("#17663a", "o"),
    Status.IMPROVED: ("#17663a", "o"),
    Status.FAIL: ("#a3210f", "X"),
    Status.INCONCLUSIVE: ("#8a5a00", "D"),
    Status.MISSING: (QUIET, "o"),
}
_FORBIDDEN = "#f7dfda"


@dataclass(frozen=True, slots=True)
class Picture:
    """One drawing, and what it shows."""

    svg: str
    caption: Said


def pictures(result: GateResult, language: Spoken) -> Iterator[Picture]:
    """Yield the rules that compare shares, then those that compare amounts."""
    named = tuple(zip(rule_names(result.rules), result.rules, strict=True))
    for scale in ("points", "relative"):
        rows = [(name, r) for name, r in named if r.kind == "change" and r.scale == scale]
        if result.policy is None:
            rows = [(name, replace(r, margin=None)) for name, r in rows]
        if not any(_values(rule) for _, rule in rows):
            continue
        for number, start in enumerate(range(0, len(rows), _MOST_ROWS), start=1):
            part = rows[start : start + _MOST_ROWS]
            svg = _draw(part, result, _title(scale, number), language)
            yield Picture(svg, _caption(part, result))


def _title(scale: str, number: int) -> Said:
    n = numeral(str(number))
    if scale == "points":
        return say("Upgrade gate, change in points of 100, picture {n}", n=n)
    return say("Upgrade gate, change in per cent, picture {n}", n=n)


def _caption(rows: Sequence[tuple[Said, RuleResult]], result: GateResult) -> Said:
    parts = [
        say(
            "How much worse the candidate is: the dot is what was measured, the bar reaches from the least to the most"
            " it really is."
        )
    ]
    if result.policy is not None:
        parts.append(say("The line is the margin; what lies in the shade is not allowed."))
    if _is_cut(rows):
        parts.append(say("A bar with an arrow goes on beyond the picture."))
    return joined(parts, " ")


def _draw(
    rows: Sequence[tuple[Said, RuleResult]], result: GateResult, title: Said, language: Spoken
) -> str:
    height = _FOOT_IN + _HEAD_IN + len(rows) * _ROW_IN
    lowest_first = tuple(reversed(rows))
    is_judged = result.policy is not None
    with canvas(height) as figure:
        axes = figure.add_axes((_LEFT, _FOOT_IN / height, _WIDTH, len(rows) * _ROW_IN / height))
        axes.set_ylim(-0.5, len(rows) - 0.5)
        axes.set_yticks([])
        low, high = _ends(rows)
        axes.set_xlim(low, high)
        label_rows(axes, [tell(name, language) for name, _ in lowest_first], _ROW_IN)
        for y, (_, rule) in enumerate(lowest_first):
            if is_judged:
                _draw_margin(axes, y, rule, high)
            _draw_rule(axes, y, rule, (low, high), is_judged=is_judged)
            _write(axes, y, rule, language, is_judged=is_judged)
        axes.axvline(0, color=INK, linewidth=1, zorder=1.5)
        _name_axis(axes, rows[0][1], language)
        description = say(
            "A dot on a bar for each: how much worse the candidate is, and its bounds. The table “The numbers in full”"
            " gives the same numbers."
        )
        return to_svg(figure, title, description, language=language)


def _draw_margin(axes: Any, y: int, rule: RuleResult, high: float) -> None:
    if rule.margin is None:
        return
    if rule.margin < high:
        axes.add_patch(
            Rectangle((rule.margin, y - 0.36), high - rule.margin, 0.72, color=_FORBIDDEN, zorder=1)
        )
    axes.plot([rule.margin] * 2, [y - 0.36, y + 0.36], color=INK, linewidth=1.8, zorder=2)


def _draw_rule(
    axes: Any, y: int, rule: RuleResult, ends: tuple[float, float], *, is_judged: bool
) -> None:
    """Draw the dot on its bar; what does not fit ends in an arrow."""
    tint, shape = _LOOKS[rule.status] if is_judged else (colour(0), "o")
    low, high = ends
    bounds = _bounds(rule)
    if bounds is not None:
        shown = [min(max(v, low), high) for v in bounds]
        look = {"linewidth": 2.4, "alpha": 0.55, "solid_capstyle": "butt"}
        axes.plot(shown, [y, y], color=tint, zorder=3, **look)
        for true in bounds:
            sign, at = _end(true, low, high)
            size = 8 if sign == "|" else 6
            axes.plot([at], [y], sign, color=tint, markersize=size, clip_on=False, zorder=3)
    if rule.damage is not None and low <= rule.damage <= high:
        axes.plot(
            [rule.damage], [y], shape, color=tint, markersize=7.5, markeredgecolor="white", zorder=4
        )


def _end(value: float, low: float, high: float) -> tuple[str, float]:
    """Return the sign at the end of a bar, and where it stands: an arrow where the bar goes on."""
    if value < low:
        return "<", low
    return (">", high) if value > high else ("|", value)


def _write(axes: Any, y: int, rule: RuleResult, language: Spoken, *, is_judged: bool) -> None:
    """Write the numbers beside the plot, and what they say."""
    look: dict[str, Any] = {
        "transform": axes.get_yaxis_transform(),
        "clip_on": False,
        "va": "center",
        "fontsize": 9,
    }
    axes.text(1.045, y, one_line(tell(_numbers(rule), language), 30), color=QUIET, **look)
    if is_judged:
        tint = _LOOKS[rule.status][0]
        axes.text(1.62, y, tell(badge(rule), language), color=tint, **look)


def _numbers(rule: RuleResult) -> Said:
    bounds = _bounds(rule)
    if rule.damage is None and bounds is None:
        return text.NOT_MEASURED
    if rule.damage is None or bounds is None or not isfinite(rule.damage):
        return signed(rule, rule.damage)
    shown = {
        "value": signed_number(rule, rule.damage),
        "low": signed_number(rule, bounds[0], up=False),
        "high": signed_number(rule, bounds[1], up=True),
    }
    if rule.scale == "relative":
        return say("{value} ({low} to {high}) %", **shown)
    return say("{value} ({low} to {high})", **shown)


def _name_axis(axes: Any, rule: RuleResult, language: Spoken) -> None:
    is_relative = rule.scale == "relative"
    axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda v, _: tell(_tick(v), language)))
    name = say("change in per cent") if is_relative else say("change in points of 100")
    axes.set_xlabel(tell(name, language))
    for words, x, side in ((say("← better"), 0.0, "left"), (say("worse →"), 1.0, "right")):
        look: dict[str, Any] = {"fontsize": 8, "color": QUIET, "ha": side, "va": "bottom"}
        axes.text(x, 1.01, tell(words, language), transform=axes.transAxes, **look)
    axes.grid(axis="x", color=RULE)
    axes.set_axisbelow(True)


def _tick(value: float) -> Said:
    shown = round(100 * value, 2)
    return numeral(f"{shown:+g}".replace("-", "−") if shown else "0")


def _ends(rows: Sequence[tuple[Said, RuleResult]]) -> tuple[float, float]:
    """Return from where to where a picture goes: over 0, the margins and the bars, unless one is far out."""
    values = [0.0, *(v for _, rule in rows for v in _values(rule)), *_margins(rows)]
    reach = _reach(rows)
    low, high = max(min(values), -reach), min(max(values), reach)
    room = max(high - low, 0.005) * 0.06
    return low - room, high + room


def _reach(rows: Sequence[tuple[Said, RuleResult]]) -> float:
    widest = max(_margins(rows), default=0.0)
    return _REACH * widest if widest > 0 else float("inf")


def _margins(rows: Sequence[tuple[Said, RuleResult]]) -> list[float]:
    return [rule.margin for _, rule in rows if rule.margin is not None and isfinite(rule.margin)]


def _is_cut(rows: Sequence[tuple[Said, RuleResult]]) -> bool:
    low, high = _ends(rows)
    return any(not low <= v <= high for _, rule in rows for v in _values(rule))


def _values(rule: RuleResult) -> list[float]:
    found = (rule.damage, rule.least, rule.most)
    return [v for v in found if v is not None and isfinite(v)]


def _bounds(rule: RuleResult) -> tuple[float, float] | None:
    if rule.least is None or rule.most is None:
        return None
    return (rule.least, rule.most) if isfinite(rule.least) and isfinite(rule.most) else None
