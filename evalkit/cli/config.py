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
    from evalkit.config import RunConfig, load_config

    config = load_config(file)
    what = (
        f"{len(config.suites)} suites"
        if isinstance(config, RunConfig)
        else f"{len(config.profiles)} profiles"
    )
    click.echo(f"{file}: ok, {len(config.models)} models, {what}")


@command.command("schema")
@click.option("--bench", "is_bench", is_flag=True, help="Of bench configs instead of run configs.")
def schema(is_bench: bool) -> None:
    """Print the JSON Schema of run configs, or of bench configs.

    \b
    Example, for editors with the YAML language server:
      evalkit config schema > .evalkit-schema.json
    """
    from evalkit.config import BenchConfig, RunConfig, config_schema

    click.echo(json.dumps(config_schema(BenchConfig if is_bench else RunConfig), indent=2))
