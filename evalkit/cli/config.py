"""`evalkit config`: check configs, print their schema."""

from __future__ import annotations

import json
from pathlib import Path

import click

from evalkit.cli.selection import EXISTING


@click.group("config", short_help="Check configs; print their JSON Schema.")
def command() -> None:
    """Check configs and print the schema that editors use."""


@command.command("check")
@click.argument("file", metavar="FILE", type=EXISTING)
def check(file: Path) -> None:
    """Check FILE for unknown keys, wrong types and wrong values.

    \b
    Example:
      evalkit config check configs/quickstart.yaml
    """
    from evalkit.config import RunConfig, ScenarioConfig, load_config

    config = load_config(file)
    if isinstance(config, ScenarioConfig):
        what = f"scenario with {len(config.options)} options"
    elif isinstance(config, RunConfig):
        what = f"{len(config.models)} models, {len(config.suites)} suites"
    else:
        what = f"{len(config.models)} models, {len(config.profiles)} profiles"
    click.echo(f"{file}: ok, {what}")


@command.command("schema")
@click.option(
    "--bench", "kind", flag_value="bench", help="Of bench configs instead of run configs."
)
@click.option("--scenario", "kind", flag_value="scenario", help="Of scenarios.")
def schema(kind: str | None) -> None:
    """Print the JSON Schema of run configs, of bench configs, or of scenarios.

    \b
    Example, for editors with the YAML language server:
      evalkit config schema > .evalkit-schema.json
    """
    from evalkit.config import BenchConfig, RunConfig, ScenarioConfig, config_schema

    if kind == "scenario":
        found = config_schema(ScenarioConfig)
    else:
        found = config_schema(BenchConfig if kind == "bench" else RunConfig)
    click.echo(json.dumps(found, indent=2))
