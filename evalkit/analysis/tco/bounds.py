"""Scores of the options with bounds that hold for all that were looked at together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from statistics import fmean

from evalkit.analysis.facts import Estimate
from evalkit.analysis.tco.blends import Pairing, usable_policies
from evalkit.analysis.tco.book import Book
from evalkit.analysis.tco.facts import Guess
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


def guesses(
    options: Sequence[Resolved],
    quality: Mapping[tuple[str, str], Estimate],
    weights: Mapping[str, float] | None,
) -> Iterator[Guess]:
    """Yield the models that are not surely above chance on a closed task that counts."""
    for model, outcomes in {r.spec.model: r.outcomes for r in options}.items():
        for task in dict.fromkeys(o.task for o in outcomes):
            shares = [o.chance for o in outcomes if o.task == task and o.score is not None]
            known = [share for share in shares if share is not None]
            score = quality.get((model, task))
            if not known or len(known) < len(shares) or score is None or score.value is None:
                continue
            counts = weights is None or bool(weights.get(task))
            chance = fmean(known)
            if counts and (score.low is None or score.low <= chance):
                yield Guess(model, task, score, chance)


def task_quality(options: Sequence[Resolved], levels: Levels) -> dict[tuple[str, str], Estimate]:
    """Return model and task → score, with such bounds."""
    found = {}
    for r in options:
        for task in {o.task for o in r.outcomes}:
            mine = [o for o in r.outcomes if o.task == task]
            found[r.spec.model, task] = quality_of(mine, None, levels.of_task(task))
    return found
