"""What the gate says of a run that a person is about to accept."""

from __future__ import annotations

from pathlib import Path

from evalkit.config.gate import GatePolicy
from evalkit.errors import DataError
from evalkit.gate.baseline import last_baseline
from evalkit.gate.facts import Status
from evalkit.gate.side import Side
from evalkit.gate.verdict import Asked, decide_gate


def verdict_on(side: Side, folder: Path, policy: GatePolicy, now: str) -> str | None:
    """Return the verdict against the last baseline of a folder, in a few words; None where there is none.

    Raises:
        DataError: That baseline is damaged.
    """
    before = last_baseline(folder, folder.name)
    if before is None:
        return None
    try:
        result = decide_gate(before.side, side, policy, Asked(now, n_flips=0))
    except DataError as error:
        return f"not comparable: {error.message.splitlines()[-1].strip()}"
    failed = [r.key for r in result.rules if r.status == Status.FAIL and r.tier != "advisory"]
    return f"{result.verdict}: {', '.join(failed)}" if failed else str(result.verdict)
