"""Who is best on a task, in a sentence: by the comparison doc by doc that the section on differences shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evalkit.analysis.differences import TaskDifference, differences
from evalkit.analysis.docs import DocTable, Headline
from evalkit.analysis.scores import TaskKey
from evalkit.report import format as text
from evalkit.report.models import Model, quality_of
from evalkit.wording import NOTHING, Said, joined, numeral, say


class Ahead:
    """Whom a model is clearly ahead of, doc by doc: the comparison that the section on differences shows."""

    def __init__(self, models: Sequence[Model], docs: DocTable) -> None:
        self._models, self._docs = models, docs
        self._found: dict[str, tuple[TaskDifference, ...]] = {}

    def of(self, reference: str, key: TaskKey) -> dict[str, int | None]:
        """Return every other model's sign against one of them, of `TaskDifference.sign`."""
        if reference not in self._found:
            self._found[reference] = differences(self._models, self._docs, reference)
        return {d.other: d.sign for d in self._found[reference] if (d.suite, d.task) == key}

    def leader(self, labels: Sequence[str], key: TaskKey) -> str:
        """Return the first of those that nobody is clearly better than doc by doc, whatever their means."""
        if len(labels) < 2:
            return labels[0]
        unbeaten = (label for label in labels if 1 not in self.of(label, key).values())
        return next(unbeaten, labels[0])


def best_on(
    models: Sequence[Model], key: TaskKey, headline: Headline, ahead: Ahead
) -> Iterator[tuple[Said, bool | None]]:
    """Say who is best on a task, and whether that tells it apart from anyone; None: no way is known to be better."""
    suite, task = key
    if headline.is_higher_better is None:
        line = say(
            "{task}, {metric}: nobody is ahead, since the task does not say which way is better.",
            task=task,
            metric=text.with_filter(headline.metric, headline.filter),
        )
        yield line, None
        return
    facts = [
        (m.label, q.estimate)
        for m in models
        for q in quality_of(m, suite, task)
        if (q.filter, q.metric) == (headline.filter, headline.metric)
    ]
    known = {label: e for label, e in facts if e.value is not None}
    if not known:
        return
    sign = -1 if headline.is_higher_better else 1
    leader = ahead.leader(sorted(known, key=lambda label: sign * (known[label].value or 0)), key)
    top, signs = known[leader], ahead.of(leader, key) if len(known) > 1 else {}
    others = [(label, signs.get(label)) for label in known if label != leader]
    show = text.percent if headline.is_share else text.score
    score = say(
        "{task}, {metric}: {model} {score} (95 %: {interval}, n = {n})",
        task=task,
        metric=text.with_filter(headline.metric, headline.filter),
        model=leader,
        score=show(top.value),
        interval=text.interval(top),
        n=numeral(f"{top.n}"),
    )
    line = joined((score, *_standings(others), _left_out(models, suite, task)), "; ")
    shown = [*signs.values(), *(ahead.of(models[0].label, key).values() if signs else ())]
    compared = [sign for sign in shown if sign is not None]
    yield say("{line}.", line=line), any(compared) if compared else None


def _standings(others: Sequence[tuple[str, int | None]]) -> Iterator[Said]:
    """Say whom the best one is ahead of; the best by its score, so that doc by doc no other is clearly better."""
    by_sign: dict[int | None, list[str]] = {}
    for label, sign in others:
        by_sign.setdefault(sign, []).append(label)
    if labels := by_sign.get(-1):
        yield say("clearly ahead of {models}", models=joined(labels))
    if labels := [*by_sign.get(0, ()), *by_sign.get(1, ())]:
        yield say("not clearly ahead of {models}", models=joined(labels))
    if labels := by_sign.get(None):
        yield say("no docs in common to compare with {models}", models=joined(labels))


def _left_out(models: Sequence[Model], suite: str, task: str) -> Said:
    """Say which models left docs without an answer; those docs are not in the numbers."""
    failed = {m.label: [q.n_failed for q in quality_of(m, suite, task)] for m in models}
    parts = [
        say("{n} of {model}", n=numeral(f"{max(counts)}"), model=label)
        for label, counts in failed.items()
        if any(counts)
    ]
    if not parts:
        return NOTHING
    return say("docs without an answer are left out: {docs}", docs=joined(parts))
