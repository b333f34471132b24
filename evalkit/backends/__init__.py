"""Code that talks to models. One dict line, or an entry point `evalkit.backends`, adds a backend."""

from __future__ import annotations

import importlib
from importlib.metadata import entry_points

from evalkit.backends.base import Backend
from evalkit.config.run import API_BACKENDS, ModelSpec
from evalkit.errors import ModelError, did_you_mean

BACKENDS = {
    "hf": "evalkit.backends.hf:HuggingFaceBackend",
    "openai": "evalkit.backends.endpoints.openai:OpenAIBackend",
    "anthropic": "evalkit.backends.endpoints.anthropic:AnthropicBackend",
    "google": "evalkit.backends.endpoints.google:GoogleBackend",
}
"""Name in a config → `module:class`. Modules are imported when the backend is used."""


def backend_class(name: str) -> type[Backend]:
    """Return the class of a backend.

    Raises:
        ModelError: No backend has this name.
    """
    known = dict(BACKENDS)
    for entry in entry_points(group="evalkit.backends"):
        known.setdefault(entry.name, entry.value)
    if name not in known:
        hint = did_you_mean(name, known, f"Known backends: {', '.join(known)}.")
        raise ModelError(f"Unknown backend {name!r}.", hint)
    module, _, attribute = known[name].partition(":")
    loaded: type[Backend] = getattr(importlib.import_module(module), attribute)
    return loaded


def endpoint_host(spec: ModelSpec) -> str | None:
    """Return the host a model's requests go to; None when they stay on this machine."""
    if spec.backend not in API_BACKENDS:
        return None
    from evalkit.backends.endpoints.backend import EndpointBackend
    from evalkit.backends.endpoints.proxies import is_loopback
    from evalkit.backends.endpoints.wire import host_of

    backend = backend_class(spec.backend)
    assert issubclass(backend, EndpointBackend)
    url = backend.base_url(spec)
    return None if is_loopback(url) else host_of(url)


def open_backend(spec: ModelSpec) -> Backend:
    """Load a model; close it with its context manager."""
    return backend_class(spec.backend).open(spec)
