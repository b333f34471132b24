"""What an endpoint would be sent, without sending it, and without a key."""

from __future__ import annotations

from typing import Any

import httpx2

from evalkit.backends.base import GenerateRequest
from evalkit.backends.chat import moved
from evalkit.backends.endpoints.dialect import Ask, Dialect, pack
from evalkit.config.run import ModelSpec


class EndpointWriter:
    """Writes requests to one model behind an API."""

    def __init__(self, spec: ModelSpec, make: type[Dialect], url: str) -> None:
        self._spec = spec
        self._dialect = make(spec, url, "none", httpx2.AsyncClient(trust_env=False))

    @property
    def has_chat_template(self) -> bool:
        """Whether the endpoint takes conversations."""
        return self._spec.endpoint.api == "chat"

    def render_chat(self, messages: list[dict[str, str]], add_generation_prompt: bool) -> str:
        """Pack a conversation; the server applies the template."""
        return pack(moved(messages, self._spec.endpoint.turns))

    def sent(self, request: GenerateRequest, *, is_chat: bool) -> dict[str, Any]:
        """Return the fields of a request as the vendor's SDK takes them."""
        return self._dialect.arguments(Ask(request.prompt, is_chat, request.settings))
