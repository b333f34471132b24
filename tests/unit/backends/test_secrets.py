"""Only what the config names leaves the house: no variable that an SDK knows, no netrc, no proxy's password."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path

import pytest

from evalkit.backends.endpoints.proxies import proxy_for
from evalkit.errors import ModelError
from tests.endpoints import api_model, ask

CANARY = "canary-7f3a"
_NAME = re.compile(
    r"""["']((?:OPENAI|ANTHROPIC|GOOGLE|GEMINI|AZURE|AWS|CLOUD_ML)_[A-Z0-9_]+)["']"""
)


@cache
def _known_names() -> set[str]:
    """Return every variable of a vendor that the installed SDKs' sources name, those of new versions included."""
    names: set[str] = set()
    for package in ("openai", "anthropic", "google.genai", "google.auth"):
        found = find_spec(package)
        for folder in (found.submodule_search_locations or ()) if found else ():
            for file in Path(folder).rglob("*.py"):
                names |= set(_NAME.findall(file.read_text("utf-8")))
    return names


def _keys(request: str) -> list[str]:
    """Return the keys of a request, under whatever header the SDK sends them."""
    return re.findall(
        r"^(?:authorization: bearer|x-api-key:|x-goog-api-key:) (.*?)\r?$", request, re.M
    )


@pytest.fixture
def server() -> Iterator[tuple[str, list[str]]]:
    seen: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            seen.append(f"{self.path}\n{self.headers}\n{body.decode()}".lower())
            self.send_response(400)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=http.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{http.server_port}", seen
    http.shutdown()
    http.server_close()


@pytest.mark.parametrize("backend", ["openai", "anthropic", "google"])
def test_no_variable_that_an_sdk_knows_reaches_the_server(
    backend: str,
    server: tuple[str, list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url, seen = server
    names = _known_names()
    assert {"OPENAI_ORG_ID", "ANTHROPIC_CUSTOM_HEADERS", "GOOGLE_CLOUD_PROJECT"} <= names
    for name in names:
        is_headers = name.endswith("_HEADERS")
        header = f"x-more: {CANARY}\nx-api-key: {CANARY}\nauthorization: Bearer {CANARY}"
        monkeypatch.setenv(name, header if is_headers else CANARY)
    monkeypatch.setenv("GIVEN_KEY", "given-key-123")
    ask(api_model(url, backend, api_key_env="GIVEN_KEY"))
    assert len(seen) == 1
    assert CANARY not in seen[0]
    assert _keys(seen[0]) == ["given-key-123"]


def test_a_proxy_gets_its_password_and_a_netrc_file_gives_none(
    server: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    url, seen = server
    netrc = tmp_path / "netrc"
    netrc.write_text(f"default login {CANARY} password {CANARY}\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("GIVEN_KEY", "given-key-123")
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, url.replace("//", "//me:secret@"))
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "")
    ask(api_model("http://api.invalid", api_key_env="GIVEN_KEY"))
    assert _keys(seen[0]) == ["given-key-123"]
    assert "proxy-authorization: basic bwu6c2vjcmv0" in seen[0]


@pytest.mark.parametrize(
    ("url", "direct", "expected"),
    [
        ("https://api.test/v1", "", True),
        ("https://10.1.2.3/v1", "10.0.0.0/8", False),
        ("https://10.1.2.3:8443/v1", "a.test, 10.0.0.0/8", False),
        ("https://11.1.2.3/v1", "10.0.0.0/8", True),
        ("https://[fd00::1]/v1", "fd00::/8", False),
        ("https://10.1.2.3/v1", "10.1.2.3", False),
        ("https://api.house.test/v1", ".house.test", False),
        ("https://api.house.test/v1", "house.test", False),
        ("https://api.test/v1", "*", False),
        ("https://api.test/v1", "no/range,10.0.0.0/99", True),
        ("http://127.0.0.1:8000/v1", "", False),
        ("http://127.0.0.2:8000/v1", "", False),
        ("http://me.localhost/v1", "", False),
        ("https://api.house.test/v1", "*.house.test", False),
        ("https://api.test/v1", "a.test, *", False),
        ("https://api.test/v1", "a.test b.test api.test", False),
        ("https://api.test/v1", "api.test:443", False),
        ("https://api.test:8443/v1", "api.test:443", True),
        ("https://[fd00::1]:8443/v1", "[fd00::1]:8443", False),
        ("https://[fd00::1]/v1", "[fd00::1]", False),
        ("https://notapi.test/v1", "api.test", True),
        ("https://10.1.2.3/v1", "10.1.*", False),
        ("https://api.test./v1", "API.test", False),
    ],
)
def test_the_environment_says_which_proxy(
    monkeypatch: pytest.MonkeyPatch, url: str, direct: str, expected: bool
) -> None:
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://me:secret@proxy.test:3128")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, direct)
    found = proxy_for(url)
    assert (found is not None) == expected
    assert found is None or str(found).startswith("http://proxy.test:3128 (")


def test_an_error_names_the_proxy_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://me:secret@127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "")
    (outcome,) = ask(api_model("http://api.invalid"))
    error = outcome.attempts[-1].error or ""
    assert "through the proxy http://127.0.0.1:9" in error
    assert "secret" not in error


@pytest.mark.parametrize("proxy", ["socks5://p.test:1080", "socks5h://me:secret@p", "http://p:x"])
def test_what_is_no_http_proxy_is_said_and_not_passed_by(
    monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    for name in ("https_proxy", "all_proxy", "no_proxy", "NO_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(ModelError, match="HTTPS_PROXY does not name an HTTP proxy") as caught:
        proxy_for("https://api.test/v1")
    assert "secret" not in caught.value.message


@pytest.mark.parametrize("backend", ["openai", "anthropic", "google"])
def test_nothing_about_this_machine_is_sent(backend: str, server: tuple[str, list[str]]) -> None:
    url, seen = server
    ask(api_model(url, backend))
    assert "x-stainless" not in seen[0]
    assert "x-goog-api-client" not in seen[0]
