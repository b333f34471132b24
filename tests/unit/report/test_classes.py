"""Tasks with choices in the report: the matrix, scores per class, and who is no better than the commonest answer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from evalkit.analysis.summary import analyse
from evalkit.report.classes import MOST_SHOWN, ClassSection
from evalkit.report.document import Look
from evalkit.report.html import render_report
from evalkit.report.language import spoken
from evalkit.report.markdown import render_markdown
from evalkit.report.page import build_page
from evalkit.store.run_dir import Run
from tests.builders import HOSTILE, cell, manifest, result, sample
from tests.reports import decided, runs

# right label, answer by the poor model, by the good one
DOCS = [("Billing", "Returns", "Billing")] * 20 + [("Returns", "Returns", "Returns")] * 10


def labelled(docs: list[tuple[str, str, str]], n_choices: int = 2) -> Run:
    names = "poor", "good"
    samples = [
        sample(
            i,
            cell_id=f"{name}/s/0",
            target=gold,
            response=answers[at],
            loglikelihoods=(-1.0,) * n_choices,
            scores={"acc": float(gold == answers[at])},
        )
        for at, name in enumerate(names)
        for i, (gold, *answers) in enumerate(docs)
    ]
    by_cell = {
        c: [s.scores["acc"] or 0 for s in samples if s.cell_id == c]
        for c in ("poor/s/0", "good/s/0")
    }
    return Run(
        path=Path("r"),
        manifest=manifest(cells=tuple(cell(cell_id=f"{n}/s/0", model=n) for n in names)),
        requests=[],
        samples=samples,
        results=[result(sum(each) / len(each), cell_id=c) for c, each in by_cell.items()],
        telemetry=[],
    )


def section(run: Run) -> ClassSection:
    found = build_page([(run, analyse(run))]).classes
    assert found is not None
    return found


def test_a_model_no_better_than_the_commonest_answer_is_named_in_the_summary() -> None:
    run = labelled(DOCS)
    line = "poor is not surely better than always giving the commonest answer, on t."
    assert build_page([(run, analyse(run))]).summary[0] == line
    assert section(run).beware == (line,)


def test_the_baselines_stand_beside_the_score() -> None:
    baselines = section(labelled(DOCS)).tasks[0].tables[0]
    shown = {head.text: [(c.text, c.note) for c in cells] for head, cells in baselines.rows}
    assert [value for value, _ in shown["right answers"]] == ["33.3 %", "100.0 %"]
    assert [value for value, _ in shown["chance"]] == ["50.0 %"] * 2
    assert shown["majority baseline"] == [("66.7 %", "always “Billing”")] * 2
    assert shown["surely better than that"] == [("no", "surely worse"), ("yes", "")]


def test_matrix_and_scores_are_told_class_by_class() -> None:
    _, matrix, scores, *_ = section(labelled(DOCS)).tasks[0].tables
    assert [c.text for c in matrix.columns] == ["Billing", "Returns", "no answer", "docs"]
    assert [[c.text for c in cells] for _, cells in matrix.rows] == [
        ["0", "20", "0", "20"],
        ["0", "10", "0", "10"],
    ]
    assert [[c.text for c in cells] for _, cells in scores.rows] == [
        ["0.0 %", "–", "0.0 %"],
        ["100.0 %", "33.3 %", "50.0 %"],
        ["50.0 %", "–", "25.0 %"],
    ]
    assert scores.rows[1][1][1].note == "10 of 30"


def test_many_classes_end_in_one_row() -> None:
    names = [f"class {i:02d}" for i in range(20)]
    docs = [(n, n, n) for n in names for _ in range(2)]
    _, matrix, scores, *_ = section(labelled(docs, len(names))).tasks[0].tables
    assert len(matrix.rows) == MOST_SHOWN
    assert matrix.rows[-1][0].text == scores.rows[-2][0].text == "other classes"
    assert [c.text for c in matrix.rows[-1][1]][-3:] == ["12", "0", "12"]
    assert scores.rows[-2][1][0].note == "12 of 12"


def test_free_text_has_no_classes() -> None:
    docs = [(f"text {i}", f"text {i}", "text") for i in range(10)]
    run = labelled(docs, 4)
    page = build_page([(run, analyse(run))])
    assert page.classes is None
    assert "what is taken for what" not in render_report([(run, analyse(run))]).decode()


@pytest.mark.parametrize(
    ("code", "words"), [("en", "majority baseline"), ("de", "häufigste Klasse")]
)
def test_page_and_markdown_show_it(code: str, words: str) -> None:
    run = labelled(DOCS)
    look = Look(language=spoken(code))
    page = render_report([(run, analyse(run))], None, look).decode()
    assert '<details class="classes">' in page
    assert words in page
    assert words in render_markdown([(run, analyse(run))], None, look).decode()


def test_labels_of_others_stay_text() -> None:
    docs = [(HOSTILE, "b", HOSTILE)] * 3 + [("b", "b", "b")] * 2
    run = labelled(docs)
    page = render_report([(run, analyse(run))]).decode()
    text = render_markdown([(run, analyse(run))]).decode()
    assert "<img" not in page
    assert "<img" not in text


def test_a_decision_says_it_where_it_tells_quality() -> None:
    (run,) = runs()
    labels = {True: "Billing", False: "Returns"}  # three of four docs are of the same class
    samples = [
        replace(
            s,
            target=labels[is_common],
            response=labels[is_common == (s.scores["acc"] == 1)],
            loglikelihoods=(-1.0, -2.0),
        )
        for s in run.samples
        for is_common in [s.doc_id % 4 > 0]
    ]
    run = replace(run, samples=samples)
    page = render_report([(run, analyse(run))], decided()).decode()
    assert "open is not surely better than always giving the commonest answer, on t." in page
    assert '<details class="classes">' in page
