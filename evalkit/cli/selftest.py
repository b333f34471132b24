"""`evalkit selftest`: how late, how fast and how costly the meter itself is on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from evalkit.cli.quiet import quiet_libraries

if TYPE_CHECKING:
    from rich.table import Table

    from evalkit.loadgen.selftest import SelfTest, StreamLevel
    from evalkit.metrics.percentiles import Percentile

COLUMNS = {
    "streams": "requests that are answered at the same time, open during the whole measurement.",
    "chunks/s": "chunks that came per second, over all streams; below 100 streams each sends faster than 10/s.",
    "added p50, p99": "evalkit's stamp − the server's stamp of the same chunk, in ms.",
    "lag p99": "how late timers come in the event loop that stamps, in ms; above 5 ms so many streams fail.",
    "evalkit, server": "processor time in % of a core: the thread that asks and reads; the self-test's server.",
}
"""Columns of the first table → what they say."""


@click.command("selftest", short_help="Measure the meter itself on this machine.")
@click.option("--quick", is_flag=True, help="Up to 200 streams, in about 10 s.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print JSON (seconds, shares) instead of text."
)
def command(quick: bool, as_json: bool) -> None:
    """Measure how exact `evalkit bench` is here, and how much it takes in, in about half a minute.

    A server of evalkit's own plays answers and stamps what it sends; the bench's client stamps what comes. Both share
    this machine, so a client alone takes in more. Close other programs first: what they take shows as latency.

    \b
    Examples:
      evalkit selftest
      evalkit selftest --quick --json
    """
    quiet_libraries()
    from rich.console import Console

    from evalkit.loadgen.selftest import QUICK, Extent, measure
    from evalkit.report.format import MARK, MISSING

    extent = QUICK if quick else Extent()
    progress = Console(stderr=True, quiet=as_json)
    with progress.status("starting") as status:
        result = measure(extent, lambda now: status.update(f"measuring: {now}"))
    if as_json:
        click.echo(to_json(result))
        return
    console = Console(markup=False, highlight=False)
    console.print(_levels(result.levels))
    console.print(
        f"{MARK}: too few values for this percentile; {MISSING}: not measured", style="dim"
    )
    for name, meaning in COLUMNS.items():
        console.print(f"{name}: {meaning}", style="dim")
    console.print(_numbers(result))
    console.print(summary(result), soft_wrap=True)


def to_json(result: SelfTest) -> str:
    """Return all numbers and the sentence; what is missing is null."""
    import json
    from dataclasses import asdict

    return json.dumps({**asdict(result), "summary": summary(result)}, indent=2, ensure_ascii=False)


def summary(result: SelfTest) -> str:
    """Say in one sentence what this machine can measure."""
    if result.max_streams is None:
        least = min((level.streams for level in result.levels), default=1)
        return f"On this machine evalkit can't measure even {_streams(least)} at 10 chunks/s: {_why(result)}."
    most = _streams(result.max_streams)
    up_to = f"up to {most}" if result.is_limit_known else f"at least {most}"
    intake = result.intake.chunks_per_s
    chunks = "" if intake is None else f" / {intake:,.0f} chunks per second"
    error = (
        "an unknown error"
        if result.error_s is None
        else f"an error of about {_ms(result.error_s)} ms (p99)"
    )
    return f"On this machine evalkit can measure {up_to}{chunks}; latencies carry {error}."


def _why(result: SelfTest) -> str:
    return next((level.trouble for level in result.levels if level.trouble), "nothing was measured")


def _streams(n: int) -> str:
    return f"{n} stream" if n == 1 else f"{n} streams"


def _levels(levels: tuple[StreamLevel, ...]) -> Table:
    from rich.table import Table

    table = Table(title="Streams at once", title_justify="left", box=None, padding=(0, 1))
    for name in ("streams", "chunks/s", "added p50", "added p99", "lag p99", "evalkit", "server"):
        table.add_column(name, justify="right")
    table.add_column("verdict")
    for level in levels:
        table.add_row(
            str(level.streams),
            f"{level.chunks_per_s:,.0f}",
            _percentile(level.delay_s.p50),
            _percentile(level.delay_s.p99),
            _percentile(level.lag_s.p99),
            _percent(level.client_cpu_share, 0),
            _percent(level.server_cpu_share, 0),
            level.trouble or "ok",
        )
    return table


def _numbers(result: SelfTest) -> Table:
    from rich.table import Table

    table = Table(title="\nLimits and costs", title_justify="left", box=None, padding=(0, 1))
    table.add_column("what")
    table.add_column("value", justify="right")
    table.add_column("definition")
    for row in _rows(result):
        table.add_row(*row)
    return table


def _rows(result: SelfTest) -> Iterator[tuple[str, str, str]]:
    from evalkit.report.format import MISSING

    most, intake, start = result.max_streams, result.intake, result.start
    timers, sampling = result.timers, result.sampling
    sign = "" if result.is_limit_known or most is None else "≥ "
    yield (
        "most streams",
        MISSING if most is None else f"{sign}{most}",
        "highest number tried, below the first that fails, of streams with 10 chunks/s each",
    )
    yield (
        "most chunks/s",
        MISSING if intake.chunks_per_s is None else f"{intake.chunks_per_s:,.0f}",
        f"one token each, over {intake.streams} streams, sent as fast as the server can and read by one process; used"
        f" up: {_used_up(intake.limit)} (evalkit {_percent(intake.client_cpu_share, 0)}, server"
        f" {_percent(intake.server_cpu_share, 0)} of a core)",
    )
    yield (
        "request start",
        MISSING if start.cpu_s is None else f"{_ms(start.cpu_s)} ms",
        "processor time per request with an answer of one token, over a kept connection",
    )
    yield (
        "telemetry",
        _percent(sampling.cpu_share, 2),
        f"of a core, for reading the machine's meters every {sampling.interval_s:g} s",
    )
    yield (
        "timers",
        f"{_percentile(timers.late_s.p50)} / {_percentile(timers.late_s.p99)} ms",
        f"p50 / p99: how late a sleep of 1 ms ends in {timers.event_loop}'s event loop when it is idle",
    )


def _used_up(limit: str) -> str:
    cores = {
        "client": "evalkit's core",
        "server": "the server's core, so evalkit takes in more",
        "both": "both cores",
        "neither": "neither core, so something else held them up",
    }
    return cores[limit]


def _percentile(found: Percentile) -> str:
    from evalkit.report.format import MARK, MISSING

    if found.value is None:
        return MISSING
    return _ms(found.value) + ("" if found.is_supported else MARK)


def _percent(share: float | None, digits: int) -> str:
    from evalkit.report.format import percent

    return percent(share, digits)


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.2f}" if seconds < 0.1 else f"{seconds * 1000:.0f}"
