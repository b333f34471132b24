"""`evalkit gate`: may this candidate replace the accepted baseline?"""

from __future__ import annotations

from pathlib import Path

import click

from evalkit.api import gate_policy
from evalkit.cli import gate_accept, gate_calibrate, gate_history, gate_plan
from evalkit.cli.arguments import CONFIG
from evalkit.cli.gate_options import Outputs, Sides, output_options, side_options


class _Gate(click.Group):
    """A group whose unnamed command is `check`: `evalkit gate A B` is `evalkit gate check A B`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ("-h", "--help"):
            args.insert(0, "check")
        return super().parse_args(ctx, args)


@click.group(
    "gate",
    cls=_Gate,
    short_help="Let a model upgrade through, or not.",
    subcommand_metavar="BASELINE CANDIDATE | COMMAND [ARGS]...",
)
def command() -> None:
    """Compare a candidate with the accepted baseline, and exit with what follows.

    BASELINE and CANDIDATE are run directories, folders of runs (repetitions), or baselines that were accepted.

    \b
    Exits with
      0  pass: every critical rule is kept
      1  fail: a critical or supporting rule is broken
      3  not decided: too few documents or runs (the policy may say otherwise)
      4  the baseline or the data can't be used, or the two were not measured alike

    \b
    Examples:
      evalkit gate results/baseline results/candidate --policy configs/gate/policy.yaml
      evalkit gate results/old results/new --junit gate.xml --json gate.json
      evalkit gate plan results/baseline --policy configs/gate/policy.yaml
      evalkit gate accept results/candidate --reason "better at invoices, same speed"
    """


@command.command("check", short_help="Judge a candidate; the command meant where none is named.")
@side_options
@click.option("--policy", type=CONFIG, help="Rules to judge by (YAML).  [default: built in]")
@click.option(
    "--inconclusive",
    type=click.Choice(["fail", "hold", "pass"]),
    help="What an undecided critical rule does, instead of what the policy says.",
)
@output_options
def check(sides: Sides, outputs: Outputs, policy: Path | None, inconclusive: str | None) -> None:
    """Judge CANDIDATE against BASELINE by the rules of a policy. `evalkit gate A B` means this.

    \b
    Examples:
      evalkit gate check results/baseline results/candidate
      evalkit gate results/both results/both --baseline-model old --candidate-model new
      evalkit gate results/baseline results/candidate --policy mine.yaml --junit gate.xml
    """
    rules = gate_policy(policy)
    if inconclusive is not None:
        rules = rules.model_copy(update={"inconclusive": inconclusive, "missing": inconclusive})
    result = sides.decide(rules, outputs.n_flips)
    if rules.calibration is not None:
        gate_calibrate.refuse_below_floor(result, rules, policy)
    outputs.write(result, sides)
    if not outputs.is_quiet and result.verdict == "inconclusive":
        again = f" --policy {policy}" if policy else ""
        click.echo(f"What it takes to decide: evalkit gate plan {sides.baseline}{again}", err=True)
    raise SystemExit(result.exit_code)


for _more in (gate_plan, gate_calibrate, gate_accept, gate_history):
    command.add_command(_more.command)
