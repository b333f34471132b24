"""The page follows its run; the server answers browsers on this machine and nobody else."""

from __future__ import annotations

import http.client
import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from evalkit.analysis.summary import analyse
from evalkit.errors import DataError, UsageError
from evalkit.report.document import Look
from evalkit.report.html import render_report
from evalkit.report.language import ENGLISH, spoken
from evalkit.report.live import LOOPBACK, LiveReport, LoopbackServer, open_server, shown
from evalkit.store.live import read_live
from tests.builders import request, sample
from tests.unit.store.test_live import begun
from tests.waiting import LONGEST_S

PAGE = b'<meta http-equiv="Content-Security-Policy" content="default-src &#39;none&#39;"><body>hello</body>\n'


def report_of(folder: Path) -> LiveReport:
    def render() -> bytes:
        run = read_live(folder)
        return render_report([(run, analyse(run))], None, Look(is_live=True))

    return LiveReport(render, [folder], [], ENGLISH)


def fixed(render: Callable[[], bytes] = lambda: PAGE) -> LiveReport:
    report = LiveReport(render, [], [], ENGLISH)
    report.refresh()
    return report


@contextmanager
def serving(report: LiveReport) -> Iterator[LoopbackServer]:
    with open_server(report, 0) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def ask(
    server: LoopbackServer, path: str = "/", method: str = "GET", **headers: str
) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection(LOOPBACK, server.server_port, timeout=LONGEST_S)
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer, body


def test_a_growing_run_makes_a_new_page(tmp_path: Path) -> None:
    with begun(tmp_path) as journal:
        report = report_of(tmp_path)
        assert b"The report is being made" in report.page.body
        assert report.refresh()
        first = report.page
        assert b"This run is not complete." in first.body
        assert not report.refresh(), "nothing was recorded"
        journal.add_requests([request(1), request(2)], [])
        assert report.refresh()
        assert report.page.state != first.state


def test_it_keeps_up_by_itself(tmp_path: Path) -> None:
    with begun(tmp_path) as journal:
        report, stop = report_of(tmp_path), threading.Event()
        thread = threading.Thread(target=report.keep_up, args=(stop,))
        thread.start()
        states = set()
        deadline = time.monotonic() + LONGEST_S
        while len(states) < 3 and time.monotonic() < deadline:
            if report.page.state not in states:
                states.add(report.page.state)
                journal.add_requests([request(10 + len(states))], [])
            time.sleep(0.05)
        stop.set()
        thread.join()
        assert len(states) == 3


def test_a_run_that_cannot_be_read_yet_is_a_friendly_page(tmp_path: Path) -> None:
    report = report_of(tmp_path)
    report.refresh()
    page = report.page.body.decode()
    assert "There is no report yet" in page
    assert "not a run directory" in page
    assert "This page reloads by itself" in page
    assert "connect-src &#39;self&#39;" in page or "connect-src 'self'" in page
    with begun(tmp_path):
        assert report.refresh()
        assert b"This run is not complete." in report.page.body


def test_the_friendly_page_speaks_german(tmp_path: Path) -> None:
    def broken() -> bytes:
        raise DataError("weg", "")

    report = LiveReport(broken, [tmp_path], [], spoken("de"))
    report.refresh()
    assert "Noch gibt es keinen Bericht" in report.page.body.decode()


def test_what_breaks_on_a_half_written_run_is_shown_and_not_the_end() -> None:
    pages = iter([ZeroDivisionError("0 docs"), PAGE])

    def render() -> bytes:
        page = next(pages)
        if isinstance(page, Exception):
            raise page
        return page

    file = Path(__file__)
    report = LiveReport(render, [], [file], ENGLISH)
    report.refresh()
    assert b"ZeroDivisionError: 0 docs" in report.page.body


def test_a_changed_scenario_makes_a_new_page(tmp_path: Path) -> None:
    file = tmp_path / "s.yaml"
    file.write_text("a")
    report = LiveReport(lambda: PAGE + file.read_bytes(), [], [file], ENGLISH)
    assert report.refresh()
    file.write_text("ab")
    assert report.refresh()


