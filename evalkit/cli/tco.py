"""`evalkit tco`: what each deployment costs over its life, and what to do."""

from __future__ import annotations

from pathlib import Path

import click

from evalkit.cli.arguments import CONFIG, OUTPUT, RUN
from evalkit.cli.decide import lang_option, patience


@click.command("tco", short_help="Decide: build, buy or blend, with cost and confidence.")
@click.argument("folders", metavar="[RUN...]", nargs=-1, type=RUN)
@click.option(
    "--scenario", "-s", "file", required=True, type=CONFIG, help="Deployments, load, policy."
)
@click.option("--policy", type=CONFIG, help="Policy that replaces the scenario's.")
@click.option("--output", "-o", type=OUTPUT, help="Report to write.  [default: NAME.html]")
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print JSON instead of tables; write a report only with -o.",
)
@lang_option
def command(
    folders: tuple[Path, ...],
    file: Path,
    policy: Path | None,
    output: Path | None,
    as_json: bool,
    lang: str,
) -> None:
    """Cost the deployments of a scenario with what finished runs measured, and say what to do.

    RUN are quality runs and benches, of any models: put the open model, the vendor's and the load test together.
    Nothing is measured here. A vendor's model that no run has may take part with its list price: its quality is then
    not known. A scenario that rests on list prices and imported load curves or your own numbers alone needs no RUN.

    \b
    Examples:
      evalkit tco results/measure-… results/capacity-… --scenario configs/scenarios/start-up.yaml
      evalkit tco results/measure-… results/capacity-… -s mine.yaml --policy company.yaml -o decision.html
      evalkit report results/measure-… results/capacity-… -s mine.yaml --lang de --pdf   # the same report, printed
      evalkit catalog h100-sxm DE           # prices and power that scenarios take where they say nothing
      evalkit config check mine.yaml
    """
    from evalkit.analysis.tco.likely import likely
    from evalkit.api import decide, load_run, report
    from evalkit.report.decision.export import decision_json
    from evalkit.report.decision.terminal import decision_tables
    from evalkit.store.files import write_atomic

    with patience("computing costs …"):
        runs = [load_run(folder) for folder in folders]
        decided = decide(runs, file, policy)
        place = output or Path(f"{decided.scenario.name}.html")
        if output is not None or not as_json:
            write_atomic(place, report(runs, decided, lang=lang))
    facts, verdict, at_likely = decided.case.facts, decided.verdict, likely(decided.case)
    if as_json:
        click.echo(decision_json(facts, verdict, at_likely))
        return
    from rich.console import Console

    console = Console(markup=False, highlight=False)
    for part in decision_tables(facts, verdict, at_likely):
        console.print(part)
    click.echo(f"report: {place}")
