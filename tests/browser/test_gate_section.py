"""The gate in a report as its readers see it: accessible, quiet, legible on paper, on a phone and in the dark."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from evalkit.analysis.summary import analyse
from evalkit.report.document import Look
from evalkit.report.html import render_report
from evalkit.report.language import spoken
from tests.accessible import violations
from tests.gates import compared, failed, hostile, passed, undecided
from tests.hostile import MARKER, everything
from tests.reports import decided, runs

PHONE = {"width": 390, "height": 844}
GATES = {"failed": failed, "passed": passed, "undecided": undecided, "compared": compared}


@cache
def report(kind: str, code: str = "en", with_decision: bool = False) -> bytes:
    facts = [(run, analyse(run)) for run in runs()]
    verdict = decided() if with_decision else None
    return render_report(facts, verdict, Look(language=spoken(code)), gate=GATES[kind]())


def with_all_open(page):
    page.evaluate("document.querySelectorAll('.gate details').forEach(d => d.open = true)")
    return page


@pytest.mark.parametrize(
    ("kind", "code", "scheme"),
    [
        ("failed", "en", "light"),
        ("failed", "de", "dark"),
        ("undecided", "en", "dark"),
        ("compared", "de", "light"),
    ],
)
def test_wcag_rules_are_kept(open_html, kind, code, scheme):
    page = open_html(report(kind, code), color_scheme=scheme, bypass_csp=True).page
    assert violations(with_all_open(page)) == []


def test_they_are_kept_below_a_verdict_too(open_html):
    # the page around it is checked in test_report.py
    page = open_html(report("passed", "en", True), bypass_csp=True).page
    assert violations(with_all_open(page), context=".gate") == []


@pytest.mark.parametrize("kind", GATES)
def test_the_page_loads_nothing_and_logs_no_error(open_html, kind):
    opened = open_html(report(kind))
    opened.page.mouse.wheel(0, 20_000)
    opened.assert_quiet()


def test_it_reads_without_javascript(open_html):
    page = open_html(report("failed"), java_script_enabled=False).page
    assert page.locator("#gate").is_visible()
    assert page.locator("table.judged tbody tr:not(.group)").count() == len(failed().rules)
    assert page.locator(".gate svg").count() == 2


def test_the_contents_lead_to_it(open_html):
    page = open_html(report("failed")).page
    page.locator('nav.contents a[href="#gate"]').click()
    assert page.evaluate("document.querySelector('#gate').getBoundingClientRect().top") < 200


@pytest.mark.parametrize("kind", GATES)
def test_a_phone_scrolls_down_and_not_sideways(open_html, kind):
    page = with_all_open(open_html(report(kind, "de"), viewport=PHONE).page)
    assert page.evaluate("document.scrollingElement.scrollWidth") <= PHONE["width"]


@pytest.mark.parametrize("code", ["en", "de"])
def test_labels_of_the_pictures_stay_within_them(open_html, code):
    page = open_html(report("failed", code)).page
    outside = page.evaluate(
        """() => [...document.querySelectorAll('.gate svg')].flatMap(svg => {
          const box = svg.getBoundingClientRect();
          return [...svg.querySelectorAll('text')].filter(t => {
            const at = t.getBoundingClientRect();
            return at.left < box.left - 1 || at.right > box.right + 1;
          }).map(t => t.textContent);
        })"""
    )
    assert outside == []


def test_hostile_texts_do_nothing(open_html):
    several = [hostile(text) for text in everything().values()]
    result = replace(
        several[0],
        rules=tuple(rule for one in several for rule in one.rules),
        flips=tuple(flip for one in several for flip in one.flips),
        differences=tuple(d for one in several for d in one.differences),
        warnings=tuple(warning for one in several for warning in one.warnings),
    )
    facts = [(run, analyse(run)) for run in runs()]
    opened = open_html(render_report(facts, gate=result))
    page = opened.page
    page.mouse.move(200, 200)
    assert page.evaluate(f"window.{MARKER}") is None
    assert page.locator(".gate").locator("script, iframe, img, a, form, input, object").count() == 0
    assert page.locator("table.judged tbody tr:not(.group)").count() == len(result.rules)
    assert page.locator("table.flips tbody tr").count() == len(result.flips)
    opened.assert_quiet()
