"""The scripted server against raw clients: what it says it sent is what arrives."""

from __future__ import annotations

import asyncio
import io
import itertools
import json
import math
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest

from evalkit.errors import UsageError
from evalkit.loadgen.chunks import chat_answer, chat_chunk, sse, usage
from evalkit.loadgen.scripted import (
    Disconnect,
    Pause,
    Plan,
    Received,
    Script,
    ScriptedServer,
    Send,
    Stall,
    by_model,
    sequence,
)
from evalkit.meters.clock import now_ns

JSON = {"Content-Type": "application/json"}
MS = 1_000_000


@dataclass
class Heard:
    """What a client saw."""

    t_start_ns: int
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    t_headers_ns: int = 0
    chunks: list[tuple[int, bytes]] = field(default_factory=list)

    @property
    def body(self) -> bytes:
        return b"".join(data for _, data in self.chunks)


async def ask(
    session: aiohttp.ClientSession, url: str, body: object = None, heard: Heard | None = None
) -> Heard:
    heard = heard or Heard(0)
    heard.t_start_ns = now_ns()
    data = None if body is None else io.BytesIO(json.dumps(body).encode())
    method = "GET" if body is None else "POST"
    async with session.request(method, url, data=data, headers=JSON) as response:
        heard.t_headers_ns, heard.status = now_ns(), response.status
        heard.headers = dict(response.headers)
        async for data, _ in response.content.iter_chunks():
            if data:
                heard.chunks.append((now_ns(), data))
    return heard


def get(url: str, body: object = None, heard: Heard | None = None) -> Heard:
    async def once() -> Heard:
        async with aiohttp.ClientSession() as session:
            return await ask(session, url, body, heard)

    return asyncio.run(once())


def always(*steps: object, **settings: object) -> Script:
    return sequence(Plan(tuple(steps), **settings))


def until(is_true: Callable[[], bool], timeout_s: float = 120.0) -> None:
    """Wait for what another thread does, however busy the machine is."""
    end = time.monotonic() + timeout_s
    while not is_true() and time.monotonic() < end:
        time.sleep(0.005)
    assert is_true()


def leave_a_request_open(url: str) -> socket.socket:
    """Ask over a bare socket, and read nothing."""
    host, port = url.removeprefix("http://").split(":")
    client = socket.create_connection((host, int(port)), timeout=120)
    client.sendall(b"GET /open HTTP/1.1\r\nHost: x\r\n\r\n")
    return client


def drained(client: socket.socket) -> bytes:
    """Read to the end of the connection."""
    with client:
        return b"".join(iter(lambda: client.recv(65_536), b""))


def ended(client: socket.socket) -> bool:
    """Tell whether the connection has an end: closed, or reset where the server had not accepted it yet."""
    try:
        return drained(client) == b""
    except ConnectionResetError:
        return True


def test_stamps_agree_with_what_a_client_reads() -> None:
    steps = [step for i in range(30) for step in (Send(b"%d;" % i), Pause(0.01))]
    with ScriptedServer(always(*steps)) as server:
        heard = get(server.url)
    sent = [s.t_ns for s in server.received[0].sent]
    arrived = [t for t, _ in heard.chunks]
    assert len(sent) == len(arrived) == 30
    # nothing arrives before it is sent
    assert all(a < b for a, b in zip(sent, arrived, strict=True))
    assert sorted(arrived) == arrived


def test_the_stamps_of_a_request_are_in_order() -> None:
    with ScriptedServer(always(Send(b"abc"), Send(b""), Send(b"de"))) as server:
        heard = get(server.url)
    received = server.received[0]
    stamps = [received.t_received_ns, *(s.t_ns for s in received.sent), received.t_closed_ns]
    assert stamps == sorted(stamps)
    assert heard.t_start_ns < received.t_received_ns
    assert [s.n_bytes for s in received.sent] == [3, 0, 2]
    assert heard.body == b"abcde"
    assert not received.is_client_gone


def test_pauses_are_at_least_as_long_as_asked() -> None:
    asked_s = [0.0, 0.003, 0.02, 0.05]
    steps = [step for s in asked_s for step in (Pause(s), Send(b"x"))]
    with ScriptedServer(always(Send(b"x"), *steps)) as server:
        get(server.url)
    sent = [s.t_ns for s in server.received[0].sent]
    took_s = [(b - a) / 1e9 for a, b in itertools.pairwise(sent)]
    assert all(took >= asked for took, asked in zip(took_s, asked_s, strict=True))


def test_headers_wait_for_the_pause_before_them_only() -> None:
    script = always(Pause(0.4), Send(b"x"), pause_before_headers_s=0.1)
    with ScriptedServer(script) as server:
        heard = get(server.url)
    assert heard.t_headers_ns - heard.t_start_ns >= 100 * MS
    assert heard.t_headers_ns < server.received[0].sent[0].t_ns


