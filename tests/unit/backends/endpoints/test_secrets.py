"""Only what the config names leaves the house, and only to the host that it names: no variable that an SDK knows."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path

import httpx2
import pytest
import yaml
from click.testing import CliRunner

from evalkit.backends.endpoints.wire import EXCHANGE, Exchange, StampingTransport, StrayError
from evalkit.cli import main
from evalkit.config import EndpointSpec
from evalkit.loadgen.chunks import DONE, chat_chunk, sse, usage
from evalkit.loadgen.scripted import Plan, Received, ScriptedServer
from tests.benches import write_bench
from tests.endpoints import PATHS, api_model, ask

CANARY = "canary-7f3a"
KEY = "given-key-123"
VENDORS = tuple(PATHS)
PACKAGES = ("openai", "anthropic", "google.genai", "google.auth", "httpx", "httpx2", "aiohttp")
_VENDORS_OWN = re.compile(
    r"""["']((?:OPENAI|ANTHROPIC|GOOGLE|GEMINI|AZURE|AWS|CLOUD_ML|CLOUDSDK)_[A-Z0-9_]+)["']"""
)
_READ = re.compile(r"""(?:environ(?:\.get\(|\[)|getenv\()\s*["']([A-Za-z][A-Za-z0-9_]+)["']""")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
_NEEDED = {"PATH", "HOME", "PYTEST_CURRENT_TEST", "SSLKEYLOGFILE", "PYTHONASYNCIODEBUG"}
"""What this process itself needs, and what would make it write files or talk."""


@cache
def known_names() -> frozenset[str]:
    """Return every variable that the installed packages' sources read or name, those of new versions included."""
    names = set(_PROXIES)
    for package in PACKAGES:
        found = find_spec(package)
        for folder in (found.submodule_search_locations or ()) if found else ():
            for file in Path(folder).rglob("*.py"):
                text = file.read_text("utf-8")
                names |= {*_VENDORS_OWN.findall(text), *_READ.findall(text)}
    return frozenset(names - _NEEDED)


ANSWERS = {
    "openai": (
        sse(chat_chunk("fine"))
        + sse(chat_chunk(finish_reason="stop", usage=usage(3, 1)))
        + sse(DONE),
        {"choices": [{"index": 0, "message": {"content": "fine"}, "finish_reason": "stop"}]},
    ),
    "anthropic": (
        sse({"type": "content_block_delta", "index": 0, "delta": {"text": "fine"}})
        + sse({"type": "message_delta", "delta": {"stop_reason": "end_turn"}})
        + sse({"type": "message_stop"}),
        {
            "type": "message",
            "content": [{"type": "text", "text": "fine"}],
            "stop_reason": "end_turn",
        },
    ),
    "google": (
        sse({"candidates": [{"content": {"parts": [{"text": "fine"}]}, "finishReason": "STOP"}]}),
        {"candidates": [{"content": {"parts": [{"text": "fine"}]}, "finishReason": "STOP"}]},
    ),
}
"""Of each vendor: as a stream, and in one piece."""


@dataclass
class Wire:
    """A server of all three vendors that keeps every byte it gets, and another one that nobody has named."""

    url: str
    other_url: str
    is_streaming: bool = True
    seen: list[str] = field(default_factory=list)
    strayed: list[str] = field(default_factory=list)

    def answer(self, path: str) -> bytes:
        found = [
            v
            for v in VENDORS
            if {"anthropic": "/messages", "google": "models/"}.get(v, "chat/") in path
        ]
        stream, whole = ANSWERS[found[0]]
        return stream if self.is_streaming else json.dumps(whole).encode()


@pytest.fixture
def wire() -> Iterator[Wire]:
    with ExitStack() as stack:
        found = Wire("", "")

        class Named(BaseHTTPRequestHandler):
            seen = found.seen

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                self.seen.append(f"{self.path}\n{self.headers}\n{body.decode()}".lower())
                data = found.answer(self.path)
                self.send_response(200)
                kind = "text/event-stream" if found.is_streaming else "application/json"
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_CONNECT = do_POST

            def log_message(self, *_: object) -> None:
                pass

        class Other(Named):
            seen = found.strayed

        found.url, found.other_url = (serving(stack, handler) for handler in (Named, Other))
        yield found


def serving(stack: ExitStack, handler: type[BaseHTTPRequestHandler]) -> str:
    http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True).start()
    stack.callback(http.server_close)
    stack.callback(http.shutdown)
    return f"http://127.0.0.1:{http.server_port}"


