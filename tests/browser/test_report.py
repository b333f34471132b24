from functools import cache

import pytest

from evalkit.analysis.summary import analyse
from evalkit.report.html import render_report
from tests.accessible import violations
from tests.reports import decision_report, runs

PHONE = {"width": 390, "height": 844}


@cache
def report(code):
    return decision_report(code)


@pytest.mark.parametrize(("code", "scheme"), [("en", "light"), ("de", "dark")])
def test_wcag_rules_are_kept(open_html, code, scheme):
    page = open_html(report(code), color_scheme=scheme, bypass_csp=True).page
    assert violations(page) == []


def test_a_report_of_runs_alone_keeps_them_too(open_html):
    page = render_report([(run, analyse(run)) for run in runs()])
    assert violations(open_html(page, bypass_csp=True).page) == []


@pytest.mark.parametrize("code", ["en", "de"])
def test_the_page_loads_nothing_and_logs_no_error(open_html, code):
    opened = open_html(report(code))
    opened.page.mouse.wheel(0, 20_000)
    opened.assert_quiet()


def test_the_page_reads_without_javascript(open_html):
    page = open_html(report("en"), java_script_enabled=False).page
    assert page.locator("#verdict").is_visible()
    assert page.locator("table.options tbody tr").count() >= 2
    assert page.locator("input:visible").count() == 0


def test_a_phone_scrolls_down_and_not_sideways(open_html):
    page = open_html(report("de"), viewport=PHONE).page
    assert page.evaluate("document.scrollingElement.scrollWidth") <= PHONE["width"]


def test_every_part_is_reached_from_the_contents(open_html):
    page = open_html(report("en")).page
    for link in page.locator("nav.contents a").all():
        assert page.locator(link.get_attribute("href")).count() == 1


def test_sections_come_in_the_order_a_reader_asks(open_html):
    page = open_html(report("en")).page
    found = page.evaluate("[...document.querySelectorAll('h2')].map(h => h.id)")
    wanted = [
        "verdict",
        "options",
        "tiles",
        "scorecard",
        "pareto",
        "costs",
        "tornado",
        "quality",
        "differences",
    ]
    wanted += [
        "speed",
        "load",
        "blends",
        "warnings",
        "errors",
        "assumptions",
        "samples",
        "audit",
        "terms",
    ]
    assert [name for name in found if name in wanted] == wanted
