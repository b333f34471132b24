"""How accepted baselines moved: small losses, each within its margin, add up to a large one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evalkit.analysis.docs import Headline, headlines
from evalkit.analysis.scores import TaskKey
from evalkit.config.gate import GatePolicy, RuleSpec
from evalkit.gate.baseline import Baseline
from evalkit.gate.conditions import ALLOWED
from evalkit.gate.evidence import accuracy_of
from evalkit.gate.facts import GateResult
from evalkit.gate.side import Side
from evalkit.gate.verdict import Asked, decide_gate

DRIFT_RULES = (RuleSpec(metric="macro_mean"), RuleSpec(metric="accuracy"))
"""What drift is judged by where no policy is given."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One accepted baseline."""

    name: str
    is_pinned: bool
    accepted_at: str
    accepted_by: str
    reason: str
    gate: str | None
    """What the gate said of it then."""
    model: str
    scores: dict[str, float]
    """`suite/task` → mean of its headline score."""
    macro_mean: float | None


@dataclass(frozen=True, slots=True)
class History:
    """All baselines of a folder, and how far the last one (or a candidate) is from two of them."""

    entries: tuple[Entry, ...]
    since_pinned: GateResult | None
    """None: the last one is the pinned one."""
    since_last: GateResult | None
    """A candidate against the last one; without a candidate, the last one against the one before."""


def history_of(
    chain: Sequence[Baseline],
    pinned: Baseline,
    candidate: Side | None,
    policy: GatePolicy,
    now: str,
) -> History:
    """Return the history of a folder of baselines.

    Args:
        chain: Oldest first, at least one.
        pinned: The release baseline.
        candidate: Compared instead of the last baseline where given.
        policy: Margins of the drift; its docs rules are used.
        now: ISO 8601.
    """
    rules = tuple(r for r in policy.rules if r.kind.family == "docs")
    drift = policy.model_copy(update={"rules": rules or DRIFT_RULES, "calibration": None})
    # history looks back over changes of machines and settings: they are listed, not refused
    asked = Asked(now, allowed=ALLOWED, n_flips=0)
    here = candidate or chain[-1].side
    before = chain[-1] if candidate is not None else (chain[-2] if len(chain) > 1 else None)
    is_same = candidate is None and pinned.digest == chain[-1].digest
    judged = headlines(b.side.tasks for b in chain)
    return History(
        entries=tuple(_entry(b, pinned, judged) for b in chain),
        since_pinned=None if is_same else decide_gate(pinned.side, here, drift, asked),
        since_last=None if before is None else decide_gate(before.side, here, drift, asked),
    )


def _entry(baseline: Baseline, pinned: Baseline, judged: Mapping[TaskKey, Headline]) -> Entry:
    scores = _scores(baseline.side, judged)
    return Entry(
        name=baseline.file.stem,
        is_pinned=baseline.digest == pinned.digest,
        accepted_at=baseline.accepted.at,
        accepted_by=baseline.accepted.by,
        reason=baseline.accepted.reason,
        gate=baseline.accepted.gate,
        model=baseline.side.fact.model,
        scores=scores,
        macro_mean=sum(scores.values()) / len(scores) if scores else None,
    )


def _scores(side: Side, judged: Mapping[TaskKey, Headline]) -> dict[str, float]:
    """Return suite/task → mean of the headline score over the docs that have one."""
    found = {}
    for key, task in side.tasks.items():
        score = accuracy_of(judged, key)
        known = task.known(score) if score is not None else ()
        if len(known):
            found["/".join(key)] = float(np.mean(known))
    return found
