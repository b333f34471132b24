"""The figures of the decision page: one look for each side, intervals where there are any, names that fit."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import pytest

from evalkit.analysis.blend.facts import Policy
from evalkit.report.decision.charts import Chart, charts
from evalkit.report.decision.figures import SwingBar, tornado
from evalkit.report.decision.policy_figures import PolicyLine
from evalkit.report.style import side_marker
from evalkit.wording import verbatim
from tests.decisions import decision_facts, figure, pair, verdict


def chart(name: str, **changes: object) -> Chart:
    return next(c for c in charts(decision_facts(**changes), verdict()) if c.name == name)


def texts(svg: str) -> list[str]:
    return [unescape(t) for t in re.findall(r"<text\b[^>]*>([^<]*)</text>", svg)]


def test_charts_have_the_names_that_the_page_places_them_by() -> None:
    found = [c.name for c in charts(decision_facts(), verdict())]
    assert found == ["cumulated", "over_load", "cheaper", "tornado"]


def test_a_marker_means_a_side() -> None:
    assert [side_marker(s) for s in ("build", "buy", "blend")] == ["o", "s", "D"]
    for name in ("cumulated", "over_load"):
        assert "Circle: own deployment; square: API; diamond: both combined." in chart(name).caption


def test_a_break_even_load_is_drawn_with_its_range_where_that_is_known() -> None:
    known = chart("over_load")
    unknown = chart("over_load", pairs=(pair(break_even_per_month=figure(2.2e6, low=None)),))
    assert "The bar through it: P10–P90." in known.caption
    assert "The bar" not in unknown.caption
    assert "A ring marks" in unknown.caption
    assert known.svg.count("<path") > unknown.svg.count("<path")


def test_without_a_break_even_load_no_ring_is_explained() -> None:
    assert "ring" not in chart("over_load", pairs=()).caption


def test_policies_that_no_option_uses_can_be_told_apart() -> None:
    line = PolicyLine(
        None, 0, verbatim("p"), False, (0.0, 1.0), (0.1, 0.2), (None, None), (None, None)
    )
    looks = [replace(line, rank=rank).look for rank in range(len(Policy) - 1)]
    looks += [replace(line, is_bound=True).look, replace(line, series=0).look]
    assert len({str(sorted(look.items(), key=str)) for look in looks}) == len(looks)


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        ("load", ["load"]),
        (
            "share of the capacity that is used at the peak",
            ["share of the capacity that is", "used at the peak"],
        ),
        (
            "power under load of a-rack-with-eight-big-accelerators-in-the-cellar",
            ["power under load of a-rack-with-", "eight-big-accele…s-in-the-cellar"],
        ),
        ("a\u202eb\nc", ["a⟨U+202E⟩b c"]),
    ],
)
def test_names_of_inputs_take_two_lines_where_they_are_long(label: str, shown: list[str]) -> None:
    bar = SwingBar(verbatim(label), -1.0, 2.0, verbatim("1"), verbatim("2"))
    svg = tornado([bar], verbatim("x"), verbatim("t"), verbatim("d"))
    assert [t for t in texts(svg) if t in shown] == shown


def test_a_chart_without_data_says_why() -> None:
    empty = chart("cheaper", pairs=())
    assert (empty.svg, empty.data) == ("", None)
    assert empty.caption == "Nothing to draw: no own deployment can be compared with an API."
