"""Code that talks to models. A line in `BACKENDS` or an entry point adds one: docs/contributing.md.

The rest of evalkit asks backends through these functions: what one of another package raises becomes a sentence here.
"""

from __future__ import annotations

import importlib
import logging
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import TypeVar

from evalkit.backends.base import UNDECLARED, Backend, Capability, Place, PromptWriter, declared
from evalkit.config.backends import BACKENDS
from evalkit.config.run import ModelSpec
from evalkit.errors import EvalkitError, ModelError, did_you_mean, reason_of

T = TypeVar("T")

log = logging.getLogger("evalkit")


@cache
def extensions() -> dict[str, list[EntryPoint]]:
    """Return the backends that installed packages bring, by name; several of one name clash when it is used."""
    found: dict[str, list[EntryPoint]] = defaultdict(list)
    for entry in entry_points(group="evalkit.backends"):
        found[entry.name].append(entry)
    return dict(found)


def backend_class(name: str) -> type[Backend]:
    """Return the class of a backend.

    Raises:
        ModelError: No backend has this name, several packages have one, or the one of a package can't be loaded.
    """
    known = {**extensions(), **BACKENDS}
    if name not in known:
        hint = did_you_mean(name, known, f"Known backends: {', '.join(known)}.")
        raise ModelError(f"Unknown backend {name!r}.", hint)
    foreign = extensions().get(name, [])
    packages = [*(["evalkit"] if name in BACKENDS else []), *map(_package_of, foreign)]
    if len(packages) > 1:
        raise ModelError(
            f"backend {name!r} is brought by several packages: {' and '.join(packages)}.",
            "Remove all but one of them, or have its backend renamed.",
        )
    value = BACKENDS[name] if not foreign else foreign[0].value
    module, _, attribute = value.partition(":")
    with _told(name, f"can't be loaded from {value}"):
        loaded = getattr(importlib.import_module(module), attribute)
        if not isinstance(loaded, type):
            raise TypeError(f"{attribute!r} is no class")
    backend: type[Backend] = loaded
    return backend


def place(spec: ModelSpec) -> Place:
    """Return where a model is and whether it is billed, as its backend declares."""
    if spec.backend not in BACKENDS and "place" not in vars(backend_class(spec.backend)):
        return UNDECLARED
    return _asked(spec, "place", lambda backend: declared(backend.place(spec)))


def supports(spec: ModelSpec) -> frozenset[Capability]:
    """Return what a model can do."""
    return _asked(spec, "supports", lambda backend: frozenset(backend.supports(spec)))


def unavailable(spec: ModelSpec) -> str | None:
    """Return why a model can't be asked here at all: no key, no SDK."""
    reason = _asked(spec, "unavailable", lambda backend: backend.unavailable(spec))
    return None if reason is None else str(reason)


def preflight(spec: ModelSpec) -> None:
    """Check what can be checked of a model without loading its weights."""
    _asked(spec, "preflight", lambda backend: backend.preflight(spec))


def writer(spec: ModelSpec) -> PromptWriter | None:
    """Return what writes a model's prompts; None where its files are not here."""
    return _asked(spec, "writer", lambda backend: backend.writer(spec))


def _asked(spec: ModelSpec, method: str, ask: Callable[[type[Backend]], T]) -> T:
    """Return what the class of a model's backend says.

    Raises:
        ModelError: No backend has its name, or that fails; or what the method itself raises.
    """
    backend = backend_class(spec.backend)
    with _told(spec.backend, f"fails in `{method}`", spec):
        return ask(backend)


@contextmanager
def open_backend(spec: ModelSpec) -> Iterator[Backend]:
    """Load a model, and free its memory when the block is left.

    Raises:
        ModelError: It can't be loaded, or not be closed; where both work and closing fail, the work's error is raised.
    """
    opened = _asked(spec, "open", lambda backend: backend.open(spec).__enter__())
    try:
        yield opened
    except BaseException as error:
        try:
            _close(opened, spec, error)
        except ModelError as second:
            log.warning("%s", second)
        raise
    _close(opened, spec, None)


def _close(opened: Backend, spec: ModelSpec, error: BaseException | None) -> None:
    with _told(spec.backend, "can't be closed", spec):
        opened.__exit__(type(error) if error else None, error, error and error.__traceback__)


@contextmanager
def _told(name: str, what: str, spec: ModelSpec | None = None) -> Iterator[None]:
    """Tell what a backend of another package raises, which may be anything, in a sentence that names it."""
    try:
        yield
    except Exception as error:
        if isinstance(error, EvalkitError) or name in BACKENDS:
            raise
        model = "" if spec is None else f"model {spec.name!r}: "
        package = " and ".join(map(_package_of, extensions().get(name, [])))
        raise ModelError(
            f"{model}backend {name!r} of package {package} {what}: {reason_of(error)}.",
            "Mend or remove the package (docs/how-it-works.md).",
        ) from error


def _package_of(entry: EntryPoint) -> str:
    return entry.module.partition(".")[0] if entry.dist is None else entry.dist.name
