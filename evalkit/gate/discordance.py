"""On how many documents two sides differ: what the number of documents a margin needs depends on."""

from __future__ import annotations

import numpy as np

from evalkit.errors import DataError
from evalkit.gate.evidence import evidence_of
from evalkit.gate.judge_docs import paired_scores
from evalkit.gate.side import Side


def observed_discordance(one: Side, other: Side) -> float:
    """Return the mean square of the differences of the headline scores; of right/wrong: the share that differs.

    Raises:
        DataError: The two have no document in common.
    """
    evidence = evidence_of(one, other)
    found = [f for key in evidence.pairs if (f := paired_scores(evidence, key, None)) is not None]
    if not found:
        raise DataError(
            f"{one.fact.label} and {other.fact.label} have no scored document in common.",
            "Give two runs of the same tasks.",
        )
    damages = np.concatenate([f.damage for f in found])
    return max(float((damages**2).mean()), 1 / len(damages))
