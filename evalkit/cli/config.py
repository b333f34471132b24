"""`evalkit config`: check configs, print their schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evalkit.cli.arguments import CONFIG
from evalkit.cli.quiet import quiet_libraries

if TYPE_CHECKING:
    from evalkit.config import BenchConfig, RunConfig


@click.group("config", short_help="Check configs; print their JSON Schema.")
def command() -> None:
    """Check configs and print the schema that editors use."""


@command.command("check")
@click.argument("file", metavar="FILE", type=CONFIG)
def check(file: Path) -> None:
    """Check FILE for unknown keys, wrong types and wrong values, and what it names: models and tasks.

    Own tasks are loaded with their data; nothing is downloaded, and no model is asked.

    \b
    Example:
      evalkit config check configs/quickstart.yaml
    """
    from evalkit.config import BenchConfig, GatePolicy, RunConfig, ScenarioConfig, load_config

    config = load_config(file)
    if isinstance(config, RunConfig | BenchConfig):
        _check_what_it_names(config)
    if isinstance(config, ScenarioConfig):
        what = f"scenario with {len(config.options)} options"
    elif isinstance(config, GatePolicy):
        what = f"gate policy with {len(config.rules)} rules"
    elif isinstance(config, RunConfig):
        what = f"{len(config.models)} models, {len(config.suites)} suites"
    else:
        what = f"{len(config.models)} models, {len(config.profiles)} profiles"
    click.echo(f"{file}: ok, {what}")


def _check_what_it_names(config: RunConfig | BenchConfig) -> None:
    from evalkit.config import BenchConfig
    from evalkit.precheck import check_models, check_tasks, check_traces

    quiet_libraries()
    traces = check_traces(config) if isinstance(config, BenchConfig) else ()
    for note in (*traces, *check_models(config.models), *check_tasks(config)):
        click.echo(note)


@command.command("schema")
@click.option(
    "--bench", "kind", flag_value="bench", help="Of bench configs instead of run configs."
)
@click.option("--scenario", "kind", flag_value="scenario", help="Of scenarios.")
@click.option("--gate-policy", "kind", flag_value="gate-policy", help="Of gate policies.")
@click.option(
    "--gate-result", "kind", flag_value="gate-result", help="Of what `gate --json` writes."
)
def schema(kind: str | None) -> None:
    """Print the JSON Schema of run configs, bench configs, scenarios, gate policies, or results of a gate.

    \b
    Example, for editors with the YAML language server:
      evalkit config schema > .evalkit-schema.json
    """
    from evalkit.config import BenchConfig, GatePolicy, RunConfig, ScenarioConfig, config_schema
    from evalkit.gate.facts import gate_schema

    kinds: dict[str, Any] = {
        "bench": BenchConfig,
        "scenario": ScenarioConfig,
        "gate-policy": GatePolicy,
    }
    found = (
        gate_schema() if kind == "gate-result" else config_schema(kinds.get(kind or "", RunConfig))
    )
    click.echo(json.dumps(found, indent=2))