@pytest.mark.parametrize(
    "plan",
    [Plan((Send(b"x"), Stall())), Plan(pause_before_headers_s=math.inf), Plan((Pause(1e6),))],
    ids=["stall", "before headers", "pause"],
)
def test_silence_ends_when_the_client_leaves(plan: Plan) -> None:
    with ScriptedServer(sequence(plan)) as server:
        client = leave_a_request_open(server.url)
        until(lambda: len(server.received) == 1)
        time.sleep(0.1)
        received = server.received[0]
        assert received.t_closed_ns is None
        t_left_ns = now_ns()
        client.close()
        until(lambda: received.t_closed_ns is not None)
        assert received.is_client_gone
        assert t_left_ns <= received.t_closed_ns


def test_a_client_that_leaves_between_two_sends_is_noticed() -> None:
    steps = [step for _ in range(2000) for step in (Send(b"x" * 1000), Pause(0.002))]
    with ScriptedServer(always(*steps)) as server:
        client = leave_a_request_open(server.url)
        client.recv(10)
        client.close()
        until(lambda: server.received[0].is_client_gone)
        assert len(server.received[0].sent) < 2000


@pytest.mark.parametrize(
    "plan",
    [
        Plan((Send(b"x"), Stall())),
        Plan(pause_before_headers_s=math.inf),
        Plan((Send(b"x" * 50_000_000),)),
    ],
    ids=["stall", "before headers", "client that does not read"],
)
def test_stopping_does_not_wait_for_clients(plan: Plan) -> None:
    with ScriptedServer(sequence(plan)) as server:
        clients = [leave_a_request_open(server.url) for _ in range(5)]
        until(lambda: len(server.received) == 5)
        time.sleep(0.1)
        server.stop()
        until(lambda: not server._thread.is_alive())
        server.stop()
    assert [r.is_client_gone for r in server.received] == [False] * 5
    assert None not in {r.t_closed_ns for r in server.received}
    for client in clients:
        assert len(drained(client)) < 50_000_000  # returns, so the connection was closed
    with pytest.raises(ConnectionRefusedError):
        leave_a_request_open(server.url)


def test_stopping_closes_idle_connections() -> None:
    with ScriptedServer(always(Send(b"x"))) as server:
        port = int(server.url.rsplit(":", 1)[1])
        client = socket.create_connection(("127.0.0.1", port), timeout=120)
        server.stop()
        until(lambda: not server._thread.is_alive())
        assert ended(client)


def test_a_disconnect_is_an_incomplete_body() -> None:
    heard = Heard(0)
    with ScriptedServer(always(Send(b"half"), Pause(0.05), Disconnect())) as server:
        with pytest.raises(aiohttp.ClientPayloadError):
            get(server.url, heard=heard)
        received = server.received[0]
    assert (heard.status, heard.body) == (200, b"half")
    assert not received.is_client_gone
    assert received.t_closed_ns >= received.sent[0].t_ns + 50 * MS


def test_a_disconnect_logs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with ScriptedServer(always(Send(b"half"), Disconnect())) as server:
        with pytest.raises(aiohttp.ClientPayloadError):
            get(server.url)
        assert drained(leave_a_request_open(server.url))
    assert caplog.records == []


def test_a_client_that_resets_before_the_answer_logs_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def slow(_received: Received) -> Plan:
        time.sleep(0.2)  # keeps the loop from seeing the reset before it writes
        return Plan((Send(b"x"), Send(b"x"), Send(b"x")))

    with ScriptedServer(slow) as server:
        client = leave_a_request_open(server.url)
        until(lambda: len(server.received) == 1)
        reset_on_close = struct.pack("ii", 1, 0)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset_on_close)
        client.close()
        until(lambda: server.received[0].t_closed_ns is not None)
        assert server.received[0].is_client_gone
    assert caplog.records == []


def test_an_unchunked_body_ends_with_the_connection() -> None:
    script = always(Send(b"one "), Pause(0.02), Send(b"two"), is_chunked=False)
    with ScriptedServer(script) as server:
        heard = get(server.url)
        raw = drained(leave_a_request_open(server.url))
    assert heard.body == b"one two"
    assert heard.headers["Connection"] == "close"
    head, _, body = raw.partition(b"\r\n\r\n")
    assert body == b"one two"
    assert b"transfer-encoding" not in head.lower()
    assert b"content-length" not in head.lower()


def test_a_chunked_connection_is_kept() -> None:
    async def twice(url: str) -> int:
        ports = set()
        async with aiohttp.ClientSession() as session:
            for _ in range(2):
                async with session.get(url) as response:
                    assert response.connection is not None
                    ports.add(response.connection.transport.get_extra_info("sockname"))
                    await response.read()
        return len(ports)

    with ScriptedServer(always(Pause(0.02), Send(b"x"))) as server:
        assert asyncio.run(twice(server.url)) == 1


