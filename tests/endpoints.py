"""Ask a scripted server through the real SDKs, as a cell would."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from evalkit.backends import open_backend
from evalkit.backends.base import CellSetup, GenerateRequest, Guard, Outcome, Sending
from evalkit.backends.endpoints.dialect import pack
from evalkit.config import EndpointSpec, ModelSpec
from evalkit.engine.values import GenerationSettings
from evalkit.records import EndpointRecord, EventKind

QUICK = {"headers_timeout_s": 1.0, "stall_timeout_s": 0.5, "request_timeout_s": 5.0}
SETTINGS = GenerationSettings(max_tokens=64)
PATHS = {"openai": "/v1", "anthropic": "", "google": ""}


def api_model(url: str, backend: str = "openai", **endpoint: Any) -> ModelSpec:
    """Return a model behind a server on this machine; only one attempt unless told otherwise."""
    values = {"base_url": url + PATHS[backend], "max_attempts": 1, **QUICK, **endpoint}
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
