"""Whoever judges a task of a run does so by one metric: summary, differences, explorer, blend and gate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from evalkit.analysis.differences import differences
from evalkit.analysis.docs import doc_table
from evalkit.analysis.outcomes import outcomes
from evalkit.analysis.summary import analyse
from evalkit.gate.evidence import evidence_of
from evalkit.gate.flips import find_flips
from evalkit.gate.open import open_side
from evalkit.report.models import compared_models
from evalkit.report.page import build_page
from evalkit.report.samples import Mark, task_docs
from evalkit.store.run_dir import Run
from tests.builders import cell, manifest, result, sample
from tests.scenarios import written

N = 40


@dataclass(frozen=True)
class Case:
    """Metric → score of each doc of two models, and which way is better."""

    old: Mapping[str, Sequence[float]]
    new: Mapping[str, Sequence[float]]
    ways: Mapping[str, bool | None]
    headline: str | None
    """None: nobody is to judge by any."""


def docs(good: int, right: float = 1.0, wrong: float = 0.0) -> list[float]:
    return [right if i < good else wrong for i in range(N)]


CASES = {
    "a scale of 100 and a failure rate": Case(
        {"bleu": docs(10, 60, 20), "extraction_failed": docs(2)},
        {"bleu": docs(38, 60, 20), "extraction_failed": docs(10)},
        {"bleu": True, "extraction_failed": False},
        "bleu",
    ),
    "an undirected number before a share": Case(
        {"similarity": docs(40, 0.9), "f1": docs(12)},
        {"similarity": docs(0, 0.9), "f1": docs(36)},
        {"similarity": None, "f1": True},
        "f1",
    ),
    "a scale that one model's scores look like shares on": Case(
        {"bleu": docs(0), "acc": docs(12)},
        {"bleu": docs(40, 60), "acc": docs(38)},
        {"bleu": True, "acc": True},
        "acc",
    ),
    "fewer are better": Case(
        {"errors": docs(38)}, {"errors": docs(10)}, {"errors": False}, "errors"
    ),
    "no way is known to be better": Case(
        {"length": docs(9, 5, 7)}, {"length": docs(30, 5, 7)}, {"length": None}, None
    ),
}


def run_of(case: Case) -> Run:
    """Both models asked the same docs in one run."""
    samples, results, cells = [], [], []
    for model, scores in (("old", case.old), ("new", case.new)):
        name = f"{model}/s/0"
        cells.append(cell(cell_id=name, model=model))
        for metric, values in scores.items():
            way, mean = case.ways[metric], sum(values) / N
            results.append(
                result(mean, cell_id=name, metric=metric, higher_is_better=way, n_docs=N)
            )
        samples += [
            sample(i, cell_id=name, scores=dict(zip(scores, row, strict=True)))
            for i, row in enumerate(zip(*scores.values(), strict=True))
        ]
    return Run(
        path=Path("r"),
        manifest=manifest(cells=tuple(cells)),
        requests=[],
        samples=samples,
        results=results,
        telemetry=[],
    )


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_everyone_judges_by_the_same_metric(case: Case, tmp_path: Path) -> None:
    run = run_of(case)
    facts = analyse(run)
    models, table = compared_models([(run, facts)]), doc_table([run])

    (difference,) = differences(models, table)
    assert difference.metric == (case.headline or "")

    summary = [str(line) for line in build_page([(run, facts)], table).summary]
    (about,) = [line for line in summary if line.startswith("t, ")]
    if case.headline is None:
        assert "does not say which way is better" in about
        assert not any("clear difference" in line for line in summary)
    else:
        assert about.startswith(f"t, {case.headline}: new ")
        assert "clearly ahead of old" in about
        assert "not clearly" not in about
        assert difference.sign == 1

    for o in outcomes(table, "new"):
        assert o.metric == case.headline

    folder = written(run, tmp_path / "r")
    sides = [open_side(folder, name, {}, option="--model") for name in ("old", "new")]
    flips = find_flips(evidence_of(*sides), 100)
    assert {f.score for f in flips} == ({case.headline} if case.headline else set())
    assert sum(not f.is_worse for f in flips) == (difference.wins if flips else 0)
    assert sum(f.is_worse for f in flips) == (difference.losses if flips else 0)

    (task,) = task_docs([(m.name, m.run) for m in models], table)
    wins = sum(d.marks == Mark.WRONG + Mark.RIGHT for d in task.docs)
    is_judged = case.headline in ("f1", "acc", "errors")
    assert wins == (difference.wins if is_judged else 0)
