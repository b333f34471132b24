"""Tasks with choices, class by class: what is taken for what, and what always answering the same would score."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evalkit.analysis.classes import ClassFact, ClassScore, class_facts, folded
from evalkit.analysis.scores import TaskKey
from evalkit.report import format as text
from evalkit.report.blocks import Cell, Head, Row, Table, flat
from evalkit.report.models import Model
from evalkit.report.tables import model_heads, of_how_many
from evalkit.wording import NOTHING, Said, joined, say, verbatim

MOST_SHOWN = 15
"""Classes of a table; the rest is one row."""
_MOST_NAMED = 6
"""Tasks of one sentence."""
_LONGEST = 40
"""Characters of a class's name."""
_MISSING = Cell(text.MISSING, is_missing=True)


@dataclass(frozen=True, slots=True)
class TaskClasses:
    """One task, class by class."""

    title: Said
    tables: tuple[Table, ...]


@dataclass(frozen=True, slots=True)
class ClassSection:
    """Every task with choices."""

    beware: tuple[Said, ...]
    """Which models are not surely better than always answering the same."""
    tasks: tuple[TaskClasses, ...]


def class_section(models: Sequence[Model], tasks: Sequence[TaskKey]) -> ClassSection | None:
    """Return what is known of the closed ones among tasks; None where there are none."""
    found = [(m, tuple(_facts_of(m))) for m in models]
    by_task = [
        tuple((m, f) for m, facts in found for f in facts if (f.suite, f.task) == task)
        for task in tasks
    ]
    known = [some for some in by_task if some]
    if not known:
        return None
    beware = (line for m, facts in found for line in _no_better(m, facts))
    return ClassSection(tuple(beware), tuple(map(_task_classes, known)))


def _facts_of(model: Model) -> Iterator[ClassFact]:
    return class_facts(model.run, [q for q in model.facts.quality if q.model == model.name])


def _no_better(model: Model, facts: Sequence[ClassFact]) -> Iterator[Said]:
    poor = [f for f in facts if not f.is_above_majority]
    if not poor:
        return
    tasks = joined(dict.fromkeys(f.task for f in poor))
    if len(poor) > _MOST_NAMED:
        tasks = say("{n} of {all} tasks", n=text.count(len(poor)), all=text.count(len(facts)))
    yield say(
        "{model} is not surely better than always giving the commonest answer, on {tasks}.",
        model=verbatim(model.label),
        tasks=tasks,
    )


def _task_classes(some: Sequence[tuple[Model, ClassFact]]) -> TaskClasses:
    title = say("{task}, class by class: what is taken for what", task=_task(some[0][1]))
    return TaskClasses(title, tuple(_tables(some)))


def _tables(some: Sequence[tuple[Model, ClassFact]]) -> Iterator[Table]:
    yield _baselines(some)
    for model, fact in some:
        shown = folded(fact, MOST_SHOWN, say("other classes"))
        yield _matrix(model, shown)
        yield _scores(model, fact, shown)


def _baselines(some: Sequence[tuple[Model, ClassFact]]) -> Table:
    facts = [f for _, f in some]
    rows = [
        (Head(say("right answers")), tuple(map(_right, facts))),
        (
            Head(say("chance"), say("What guessing would score: 1 / number of choices.")),
            _chances(facts),
        ),
        (
            Head(
                say("majority baseline"),
                say(
                    "Share of the class that is right most often: what always answering it would score."
                ),
            ),
            tuple(_majority(f) for f in facts),
        ),
        (Head(say("surely better than that")), tuple(_is_better(f) for f in facts)),
    ]
    title = say("{task}: right answers beside what takes no model", task=_task(facts[0]))
    return flat(title, model_heads([m for m, _ in some]), rows)


def _task(f: ClassFact) -> Said:
    return verbatim(f"{f.task} ({f.suite})")


def _right(f: ClassFact) -> Cell:
    known = f.score.low is not None
    interval = say("95 %: {interval}", interval=text.interval(f.score)) if known else NOTHING
    return Cell(text.percent(f.score.value), joined((interval, of_how_many(f.score)), "; "))


def _chances(facts: Sequence[ClassFact]) -> tuple[Cell, ...]:
    return tuple(_MISSING if f.chance is None else Cell(text.percent(f.chance)) for f in facts)


def _majority(f: ClassFact) -> Cell:
    return Cell(text.percent(f.majority), say("always “{answer}”", answer=_name(f.commonest)))


def _is_better(f: ClassFact) -> Cell:
    if f.is_above_majority:
        return Cell(say("yes"), mark="pass")
    if f.score.high is not None and f.score.high < f.majority:
        return Cell(say("no"), say("surely worse"), mark="fail")
    return Cell(say("no"), say("its interval reaches down to it"), mark="unclear")


def _matrix(model: Model, f: ClassFact) -> Table:
    """Return right classes × answers; answers that are no class have a column where there are any."""
    has_others = any(row[-1] for row in f.counts)
    extra = (
        Head(say("no answer"), say("Nothing could be read: no choice stated, or several.")),
        *(
            (Head(say("another answer"), say("An answer that is none of the classes.")),)
            if has_others
            else ()
        ),
        Head(say("docs")),
    )
    columns = (*(Head(_name(c)) for c in f.classes), *extra)
    rows = [_matrix_row(f, i, has_others=has_others) for i in range(len(f.classes))]
    title = say(
        "{task}, {model}: right class by row, answer by column",
        task=_task(f),
        model=verbatim(model.label),
    )
    return flat(title, columns, rows, say("right class"))


def _matrix_row(f: ClassFact, i: int, *, has_others: bool) -> Row:
    c, counts = f.classes[i], f.counts[i][: None if has_others else -1]
    cells = [Cell(text.count(n)) for n in counts]
    mixed = say("right: {n}", n=text.count(c.n_right)) if counts[i] != c.n_right else NOTHING
    cells[i] = Cell(text.count(counts[i]), mixed, mark="pass" if c.n_right else "")
    return Head(_name(c)), (*cells, Cell(text.count(c.n_gold)))


def _scores(model: Model, fact: ClassFact, shown: ClassFact) -> Table:
    columns = (
        Head(say("recall"), say("Right answers / docs of the class.")),
        Head(say("precision"), say("Right answers / answers with the class.")),
        Head(say("F1"), say("Harmonic mean of recall and precision.")),
    )
    rows = [(Head(_name(c)), _class_cells(c)) for c in shown.classes]
    mean = Head(say("mean over classes"), say("Every class that has docs counts the same."))
    means = Cell(text.percent(fact.mean_recall)), _MISSING, Cell(text.percent(fact.mean_f1))
    title = say("{task}, {model}: class by class", task=_task(fact), model=verbatim(model.label))
    return flat(title, columns, [*rows, (mean, means)], say("class"))


def _class_cells(c: ClassScore) -> tuple[Cell, ...]:
    return (
        _share(c.recall, c.n_right, c.n_gold),
        _share(c.precision, c.n_right, c.n_answered),
        _MISSING if c.f1 is None else Cell(text.percent(c.f1)),
    )


def _share(value: float | None, right: int, n: int) -> Cell:
    if value is None:
        return Cell(text.MISSING, say("n = {n}", n=text.count(0)), is_missing=True)
    return Cell(text.percent(value), say("{n} of {all}", n=text.count(right), all=text.count(n)))


def _name(c: ClassScore) -> Said:
    if isinstance(c.name, Said):
        return c.name
    return verbatim(c.name if len(c.name) <= _LONGEST else f"{c.name[: _LONGEST - 1]}…")
