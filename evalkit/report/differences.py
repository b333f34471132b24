"""Paired differences per task → their section: a forest plot, what it says in words, and the numbers behind it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.ticker import FuncFormatter, MaxNLocator

from evalkit.analysis.differences import TaskDifference
from evalkit.analysis.facts import SHARE, Estimate
from evalkit.report import format as text
from evalkit.report.blocks import Cell, Group, Head, Table
from evalkit.report.decision.cells import estimate_cell
from evalkit.report.decision.labels import one_line
from evalkit.report.figures import canvas, to_svg
from evalkit.report.language import Spoken
from evalkit.report.style import INK, QUIET, RULE, colour, marker
from evalkit.wording import Said, joined, numeral, say, say_n, tell, verbatim

_TITLE = say("Where they differ, doc by doc")
WORDS = {1: say("better"), -1: say("worse"), 0: say("can't tell")}
_MARKS = {1: "pass", -1: "fail", 0: "unclear"}
_MOST_LINES = 44
"""Most lines in one picture; more go into the next."""
_LINE_IN, _TASK_IN, _GAP_IN = 0.23, 0.24, 0.12
_LEFT, _WIDTH = 0.31, 0.36


@dataclass(frozen=True, slots=True)
class DifferencesSection:
    """The pictures, what to see in them, and their numbers."""

    title: Said
    reference: str
    sentences: tuple[Said, ...]
    """One per model."""
    svgs: tuple[str, ...]
    """None where there is nothing to draw."""
    caption: Said
    data: Table


@dataclass(frozen=True, slots=True)
class _Task:
    """One task, and what every other model gains on it."""

    name: Said
    rows: tuple[TaskDifference, ...]


def build_differences(
    found: Sequence[TaskDifference], labels: Sequence[str], language: Spoken
) -> DifferencesSection | None:
    """Return the section; None where there is nothing to compare.

    Args:
        found: All against one reference, as of `analysis.differences`.
        labels: Of all models of the report, in its order: it gives their colours.
        language: Of the pictures.
    """
    if not found:
        return None
    tasks = _tasks(found)
    drawn = [t for t in map(_drawable, tasks) if t.rows]
    reference = found[0].reference
    svgs = tuple(
        _forest(part, labels, reference, number, language)
        for number, part in enumerate(_parts(drawn), start=1)
    )
    return DifferencesSection(
        title=_TITLE,
        reference=reference,
        sentences=tuple(_sentences(found)),
        svgs=svgs,
        caption=joined(tuple(_caption(found, tasks, drawn)), " "),
        data=_table(tasks, labels, reference),
    )


def _tasks(found: Sequence[TaskDifference]) -> list[_Task]:
    grouped: dict[tuple[str, str], list[TaskDifference]] = {}
    for d in found:
        grouped.setdefault((d.suite, d.task), []).append(d)
    several = {task for _, task in grouped if sum(t == task for _, t in grouped) > 1}
    return [
        _Task(_task_name(rows[0], with_suite=task in several), tuple(rows))
        for (_, task), rows in grouped.items()
    ]


def _task_name(d: TaskDifference, *, with_suite: bool) -> Said:
    name = f"{d.task} ({d.suite})" if with_suite else d.task
    if not d.metric:
        return verbatim(name)
    metric = text.with_filter(d.metric, d.filter)
    return verbatim(f"{name} · {metric}" if d.is_higher_better else f"{name} · {metric} ↓")


def _drawable(task: _Task) -> _Task:
    """Return a task with the rows that have a number on the common axis."""
    rows = tuple(d for d in task.rows if d.estimate.value is not None and d.estimate.unit == SHARE)
    return _Task(task.name, rows)


def _parts(tasks: Sequence[_Task]) -> Iterator[list[_Task]]:
    """Yield whole tasks, as many as fit into a picture."""
    part: list[_Task] = []
    for task in tasks:
        if part and sum(len(t.rows) for t in (*part, task)) > _MOST_LINES:
            yield part
            part = []
        part.append(task)
    if part:
        yield part


# --- words --------------------------------------------------------------------------------------------------------


def _sentences(found: Sequence[TaskDifference]) -> Iterator[Said]:
    for other in dict.fromkeys(d.other for d in found):
        signs = [d.sign for d in found if d.other == other and d.sign is not None]
        values = {"model": other, "reference": found[0].reference}
        if not signs:
            yield say("{model} against {reference}: nothing to compare.", **values)
            continue
        yield say_n(
            "{model} against {reference}, {n} task: clearly better on {better}, clearly worse on {worse}, can't tell"
            " on {open}.",
            "{model} against {reference}, {n} tasks: clearly better on {better}, clearly worse on {worse}, can't tell"
            " on {open}.",
            len(signs),
            better=numeral(str(signs.count(1))),
            worse=numeral(str(signs.count(-1))),
            open=numeral(str(signs.count(0))),
            **values,
        )


def _caption(
    found: Sequence[TaskDifference], tasks: Sequence[_Task], drawn: Sequence[_Task]
) -> Iterator[Said]:
    yield say(
        "Mean difference to {reference} over the docs that both answered, in points of 100, with its 95 % interval;"
        " right of 0 is better.",
        reference=found[0].reference,
    )
    if any(not d.is_higher_better for d in found):
        yield say(
            "Where lower is better (↓), differences are turned round: right of 0 is better too."
        )
    n = sum(d.sign is not None for d in found)
    if n > 1:
        yield say_n(
            "Without any true difference about 1 of 20 comparisons looks clear by chance; there is {n}.",
            "Without any true difference about 1 of 20 comparisons looks clear by chance; there are {n}.",
            n,
        )
    missing = [t.name for t in tasks if all(d.estimate.value is None for d in t.rows)]
    if missing:
        yield say("Nothing to compare on: {tasks}.", tasks=joined(missing))
    there = {t.name for t in drawn}
    others = [t.name for t in tasks if t.name not in there and t.name not in missing]
    if others:
        yield say(
            "Not drawn, since their scores are no shares, but in the table: {tasks}.",
            tasks=joined(others),
        )


# --- the table ----------------------------------------------------------------------------------------------------


def _table(tasks: Sequence[_Task], labels: Sequence[str], reference: str) -> Table:
    heads = (
        Head(say("difference"), say("mean over the docs that both answered; + is better")),
        Head(say("in words"), say("better or worse: the whole interval is on one side of 0")),
        Head(say("better on"), say("docs")),
        Head(say("worse on"), say("docs")),
        Head(say("the same on"), say("docs")),
        Head(say("left out"), say("docs that only one of the two has a score for")),
    )
    groups = tuple(
        Group(t.name, tuple((_head(d, labels), tuple(_cells(d))) for d in t.rows)) for t in tasks
    )
    title = say("Difference to {reference}, paired by doc", reference=reference)
    return Table(title, heads, groups, say("model"))


def _head(d: TaskDifference, labels: Sequence[str]) -> Head:
    return Head(verbatim(d.other), series=labels.index(d.other))


def _cells(d: TaskDifference) -> Iterator[Cell]:
    show = text.points if d.estimate.unit == SHARE else _plain
    cell = estimate_cell(d.estimate, show)
    if d.sign is None:
        yield cell
        yield from (Cell(text.MISSING) for _ in range(5))
        return
    yield cell
    yield Cell(WORDS[d.sign], mark=_MARKS[d.sign])
    for n in (d.wins, d.losses, d.ties, d.n_unpaired):
        yield Cell(text.count(n))


def _plain(value: float | None) -> Said:
    return text.MISSING if value is None else numeral(f"{value:+.3g}".replace("-", "−"))


# --- the picture --------------------------------------------------------------------------------------------------


def _forest(
    tasks: Sequence[_Task], labels: Sequence[str], reference: str, number: int, language: Spoken
) -> str:
    """Draw every difference as a dot on its interval; its model stands before it, what it says behind it."""
    n_lines = sum(len(t.rows) for t in tasks)
    rows_in = n_lines * _LINE_IN + len(tasks) * (_TASK_IN + _GAP_IN)
    height = rows_in + 0.95
    with canvas(height) as figure:
        axes = figure.add_axes((_LEFT, 0.6 / height, _WIDTH, rows_in / height))
        y = 0.0
        for task in tasks:
            y -= _GAP_IN
            _draw_task(axes, y - _TASK_IN / 2, tell(task.name, language))
            y -= _TASK_IN
            for d in task.rows:
                _draw_difference(axes, y - _LINE_IN / 2, d, labels.index(d.other), language)
                y -= _LINE_IN
        axes.axvline(0, color=INK, linewidth=1, zorder=1.5)
        _fit(axes, [d.estimate for t in tasks for d in t.rows], language)
        axes.set_ylim(y, 0)
        axes.set_yticks([])
        sides = (
            say("← {reference} better", reference=one_line(reference, 18)),
            say("{reference} worse →", reference=one_line(reference, 18)),
        )
        for words, x, side in ((sides[0], 0.0, "left"), (sides[1], 1.0, "right")):
            look: dict[str, Any] = {"fontsize": 8, "color": QUIET, "ha": side, "va": "bottom"}
            axes.text(x, 1.01, tell(words, language), transform=axes.transAxes, **look)
        axes.set_xlabel(tell(say("difference in points of 100"), language))
        title = say("Paired differences, picture {n}", n=numeral(str(number)))
        description = say(
            "Mean difference of each model to {reference} on each task, with its 95 % interval."
            " The table below gives the same numbers.",
            reference=reference,
        )
        return to_svg(figure, tell(title, language), tell(description, language))


def _draw_task(axes: Any, y: float, name: str) -> None:
    at: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "clip_on": False}
    axes.text(
        -_LEFT / _WIDTH + 0.02, y, one_line(name, 58), va="center", fontsize=9.5, color=INK, **at
    )
    # a rule from the names to the words, so that what belongs together shows
    axes.plot([-_LEFT / _WIDTH + 0.02, 1.9], [y + 0.15] * 2, color=RULE, linewidth=0.6, **at)


def _draw_difference(axes: Any, y: float, d: TaskDifference, series: int, language: Spoken) -> None:
    e, tint = d.estimate, colour(series)
    if e.value is None:
        return
    if e.low is not None and e.high is not None:
        look = {"color": tint, "linewidth": 2.2, "alpha": 0.45, "solid_capstyle": "round"}
        axes.plot([e.low, e.high], [y, y], **look)
    dot: dict[str, Any] = {
        "color": tint,
        "markersize": 7.5,
        "markeredgecolor": "white",
        "markeredgewidth": 0.5,
    }
    axes.plot([e.value], [y], marker(series), zorder=4, **dot)
    beside: dict[str, Any] = {
        "transform": axes.get_yaxis_transform(),
        "clip_on": False,
        "zorder": 4,
    }
    axes.plot([-0.035], [y], marker(series), **dot, **beside)
    small: dict[str, Any] = {"va": "center", "fontsize": 9, "transform": beside["transform"]}
    axes.text(-0.07, y, one_line(d.other, 26), ha="right", color=INK, **small)
    is_clear = d.sign in (1, -1)
    axes.text(1.03, y, tell(_numbers(e), language), color=QUIET, **small)
    words = tell(WORDS[d.sign or 0], language)
    axes.text(1.62, y, words, color=INK if is_clear else QUIET, **small)


def _numbers(e: Estimate) -> Said:
    if e.low is None or e.high is None:
        return text.points(e.value)
    return say(
        "{value} ({low} to {high})",
        value=text.points(e.value),
        low=text.points(e.low),
        high=text.points(e.high),
    )


def _fit(axes: Any, estimates: Sequence[Estimate], language: Spoken) -> None:
    """Show 0 and every interval, with the same unit as the words beside."""
    ends = [0.0, *(v for e in estimates for v in (e.value, e.low, e.high) if v is not None)]
    room = max(max(ends) - min(ends), 0.02) * 0.06
    axes.set_xlim(min(ends) - room, max(ends) + room)
    axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda v, _: tell(_tick(v), language)))
    axes.grid(axis="x")
    axes.set_axisbelow(True)


def _tick(value: float) -> Said:
    shown = round(100 * value, 1)
    return numeral(f"{shown:+g}".replace("-", "−") if shown else "0")
