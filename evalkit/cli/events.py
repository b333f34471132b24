"""How events read, and what logs say of them: a row for each class, in a run and in a bench.

What a kind of session lacks a row for is not shown in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

from evalkit.execute import progress as told
from evalkit.records import PROBE, LoadStep
from evalkit.report.load_endings import ending_text

if TYPE_CHECKING:
    from evalkit.loadgen.sizing import Windows
    from evalkit.metrics.load_point import LoadPoint
    from evalkit.metrics.probe import ProbePoint


@dataclass(frozen=True, slots=True)
class Row:
    """How events of one class are shown."""

    name: str
    """What such events are called in logs."""
    fields: Callable[[Any], dict[str, Any]]
    """What a log says of such an event."""
    line: Callable[[Any], str]
    """What a reader sees of such an event."""


Rows = Mapping[type, Row]


def setting_text(step: LoadStep) -> str:
    """Say what load a step is."""
    if step.kind == PROBE:
        return "single requests, one after the other"
    if step.concurrency is not None:
        return f"{step.concurrency} at once"
    if step.rate_per_s is None:
        return step.kind
    to = f" to {step.to_rate_per_s:.3g}" if step.to_rate_per_s is not None else ""
    return f"{step.rate_per_s:.3g}{to} requests/s, {step.kind}"


def live_text(event: told.StepGoesOn) -> str:
    """Say how a step is going."""
    live, elapsed_s = event.live, event.elapsed_s
    ttft = f"{median(live.recent_ttft_s) * 1000:.0f} ms" if live.recent_ttft_s else "–"
    return (
        f"{elapsed_s:.0f} s: {live.n_answered / elapsed_s:.3g} answers/s, TTFT {ttft},"
        f" {live.output_tokens / elapsed_s:.4g} tokens/s, {live.n_open} open, {live.n_failed} errors"
    )


def point_text(point: LoadPoint) -> str:
    """Say what a step showed."""
    first, per_token = point.latency.ttft_s.p50.value, point.latency.tpot_s.p50.value
    parts = [
        f"{point.n_due} requests in {point.window_s:.3g} s",
        f"{point.completed_per_s:.3g} answers/s",
        f"TTFT p50 {first * 1000:.4g} ms" if first is not None else "TTFT not measured",
    ]
    if per_token is not None:
        parts.append(f"TPOT p50 {per_token * 1000:.4g} ms")
    if point.output_tokens_per_s is not None:
        parts.append(f"{point.output_tokens_per_s:.4g} tokens/s")
    if point.n_failed:
        parts.append(f"{point.n_failed} failed")
    problems = [*(f"INVALID: {flaw}" for flaw in point.flaws), *point.overloads, *point.breaches]
    if point.is_unclear:
        problems += [f"INCONCLUSIVE: {doubt}" for doubt in point.doubts]
    return "; ".join([", ".join(parts), *problems])


def probe_text(point: ProbePoint, windows: Windows) -> str:
    """Say what single requests showed, and what follows for the steps."""
    steps = f"warm-up {windows.warmup_s:.3g} s, windows from {windows.measure_s:.3g} s"
    if point.e2e_s is None:
        return f"{point.n} single requests, none of them answered: {steps}, as configured"
    first = f"TTFT {point.ttft_s * 1000:.4g} ms, " if point.ttft_s is not None else ""
    failed = f", {point.n_failed} failed" if point.n_failed else ""
    return f"{point.n} single requests{failed}: {first}whole answer {point.e2e_s:.3g} s; {steps}"


def _known(event: told.CellStarted) -> str:
    return f", {event.n_known} known from before" if event.n_known else ""


def _run_cell_text(event: told.CellEnded) -> str:
    cell = event.record
    return f"{cell.cell_id}: {cell.state} after {event.took_s:.0f} s {cell.reason or ''}".rstrip()


def _bench_cell_text(event: told.CellEnded) -> str:
    cell = event.record
    why = cell.reason or (ending_text(cell.ending) if cell.ending else "")
    return f"{cell.cell_id}: {cell.state} {why}".rstrip()


def _cell_fields(event: told.CellEnded) -> dict[str, Any]:
    return {"cell": event.record.cell_id, **_some(event.record, "state", "reason")}


def _some(record: object, *names: str) -> dict[str, Any]:
    return {name: getattr(record, name) for name in names}


def _of_step(fields: Callable[[Any], dict[str, Any]]) -> Callable[[Any], dict[str, Any]]:
    """Return what names the step before it tells the rest."""
    return lambda e: {"cell": e.step.cell_id, "step": e.step.step, **fields(e)}


def _live_fields(event: told.StepGoesOn) -> dict[str, Any]:
    live = event.live
    return {
        "elapsed_s": event.elapsed_s,
        "answered": live.n_answered,
        "failed": live.n_failed,
        "open": live.n_open,
        "output_tokens": live.output_tokens,
        "ttft_p50_s": median(live.recent_ttft_s) if live.recent_ttft_s else None,
    }


def _point_fields(event: told.StepEnded) -> dict[str, Any]:
    names = "completed_per_s", "error_rate", "verdict", "flaws", "overloads", "breaches", "doubts"
    point = event.point
    some = _some(point, *names)
    return {"requests": point.n_due, **some, "requests_needed": point.n_needed}


_SERVER: Rows = {
    told.ServerStarting: Row(
        "server_starting", asdict, lambda e: f"starting the server of {e.model}"
    ),
    told.ServerStarted: Row(
        "server_started",
        asdict,
        lambda e: f"the server of {e.model} is healthy after {e.start_s:.1f} s",
    ),
}
RUN: Rows = {
    **_SERVER,
    told.SessionStarted: Row(
        "run_started",
        lambda e: {"folder": str(e.folder), "cells": e.n_cells, "requests": e.n_requests},
        lambda e: f"run directory: {e.folder}\n{e.n_cells} cells, {e.n_requests} requests",
    ),
    told.ModelLoading: Row("model_loading", asdict, lambda e: f"loading {e.model}"),
    told.ModelLoaded: Row(
        "model_loaded", asdict, lambda e: f"loaded {e.model} in {e.load_s:.1f} s"
    ),
    told.CellStarted: Row(
        "cell_started",
        lambda e: {"cell": e.cell_id, "requests": e.n_requests, "known": e.n_known},
        lambda e: f"{e.cell_id}: {e.n_requests} requests{_known(e)}",
    ),
    told.Advanced: Row(
        "advanced",
        lambda e: {"cell": e.cell_id, "requests": e.n_more},
        lambda e: f"{e.cell_id}: {e.n_done}/{e.n_requests}, about {e.left_s:.0f} s left",
    ),
    told.CellEnded: Row("cell_ended", _cell_fields, _run_cell_text),
}
BENCH: Rows = {
    **_SERVER,
    told.SessionStarted: Row(
        "bench_started",
        lambda e: {"folder": str(e.folder), "cells": e.n_cells},
        lambda e: f"run directory: {e.folder}\n{e.n_cells} cells",
    ),
    told.ModelLoading: Row("model_loading", asdict, lambda e: f"opening {e.model}"),
    told.StepStarted: Row(
        "step_started",
        _of_step(lambda e: _some(e.step, "kind", "rate_per_s", "concurrency")),
        lambda e: f"{e.step.cell_id}: {setting_text(e.step)}",
    ),
    told.Probed: Row(
        "probed",
        _of_step(lambda e: {**asdict(e.point), **_some(e.windows, "warmup_s", "measure_s")}),
        lambda e: f"  {probe_text(e.point, e.windows)}",
    ),
    told.StepGoesOn: Row("live", _of_step(_live_fields), lambda e: f"  {live_text(e)}"),
    told.StepEnded: Row(
        "step_ended", _of_step(_point_fields), lambda e: f"  {point_text(e.point)}"
    ),
    told.CellEnded: Row(
        "cell_ended",
        lambda e: {**_cell_fields(e), "ending": e.record.ending and asdict(e.record.ending)},
        _bench_cell_text,
    ),
}
