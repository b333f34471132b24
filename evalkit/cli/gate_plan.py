"""`evalkit gate plan`: how many documents and runs a policy needs."""

from __future__ import annotations

from pathlib import Path

import click

from evalkit.api import gate_policy
from evalkit.cli.arguments import CONFIG, RUN
from evalkit.cli.gate_options import show
from evalkit.errors import UsageError


@click.command("plan", short_help="Say how many documents and runs a policy needs.")
@click.argument("baseline", metavar="BASELINE", type=RUN)
@click.option("--policy", type=CONFIG, help="Rules to plan for (YAML).  [default: built in]")
@click.option("--model", metavar="NAME", help="Where the runs hold several.")
@click.option(
    "--power",
    type=click.FloatRange(0.5, 0.999),
    default=0.8,
    show_default=True,
    help="How often a candidate that is as good should pass.",
)
@click.option(
    "--discordance",
    type=click.FloatRange(0.001, 1),
    help="Share of documents on which the two will differ.  [default: 0.1]",
)
@click.option(
    "--against",
    type=RUN,
    help="Take that share from BASELINE and this run.",
)
def command(
    baseline: Path,
    policy: Path | None,
    model: str | None,
    power: float,
    discordance: float | None,
    against: Path | None,
) -> None:
    """Say how many documents or runs each rule needs, and which can never decide with those of BASELINE.

    Exits with 1 when a critical rule can't decide.

    \b
    Examples:
      evalkit gate plan results/baseline --policy configs/gate/policy.yaml
      evalkit gate plan results/baseline --power 0.9 --discordance 0.05
      evalkit gate plan results/baseline --against results/other-model
    """
    from evalkit.gate.discordance import observed_discordance
    from evalkit.gate.open import open_side
    from evalkit.gate.plan import plan_gate
    from evalkit.report.gate.planning import plan_tables

    if against is not None and discordance is not None:
        raise UsageError(
            "--against measures the share, --discordance gives it.", "Leave out one of the two."
        )
    rules = gate_policy(policy)
    side = open_side(baseline, model, rules.clusters, option="--model")
    if against is not None:
        other = open_side(against, model, rules.clusters, option="--model")
        discordance = observed_discordance(side, other)
    plans = plan_gate(side, rules, power, discordance)
    show(plan_tables(plans, rules, power))
    if any(p.tier == "critical" and not p.can_decide for p in plans):
        raise SystemExit(1)
