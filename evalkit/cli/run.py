"""`evalkit run`: execute, then analyse, then report."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click

from evalkit.cli.arguments import CONFIG, LOG, NO_REPORT, QUIET, RESULTS, RESUME
from evalkit.cli.finish import finish, stop_on_sigterm
from evalkit.cli.quiet import quiet_libraries
from evalkit.cli.selection import read_config, selection_options
from evalkit.errors import UsageError
from evalkit.imports import importing


class _Bytes(click.ParamType[int]):
    """An amount of memory: a number with B, KB, MB or GB (powers of 1000)."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return bytes."""
        match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(B|KB|MB|GB)", str(value).strip().upper())
        if not match or float(match[1]) == 0:
            self.fail(f"{value!r} is not an amount of memory; write 2GB or 500MB", param, ctx)
        return int(float(match[1]) * 1000 ** ["B", "KB", "MB", "GB"].index(match[2]))


BYTES = _Bytes()
_SESSION_OPTIONS = ("kv_budget_bytes", "verify_docs", "max_cost_usd", "max_minutes")
"""Options that are fields of `RunOptions`; what is left selects from the config."""


@click.command("run", short_help="Measure models and write a report.")
@click.argument("config_file", metavar="CONFIG", required=False, type=CONFIG)
@RESUME
@RESULTS
@QUIET
@LOG
@click.option(
    "--kv-budget",
    "kv_budget_bytes",
    type=BYTES,
    help="Memory for keys and values of shared prompts, such as 2GB or 500MB. [default: a quarter of what is free]",
)
@click.option(
    "--verify-scoring",
    "verify_docs",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help="Score N random docs of each task again the reference way; fail when they differ.",
)
@click.option(
    "--max-cost-usd",
    type=click.FloatRange(min=0, min_open=True),
    help="Stop before API requests of this run cost more, instead of limits.max_cost_usd.",
)
@click.option(
    "--max-minutes",
    type=click.FloatRange(min=0, min_open=True),
    help="Send no API request after so many minutes, instead of limits.max_minutes.",
)
@NO_REPORT
@selection_options
def command(
    config_file: Path | None,
    folder: Path | None,
    output: Path | None,
    quiet: bool,
    log_format: str,
    no_report: bool,
    **more: Any,
) -> None:
    """Measure every model of CONFIG on every suite.

    Results go into a new directory under the results folder. Ctrl-C keeps what was done and says how to go on; so does
    a crash, whenever it happens, and a budget that is used up. Answers that were paid for are not asked again.

    \b
    Examples:
      evalkit run configs/quickstart.yaml
      evalkit run configs/quickstart.yaml -m smollm2-135m --limit 5
      evalkit run configs/quickstart.yaml --verify-scoring 5
      evalkit run configs/vendors.yaml --max-cost-usd 2
      evalkit run --resume results/quickstart-20261123-101500
    """
    if config_file is None and folder is None:
        raise UsageError(
            "Give a CONFIG, or --resume DIR.", "Try: evalkit run configs/quickstart.yaml"
        )
    quiet_libraries()
    session = {name: more.pop(name) for name in _SESSION_OPTIONS}
    selection = more
    config = read_config(config_file, **selection) if config_file else None
    if config is None and any(selection.values()):
        raise UsageError(
            "--resume goes on with the stored config; other options need the CONFIG.",
            "Leave them out.",
        )
    if config and output:
        place = config.output.model_copy(update={"dir": output})
        config = config.model_copy(update={"output": place})
    stop_on_sigterm()
    with importing():
        from evalkit.cli.progress import choose_progress
        from evalkit.execute.local import resume_run, start_run
        from evalkit.execute.work import RunOptions
        from evalkit.plan import make_plan

    options = RunOptions(**session)
    with choose_progress("run", quiet=quiet, log_format=log_format) as progress:
        if folder is not None:
            resume_run(folder, config, progress, options)
        else:
            assert config is not None
            folder = start_run(make_plan(config), config_file, progress, options)
    finish(folder, quiet=quiet, write_report=not no_report)
