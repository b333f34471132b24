"""A bench's progress: one live line per step (terminal), lines (no terminal) or JSON (logs). All of it to stderr."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from statistics import median

import click
from rich.console import Console
from rich.status import Status

from evalkit.cli.progress import Shown, log_json
from evalkit.execute import progress
from evalkit.loadgen.driver import Live
from evalkit.loadgen.sizing import Windows
from evalkit.metrics.load_point import LoadPoint
from evalkit.metrics.probe import ProbePoint
from evalkit.records import PROBE, CellRecord, LoadStep
from evalkit.report.load_endings import ending_text

_LINE_EVERY_S = 10


class Reporting(Shown, progress.BenchProgress):
    """Base of both."""


def choose_progress(*, quiet: bool, log_format: str) -> Reporting:
    """Pick what suits the terminal and the options."""
    if quiet:
        return Reporting()
    if log_format == "json":
        return JsonLog()
    return Lines(is_terminal=sys.stderr.isatty())


class Lines(Reporting):
    """A line per event; what goes on within a step as one live line, or every few seconds without a terminal."""

    def __init__(self, *, is_terminal: bool) -> None:
        self._console = Console(stderr=True, markup=False, highlight=False, soft_wrap=True)
        self._status = Status("", console=self._console) if is_terminal else None
        self._shown_s = 0.0

    def __exit__(self, *_error: object) -> None:
        """Leave the terminal as it was."""
        self._quiet()

    def bench_started(self, n_cells: int, folder: Path) -> None:
        """Say what will be done."""
        self._say(f"run directory: {folder}")
        self._say(f"{n_cells} cells")

    def server_starting(self, model: str) -> None:
        """Say whose server is being started."""
        self._say(f"starting the server of {model}")

    def server_started(self, model: str, seconds: float) -> None:
        """Say how long that took."""
        self._say(f"the server of {model} is healthy after {seconds:.1f} s")

    def model_loading(self, model: str) -> None:
        """Say what is being opened."""
        self._say(f"opening {model}")

    def step_started(self, step: LoadStep) -> None:
        """Say which step begins."""
        self._shown_s = 0.0
        self._say(f"{step.cell_id}: {setting_text(step)}")

    def probed(self, step: LoadStep, point: ProbePoint, windows: Windows) -> None:
        """Say how long an answer takes alone, and how long steps will be."""
        self._say(f"  {probe_text(point, windows)}")

    def live(self, step: LoadStep, live: Live, elapsed_s: float) -> None:
        """Show rates, open requests and errors."""
        text = live_text(live, elapsed_s)
        if self._status is not None:
            self._status.update(text)
            self._status.start()
        elif elapsed_s - self._shown_s >= _LINE_EVERY_S:
            self._shown_s = elapsed_s
            self._say(f"  {text}")

    def step_ended(self, step: LoadStep, point: LoadPoint) -> None:
        """Say what a step showed."""
        self._say(f"  {point_text(point)}")

    def cell_ended(self, record: CellRecord) -> None:
        """Say how a cell ended."""
        why = record.reason or (ending_text(record.ending) if record.ending else "")
        self._say(f"{record.cell_id}: {record.state} {why}".rstrip())

    def _say(self, line: str) -> None:
        self._quiet()
        click.echo(line, err=True)

    def _quiet(self) -> None:
        if self._status is not None:
            self._status.stop()


class JsonLog(Reporting):
    """One JSON object per event and line."""

    def bench_started(self, n_cells: int, folder: Path) -> None:
        """Log the bench."""
        log_json("bench_started", folder=str(folder), cells=n_cells)

    def server_starting(self, model: str) -> None:
        """Log the server."""
        log_json("server_starting", model=model)

    def server_started(self, model: str, seconds: float) -> None:
        """Log its start-up time."""
        log_json("server_started", model=model, start_s=seconds)

    def model_loading(self, model: str) -> None:
        """Log the model."""
        log_json("model_loading", model=model)

    def step_started(self, step: LoadStep) -> None:
        """Log the step."""
        log_json(
            "step_started",
            cell=step.cell_id,
            step=step.step,
            kind=step.kind,
            rate_per_s=step.rate_per_s,
            concurrency=step.concurrency,
        )

    def probed(self, step: LoadStep, point: ProbePoint, windows: Windows) -> None:
        """Log how long an answer takes alone."""
        sizes = {"warmup_s": windows.warmup_s, "measure_s": windows.measure_s}
        log_json("probed", cell=step.cell_id, step=step.step, **asdict(point), **sizes)

    def live(self, step: LoadStep, live: Live, elapsed_s: float) -> None:
        """Log what goes on."""
        log_json(
            "live",
            cell=step.cell_id,
            step=step.step,
            elapsed_s=elapsed_s,
            answered=live.n_answered,
            failed=live.n_failed,
            open=live.n_open,
            output_tokens=live.output_tokens,
            ttft_p50_s=median(live.recent_ttft_s) if live.recent_ttft_s else None,
        )

    def step_ended(self, step: LoadStep, point: LoadPoint) -> None:
        """Log what a step showed."""
        log_json(
            "step_ended",
            cell=step.cell_id,
            step=step.step,
            requests=point.n_due,
            completed_per_s=point.completed_per_s,
            error_rate=point.error_rate,
            verdict=point.verdict,
            flaws=point.flaws,
            overloads=point.overloads,
            breaches=point.breaches,
            doubts=point.doubts,
            requests_needed=point.n_needed,
        )

    def cell_ended(self, record: CellRecord) -> None:
        """Log the end of a cell."""
        ending = asdict(record.ending) if record.ending else None
        of = {"cell": record.cell_id, "state": record.state, "reason": record.reason}
        log_json("cell_ended", **of, ending=ending)


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


def live_text(live: Live, elapsed_s: float) -> str:
    """Say how a step is going."""
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
