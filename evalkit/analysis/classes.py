"""Which answers are taken for which: confusion matrix, scores per class and the majority baseline of closed tasks.

A task is closed where its docs are chosen from one list: by log-likelihood among the same few labels, or by letter.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from evalkit.analysis.chance import Lettered, lettered
from evalkit.analysis.facts import Estimate, QualityFact
from evalkit.reading.letter import LetterContext, read_letter
from evalkit.reading.mentions import letters
from evalkit.records import Sample
from evalkit.store.run_dir import Run

METRIC = "acc"
"""Counts a doc as right by the choice that `Sample.response` shows; length-normalised scores choose another way."""
MOST_CLASSES = 30
"""Different right answers beyond which a task is not taken for a closed one."""
_Place = tuple[int, int]
"""Class that is right, and column of the answer."""


@dataclass(frozen=True, slots=True)
class ClassScore:
    """How one class was told from the others."""

    name: str
    n_gold: int
    """Docs of which it is right."""
    n_answered: int
    """Docs to which it was given as the answer."""
    n_right: int

    @property
    def recall(self) -> float | None:
        """Right / docs of the class; None where there are none."""
        return self.n_right / self.n_gold if self.n_gold else None

    @property
    def precision(self) -> float | None:
        """Right / answers with the class; None where there are none."""
        return self.n_right / self.n_answered if self.n_answered else None

    @property
    def f1(self) -> float | None:
        """Harmonic mean of both, 2 · right / (docs + answers); None where it neither was right nor was answered."""
        n = self.n_gold + self.n_answered
        return 2 * self.n_right / n if n else None


@dataclass(frozen=True, slots=True)
class ClassFact:
    """One model's answers to one closed task; of repeats the first."""

    model: str
    suite: str
    task: str
    score: Estimate
    """Share of right answers, as it is everywhere."""
    chance: float | None
    classes: tuple[ClassScore, ...]
    """Letters in their order, labels by how many docs they are right of."""
    counts: tuple[tuple[int, ...], ...]
    """Docs, `[classes, classes + 2]`: right class × answer; the last columns: no answer, an answer that is no class."""

    @property
    def n(self) -> int:
        """Docs that were scored."""
        return sum(c.n_gold for c in self.classes)

    @property
    def commonest(self) -> ClassScore:
        """The class that is right most often; of several the first."""
        return max(self.classes, key=lambda c: c.n_gold)

    @property
    def majority(self) -> float:
        """What always answering the commonest class would score."""
        return self.commonest.n_gold / self.n

    @property
    def is_above_majority(self) -> bool:
        """Whether the score is surely above that: its whole interval is."""
        return self.score.low is not None and self.score.low > self.majority

    @property
    def mean_recall(self) -> float:
        """Mean over the classes that have docs (balanced accuracy): each counts the same, however rare."""
        known = [c.recall for c in self.classes if c.recall is not None]
        return sum(known) / len(known)

    @property
    def mean_f1(self) -> float:
        """Mean over the classes that have docs (macro F1)."""
        known = [c.f1 or 0.0 for c in self.classes if c.n_gold]
        return sum(known) / len(known)


def class_facts(run: Run, quality: Iterable[QualityFact]) -> Iterator[ClassFact]:
    """Yield one fact per model and closed task of the cells that are done.

    Args:
        run: With its samples; docs whose request failed are left out.
        quality: Facts of the run.
    """
    found = _samples(run)
    for q in quality:
        if q.metric != METRIC or q.is_group:
            continue
        samples = found.get((q.model, q.suite, q.task, q.filter), [])
        placed = _of_letters(samples) or _of_labels(samples)
        if placed is not None:
            yield _fact(q, *placed)


def _samples(run: Run) -> dict[tuple[str, str, str, str], list[Sample]]:
    done = [c for c in run.manifest.cells if c.state == "done"]
    first: dict[tuple[str, str], int] = {}
    for c in done:
        key = c.model, c.suite
        first[key] = min(c.repeat, first.get(key, c.repeat))
    cells = {c.cell_id: c for c in done if c.repeat == first[c.model, c.suite]}
    found: dict[tuple[str, str, str, str], list[Sample]] = defaultdict(list)
    for s in run.samples:
        cell = cells.get(s.cell_id)
        if cell is not None and s.scores.get(METRIC) is not None:
            found[cell.model, cell.suite, s.task, s.filter].append(s)
    return found


