"""What a gate needs, its noise and its history, as tables in the terminal."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.text import Text

from evalkit.config.gate import GatePolicy, RuleSpec
from evalkit.gate.calibrate import Calibration, Floor, is_noise
from evalkit.gate.facts import GateResult, RuleResult, Status
from evalkit.gate.history import Entry, History
from evalkit.gate.plan import RulePlan
from evalkit.metrics.catalogue.gate import GATE
from evalkit.report import format as text
from evalkit.report.fitted import FittedTable
from evalkit.report.gate.tables import rules_table
from evalkit.report.render.terminal import table as shown_table
from evalkit.report.text_safety import visible

_OFTEN = 0.995


def plan_tables(
    plans: Sequence[RulePlan], policy: GatePolicy, power: float
) -> Iterator[RenderableType]:
    """Yield what every rule needs, and which can't decide."""
    yield Text(f"policy {policy.name}: how many documents and runs its margins need")
    table = _table("rule", "margin", "there are", "needed", "passes if as good", "can show", "")
    for p in plans:
        table.add_row(
            _name(p.metric, p.suite, p.task, p.tier),
            _margin(p.metric, p.margin),
            f"{p.n} {p.unit}",
            text.MISSING if p.n_needed is None else str(p.n_needed),
            _share(p.power),
            _margin(p.metric, p.margin_shown),
            visible(p.reason) or ("" if _is_enough(p, power) else "fewer than needed"),
        )
    yield table
    share = next((p.spread for p in plans if p.unit == "docs" and p.spread is not None), None)
    assumed = "" if share is None else f" when {text.percent(share)} of documents differ,"
    yield Text(
        f"needed: to pass {power:.0%} of candidates that are as good as the baseline{assumed} with"
        f" {policy.confidence:.0%} confidence; runs: by the spread between the baseline's own; can show: the smallest"
        " margin for which the documents there are would do",
        style="dim",
    )
    blocked = [p for p in plans if not p.can_decide]
    if blocked:
        named = ", ".join(_name(p.metric, p.suite, p.task, p.tier) for p in blocked)
        yield Text(f"can't decide as things are: {visible(named)}", style="red")


def _is_enough(plan: RulePlan, power: float) -> bool:
    if plan.power is not None:
        return plan.power >= power
    return plan.n_needed is not None and plan.n >= plan.n_needed


def _share(value: float | None) -> str:
    if value is None:
        return str(text.MISSING)
    return "> 99 %" if value > _OFTEN else f"{100 * value:.0f} %"


def _name(metric: str, suite: str | None, task: str | None, tier: str) -> str:
    where = f" {suite}/{task}" if task else ""
    return f"{metric}{where} ({tier})"


def _margin(metric: str, margin: float | None) -> str:
    if margin is None:
        return str(text.MISSING)
    unit = "points" if GATE[metric].family == "docs" else "%"
    return f"{100 * margin:.3g} {unit}"


def margin_text(rule: RuleResult, value: float | None) -> str:
    """Return a margin or a noise floor with its unit; never less than it is."""
    if value is None:
        return str(text.MISSING)
    return f"{100 * value:.3g} {'points' if rule.scale == 'points' else '%'}"


def spec_of(floor: Floor, policy: GatePolicy) -> RuleSpec:
    """Return the rule of a policy that a floor is of."""
    return policy.rules[floor.position]


def calibration_tables(found: Calibration, policy: GatePolicy) -> Iterator[RenderableType]:
    """Yield the noise of every rule beside its margin."""
    yield Text(
        f"{visible(found.model)} against itself: {found.n_runs} runs, split in turns"
        f" {found.n_splits} ways, {found.confidence:.0%} confidence"
    )
    table = _table("rule", "largest difference", "noise floor", "margin", "")
    for floor in found.floors:
        spec = spec_of(floor, policy)
        table.add_row(
            visible(floor.rule),
            _margin(spec.metric, floor.observed),
            _margin(spec.metric, floor.floor),
            _margin(spec.metric, floor.margin),
            _remark(floor),
        )
    yield table
    yield Text(
        "noise floor: the smallest margin with which the model passes against itself", style="dim"
    )


def _remark(floor: Floor) -> str:
    if floor.floor is None:
        return f"not measured ({floor.n} {floor.n_unit})"
    return "below its noise: gates will refuse it" if is_noise(floor.margin, floor.floor) else ""


def history_tables(history: History) -> Iterator[RenderableType]:
    """Yield who accepted what, and how far the last baseline or a candidate is from the pinned one."""
    table = _table("baseline", "accepted", "by", "model", "mean", "gate then", "reason")
    for e in history.entries:
        table.add_row(
            f"{e.name}{' pinned' if e.is_pinned else ''}",
            e.accepted_at[:10],
            visible(e.accepted_by),
            visible(e.model),
            text.percent(e.macro_mean),
            visible(e.gate or "first"),
            visible(e.reason),
        )
    yield table
    yield from _drift("since the pinned baseline", history.since_pinned)
    yield from _drift("since the one before", history.since_last)
    if history.since_pinned is None and history.since_last is None:
        yield Text("the only baseline is the pinned one: nothing has drifted yet")


def _drift(title: str, result: GateResult | None) -> Iterator[RenderableType]:
    if result is None:
        return
    yield Text(f"\nDrift {title}")
    yield shown_table(rules_table(result))
    yield from (Text(f"warning: {visible(w)}", style="yellow") for w in result.warnings)
    if any(r.status == Status.FAIL for r in result.rules):
        yield Text("it breaks a margin", style="red")


def history_csv(history: History) -> bytes:
    """Return a row per baseline and task; a missing number is an empty cell."""
    out = io.StringIO(newline="")
    rows = csv.writer(out)
    rows.writerow(
        [
            "baseline",
            "pinned",
            "accepted_at",
            "accepted_by",
            "model",
            "reason",
            "gate",
            "task",
            "score",
        ]
    )
    for e in history.entries:
        for task, score in (*e.scores.items(), ("macro_mean", e.macro_mean)):
            rows.writerow([*_cells(e), task, "" if score is None else score])
    return out.getvalue().encode()


def _cells(e: Entry) -> list[str]:
    pinned = "yes" if e.is_pinned else "no"
    return [e.name, pinned, e.accepted_at, e.accepted_by, e.model, e.reason, e.gate or ""]


def _table(*columns: str) -> FittedTable:
    table = FittedTable()
    for i, column in enumerate(columns):
        is_last = i == len(columns) - 1
        table.add_column(column, justify="left" if i == 0 or is_last else "right")
    return table
