"""Backends as packages bring them, and how they are installed for a test."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import EntryPoint
from typing import Any

import pytest
import yaml

from evalkit import backends
from evalkit.backends.base import Batch, Capability, CellSetup, GenerateRequest, Outcome, Place
from evalkit.config import ModelSpec
from evalkit.meters.clock import now_ns
from evalkit.records import EngineRecord
from evalkit.store.manifest import ModelEntry
from tests.builders import api_entry

HOST = "api.vendor.example"


class Undeclared:
    """A backend of somebody else's, as one is written who does not know of places."""

    @classmethod
    def supports(cls, _spec: ModelSpec) -> frozenset[Capability]:
        return frozenset({Capability.GENERATE, Capability.CHAT_TEMPLATE})

    @classmethod
    def unavailable(cls, _spec: ModelSpec) -> str | None:
        return None

    @classmethod
    def preflight(cls, _spec: ModelSpec) -> None:
        """Nothing to check."""


class Elsewhere(Undeclared):
    """One that says where it asks."""

    @classmethod
    def place(cls, _spec: ModelSpec) -> Place:
        return Place(is_in_process=False, host=HOST)


class Answers(Undeclared):
    """One that answers everything in the same way and asks nobody whether it may."""

    place = Elsewhere.__dict__["place"]
    tokenizer_name = "none"
    has_chat_template = False

    def __init__(self, model: ModelSpec) -> None:
        self.model = model

    @classmethod
    def open(cls, model: ModelSpec) -> Answers:
        return cls(model)

    def __enter__(self) -> Answers:
        return self

    def __exit__(self, *_error: object) -> None:
        """Nothing to free."""

    def entry(self) -> ModelEntry:
        return api_entry(self.model.name, backend=self.model.backend, chat_template=False)

    def kv_budget(self) -> int | None:
        return None

    def begin_cell(self, setup: CellSetup) -> None:
        self.guard = setup.guard

    def may_send(self) -> None:
        """Ask nobody."""

    def endpoint_record(self) -> None:
        return None

    def engine_records(self) -> tuple[EngineRecord, ...]:
        return ()

    def torch_memory(self, _gpu: int) -> tuple[None, None]:
        return None, None

    def generate(
        self, requests: Sequence[GenerateRequest], done: Collection[int], _batch_size: int | None
    ) -> Iterator[Batch]:
        for i in set(range(len(requests))) - set(done):
            self.may_send()
            now = now_ns()
            yield [(i, Outcome(now, now + 1, 1, 1, text="Answer: no", output_tokens=3))]


def entry_point(name: str, kind: type, package: str = "") -> EntryPoint:
    """Return what a package says of a backend; without a name for it, one that is not installed properly."""
    entry = EntryPoint(name, f"{kind.__module__}:{kind.__name__}", "evalkit.backends")
    if package:
        vars(entry)["dist"] = _Package(package)
    return entry


class _Package:
    def __init__(self, name: str) -> None:
        self.name = name


@contextmanager
def installed_backends(
    monkeypatch: pytest.MonkeyPatch, kinds: Mapping[str, type], *more: EntryPoint
) -> Iterator[None]:
    """Install backends under these names."""
    found = [*(entry_point(name, kind) for name, kind in kinds.items()), *more]
    monkeypatch.setattr(backends, "entry_points", lambda **_: found)
    backends.extensions.cache_clear()
    yield
    backends.extensions.cache_clear()


def spec(backend: str, **more: Any) -> ModelSpec:
    where = {"endpoint": {"base_url": f"https://{HOST}/v1"}} if backend == "openai" else {}
    return ModelSpec.model_validate(
        {"name": "m", "backend": backend, "source": "x", **where, **more}
    )


def config(backend: str, **more: Any) -> str:
    model = spec(backend, **more).model_dump(mode="json", exclude_defaults=True)
    asked = {"name": "s", "tasks": ["grounded_qa"], "limit": 1}
    return yaml.safe_dump({"name": "r", "models": [model], "suites": [asked]})
