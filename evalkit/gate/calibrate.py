"""The noise floor: what a model loses against itself. No margin below it can tell an upgrade from an accident.

Runs of one model are split into two sides that take turns, in every way, and each split is gated both ways. The floor
of a rule is the smallest margin with which the model passes against itself in all of them.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from evalkit.config.gate import GatePolicy
from evalkit.errors import DataError, UsageError
from evalkit.gate.facts import RuleResult
from evalkit.gate.side import Side, merged_sides
from evalkit.gate.verdict import Asked, decide_gate

CALIBRATION_VERSION = 1
MOST_SPLITS = 32


@dataclass(frozen=True, slots=True)
class Floor:
    """The noise of one rule."""

    rule: str
    """`RuleResult.key`."""
    floor: float | None
    """Smallest margin that passes against itself: share of 1, or relative; None: no interval, or not measured."""
    observed: float | None
    """Largest difference between the model and itself."""
    n: int
    n_unit: str
    margin: float | None
    """What the policy it was calibrated with allows, its floor in milliseconds included."""
    position: int
    """Place of the rule in the policy it was calibrated with, from 0."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """What `evalkit gate calibrate` writes."""

    calibration_version: int
    made_at: str
    model: str
    hardware: str
    n_runs: int
    n_splits: int
    confidence: float
    floors: tuple[Floor, ...]


def calibrate(sides: Sequence[Side], policy: GatePolicy, now: str) -> Calibration:
    """Measure the noise floor of every rule.

    Args:
        sides: Runs of one model, each on its own; two or more, an even number is best.
        policy: Whose rules and confidence.
        now: ISO 8601.

    Raises:
        UsageError: Fewer than two runs.
        DataError: They were not made under the same conditions.
    """
    ordered = sorted(sides, key=lambda s: s.fact.first_run)
    if len(ordered) < 2:
        raise UsageError(
            "calibration compares a model with itself: one run is not enough.",
            "Repeat the same measurement; ten runs tell the noise of latencies.",
        )
    merged_sides(ordered)
    lenient = policy.model_copy(update={"min_runs": 2, "calibration": None})
    splits = list(itertools.islice(_splits(ordered), MOST_SPLITS))
    results: dict[str, list[RuleResult]] = {}
    for mine, theirs in splits:
        for one, other in ((mine, theirs), (theirs, mine)):
            asked = Asked(now, n_flips=0)
            for r in decide_gate(merged_sides(one), merged_sides(other), lenient, asked).rules:
                if r.kind == "change" and r.scale != "class":
                    results.setdefault(r.key, []).append(r)
    first = ordered[0].fact
    return Calibration(
        CALIBRATION_VERSION,
        now,
        first.model,
        first.hardware,
        len(ordered),
        len(splits),
        policy.confidence,
        tuple(_floor(key, some) for key, some in results.items()),
    )


def _splits(ordered: Sequence[Side]) -> Iterator[tuple[list[Side], list[Side]]]:
    """Yield the ways to split runs so that the sides take turns: of each pair in time, one goes to either side."""
    pairs = list(zip(ordered[::2], ordered[1::2], strict=False))
    for swapped in itertools.product((False, True), repeat=len(pairs) - 1):
        turned = [
            (b, a) if swap else (a, b)
            for (a, b), swap in zip(pairs, (False, *swapped), strict=True)
        ]
        yield [a for a, _ in turned], [b for _, b in turned]


def _floor(key: str, results: Sequence[RuleResult]) -> Floor:
    bounds = [r.most for r in results]
    seen = [r.damage for r in results if r.damage is not None]
    known = [b for b in bounds if b is not None]
    margins = [r.margin for r in results if r.margin is not None]
    return Floor(
        rule=key,
        floor=max(known) if known and len(known) == len(bounds) else None,
        observed=max(seen, default=None),
        n=min(r.n for r in results),
        n_unit=results[0].n_unit,
        margin=min(margins, default=None),
        position=results[0].rule,
    )


def calibration_to_json(found: Calibration) -> bytes:
    """Encode a calibration."""
    return TypeAdapter(Calibration).dump_json(found, indent=2) + b"\n"


def read_calibration(file: Path) -> Calibration:
    """Read what `calibration_to_json` wrote.

    Raises:
        DataError: It can't be read, or is of another version.
    """
    hint = "Make it anew: evalkit gate calibrate."
    try:
        data = json.loads(file.read_bytes())
        if data.get("calibration_version") != CALIBRATION_VERSION:
            raise DataError(f"{file}: not a calibration that this evalkit reads.", hint)
        return TypeAdapter(Calibration).validate_python(data)
    except (OSError, ValueError, AttributeError, ValidationError) as error:
        first = str(error).splitlines()[0]
        raise DataError(f"{file}: can't be read as a calibration: {first}.", hint) from None


def is_noise(margin: float | None, floor: float | None) -> bool:
    """Tell whether a margin is below what a model loses against itself; what was not measured is not."""
    return margin is not None and floor is not None and margin < floor


def below_floor(
    results: Sequence[RuleResult], floors: Mapping[str, Floor]
) -> list[tuple[RuleResult, Floor]]:
    """Return the rules whose margin is below what the model loses against itself."""
    known = ((r, floors[r.key]) for r in results if r.kind == "change" and r.key in floors)
    return [(r, floor) for r, floor in known if is_noise(r.margin, floor.floor)]