def text(_name: str, _wire: Wire) -> str:
    return CANARY


def headers(_name: str, _wire: Wire) -> str:
    """Put the canary into every header that is sent anyway, and into others."""
    names = ("x-more", "x-api-key", "authorization", "user-agent", "accept", "content-type", "host")
    return "\n".join(f"{name}: {CANARY}ü" for name in (*names, "x-goog-api-key"))


def address(_name: str, wire: Wire) -> str:
    return wire.other_url.replace("//", f"//{CANARY}:{CANARY}@")


def switch(name: str, _wire: Wire) -> str:
    special = {"GOOGLE_GENAI_CLIENT_MODE": "replay", "GOOGLE_GENAI_HTTP_CLIENT": "httpx"}
    return special.get(name, "true" if "USE" in name else "always")


FLAVOURS = {f.__name__: f for f in (text, headers, address, switch)}
IN_HEADERS = pytest.mark.parametrize("everything_set", ["headers"], indirect=True)
"""What is told of an ask that succeeds need not be told again, and these take seconds."""


@pytest.fixture(params=FLAVOURS)
def everything_set(
    request: pytest.FixtureRequest, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = known_names()
    wanted = {
        "OPENAI_ORG_ID", "OPENAI_CUSTOM_HEADERS", "ANTHROPIC_CUSTOM_HEADERS", "ANTHROPIC_AUTH_TOKEN",
        "GOOGLE_CLOUD_PROJECT", "GOOGLE_GENAI_API_VERSION", "GOOGLE_GENAI_CLIENT_MODE", "NETRC",
        "SSL_CERT_FILE", "SSL_CERT_DIR", "HTTPS_PROXY",
    }  # fmt: skip
    assert wanted <= names
    for name in names:
        monkeypatch.setenv(name, FLAVOURS[request.param](name, wire))
    monkeypatch.setenv("GIVEN_KEY", KEY)


def assert_clean(wire: Wire, vendors: Sequence[str]) -> None:
    assert wire.strayed == []
    for vendor, request in zip(vendors, wire.seen, strict=True):
        assert CANARY not in request
        sent = re.findall(
            r"^(authorization: bearer|x-api-key:|x-goog-api-key:) (.*?)\r?$", request, re.M
        )
        name = {"anthropic": "x-api-key:", "google": "x-goog-api-key:"}
        assert sent == [(name.get(vendor, "authorization: bearer"), KEY)]
        paths = {
            "anthropic": "/v1/messages",
            "google": "/v1beta/models/scripted:streamgeneratecontent?alt=sse",
        }
        assert request.partition("\n")[0] == paths.get(vendor, "/v1/chat/completions")


@pytest.mark.usefixtures("everything_set")
@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("is_streaming", [True, False], ids=["stream", "one piece"])
def test_no_variable_reaches_the_server_of_an_answer(
    vendor: str, is_streaming: bool, wire: Wire
) -> None:
    wire.is_streaming = is_streaming
    (outcome,) = ask(api_model(wire.url, vendor, api_key_env="GIVEN_KEY"))
    assert outcome.text == "fine", outcome.attempts[-1].error
    assert_clean(wire, [vendor])


@IN_HEADERS
@pytest.mark.usefixtures("everything_set")
def test_no_variable_reaches_a_server_that_is_checked(wire: Wire, tmp_path: Path) -> None:
    models = [
        api_model(wire.url, vendor, api_key_env="GIVEN_KEY")
        .model_copy(update={"name": vendor})
        .model_dump(mode="json", exclude_unset=True)
        for vendor in VENDORS
    ]
    suite = {"name": "s", "tasks": ["ticket_routing"], "limit": 1, "data_class": "public"}
    file = tmp_path / "run.yaml"
    file.write_text(yaml.safe_dump({"name": "t", "models": models, "suites": [suite]}))
    result = CliRunner().invoke(main, ["models", "check", str(file)])
    assert result.exit_code == 0, result.output
    assert_clean(wire, VENDORS)


@IN_HEADERS
@pytest.mark.usefixtures("everything_set")
def test_no_variable_reaches_a_server_under_load(wire: Wire, tmp_path: Path) -> None:
    """Load tests write their requests without the SDK."""
    endpoint = {"base_url": f"{wire.url}/v1", "api_key_env": "GIVEN_KEY"}
    model = {"name": "m", "backend": "openai", "source": "scripted", "endpoint": endpoint}
    suite = {"name": "s", "tasks": ["table_arithmetic"], "limit": 2}
    load = {
        "name": "closed",
        "load": {"kind": "concurrency", "concurrency": 1},
        "prompts": {"kind": "tasks", "suite": suite},
    }
    file = write_bench(tmp_path, model, {**load, "warmup_s": 0, "measure_s": 0.1, "cooldown_s": 1})
    result = CliRunner().invoke(main, ["bench", str(file)])
    assert result.exit_code == 0, result.output
    assert wire.seen
    assert_clean(wire, ["openai"] * len(wire.seen))


@pytest.mark.parametrize("vendor", VENDORS)
def test_nothing_about_this_machine_is_sent(vendor: str, wire: Wire) -> None:
    ask(api_model(wire.url, vendor))
    names = set(re.findall(r"^([\w-]+): ", wire.seen[0], re.M))
    usual = {"host", "accept", "accept-encoding", "content-type", "content-length", "user-agent"}
    key = {"anthropic": {"x-api-key", "anthropic-version"}, "google": {"x-goog-api-key"}}
    assert names == usual | key.get(vendor, {"authorization"})


def test_the_version_of_anthropics_api_is_the_sdks(wire: Wire) -> None:
    from anthropic import AsyncAnthropic

    ask(api_model(wire.url, "anthropic"))
    version = AsyncAnthropic(api_key=KEY).default_headers["anthropic-version"]
    assert f"\nanthropic-version: {version}\n" in wire.seen[0].replace("\r", "")


async def unsent(named: str, asked: str) -> Exchange:
    """Send a request for another address than the named one through the transport."""
    exchange = Exchange()
    EXCHANGE.set(exchange)
    transport = StampingTransport(EndpointSpec(), named, {"Authorization": f"Bearer {KEY}"})
    async with httpx2.AsyncClient(transport=transport) as client:
        with pytest.raises(httpx2.ConnectError):
            await client.post(f"{asked}/v1/chat/completions", content=b"{}")
    return exchange


@pytest.mark.parametrize(
    ("named", "asked"),
    [
        ("http://127.0.0.1:{}", "http://127.0.0.1:1"),
        ("http://127.0.0.1:{}", "http://localhost:{}"),
        ("http://127.0.0.1:{}", "https://127.0.0.1:{}"),
        ("http://127.0.0.1:{}", "http://127.0.0.1"),
        ("http://api.test", "http://127.0.0.1:{}"),
        ("http://api.test", "http://x.api.test"),
        ("http://api.test", "http://api.test.evil.test"),
        ("http://api.test", "http://api.test@127.0.0.1:{}"),
        ("http://api.test", "http://api.test:81"),
        ("https://api.test", "http://api.test"),
    ],
)
def test_what_is_not_for_the_named_host_is_not_sent(named: str, asked: str) -> None:
    with ScriptedServer(lambda _: Plan()) as server:
        port = server.url.rpartition(":")[2]
        exchange = asyncio.run(unsent(named.format(port), asked.format(port)))
    assert isinstance(exchange.failure, StrayError)
    assert server.received == []


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_takes_neither_prompt_nor_key_anywhere(vendor: str, status: int) -> None:
    with ScriptedServer(lambda _: Plan()) as other:

        def away(received: Received) -> Plan:
            headers = {"Location": other.url + received.path, "Set-Cookie": f"a={CANARY}"}
            return Plan(status=status, headers=headers)

        with ScriptedServer(away) as server:
            (outcome,) = ask(api_model(server.url, vendor, max_attempts=3))
    assert other.received == []
    assert len(server.received) == 1
    (attempt,) = outcome.attempts
    assert attempt.error_class == "not_found"
    assert f"set base_url to {other.url}" in (attempt.error or "")


def test_a_redirect_on_the_same_host_is_not_followed_either_and_no_cookie_is_kept() -> None:
    def elsewhere(received: Received) -> Plan:
        target = received.path.replace("/v1/", "/v2/")
        return Plan(status=307, headers={"Location": target, "Set-Cookie": f"a={CANARY}"})

    with ScriptedServer(elsewhere) as server:
        outcomes = ask(api_model(server.url, concurrency=1), ["q"] * 2)
    assert [r.path for r in server.received] == ["/v1/chat/completions"] * 2
    assert not any("cookie" in r.headers for r in server.received)
    assert f"set base_url to {server.url}/v2" in (outcomes[0].attempts[0].error or "")
