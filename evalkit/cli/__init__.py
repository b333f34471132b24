"""The command line: parses, calls one function, prints. Commands are imported when they are used."""

from __future__ import annotations

import importlib
import logging
from typing import Any

import click

from evalkit.cli.processors import share_processors
from evalkit.errors import EXIT_CODES, EvalkitError, ExitCode, did_you_mean

_log = logging.getLogger(__name__)
_FOREIGN = {"datasets", "jinja2", "lm_eval", "pydantic", "pydantic_core", "yaml"}
"""Libraries whose errors are about what a user gave them; each is told better where it is expected."""

COMMANDS = {
    "run": ("evalkit.cli.run", "Measure models and write a report."),
    "plan": ("evalkit.cli.plan", "Show what a run would do, without loading a model."),
    "bench": ("evalkit.cli.bench", "Put models under load: latency, throughput, capacity."),
    "show": ("evalkit.cli.show", "Show a run's results in the terminal."),
    "report": ("evalkit.cli.report", "Write the report of runs, with a verdict if you like."),
    "view": ("evalkit.cli.view", "Show the report in a browser, also while a run goes on."),
    "tco": ("evalkit.cli.tco", "Decide: build, buy or blend, with cost and confidence."),
    "gate": ("evalkit.cli.gate", "Let a model upgrade through, or not."),
    "compare": ("evalkit.cli.compare", "Compare two models or runs, document by document."),
    "ls": ("evalkit.cli.ls", "List runs."),
    "export": ("evalkit.cli.export", "Write a run's results as CSV or JSON."),
    "verify": ("evalkit.cli.verify", "Check that a run directory is whole and unchanged."),
    "selftest": ("evalkit.cli.selftest", "Measure the meter itself on this machine."),
    "models": ("evalkit.cli.models", "Fetch and describe models."),
    "prices": ("evalkit.cli.prices", "Show the list price of a model."),
    "catalog": ("evalkit.cli.catalog", "Show prices, power and default assumptions, with sources."),
    "config": ("evalkit.cli.config", "Check configs; print their JSON Schema."),
    "docs": ("evalkit.cli.docs", "Read the documentation; list the example configs."),
    "completion": ("evalkit.cli.completion", "Print the shell completion script."),
}
"""Name → module with a click command `command`, and its one-line help: listing commands imports none of them."""


class LazyGroup(click.Group):
    """Imports a command only when it is called, and turns evalkit's errors into a sentence and an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of a user's first day."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(COMMANDS[cmd_name][0]).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Suggest the nearest name for an unknown one; click only knows commands that are loaded."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            hint = did_you_mean(args[0], COMMANDS)
            raise click.UsageError(f"No such command {args[0]!r}. {hint}".rstrip(), ctx)
        return super().resolve_command(ctx, args)

    def format_commands(
        self,
        ctx: click.Context,
        formatter: click.HelpFormatter,
    ) -> None:
        """List commands and exit codes."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(int(code)), text) for code, text in EXIT_CODES.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; no traceback for a user's mistake."""
        share_processors()
        try:
            return super().invoke(ctx)
        except EvalkitError as error:
            click.secho(f"Error: {error.message}", fg="red", err=True)
            if error.hint:
                click.echo(error.hint, err=True)
            ctx.exit(int(error.exit_code))
        except Exception as error:
            if type(error).__module__.partition(".")[0] not in _FOREIGN:
                raise
            _log.debug("what a library raised", exc_info=True)
            message = next(iter(str(error).strip().splitlines()), "")
            click.secho(f"Error: {type(error).__name__}: {message}", fg="red", err=True)
            click.echo("A library could not take the input: check the file named last.", err=True)
            ctx.exit(int(ExitCode.USAGE))


def _print_version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if not value or ctx.resilient_parsing:
        return
    import platform
    from importlib.metadata import PackageNotFoundError, version

    from evalkit import __version__

    click.echo(f"evalkit {__version__}")
    click.echo(f"python {platform.python_version()}")
    for name in ("lm_eval", "torch", "transformers", "nvidia-ml-py"):
        try:
            click.echo(f"{name} {version(name)}")
        except PackageNotFoundError:
            click.echo(f"{name} not installed")
    ctx.exit()


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Start with: evalkit run configs/quickstart.yaml",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Print the versions that can change a number.",
)
def main() -> None:
    """Measure open and proprietary language models with the same tasks and the same meter."""
