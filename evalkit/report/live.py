"""A report that is served on this machine alone, and made anew while its run goes on.

Rendering happens in a thread of its own, at most a tenth of the time, so that requests are answered at once and a run
that is measured on the same machine keeps it to itself.
"""

from __future__ import annotations

import hashlib
import html
import os
import re
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

from evalkit.errors import EvalkitError, UsageError
from evalkit.report.embed import json_block
from evalkit.report.html import content_security_policy, render_template, static
from evalkit.report.language import Spoken
from evalkit.store import live
from evalkit.wording import Said, say, verbatim

LOOPBACK = "127.0.0.1"
PORT = 8417
"""Where it is looked for first."""
LOOK_EVERY_S = 1.0
REST = 10
"""Times as long as a rendering took it rests before the next."""
_OWN_POLICY = re.compile(rb'<meta http-equiv="Content-Security-Policy" content="([^"]*)">')
_NO_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A page as it is sent."""

    body: bytes
    state: str
    """Changes when the page does."""
    policy: str
    """What the browser may do with it."""


def shown(page: bytes) -> Shown:
    """Put a page's state into it, and repeat its policy where the browser reads it first."""
    state = hashlib.sha256(page).hexdigest()[:16]
    head, end, tail = page.rpartition(b"</body>")
    body = head + str(json_block("live-state", state)).encode() + end + tail if end else page
    found = _OWN_POLICY.search(page)
    policy = html.unescape(found.group(1).decode()) if found else _NO_POLICY
    return Shown(body, state, f"{policy}; frame-ancestors 'none'")


class LiveReport:
    """The page as it is now; `keep_up` makes it anew when something changes.

    Args:
        render: Makes the page; reads runs with `store.live.read_live`.
        folders: Run directories to watch.
        files: Other files the page depends on, such as a scenario.
        language: Of the page that stands in while there is none.
    """

    def __init__(
        self,
        render: Callable[[], bytes],
        folders: Sequence[Path],
        files: Sequence[Path],
        language: Spoken,
    ) -> None:
        self._render, self._folders, self._files = render, tuple(folders), tuple(files)
        self._language = language
        self._made_of: object = None
        self._page = self._waiting(say("The report is being made …"), ())

    @property
    def page(self) -> Shown:
        """The last page that was made."""
        return self._page

    def keep_up(self, stop: threading.Event) -> None:
        """Look for changes until `stop` is set."""
        while not stop.is_set():
            began = time.monotonic()
            if not self.refresh():
                stop.wait(LOOK_EVERY_S)
                continue
            is_measured = any(live.is_going_on(folder) for folder in self._folders)
            rest = REST * (time.monotonic() - began) if is_measured else 0.0
            stop.wait(max(LOOK_EVERY_S, rest))

    def refresh(self) -> bool:
        """Make the page anew if anything changed; tell whether it did."""
        now = self._stamp()
        if now == self._made_of:
            return False
        self._made_of = now
        try:
            self._page = shown(self._render())
        except EvalkitError as error:
            self._page = self._waiting(
                say("There is no report yet"), (verbatim(error.message), verbatim(error.hint))
            )
        except Exception as error:
            # a run that is half there may break what a finished one never does; the next batch may mend it
            words = say(
                "The report could not be made: {error}", error=f"{type(error).__name__}: {error}"
            )
            self._page = self._waiting(say("There is no report yet"), (words,))
        return True

    def _stamp(self) -> object:
        return (
            tuple(live.stamp(folder) for folder in self._folders),
            tuple(_stamp_of(file) for file in self._files),
        )

    def _waiting(self, title: Said, lines: Sequence[Said]) -> Shown:
        js = static("live.js")
        page = render_template(
            "waiting.html.j2",
            self._language,
            title=title,
            lines=[line for line in lines if line],
            css=static("report.css"),
            js=js,
            csp=content_security_policy(js, is_live=True),
        )
        return shown(page)


class LoopbackServer(ThreadingHTTPServer):
    """Serves one report to browsers on this machine.

    Args:
        report: What to show.
        port: To listen on; 0 takes any that is free.

    Raises:
        OSError: The port is taken.
    """

    daemon_threads = True
    allow_reuse_address = os.name != "nt"  # there it would let two servers share a port

    def __init__(self, report: LiveReport, port: int) -> None:
        self.report = report
        super().__init__((LOOPBACK, port), _Handler)

    @property
    def url(self) -> str:
        """Where the report is."""
        return f"http://{LOOPBACK}:{self.server_port}/"

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of browsers that hang up."""


def open_server(report: LiveReport, port: int | None) -> LoopbackServer:
    """Listen on a port; without a wish, on the usual one or, when it is taken, on any that is free.

    Raises:
        UsageError: The wished port can't be had.
    """
    try:
        return LoopbackServer(report, PORT if port is None else port)
    except OSError as error:
        if port is None:
            return LoopbackServer(report, 0)
        raise UsageError(
            f"--port {port}: {error.strerror or error}.", "Choose another, or 0 for any."
        ) from None


class _Handler(BaseHTTPRequestHandler):
    """Answers `/` with the page and `/state` with what tells whether it changed; refuses everything else."""

    server: LoopbackServer
    server_version = "evalkit"
    sys_version = ""
    protocol_version = "HTTP/1.1"
    timeout = 30
    _NAMES: ClassVar = ("localhost", LOOPBACK)

    def do_GET(self) -> None:
        """Send a page."""
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        """Send its headers."""
        self._answer(with_body=False)

    def _answer(self, *, with_body: bool) -> None:
        page = self.server.report.page
        path = self.path.partition("?")[0]
        if not self._is_for_us():
            self._send(421, b"This server answers to localhost only.\n", "text/plain", with_body)
        elif path == "/":
            self._send(200, page.body, "text/html", with_body, page.policy)
        elif path == "/state":
            self._send(200, f'"{page.state}"'.encode(), "application/json", with_body)
        else:
            self._send(404, b"Not found.\n", "text/plain", with_body)

    def _is_for_us(self) -> bool:
        """Tell whether the browser means this server: a website whose name was pointed here does not."""
        port = self.server.server_port
        known = {f"{name}:{port}" for name in self._NAMES}
        hosts = self.headers.get_all("Host", [])
        return len(hosts) == 1 and hosts[0].lower() in (
            known | set(self._NAMES) if port == 80 else known
        )

    def _send(
        self, code: int, body: bytes, kind: str, with_body: bool, policy: str = "default-src 'none'"
    ) -> None:
        self.send_response(code)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", policy)
        if code == 405:
            self.send_header("Allow", "GET, HEAD")
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse other methods and malformed requests, with the same headers and in one sentence."""
        self.close_connection = True
        self._send(405 if code == 501 else code, b"Refused.\n", "text/plain", with_body=True)

    def log_message(self, format: str, *args: object) -> None:
        """Keep the terminal for what matters."""


def _stamp_of(file: Path) -> tuple[int, int] | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns
