"""`evalkit view` in a browser: the page reloads when its run grows, and stays where the reader is."""

from __future__ import annotations

import time
from pathlib import Path

from evalkit.report.live import LiveReport
from tests.builders import request
from tests.unit.report.test_live import report_of, serving
from tests.unit.store.test_live import begun
from tests.waiting import LONGEST_S


def test_it_reloads_where_the_reader_is(browser: object, tmp_path: Path) -> None:
    with begun(tmp_path) as journal:
        report = report_of(tmp_path)
        report.refresh()
        with serving(report) as server:
            page = browser.new_page()
            errors: list[str] = []
            asked: list[str] = []
            page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
            page.on("pageerror", lambda e: errors.append(str(e)))
            page.on("request", lambda r: asked.append(r.url))
            page.goto(server.url)
            page.evaluate("scrollTo(0, 500)")
            page.locator("details").first.evaluate("d => { d.open = true; }")
            at = page.evaluate("[scrollY, document.querySelector('details').open]")
            assert at == [500, True]
            first = page.locator("#live-state").text_content()
            journal.add_requests([request(1)], [])
            report.refresh()
            deadline = time.monotonic() + LONGEST_S
            while page.locator("#live-state").text_content() == first:
                assert time.monotonic() < deadline
                page.wait_for_timeout(200)
            page.wait_for_load_state()
            assert page.evaluate("[scrollY, document.querySelector('details').open]") == at
            assert errors == []
            assert {url.removeprefix(server.url) for url in asked} <= {"", "state", "favicon.ico"}
            page.close()


def test_the_friendly_page_gives_way_to_the_report(browser: object, tmp_path: Path) -> None:
    folder = tmp_path / "r"
    report: LiveReport = report_of(folder)
    report.refresh()
    with serving(report) as server:
        page = browser.new_page()
        page.goto(server.url)
        assert "There is no report yet" in page.content()
        with begun(folder):
            report.refresh()
            page.wait_for_selector("text=This run is not complete.", timeout=LONGEST_S * 1000)
        page.close()


def test_without_change_nothing_reloads(browser: object, tmp_path: Path) -> None:
    with begun(tmp_path):
        report = report_of(tmp_path)
        report.refresh()
        with serving(report) as server:
            page = browser.new_page()
            page.goto(server.url)
            page.evaluate("window.mark = 1")
            for _ in range(2):
                with page.expect_response("**/state", timeout=LONGEST_S * 1000):
                    pass
            assert page.evaluate("window.mark") == 1, "it would have reloaded after the first"
            page.close()
