"""Scores of the options with bounds that hold for all that were looked at together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from evalkit.analysis.facts import Estimate
from evalkit.analysis.tco.blends import Pairing, usable_policies
from evalkit.analysis.tco.book import Book
from evalkit.analysis.tco.options import Resolved
from evalkit.analysis.tco.quality import levels_of, quality_of
from evalkit.analysis.weighted import Levels


def bounded(
    options: Sequence[Resolved], paired: Sequence[Pairing], book: Book
) -> tuple[list[Resolved], Levels]:
    """Return the options with such bounds of their mean scores, and how sure each bound is.

    Args:
        options: What is compared.
        paired: The blends that are looked at.
        book: Of the scenario.
    """
    weights = book.scenario.load.task_weights
    by_model = {r.spec.model: r.outcomes for r in options}
    plans = [p.plan for p in paired]
    levels = levels_of(by_model, plans, usable_policies(book), weights)
    found = [
        replace(r, quality=quality_of(r.outcomes, weights, levels.mean)) if r.outcomes else r
        for r in options
    ]
    return found, levels


def task_quality(options: Sequence[Resolved], levels: Levels) -> dict[tuple[str, str], Estimate]:
    """Return model and task → score, with such bounds."""
    found = {}
    for r in options:
        for task in {o.task for o in r.outcomes}:
            mine = [o for o in r.outcomes if o.task == task]
            found[r.spec.model, task] = quality_of(mine, None, levels.of_task(task))
    return found