def test_a_split_character_arrives_in_two_chunks() -> None:
    data = sse({"text": "Grüße 😀"})
    parts = [data[i : i + 1] for i in range(len(data))]
    steps = [step for part in parts for step in (Send(part), Pause(0.002))]
    with ScriptedServer(always(*steps)) as server:
        heard = get(server.url)
        client = leave_a_request_open(server.url)
        raw = b""
        while not raw.endswith(b"\r\n0\r\n\r\n"):
            raw += client.recv(1000)
        client.close()
    assert heard.body == data
    assert json.loads(heard.body.removeprefix(b"data: ")) == {"text": "Grüße 😀"}
    framed = b"".join(b"1\r\n" + part + b"\r\n" for part in parts) + b"0\r\n\r\n"
    assert raw.partition(b"\r\n\r\n")[2] == framed


def test_status_headers_and_request_are_passed_on() -> None:
    plan = Plan((Send(b"{}"),), status=429, headers={**JSON, "Retry-After": "3"})
    with ScriptedServer(sequence(plan)) as server:
        heard = get(server.url + "/v1/chat/completions?alt=sse", {"prompt": "é" * 2_000_000})
    received = server.received[0]
    assert (heard.status, heard.body) == (429, b"{}")
    assert heard.headers["Retry-After"] == "3"
    assert heard.headers["Content-Type"] == "application/json"
    assert received.path == "/v1/chat/completions"
    assert received.headers["content-type"] == "application/json"
    assert len(json.loads(received.body)["prompt"]) == 2_000_000


def test_a_record_does_not_show_keys() -> None:
    shown = repr(Received("/", {"authorization": "Bearer sk-secret"}, 1, b"a prompt"))
    assert "sk-secret" not in shown
    assert "a prompt" not in shown


def test_200_streams_at_once_are_all_complete() -> None:
    texts = [f"t{i} " for i in range(10)]
    plan = Plan(chat_answer(texts, ttft_s=1.0, itl_s=0.02, usage=usage(3, 10)))

    async def all_at_once(url: str) -> list[Heard]:
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector) as session:
            return await asyncio.gather(*(ask(session, url, {"n": i}) for i in range(200)))

    with ScriptedServer(sequence(plan)) as server:
        answers = asyncio.run(all_at_once(server.url))
    whole = b"".join(step.data for step in plan.steps if isinstance(step, Send))
    assert {a.body for a in answers} == {whole}
    assert len(server.received) == 200
    assert sorted(json.loads(r.body)["n"] for r in server.received) == list(range(200))
    assert {len(r.sent) for r in server.received} == {14}
    _, second, *_ = sorted(r.t_received_ns for r in server.received)
    assert second < min(r.t_closed_ns for r in server.received)


def test_1000_connections_at_once_are_accepted() -> None:
    with ScriptedServer(always(Stall())) as server:
        clients = [leave_a_request_open(server.url) for _ in range(1000)]
        until(lambda: len(server.received) == 1000)
        for client in clients:
            client.close()
        until(lambda: all(r.is_client_gone for r in server.received))


def test_a_sequence_repeats_its_last_plan() -> None:
    script = sequence(Plan(status=503), Plan(status=429), Plan((Send(b"ok"),)))
    with ScriptedServer(script) as server:
        answers = [get(server.url) for _ in range(4)]
    assert [a.status for a in answers] == [503, 429, 200, 200]
    assert [a.body for a in answers] == [b"", b"", b"ok", b"ok"]


def test_a_sequence_needs_a_plan() -> None:
    with pytest.raises(ValueError, match="at least one"):
        sequence()


def test_by_model_reads_body_and_path() -> None:
    script = by_model(
        {
            "a": Plan((Send(b"A"),)),
            "org/b": sequence(Plan((Send(b"B1"),)), Plan((Send(b"B2"),))),
        }
    )
    with ScriptedServer(script) as server:
        bodies = [
            get(server.url + path, body).body
            for path, body in [
                ("/v1/chat/completions", {"model": "a"}),
                ("/v1/messages", {"model": "org/b"}),
                ("/v1beta/models/a:streamGenerateContent?alt=sse", {"contents": []}),
                ("/v1beta/models/org/b:streamGenerateContent", {"contents": []}),
            ]
        ]
    assert bodies == [b"A", b"B1", b"A", b"B2"]


@pytest.mark.parametrize("body", [{"model": "z"}, {"model": 3}, {}, ["model"], None])
def test_by_model_does_not_know_every_model(body: object) -> None:
    with ScriptedServer(by_model({"a": Plan()})) as server:
        heard = get(server.url + "/v1/chat/completions", body)
    assert heard.status == 404
    assert heard.headers["Content-Type"] == "application/json"
    assert "model" in json.loads(heard.body)["error"]["message"]


