"""`evalkit gate history`: accepted baselines, and how far they drifted."""

from __future__ import annotations

from pathlib import Path

import click

from evalkit.api import gate_policy, now
from evalkit.cli.arguments import CONFIG, INPUT, OUTPUT, RUN
from evalkit.cli.gate_accept import DEFAULT_FOLDER
from evalkit.cli.gate_options import show
from evalkit.errors import DataError


@click.command("history", short_help="List accepted baselines and their drift.")
@click.argument("folder", metavar="[FOLDER]", type=INPUT, default=DEFAULT_FOLDER)
@click.option("--candidate", type=RUN, help="Measure the drift of this run instead.")
@click.option("--model", metavar="NAME", help="Where the candidate's runs hold several.")
@click.option("--policy", type=CONFIG, help="Margins the drift since the pinned one must keep.")
@click.option("--csv", type=OUTPUT, help="Write a row per baseline and task.")
def command(
    folder: Path,
    candidate: Path | None,
    model: str | None,
    policy: Path | None,
    csv: Path | None,
) -> None:
    """List accepted baselines: who accepted what, when and why; and how far the last one is from the pinned one.

    Small losses that each kept their margin add up; against the pinned baseline they show. Exits with 1 when that drift
    surely breaks a margin of --policy.

    \b
    Examples:
      evalkit gate history
      evalkit gate history results/baseline --candidate results/new --policy configs/gate/policy.yaml
    """
    from evalkit.gate.baseline import pinned_baseline, read_chain
    from evalkit.gate.facts import Status
    from evalkit.gate.history import history_of
    from evalkit.gate.open import open_side
    from evalkit.report.gate.planning import history_csv, history_tables
    from evalkit.store.files import write_atomic

    rules = gate_policy(policy)
    chain = read_chain(folder, folder.name)
    pinned = pinned_baseline(folder, folder.name)
    if not chain or pinned is None:
        raise DataError(
            f"{folder}: holds no baselines.", "Accept a run first: evalkit gate accept RUN."
        )
    side = None if candidate is None else open_side(candidate, model, {}, option="--model")
    found = history_of(chain, pinned, side, rules, now())
    if csv is not None:
        write_atomic(csv, history_csv(found))
    show(history_tables(found))
    drift = found.since_pinned
    if policy is not None and drift is not None and drift.verdict == Status.FAIL:
        raise SystemExit(1)
