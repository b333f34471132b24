"""Where a model is and who charges for it: declared by its backend, and the worst where it is not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from evalkit import backends
from evalkit.backends import place
from evalkit.backends.base import (
    UNDECLARED,
    Backend,
    Place,
)
from evalkit.backends.hf import HuggingFaceBackend
from evalkit.cli import main
from evalkit.config import LimitsSpec, ModelSpec, PriceSpec, SuiteSpec, parse_run_config
from evalkit.errors import ConfigError, EvalkitError, ExecutionError, ModelError
from evalkit.execute.bench_bounds import price_usd_of
from evalkit.execute.cell import DocsWork
from evalkit.execute.limits import RunGuard, most_cost_usd
from evalkit.execute.preflight import check_budget, check_data_class
from evalkit.execute.session import first_manifest
from evalkit.plan import Cell, Plan, make_plan
from evalkit.records import Usage
from tests.foreign import HOST, Answers, Elsewhere, Undeclared, config, installed_backends, spec

PRICE = PriceSpec(input=1, output=2, source="contract", date=date(2026, 11, 1))


class Here(Undeclared):
    """One that runs models in this process."""

    @classmethod
    def place(cls, _spec: ModelSpec) -> Place:
        return Place(is_in_process=True, is_billed=False)


class Silent(Undeclared):
    """One that has the method and says nothing, as whoever inherits the protocol's own."""

    place = Backend.place


class Heir(HuggingFaceBackend):
    """One that inherits what another class says of itself."""


class Hostless(Undeclared):
    """One that says that it is elsewhere, and not where."""

    @classmethod
    def place(cls, _spec: ModelSpec) -> Place:
        return Place(is_in_process=False, is_billed=False)


class Torn(Undeclared):
    """One that contradicts itself."""

    @classmethod
    def place(cls, _spec: ModelSpec) -> Place:
        return Place(is_in_process=True, host=HOST, is_billed=False)


class Vague(Undeclared):
    """One that says it in words."""

    @classmethod
    def place(cls, _spec: ModelSpec) -> Place:
        return Place(is_in_process="no", is_billed=None)  # type: ignore[arg-type]


class Wrong(Undeclared):
    """One that says it in another way."""

    @classmethod
    def place(cls, _spec: ModelSpec) -> str:
        return "localhost"


class Asks(Answers):
    """One that asks before it sends."""

    place = Elsewhere.__dict__["place"]

    def may_send(self) -> None:
        assert self.guard is not None
        reserved = self.guard.reserve(self.model, Usage(input_tokens=1, output_tokens=3))
        if reserved is not None:
            self.guard.settle(reserved, reserved)


