"""Code that talks to models. One dict line, or an entry point `evalkit.backends`, adds a backend."""

from __future__ import annotations

import importlib
from functools import cache
from importlib.metadata import entry_points

from evalkit.backends.base import UNDECLARED, Backend, Place, declared
from evalkit.config.run import ModelSpec
from evalkit.errors import EvalkitError, ModelError, did_you_mean, reason_of

BACKENDS = {
    "hf": "evalkit.backends.hf:HuggingFaceBackend",
    "openai": "evalkit.backends.endpoints.openai:OpenAIBackend",
    "anthropic": "evalkit.backends.endpoints.anthropic:AnthropicBackend",
    "google": "evalkit.backends.endpoints.google:GoogleBackend",
}
"""Name in a config → `module:class`. Modules are imported when the backend is used."""


@cache
def extensions() -> dict[str, str]:
    """Return the backends that installed packages bring; none takes the name of one of ours."""
    return {entry.name: entry.value for entry in entry_points(group="evalkit.backends")}


def backend_class(name: str) -> type[Backend]:
    """Return the class of a backend.

    Raises:
        ModelError: No backend has this name, or the one of a package can't be loaded.
    """
    known = {**extensions(), **BACKENDS}
    if name not in known:
        hint = did_you_mean(name, known, f"Known backends: {', '.join(known)}.")
        raise ModelError(f"Unknown backend {name!r}.", hint)
    module, _, attribute = known[name].partition(":")
    try:
        loaded = getattr(importlib.import_module(module), attribute)
        if not isinstance(loaded, type):
            raise TypeError(f"{attribute!r} is no class")
    except Exception as error:
        if name in BACKENDS:
            raise
        raise ModelError(
            f"backend {name!r} can't be loaded from {known[name]}: {reason_of(error)}.",
            "Mend or remove the package that brings it.",
        ) from error
    backend: type[Backend] = loaded
    return backend


def place(spec: ModelSpec) -> Place:
    """Return where a model is and whether it is billed, as its backend declares.

    Raises:
        ModelError: No backend has its name, or that can't say.
    """
    backend = backend_class(spec.backend)
    if spec.backend not in BACKENDS and "place" not in vars(backend):
        return UNDECLARED
    try:
        return declared(backend.place(spec))
    except EvalkitError:
        raise
    except Exception as error:  # foreign code raises anything
        raise ModelError(
            f"model {spec.name!r}: its backend {spec.backend!r} can't tell where it is: {reason_of(error)}.",
            "Mend `place` of the backend (docs/how-it-works.md).",
        ) from error


def open_backend(spec: ModelSpec) -> Backend:
    """Load a model; close it with its context manager."""
    return backend_class(spec.backend).open(spec)
