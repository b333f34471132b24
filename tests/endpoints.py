"""Ask a scripted server through the real SDKs, as a cell would."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pytest

from evalkit.backends import open_backend
from evalkit.backends.base import CellSetup, GenerateRequest, Guard, Outcome, Sending
from evalkit.backends.endpoints.dialect import pack
from evalkit.backends.endpoints.wire import ResponseBody
from evalkit.config import EndpointSpec, ModelSpec
from evalkit.engine.values import GenerationSettings
from evalkit.loadgen.scripted import Plan, Received, Send, Step, Until
from evalkit.meters.clock import now_ns
from evalkit.records import EndpointRecord, EventKind

SETTINGS = GenerationSettings(max_tokens=64)
PATHS = {"openai": "/v1", "anthropic": "", "google": ""}


def api_model(url: str, backend: str = "openai", **endpoint: Any) -> ModelSpec:
    """Return a model behind a server on this machine; only one attempt unless told otherwise."""
    values = {"base_url": url + PATHS[backend], "max_attempts": 1, **endpoint}
    return ModelSpec(
        name="m", backend=backend, source="scripted", endpoint=EndpointSpec.model_validate(values)
    )


def conversation(text: str = "hi") -> str:
    return pack([{"role": "user", "content": text}])


def ask(
    spec: ModelSpec,
    prompts: Sequence[str] = ("hi",),
    settings: GenerationSettings = SETTINGS,
    guard: Guard | None = None,
) -> list[Outcome]:
    """Ask all prompts; return the outcomes in their order."""
    return ask_and_note(spec, prompts, settings, guard)[0]


def ask_and_note(
    spec: ModelSpec,
    prompts: Sequence[str],
    settings: GenerationSettings = SETTINGS,
    guard: Guard | None = None,
) -> tuple[list[Outcome], list[tuple[int, Sending]], EndpointRecord]:
    """Ask all prompts; also return the notices of sending and the endpoint's record."""
    with open_backend(spec) as backend:
        backend.begin_cell(CellSetup(guard=guard))
        plain = spec.endpoint.api == "completions"
        requests = [GenerateRequest(p if plain else conversation(p), settings) for p in prompts]
        outcomes: dict[int, Outcome] = {}
        notices = []
        for batch in backend.generate(requests, (), None):
            for position, what in batch:
                if isinstance(what, Sending):
                    notices.append((position, what))
                else:
                    outcomes[position] = what
        record = backend.endpoint_record()
        assert record is not None
    return [outcomes[p] for p in sorted(outcomes)], notices, record


def kinds(outcome: Outcome) -> list[EventKind]:
    return [event.kind for event in outcome.attempts[-1].events]


class Lockstep:
    """Sends nothing before the client has read what was sent before.

    What was read then lies between two moments of the server, on one clock and however busy the machine is: the stamp
    of the n-th write is not before `sent[n]` and not after `read_ns[n]`, nor after `sent[n + 1]`.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.received: dict[str, Received] = {}
        """By the id that the attempt got."""
        self.read_ns: defaultdict[str, list[int]] = defaultdict(list)
        """When the server knew that a write was read, by the same id."""
        self._n_read: Counter[str] = Counter()
        note = ResponseBody.note

        def noted(body: ResponseBody, t_ns: int, data: bytes, *, is_error: bool) -> None:
            note(body, t_ns, data, is_error=is_error)
            self._n_read[body.exchange.headers["x-request-id"]] += len(data)

        monkeypatch.setattr(ResponseBody, "note", noted)

    def plan(self, steps: Iterable[Step], received: Received) -> Plan:
        """Return how to answer a request."""
        name = str(len(self.received))
        self.received[name] = received
        headers = {"Content-Type": "text/event-stream", "x-request-id": name}
        return Plan(tuple(self._held(steps, name)), headers=headers)

    def _held(self, steps: Iterable[Step], name: str) -> Iterator[Step]:
        for step in steps:
            yield step
            if isinstance(step, Send):
                yield Until(lambda received: self._is_read(received, name))

    def _is_read(self, received: Received, name: str) -> bool:
        is_read = self._n_read[name] >= sum(s.n_bytes for s in received.sent)
        if is_read:
            self.read_ns[name].append(now_ns())
        return is_read
