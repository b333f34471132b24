"""`evalkit config`: check configs, print their schema."""

from __future__ import annotations

import json
from pathlib import Path

import click

from evalkit.cli.selection import EXISTING


@click.group("config", short_help="Check configs; print their JSON Schema.")
def command() -> None:
    """Check run configs and print the schema that editors use."""


@command.command("check")
@click.argument("file", metavar="FILE", type=EXISTING)
def check(file: Path) -> None:
    """Check FILE for unknown keys, wrong types and wrong values.

    \b
    Example:
      evalkit config check configs/quickstart.yaml
    """
    from evalkit.config import load_run_config

    config = load_run_config(file)
    click.echo(f"{file}: ok, {len(config.models)} models, {len(config.suites)} suites")


@command.command("schema")
def schema() -> None:
    """Print the JSON Schema of run configs.

    \b
    Example, for editors with the YAML language server:
      evalkit config schema > .evalkit-schema.json
    """
    from evalkit.config import run_config_schema

    click.echo(json.dumps(run_config_schema(), indent=2))
