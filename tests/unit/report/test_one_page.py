"""The decision fits one sheet of paper, in both languages, and says where the rest is."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest

from evalkit.report.document import Decided, Look, build_document
from evalkit.report.language import spoken
from evalkit.report.one_page import build_one_page, render_one_page
from evalkit.report.pdf import BROWSERS, print_pdf
from evalkit.report.theme import read_theme
from tests.builders import HOSTILE
from tests.conftest import REPO
from tests.outputs import SHIPPED, decided, runs

THEME = REPO / "configs" / "themes" / "example.yaml"


@pytest.mark.slow
@pytest.mark.skipif(not any(map(shutil.which, BROWSERS)), reason="no Chromium on this machine")
@pytest.mark.skipif(shutil.which("pdfinfo") is None, reason="no pdfinfo to count pages with")
@pytest.mark.parametrize("code", ["en", "de"])
@pytest.mark.parametrize("name", SHIPPED)
def test_it_prints_on_one_page(tmp_path: Path, name: str, code: str) -> None:
    look = Look(language=spoken(code), theme=read_theme(THEME))
    print_pdf(render_one_page(runs(), decided(name), look), tmp_path / "one.pdf")
    told = subprocess.run(
        ["pdfinfo", str(tmp_path / "one.pdf")], capture_output=True, text=True, check=True
    ).stdout
    assert re.search(r"^Pages: +1$", told, re.MULTILINE), told
    assert "(A4)" in told


def page_of(name: str) -> str:
    return render_one_page(runs(), decided(name)).decode()


def test_it_has_verdict_numbers_chart_options_and_the_way_to_the_rest() -> None:
    page = page_of("start-up")
    assert decided("start-up").verdict.sentence in unescape(page)
    assert page.count('<svg class="bar"') == 3
    assert page.count("<svg") == 4
    for name in ("It rests on", "It would turn", "Find out first"):
        assert f"<dt>{name}</dt>" in page
    for option in decided("start-up").case.facts.options:
        assert str(option.name) in unescape(page)
    assert "evalkit report results/q --scenario start-up.yaml" in page
    assert "default-src 'none'" in page
    assert "<script" not in page


def test_the_same_facts_give_the_same_bytes() -> None:
    assert page_of("manufacturer") == page_of("manufacturer")


def test_what_the_verdict_is_about_is_never_left_out() -> None:
    found = decided("start-up")
    facts, verdict = found.case.facts, found.verdict
    named = next(o for o in facts.options if o.name == (verdict.option or verdict.leaning))
    others = tuple(replace(named, name=f"other-{i}") for i in range(9))
    case = replace(found.case, facts=replace(facts, options=(*others, *facts.options)))
    many = Decided(case, verdict, found.scenario)
    page = build_one_page(build_document(runs(), many), many)
    assert page.front.options.rows[0][0].text == named.name
    assert page.front.more.startswith(f"{9 + len(facts.options) - 6} more options")


def test_missing_numbers_are_words_and_no_zeros() -> None:
    found = decided("start-up")
    none = tuple(replace(o, missing=("a price",), unit=None) for o in found.case.facts.options)
    case = replace(found.case, facts=replace(found.case.facts, options=none))
    page = render_one_page(runs(), Decided(case, found.verdict, found.scenario)).decode()
    assert page.count("not known yet") >= 2 * len(none)


def test_hostile_names_stay_text() -> None:
    found = decided("start-up")
    facts = replace(found.case.facts, title=HOSTILE)
    case = replace(found.case, facts=facts)
    page = render_one_page(runs(), Decided(case, found.verdict, found.scenario)).decode()
    assert "<script" not in page
    assert "onerror=alert(2)&gt;" in page
    assert "\u202e" not in page
