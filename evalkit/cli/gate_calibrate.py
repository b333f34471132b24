"""`evalkit gate calibrate`: what a model loses against itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from evalkit.api import gate_policy, now
from evalkit.cli.arguments import CONFIG, OUTPUT, RUN
from evalkit.cli.gate_options import show
from evalkit.errors import ConfigError

if TYPE_CHECKING:
    from evalkit.config import GatePolicy
    from evalkit.gate.facts import GateResult


@click.command("calibrate", short_help="Measure what a model loses against itself.")
@click.argument("places", metavar="RUN...", nargs=-1, required=True, type=RUN)
@click.option("--policy", type=CONFIG, help="Rules to calibrate (YAML).  [default: built in]")
@click.option("--model", metavar="NAME", help="Where the runs hold several.")
@click.option(
    "--output",
    "-o",
    type=OUTPUT,
    default=Path("calibration.json"),
    show_default=True,
    help="File to write; the policy names it as `calibration`.",
)
def command(places: tuple[Path, ...], policy: Path | None, model: str | None, output: Path) -> None:
    """Gate a model against itself: RUNs are repetitions of one measurement, or folders of them.

    Writes the noise floor of every rule. A policy that names the file can't ask for less: gates refuse it.
    Exits with 1 when a critical margin of the policy is below its floor.

    \b
    Examples:
      evalkit gate calibrate results/same-model
      evalkit gate calibrate results/a results/b --policy configs/gate/policy.yaml -o configs/gate/calibration.json
    """
    from evalkit.cli.decide import patience
    from evalkit.gate.calibrate import calibrate, calibration_to_json, is_noise
    from evalkit.gate.measured import read_each, run_folders
    from evalkit.report.gate.planning import calibration_tables, spec_of
    from evalkit.store.files import write_atomic

    rules = gate_policy(policy)
    folders = [folder for place in places for folder in run_folders(place) or [place]]
    with patience("comparing the model with itself …"):
        sides = read_each(folders, model, rules.clusters, option="--model")
        found = calibrate(sides, rules, now())
    write_atomic(output, calibration_to_json(found))
    show(calibration_tables(found, rules))
    click.echo(output)
    noisy = (f for f in found.floors if is_noise(f.margin, f.floor))
    if any(spec_of(f, rules).weight == "critical" for f in noisy):
        raise SystemExit(1)


def refuse_below_floor(result: GateResult, rules: GatePolicy, file: Path | None) -> None:
    """Refuse margins that the calibration of a policy says are noise.

    Raises:
        ConfigError: A margin is below its floor.
        DataError: The calibration can't be read.
    """
    from evalkit.config.load import line_of
    from evalkit.gate.calibrate import below_floor, read_calibration
    from evalkit.report.gate.planning import margin_text

    if rules.calibration is None or file is None:
        return
    floors = {f.rule: f for f in read_calibration(rules.calibration).floors}
    lines = [
        f"{file}:{line_of(file, 'rules', r.rule)}: {r.key}: the margin of {margin_text(r, r.margin)} is below the noise"
        f" floor of {margin_text(r, floor.floor)}."
        for r, floor in below_floor(result.rules, floors)
    ]
    if lines:
        raise ConfigError(
            "\n".join(lines),
            "Widen the margin, or measure more documents or runs and calibrate again.",
        )
