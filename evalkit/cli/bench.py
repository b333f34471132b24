"""`evalkit bench`: put models under load, then analyse and report."""

from __future__ import annotations

from pathlib import Path

import click

from evalkit.cli.arguments import CONFIG, LOG, MODEL, NO_REPORT, QUIET, RESULTS, RESUME
from evalkit.cli.finish import finish, stop_on_sigterm
from evalkit.cli.quiet import quiet_libraries
from evalkit.cli.selection import pick
from evalkit.errors import UsageError


@click.command("bench", short_help="Put models under load: latency, throughput, capacity.")
@click.argument("config_file", metavar="CONFIG", required=False, type=CONFIG)
@RESUME
@RESULTS
@click.option(
    "--model", "-m", "models", multiple=True, type=MODEL, help="Only this model; repeatable."
)
@click.option("--profile", "-p", "profiles", multiple=True, help="Only this profile; repeatable.")
@QUIET
@LOG
@NO_REPORT
def command(
    config_file: Path | None,
    folder: Path | None,
    output: Path | None,
    models: tuple[str, ...],
    profiles: tuple[str, ...],
    quiet: bool,
    log_format: str,
    no_report: bool,
) -> None:
    """Put every model of CONFIG under every load profile.

    Models may be APIs, servers that evalkit starts itself (`serve:`), or models in this process. The main result is the
    highest load that a model sustains within its service level. Ctrl-C keeps what was measured and says how to go on.
    How long it will take, and what it asks and costs, says `evalkit plan CONFIG`.

    \b
    Examples:
      evalkit plan configs/bench.yaml
      evalkit bench configs/bench.yaml
      evalkit bench configs/bench.yaml -m smollm2-135m -p closed
      evalkit bench --resume results/bench-20261123-101500
    """
    if (config_file is None) == (folder is None):
        raise UsageError("Give a CONFIG, or --resume DIR.", "Try: evalkit bench configs/bench.yaml")
    if folder is not None and (output or models or profiles):
        raise UsageError("--resume goes on with the stored config.", "Leave the other options out.")
    quiet_libraries()
    stop_on_sigterm()
    from evalkit.cli.progress import choose_progress
    from evalkit.config import load_bench_config
    from evalkit.execute.bench import resume_bench, start_bench

    with choose_progress("bench", quiet=quiet, log_format=log_format) as progress:
        if folder is not None:
            resume_bench(folder, progress)
        else:
            assert config_file is not None
            config = load_bench_config(config_file)
            changes = {
                "models": pick(config.models, models, "model", config_file),
                "profiles": pick(config.profiles, profiles, "profile", config_file),
                "output": config.output.model_copy(update={"dir": output or config.output.dir}),
            }
            folder = start_bench(config.model_copy(update=changes), config_file, progress)
    finish(folder, quiet=quiet, write_report=not no_report)