def test_a_script_may_branch_on_what_was_received() -> None:
    def script(received: Received) -> Plan:
        return Plan((Send(received.body[::-1]),), status=200 if received.path == "/a" else 400)

    with ScriptedServer(script) as server:
        answers = [get(server.url + path, 123) for path in ("/a", "/b")]
    assert [(a.status, a.body) for a in answers] == [(200, b"321"), (400, b"321")]


def test_a_broken_script_is_a_server_error() -> None:
    def broken(_received: Received) -> Plan:
        raise KeyError("plan")

    with ScriptedServer(broken) as server:
        assert get(server.url).status == 500
    assert server.received[0].t_closed_ns is not None


def test_a_port_in_use_is_a_usage_error() -> None:
    with ScriptedServer(always()) as first:
        port = int(first.url.rsplit(":", 1)[1])
        with pytest.raises(UsageError, match=str(port)), ScriptedServer(always(), port=port):
            pass
    with ScriptedServer(always(Send(b"x")), port=port) as again:
        assert again.url == first.url
        assert get(again.url).body == b"x"


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl to make a certificate")
def test_it_speaks_tls(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    made = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(["openssl", *made.split(), *names, *files], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    async def secure(url: str) -> bytes:
        trust = ssl.create_default_context(cafile=str(certificate))
        async with aiohttp.ClientSession() as session, session.get(url, ssl=trust) as response:
            return await response.read()

    with ScriptedServer(always(Send(b"safe")), ssl_context=context) as server:
        assert server.url.startswith("https://")
        assert asyncio.run(secure(server.url)) == b"safe"


CHILD = """
import json
from evalkit.loadgen.scripted import Pause, Plan, Send, serve_forever
kept = []
def script(received):
    if received.path == "/stamps":
        return Plan((Send(json.dumps([s.t_ns for s in kept[0].sent]).encode()),))
    kept.append(received)
    return Plan((Send(b"a"), Pause(0.3), Send(b"b")))
serve_forever(script, 0, lambda port: print(port, flush=True))
"""


def test_stamps_of_another_process_are_comparable() -> None:
    if sys.platform != "linux":
        pytest.skip("perf_counter_ns is comparable over processes on Linux")
    with subprocess.Popen([sys.executable, "-c", CHILD], stdout=subprocess.PIPE) as child:
        try:
            assert child.stdout is not None
            url = f"http://127.0.0.1:{int(child.stdout.readline())}"
            heard = get(url)
            sent = json.loads(get(url + "/stamps").body)
        finally:
            child.terminate()
    assert heard.t_start_ns < sent[0] < heard.chunks[0][0] < sent[1] < heard.chunks[1][0]


def test_events_are_server_sent_events() -> None:
    assert sse("[DONE]") == b"data: [DONE]\n\n"
    assert sse({"a": "ü"}, event="delta") == 'event: delta\ndata: {"a":"ü"}\n\n'.encode()
    assert sse("one\ntwo") == b"data: one\ndata: two\n\n"


def test_what_a_chunk_does_not_say_is_left_out() -> None:
    assert chat_chunk("x")["choices"] == [
        {"index": 0, "delta": {"content": "x"}, "finish_reason": None}
    ]
    assert "usage" not in chat_chunk("x")
    assert usage(5, 2) == {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}
    assert usage(5, 2, cached=0, reasoning=1) == {
        **usage(5, 2),
        "prompt_tokens_details": {"cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 1},
    }


def test_a_chat_answer_is_understood_by_the_openai_sdk() -> None:
    openai = pytest.importorskip("openai")
    plan = Plan(chat_answer(["Hel", "lo"], ttft_s=0.05, itl_s=0.03, usage=usage(4, 2, cached=1)))
    with ScriptedServer(sequence(plan)) as server:
        client = openai.OpenAI(base_url=server.url + "/v1", api_key="none", max_retries=0)
        chunks = list(client.chat.completions.create(model="m", messages=[], stream=True))
    deltas = [c.choices[0].delta for c in chunks if c.choices]
    assert [d.content for d in deltas] == ["", "Hel", "lo", None]
    assert deltas[0].role == "assistant"
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert (chunks[-1].choices, chunks[-1].usage.total_tokens) == ([], 6)
    assert chunks[-1].usage.prompt_tokens_details.cached_tokens == 1
    role, first, second, *_ = (s.t_ns for s in server.received[0].sent)
    assert first - role >= 50 * MS
    assert second - first >= 30 * MS


def test_a_chat_answer_may_begin_with_text() -> None:
    steps = chat_answer(["a"], ttft_s=0.1, itl_s=0, role_first=False)
    assert steps[:2] == (Pause(0.1), Send(sse(chat_chunk("a"))))
    assert len(steps) == 4
