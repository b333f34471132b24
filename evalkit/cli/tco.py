"""`evalkit tco`: what each deployment costs over its life, and what to do."""

from __future__ import annotations

from pathlib import Path

import click

from evalkit.cli.selection import EXISTING


@click.command("tco", short_help="Decide: build, buy or blend, with cost and confidence.")
@click.argument("folders", metavar="RUN...", nargs=-1, required=True, type=EXISTING)
@click.option(
    "--scenario", "-s", "file", required=True, type=EXISTING, help="Deployments, load, policy."
)
@click.option("--policy", type=EXISTING, help="Policy that replaces the scenario's.")
@click.option("--output", "-o", type=EXISTING, help="Report to write.  [default: NAME.html]")
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print JSON instead of tables; write a report only with -o.",
)
def command(
    folders: tuple[Path, ...], file: Path, policy: Path | None, output: Path | None, as_json: bool
) -> None:
    """Cost the deployments of a scenario with what finished runs measured, and say what to do.

    RUN are quality runs and benches, of any models: put the open model, the vendor's and the load test together.
    Nothing is measured here. A vendor's model that no run has may take part with its list price: its quality is then
    not known.

    \b
    Examples:
      evalkit tco results/measure-… results/capacity-… --scenario configs/scenarios/start-up.yaml
      evalkit tco results/measure-… results/capacity-… -s mine.yaml --policy company.yaml -o decision.html
      evalkit catalog h100-sxm DE           # prices and power that scenarios take where they say nothing
      evalkit config check mine.yaml
    """
    import datetime

    from evalkit.analysis.tco.analyse import analyse_scenario
    from evalkit.catalog import load_catalog
    from evalkit.config import load_policy, load_scenario
    from evalkit.decision.verdict import decide
    from evalkit.report.decision.export import decision_json
    from evalkit.report.decision.html import render_decision
    from evalkit.report.decision.terminal import decision_tables
    from evalkit.store.files import write_atomic
    from evalkit.store.run_dir import open_run

    scenario = load_scenario(file)
    if policy is not None:
        scenario = scenario.model_copy(update={"policy": load_policy(policy)})
    runs = [open_run(folder) for folder in folders]
    today = datetime.datetime.now(datetime.UTC).date()
    case = analyse_scenario(runs, scenario, load_catalog(scenario.catalog), today)
    verdict = decide(case, scenario)
    report = output or Path(f"{scenario.name}.html")
    if output is not None or not as_json:
        write_atomic(report, render_decision(case.facts, verdict))
    if as_json:
        click.echo(decision_json(case.facts, verdict))
        return
    from rich.console import Console

    console = Console(markup=False, highlight=False)
    for part in decision_tables(case.facts, verdict):
        console.print(part)
    click.echo(f"report: {report}")
