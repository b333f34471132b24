"""`evalkit gate accept`: make a run the baseline."""

from __future__ import annotations

import getpass
import os
import subprocess
from pathlib import Path

import click

from evalkit.api import gate_policy, now
from evalkit.cli.arguments import CONFIG, OUTPUT, RUN
from evalkit.errors import UsageError

DEFAULT_FOLDER = Path("results/baseline")


@click.command("accept", short_help="Make a run the next baseline.")
@click.argument("run", metavar="RUN", type=RUN)
@click.option("--reason", required=True, help="Why it is accepted; kept in the file.")
@click.option("--by", help="Who accepts it.  [default: the CI's, git's or the system's user]")
@click.option(
    "--into",
    type=OUTPUT,
    default=DEFAULT_FOLDER,
    show_default=True,
    help="Folder of baselines; commit it.",
)
@click.option("--model", metavar="NAME", help="Where the runs hold several.")
@click.option("--policy", type=CONFIG, help="Gate it against the last one by these rules.")
@click.option("--pin", is_flag=True, help="Also make it the release that drift is measured from.")
def command(
    run: Path,
    reason: str,
    by: str | None,
    into: Path,
    model: str | None,
    policy: Path | None,
    pin: bool,
) -> None:
    """Write RUN (a run directory, or a folder of repetitions) as the next accepted baseline.

    The file holds a score per document, a sketch of the latencies, hashes, the machine, who and why: no prompt, no
    answer. What the gate says of it against the baseline before is noted, whatever it says: accepting is for people.

    \b
    Examples:
      evalkit gate accept results/candidate --reason "first baseline"
      evalkit gate accept results/candidate --reason "release 2.0" --pin --by "Ada Lovelace"
    """
    from evalkit.gate.accept import verdict_on
    from evalkit.gate.baseline import Acceptance, write_baseline
    from evalkit.gate.open import open_side

    if not reason.strip():
        raise UsageError("--reason is empty.", "Say why, for whoever reads the history.")
    rules = gate_policy(policy)
    side = open_side(run, model, rules.clusters, option="--model")
    if side.fact.is_accepted:
        raise UsageError(f"{run}: is a baseline already.", "Give the run that is to be accepted.")
    moment = now()
    gate = verdict_on(side, into, rules, moment)
    file = write_baseline(
        into, side, Acceptance(moment, by or _who(), reason.strip(), gate), pin=pin
    )
    click.echo(file)
    if gate is not None:
        click.echo(f"against the baseline before: {gate}")


def _who() -> str:
    """Return who is at work: as CI says, else git, else the system."""
    for name in ("GITHUB_ACTOR", "GITLAB_USER_LOGIN"):
        if os.environ.get(name):
            return os.environ[name]
    try:
        done = subprocess.run(
            ["git", "config", "user.name"], capture_output=True, text=True, check=False
        )
        if done.stdout.strip():
            return done.stdout.strip()
    except OSError:
        pass
    return getpass.getuser()
