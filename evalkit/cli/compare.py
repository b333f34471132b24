"""`evalkit compare`: the statistics of the gate without a policy."""

from __future__ import annotations

import click

from evalkit.cli.gate_options import Outputs, Sides, output_options, side_options


@click.command("compare", short_help="Compare two models or runs, document by document.")
@side_options
@output_options
def command(sides: Sides, outputs: Outputs) -> None:
    """Say where CANDIDATE differs from BASELINE, how surely, and on which documents. Judges nothing, exits with 0.

    What was not measured alike is listed: a difference may come from it.

    \b
    Examples:
      evalkit compare results/monday results/tuesday
      evalkit compare results/both results/both --baseline-model old --candidate-model new --flips 50
      evalkit compare results/baseline results/candidate --html compared.html --lang de
    """
    from evalkit.config import GatePolicy

    result = sides.decide(GatePolicy(), outputs.n_flips, is_judged=False)
    outputs.write(result, sides)