# --- classes of one task ------------------------------------------------------------------------------------------


def _of_letters(samples: Sequence[Sample]) -> tuple[list[str], list[_Place]] | None:
    """Return names of the letters, and where each doc belongs; None where the answers are no letters."""
    asked = [lettered(s) for s in samples if not s.loglikelihoods]
    known = [a for a in asked if a is not None]
    if len(known) < len(samples) or len({a.gold for a in known}) < 2:
        return None
    size = max(len(a.options) for a in known)
    places = [(a.gold, _letter(s, a, size)) for s, a in zip(samples, known, strict=True)]
    texts = {a.options for a in known}
    names = list(texts.pop()) if len(texts) == 1 else []
    return names if len(set(names)) == size else list(letters(size)), places


def _letter(sample: Sample, asked: Lettered, size: int) -> int:
    """Return the column of an answer, read as it was when it was scored; what was scored right is right."""
    if sample.scores[METRIC] == 1:
        return asked.gold
    if sample.scores.get("extraction_failed") == 1 or not sample.response.strip():
        return size
    read = read_letter(sample.response, LetterContext(asked.options, asked.question)).value
    return size + 1 if read is None or read == asked.gold else read


def _of_labels(samples: Sequence[Sample]) -> tuple[list[str], list[_Place]] | None:
    """Return labels, and where each doc belongs; None where docs have lists of their own.

    There are no more labels than choices of a doc where all docs have the same.
    """
    golds = Counter(s.target for s in samples)
    names = [name for name, _ in sorted(golds.items(), key=lambda item: (-item[1], item[0]))]
    names += sorted({s.response for s in samples} - set(names))
    n_choices = max((len(s.loglikelihoods) for s in samples), default=0)
    if not all(s.loglikelihoods for s in samples) or len(names) > n_choices:
        return None
    if not 2 <= len(golds) <= MOST_CLASSES:
        return None
    at = {name: i for i, name in enumerate(names)}
    return names, [(at[s.target], _label(s, at)) for s in samples]


def _label(sample: Sample, at: dict[str, int]) -> int:
    """Return the column of an answer; a wrong choice that reads as the right one is none of the classes."""
    if sample.scores[METRIC] == 1:
        return at[sample.target]
    return len(at) + 1 if sample.response == sample.target else at[sample.response]


def _fact(q: QualityFact, names: Sequence[str], places: Sequence[_Place]) -> ClassFact:
    size, seen = len(names), Counter(places)
    counts = tuple(tuple(seen[i, j] for j in range(size + 2)) for i in range(size))
    return ClassFact(
        model=q.model,
        suite=q.suite,
        task=q.task,
        score=q.estimate,
        chance=q.chance,
        classes=tuple(
            ClassScore(name, sum(counts[i]), sum(row[i] for row in counts), counts[i][i])
            for i, name in enumerate(names)
        ),
        counts=counts,
    )


def folded(fact: ClassFact, most: int, name: str) -> ClassFact:
    """Return a fact of at most so many classes: those that are right most often, and the rest as one of that name.

    What is right of the rest is added up class by class: its own count holds the mistakes among its classes, too.
    """
    size = len(fact.classes)
    if size <= most:
        return fact
    ranked = sorted(range(size), key=lambda i: -fact.classes[i].n_gold)
    kept = sorted(ranked[: most - 1])
    rest = sorted(ranked[most - 1 :])
    groups = [[i] for i in kept] + [rest]
    columns = [*groups, [size], [size + 1]]
    gone = [fact.classes[i] for i in rest]
    other = ClassScore(
        name,
        sum(c.n_gold for c in gone),
        sum(c.n_answered for c in gone),
        sum(c.n_right for c in gone),
    )
    return replace(
        fact,
        classes=(*(fact.classes[i] for i in kept), other),
        counts=tuple(
            tuple(sum(fact.counts[i][j] for i in rows for j in column) for column in columns)
            for rows in groups
        ),
    )