KINDS: dict[str, type] = {
    "undeclared": Undeclared,
    "silent": Silent,
    "wrong": Wrong,
    "elsewhere": Elsewhere,
    "here": Here,
    "heir": Heir,
    "hostless": Hostless,
    "torn": Torn,
    "vague": Vague,
    "answers": Answers,
    "asks": Asks,
}
REMOTE = ("openai", "elsewhere", "undeclared", "silent", "wrong", "hostless", "torn", "vague")
UNSAID = ("undeclared", "silent", "wrong", "heir", "hostless", "torn", "vague")


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Install these backends, as packages do."""
    with installed_backends(monkeypatch, KINDS):
        yield


def suite(data_class: str = "confidential") -> SuiteSpec:
    return SuiteSpec.model_validate(
        {"name": "s", "tasks": ["grounded_qa"], "limit": 1, "data_class": data_class}
    )


def planned(backend: str, **more: Any) -> tuple[Plan, Cell]:
    plan = make_plan(parse_run_config(config(backend, **more)))
    (only,) = plan.cells
    return plan, only


def test_a_backend_that_does_not_say_is_elsewhere_and_charges() -> None:
    assert {place(spec(name)) for name in UNSAID} == {UNDECLARED}
    assert place(spec("elsewhere")) == place(spec("openai")) == Place(False, HOST)
    assert place(spec("here")) == place(spec("hf")) == Place(True, is_billed=False)
    own = {
        "name": "m",
        "backend": "openai",
        "source": "x",
        "endpoint": {"base_url": "http://127.0.0.1:8000/v1"},
    }
    assert place(ModelSpec.model_validate(own)).is_on_this_machine


@pytest.mark.parametrize("backend", REMOTE)
def test_confidential_docs_are_refused(backend: str) -> None:
    with pytest.raises(ConfigError, match="is confidential") as caught:
        check_data_class(spec(backend), suite(), ())
    named = f"backend '{backend}' does not say" if backend in UNSAID else HOST
    assert named in str(caught.value)
    check_data_class(spec(backend), suite("internal"), ())


@pytest.mark.parametrize("backend", REMOTE)
def test_only_a_host_that_is_named_can_be_trusted(backend: str) -> None:
    trusted = (HOST, "", "None", "None", "unknown")
    if backend in UNSAID:
        with pytest.raises(ConfigError):
            check_data_class(spec(backend), suite(), trusted)
    else:
        check_data_class(spec(backend), suite(), trusted)


def test_confidential_docs_may_go_to_a_model_in_this_process() -> None:
    check_data_class(spec("here"), suite(), ())
    check_data_class(spec("hf"), suite(), ())


@pytest.mark.parametrize("backend", REMOTE)
def test_a_budget_needs_a_price(backend: str) -> None:
    limits = LimitsSpec(max_cost_usd=1)
    with pytest.raises(ConfigError, match="max_cost_usd can't be kept"):
        check_budget(limits, [spec(backend)])
    check_budget(limits, [spec(backend, price=PRICE)])
    check_budget(limits, [spec("here")])


@pytest.mark.parametrize("backend", REMOTE)
def test_a_budget_is_kept_by_who_asks(backend: str) -> None:
    there = spec(backend, price=PRICE)
    guard = RunGuard(LimitsSpec(max_cost_usd=1))
    with pytest.raises(ExecutionError, match=f"backend '{backend}' sends requests of model 'm'"):
        guard.check_asked(1, there)
    guard.reserve(there, Usage(input_tokens=1, output_tokens=1))
    guard.check_asked(1, there)
    with pytest.raises(ExecutionError):
        guard.check_asked(2, there)
    RunGuard(LimitsSpec()).check_asked(1, there)


@pytest.mark.parametrize("backend", REMOTE)
def test_its_cost_is_estimated_and_its_price_list_kept(backend: str) -> None:
    plan, cell = planned(backend, price=PRICE)
    cost = most_cost_usd(cell)
    assert cost is not None
    assert cost > 0
    assert price_usd_of(cell.model, (1e6, 1e6)) == 3
    assert first_manifest(DocsWork(plan), None, "r", datetime.now(UTC)).prices is not None


def test_what_runs_here_has_no_cost() -> None:
    plan, cell = planned("here")
    assert most_cost_usd(cell) is None
    assert price_usd_of(cell.model, (1e6, 1e6)) is None
    assert first_manifest(DocsWork(plan), None, "r", datetime.now(UTC)).prices is None


@pytest.mark.parametrize("backend", REMOTE)
def test_a_run_of_confidential_docs_does_not_begin(backend: str, tmp_path: Path) -> None:
    file = tmp_path / "r.yaml"
    file.write_text(config(backend).replace("limit: 1", "limit: 1\n  data_class: confidential"))
    result = CliRunner().invoke(main, ["run", str(file), "-o", str(tmp_path / "results")])
    assert result.exit_code == 2
    assert "is confidential" in result.output + str(result.stderr)
    assert not list((tmp_path / "results").glob("*/*"))


@pytest.mark.parametrize("backend", ["elsewhere", "undeclared"])
def test_the_plan_tells_what_it_may_cost(backend: str, tmp_path: Path) -> None:
    file = tmp_path / "r.yaml"
    file.write_text(config(backend, price=PRICE))
    result = CliRunner().invoke(main, ["plan", str(file)])
    assert result.exit_code == 0, result.output
    assert "API requests cost at most about" in result.output


def test_a_backend_that_fails_is_told_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Elsewhere, "place", lambda: None)
    with pytest.raises(
        ModelError, match="'m': backend 'elsewhere' of package tests fails in `place`: TypeError"
    ):
        place(spec("elsewhere"))
    away = EntryPoint("away", "no_such_package:Backend", "evalkit.backends")
    monkeypatch.setattr(backends, "entry_points", lambda **_: [away])
    backends.extensions.cache_clear()
    with pytest.raises(
        ModelError, match="'away' of package no_such_package can't be loaded from no_such"
    ):
        place(spec("away"))


def test_a_budget_of_the_command_needs_a_price_too(tmp_path: Path) -> None:
    file = tmp_path / "r.yaml"
    file.write_text(config("openai"))
    where = ["-o", str(tmp_path / "results"), "--max-cost-usd", "1"]
    result = CliRunner().invoke(main, ["run", str(file), *where])
    assert result.exit_code == 2
    assert "max_cost_usd can't be kept" in result.output


def test_a_backend_that_nobody_has_is_named() -> None:
    with pytest.raises(EvalkitError, match="Unknown backend 'cohre'"):
        place(spec("cohre"))


@pytest.mark.parametrize(
    ("backend", "limits", "exit_code"),
    [
        ("answers", [], 0),
        ("answers", ["--max-cost-usd", "1"], 1),
        ("asks", ["--max-cost-usd", "1"], 0),
    ],
)
def test_a_run_keeps_a_budget_or_says_that_it_cannot(
    backend: str, limits: list[str], exit_code: int, tmp_path: Path
) -> None:
    file = tmp_path / "r.yaml"
    file.write_text(config(backend, price=PRICE))
    where = ["-o", str(tmp_path / "results"), "--no-report"]
    result = CliRunner().invoke(main, ["run", str(file), *where, *limits])
    assert (result.exit_code == 0) == (exit_code == 0), result.output
    told = f"backend '{backend}' sends requests of model 'm' without asking" in result.output
    assert told == (exit_code != 0)
