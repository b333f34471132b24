"""Paired differences: the forest plot, its sentences, and the table behind it."""

from __future__ import annotations

import re
from typing import Any

from evalkit.analysis.differences import TaskDifference
from evalkit.analysis.facts import Estimate
from evalkit.report.differences import DifferencesSection, build_differences
from evalkit.report.html import render_template
from evalkit.report.language import ENGLISH, Spoken, spoken
from evalkit.wording import say
from tests.pseudo import untold

GERMAN = spoken("de")
LABELS = ("base", "better", "worse", "equal")


def found(other: str, value: float | None, half: float = 0.02, **changes: Any) -> TaskDifference:
    e = Estimate(None, "score", 0, reason=say("the two have no doc in common"))
    if value is not None:
        e = Estimate(value, "share", 200, value - half, value + half, "Tango 95 %, paired")
    values: dict[str, Any] = {
        "reference": "base",
        "other": other,
        "suite": "s",
        "task": "routing",
        "filter": "none",
        "metric": "acc",
        "is_higher_better": True,
        "estimate": e,
        "wins": 30,
        "losses": 10,
        "ties": 160,
        "n_unpaired": 3,
    }
    return TaskDifference(**{**values, **changes})


ALL = (found("better", 0.1), found("worse", -0.1), found("equal", 0.01))


def section(*given: TaskDifference, language: Spoken = ENGLISH) -> DifferencesSection:
    made = build_differences(given or ALL, LABELS, language)
    assert made is not None
    return made


def cells(of: DifferencesSection, group: int, row: int) -> list[str]:
    return [str(c.text) for c in of.data.groups[group].rows[row][1]]


def test_nothing_to_compare_is_no_section() -> None:
    assert build_differences((), LABELS, ENGLISH) is None


def test_each_line_says_number_interval_and_what_it_means() -> None:
    svg = section().svgs[0]
    assert "+10.0 (+8.0 to +12.0)" in svg
    assert "−10.0 (−12.0 to −8.0)" in svg
    for words in (">better<", ">worse<", ">can't tell<", "routing · acc"):
        assert words in svg


def test_the_table_has_every_number_and_the_models_colours() -> None:
    of = section()
    assert cells(of, 0, 0) == ["+10.0", "better", "30", "10", "160", "3"]
    assert cells(of, 0, 1)[1] == "worse"
    assert [head.series for head, _ in of.data.groups[0].rows] == [1, 2, 3]
    assert [c.mark for _, row in of.data.groups[0].rows for c in row[1:2]] == [
        "pass",
        "fail",
        "unclear",
    ]


def test_it_counts_where_each_model_is_better() -> None:
    second = found("better", -0.1, task="extraction")
    assert section(*ALL, second).sentences[0] == (
        "better against base, 2 tasks: clearly better on 1, clearly worse on 1, can't tell on 0."
    )
    assert "1 task:" in section().sentences[1]


def test_what_can_not_be_compared_says_why() -> None:
    of = section(found("better", None))
    assert of.svgs == ()
    assert of.sentences == ("better against base: nothing to compare.",)
    assert "Nothing to compare on: routing · acc." in of.caption
    cell = of.data.groups[0].rows[0][1][0]
    assert (cell.is_missing, cell.note) == (True, "the two have no doc in common")
    page = render_template("sections/differences.html.j2", differences=of).decode()
    assert 'class="missing"' in page


def test_scores_that_are_no_shares_are_in_the_table_only() -> None:
    e = Estimate(-3.25, "score", 20, -4.0, -2.5, "BCa")
    of = section(*ALL, found("better", 0.1, task="length", metric="chars", estimate=e))
    assert cells(of, 1, 0)[0] == "−3.25"
    assert "Not drawn" in of.caption
    assert "length" not in of.svgs[0]


def test_where_lower_is_better_it_says_that_the_sign_is_turned() -> None:
    of = section(found("better", 0.1, is_higher_better=False))
    assert "routing · acc ↓" in of.svgs[0]
    assert "turned round" in of.caption


def test_a_task_of_several_suites_is_told_apart_and_a_filter_is_named() -> None:
    of = section(found("better", 0.1), found("better", 0.1, suite="u", filter="strict"))
    titles = [str(g.title) for g in of.data.groups]
    assert titles == ["routing (s) · acc", "routing (u) · acc (strict)"]


def test_many_lines_go_into_several_pictures_whose_ids_differ() -> None:
    many = [found(m, 0.1, task=f"task {t}") for t in range(40) for m in LABELS[1:]]
    of = section(*many)
    assert len(of.svgs) == 3
    ids = [i for svg in of.svgs for i in re.findall(r'id="([^"]+)"', svg)]
    assert len(ids) == len(set(ids))
    drawn = sum(svg.count("+10.0 (+8.0 to +12.0)") for svg in of.svgs)
    assert drawn == len(many)


def test_chance_is_named_where_much_is_compared() -> None:
    assert "1 of 20 comparisons" in section().caption
    assert "1 of 20" not in section(ALL[0]).caption


def test_the_same_facts_give_the_same_bytes_and_hostile_names_stay_text() -> None:
    assert section().svgs == section().svgs
    bad = found("better", 0.1, task="</text><script>alert(1)</script>", reference="<b>")
    of = section(bad)
    page = render_template("sections/differences.html.j2", differences=of).decode()
    assert "<script>" not in page
    assert "<b>" not in page


def test_german_is_german() -> None:
    of = section(language=GERMAN)
    assert "+10,0 (+8,0 bis +12,0)" in of.svgs[0]
    assert "unklar" in of.svgs[0]
    page = render_template("sections/differences.html.j2", GERMAN, differences=of).decode()
    assert "Dokument für Dokument" in page
    assert "3 Aufgaben" not in page
    assert "klar besser bei 1" in page


def test_every_word_is_from_the_catalogue() -> None:
    of = section(*ALL, found("equal", None, task="other", is_higher_better=False))
    said = [of.title, of.caption, of.data.title, of.data.corner, *of.sentences]
    said += [w for h in of.data.columns for w in (h.text, h.meaning)]
    said += [w for g in of.data.groups for _, row in g.rows for c in row for w in (c.text, c.note)]
    data = ("other · acc ↓", "routing · acc", "base", "better", "worse", "equal")
    for one in said:
        left = untold(one)
        for name in data:
            left = left.replace(name, "")
        assert not re.search("[A-Za-z]", left.replace("n\u00a0=", "")), (one, left)