def test_the_state_is_in_the_page_and_tells_whether_it_changed() -> None:
    page = shown(PAGE)
    found = re.search(rb'<script type="application/json" id="live-state">(.*?)</script></body>', page.body)  # fmt: skip
    assert found is not None
    assert json.loads(found.group(1)) == page.state
    assert shown(PAGE).state == page.state
    assert shown(PAGE + b"x").state != page.state


def test_it_listens_on_loopback_only() -> None:
    with serving(fixed()) as server:
        assert server.socket.getsockname()[0] == "127.0.0.1"
        assert server.url == f"http://127.0.0.1:{server.server_port}/"


def test_page_and_state_are_served_with_strict_headers() -> None:
    report = fixed()
    with serving(report) as server:
        answer, body = ask(server)
        assert (answer.status, body) == (200, report.page.body)
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert (
            answer.headers["Content-Security-Policy"]
            == "default-src 'none'; frame-ancestors 'none'"
        )
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Python" not in answer.headers["Server"]
        assert "Access-Control-Allow-Origin" not in answer.headers
        answer, body = ask(server, "/state")
        assert json.loads(body) == report.page.state  # fmt: skip


def test_a_head_request_has_headers_only() -> None:
    with serving(fixed()) as server:
        answer, body = ask(server, method="HEAD")
        assert (answer.status, body) == (200, b"")
        assert int(answer.headers["Content-Length"]) > 0


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE"])
def test_other_methods_are_refused(method: str) -> None:
    with serving(fixed()) as server:
        answer, body = ask(server, method=method)
        assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")
        assert body == b"Refused.\n"


@pytest.mark.parametrize(
    "path", ["/manifest.json", "/../etc/passwd", "/.", "/state/", "/%2e%2e/x", "/index.html"]
)
def test_there_are_no_files_and_no_listing(path: str) -> None:
    with serving(fixed()) as server:
        answer, body = ask(server, path)
        assert (answer.status, body) == (404, b"Not found.\n")


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{}", "127.0.0.1", "localhost:1", ""])  # fmt: skip
def test_a_name_that_was_pointed_here_is_refused(host: str) -> None:
    """DNS rebinding: a website's name leads to 127.0.0.1, and its script reads what it gets."""
    with serving(fixed()) as server:
        for path in ("/", "/state"):
            answer, body = ask(server, path, Host=host.format(server.server_port))
            assert answer.status == 421
            assert b"hello" not in body
        answer, _ = ask(server, Host=f"LOCALHOST:{server.server_port}")
        assert answer.status == 200


def test_a_malformed_request_ends_the_connection() -> None:
    with serving(fixed()) as server:
        with socket.create_connection((LOOPBACK, server.server_port), timeout=LONGEST_S) as raw:
            raw.sendall(b"GET / HTTP/1.1 nonsense\r\n\r\n")
            assert b"Refused." in raw.recv(4000)
        assert ask(server)[0].status == 200


def test_requests_are_answered_while_a_page_is_made() -> None:
    begun_rendering, go_on = threading.Event(), threading.Event()

    def slow() -> bytes:
        begun_rendering.set()
        go_on.wait(LONGEST_S)
        return PAGE

    report = LiveReport(slow, [], [], ENGLISH)
    worker = threading.Thread(target=report.refresh)
    with serving(report) as server:
        worker.start()
        begun_rendering.wait(LONGEST_S)
        assert b"The report is being made" in ask(server)[1]
        assert worker.is_alive(), "the page is still being made"
        go_on.set()
        worker.join()
        assert b"hello" in ask(server)[1]


def test_a_taken_port_is_an_error_only_when_it_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    with serving(fixed()) as server:
        with pytest.raises(UsageError, match=f"--port {server.server_port}"):
            open_server(fixed(), server.server_port)
        monkeypatch.setattr("evalkit.report.live.PORT", server.server_port)
        with open_server(fixed(), None) as other:
            assert other.server_port != server.server_port


def test_samples_are_there_as_soon_as_they_are_scored(tmp_path: Path) -> None:
    with begun(tmp_path) as journal:
        from tests.builders import cell, result

        journal.finish_cell(cell(), [sample(0)], [result()])
        report = report_of(tmp_path)
        report.refresh()
        assert b"100.0 %" in report.page.body
