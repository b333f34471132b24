"""Backends of other packages: whatever they raise is told in a sentence, and none takes another's name."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, NoReturn

import pytest
import yaml
from click.testing import CliRunner, Result

from evalkit import backends
from evalkit.analysis.tco.evidence import hosts_of, was_in_process
from evalkit.backends.base import Batch, CellSetup, GenerateRequest, Outcome, Place
from evalkit.cli import main
from evalkit.config import BenchConfig, LimitsSpec, PriceSpec
from evalkit.engine.values import GenerationSettings
from evalkit.errors import ConfigError, ModelError, UsageError
from evalkit.execute.bench import start_bench
from evalkit.execute.bench_plan import plan_bench
from evalkit.execute.limits import RunGuard, check_spent, spent_usd
from evalkit.execute.progress import tell_nobody
from evalkit.loadgen.target import open_target
from evalkit.records import Usage
from evalkit.store.journal import JOURNAL, Journal
from evalkit.store.manifest import read_manifest
from evalkit.store.run_dir import open_run
from tests.foreign import HOST, Answers, config, entry_point, installed_backends, spec


class Connects(Answers):
    """One that opens its connection when a cell begins, and asks whether it may send."""

    is_connected = False

    def begin_cell(self, setup: CellSetup) -> None:
        super().begin_cell(setup)
        self.is_connected = setup.guard is not None

    def may_send(self) -> None:
        if not self.is_connected:
            raise RuntimeError("not connected")


class Mute(Answers):
    """One that yields nothing."""

    def generate(
        self, _requests: Sequence[GenerateRequest], _done: Collection[int], _batch_size: int | None
    ) -> Iterator[Batch]:
        return iter(())


class Broken(Answers):
    """One that each test breaks."""

    place = vars(Answers)["place"]


class Half(Answers):
    """One that asks the guard, answers one doc after its warm-up, and then fails."""

    n_answers = 0

    def may_send(self) -> None:
        self.n_answers += 1
        if self.n_answers > 2:
            raise RuntimeError("gone")
        assert self.guard is not None
        reserved = self.guard.reserve(self.model, Usage(input_tokens=1, output_tokens=3))
        if reserved is not None:
            self.guard.settle(reserved, None)


KINDS: dict[str, type] = {"answers": Answers, "connects": Connects, "mute": Mute, "half": Half}


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Install these backends."""
    with installed_backends(monkeypatch, KINDS, entry_point("broken", Broken, "odd-one")):
        yield


def asked(tmp_path: Path, command: Sequence[str], *names: str) -> Result:
    """Run a command on a config with a model of each of these backends."""
    written = yaml.safe_load(config("answers"))
    written["models"] = [{"name": name, "backend": name, "source": "x"} for name in names]
    file = tmp_path / "r.yaml"
    file.write_text(yaml.safe_dump(written))
    return CliRunner().invoke(main, [*command, str(file)])


def broken(monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    """Have a method of `broken` raise an error of its own."""

    def fail(*_: Any) -> NoReturn:
        raise LookupError("no cheese")

    is_class = method in {"place", "supports", "unavailable", "preflight", "open"}
    monkeypatch.setattr(Broken, method, classmethod(fail) if is_class else fail)


def told(result: Result) -> str:
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return " ".join(result.output.split())


PRICE = PriceSpec(input=1, output=2, source="contract", date=date(2026, 11, 1))
TASKS = {
    "kind": "tasks",
    "suite": {"name": "s", "tasks": ["grounded_qa"], "data_class": "confidential"},
}
LOADS: list[dict[str, Any]] = [
    {"kind": "concurrency", "concurrency": [1]},
    {"kind": "constant", "rates": [1]},
    {"kind": "search"},
]
CHECK = ["models", "check"]


def test_a_check_begins_a_cell_as_a_run_does(tmp_path: Path) -> None:
    result = asked(tmp_path, CHECK, "connects")
    assert result.exit_code == 0
    assert "connects: its backend tells nothing about its requests" in told(result)


def test_a_check_of_a_backend_that_yields_nothing_fails(tmp_path: Path) -> None:
    assert asked(tmp_path, CHECK, "mute").exit_code == 1


@pytest.mark.parametrize(
    "method", ["place", "unavailable", "open", "__exit__", "begin_cell", "generate"]
)
def test_a_check_tells_what_a_backend_raises_and_goes_on(
    method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken(monkeypatch, method)
    result = asked(tmp_path, CHECK, "broken", "answers")
    assert result.exit_code == 1
    assert "LookupError: no cheese" in told(result)
    assert "answers: its backend tells" in told(result)


@pytest.mark.parametrize("method", ["place", "supports", "unavailable", "preflight"])
def test_what_a_plan_asks_is_told_before_anything_is_written(
    method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken(monkeypatch, method)
    where = ["--no-report", "-o", str(tmp_path / "results")]
    result = asked(tmp_path, ["run", *where], "broken", "answers")
    assert result.exit_code == 2
    said = f"model 'broken': backend 'broken' of package odd-one fails in `{method}`: LookupError: no cheese."
    assert said in told(result)
    assert not list((tmp_path / "results").glob("*/*"))


@pytest.mark.parametrize("method", ["open", "__enter__", "entry", "begin_cell", "__exit__"])
def test_other_models_run_when_one_fails(
    method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken(monkeypatch, method)
    where = ["--no-report", "-o", str(tmp_path / "results")]
    result = asked(tmp_path, ["run", *where], "broken", "answers")
    (folder,) = (tmp_path / "results").iterdir()
    states = {c.model: (c.state, c.reason) for c in read_manifest(folder).cells}
    assert states["answers"] == ("done", None)
    if method == "__exit__":
        assert result.exit_code == 0
        assert states["broken"][0] == "done"
        return
    assert result.exit_code == 3
    assert states["broken"][0] == "failed"
    assert "LookupError: no cheese" in str(states["broken"][1])


def test_what_fails_at_work_is_told_rather_than_what_fails_at_closing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broken(monkeypatch, "__exit__")
    with pytest.raises(ValueError, match="at work"), backends.open_backend(spec("broken")):
        raise ValueError("at work")
    assert "backend 'broken' of package odd-one can't be closed: LookupError" in caplog.text
    with pytest.raises(ModelError, match="can't be closed"), backends.open_backend(spec("broken")):
        pass


@pytest.mark.parametrize("name", ["openai", "twice"])
def test_a_name_of_two_packages_is_refused(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = [entry_point("twice", Answers, "one-pack"), entry_point(name, Connects, "two-pack")]
    with installed_backends(monkeypatch, {}, *some):
        result = asked(tmp_path, ["plan"], name)
        backends.backend_class("hf")
    first = "evalkit" if name == "openai" else "one-pack"
    assert result.exit_code == 2
    assert f"backend {name!r} is brought by several packages: {first} and two-pack." in told(result)


# --- budgets ------------------------------------------------------------------------------------------------------


def half_run(tmp_path: Path) -> Path:
    """Return a run of two docs of which one was answered, without a budget."""
    file = tmp_path / "r.yaml"
    file.write_text(config("half", price=PRICE).replace("limit: 1", "limit: 2"))
    where = ["--no-report", "-o", str(tmp_path / "results")]
    assert CliRunner().invoke(main, ["run", str(file), *where]).exit_code == 3
    (folder,) = (tmp_path / "results").iterdir()
    return folder


def test_what_was_spent_counts_on_resume_though_nobody_told_it(tmp_path: Path) -> None:
    """Each request counts with the most it can cost, so that a budget of about as much holds no other."""
    folder = half_run(tmp_path)
    with Journal(folder / JOURNAL) as journal:
        kept = list(journal.requests())
    most = [a.reserved_usd for r in kept for a in r.attempts]
    assert len(most) == 2
    assert None not in most
    spent = spent_usd(kept, ())
    budget = ["--max-cost-usd", str(spent), "--no-report"]
    CliRunner().invoke(main, ["run", "--resume", str(folder), *budget])
    (cell,) = read_manifest(folder).cells
    assert cell.state == "stopped"
    assert f"${spent:.4f} spent" in str(cell.reason)


def test_a_budget_is_refused_where_nobody_knows_what_was_spent(tmp_path: Path) -> None:
    folder = half_run(tmp_path)
    manifest = read_manifest(folder)
    with Journal(folder / JOURNAL) as journal:
        untold = [
            replace(r, attempts=tuple(replace(a, reserved_usd=None) for a in r.attempts))
            for r in journal.requests()
        ]
    models = [spec("half", price=PRICE)]
    check_spent(LimitsSpec(), models, manifest.cells, untold)
    check_spent(LimitsSpec(max_cost_usd=1), [spec("hf")], manifest.cells, untold)
    with pytest.raises(UsageError, match="of model 'm' have cost so far is not known"):
        check_spent(LimitsSpec(max_cost_usd=1), models, manifest.cells, untold)


def test_a_load_test_counts_what_was_sent_too() -> None:
    model = spec("answers", price=PRICE)
    bound = RunGuard(LimitsSpec()).bound(model)
    assert RunGuard(LimitsSpec()).bound(spec("hf"))(Usage(1, output_tokens=1)) is None
    with backends.open_backend(model) as opened:
        target = open_target(opened, model, 0, bound)
        asked = GenerateRequest("x" * 300, GenerationSettings(max_tokens=10))

        async def once() -> Outcome:
            return await target.ask(asked, 0, asyncio.timeout(60))

        outcome = target.thread.submit(once()).result()
        target.close()
    assert outcome.attempts[0].reserved_usd == pytest.approx((101 * 1 + 10 * 2) / 1e6)


# --- places -------------------------------------------------------------------------------------------------------


def _start(config: BenchConfig) -> None:
    start_bench(config, None, tell_nobody)


@pytest.mark.parametrize("load", [*LOADS, *(load | {"prompts": TASKS} for load in LOADS)])
def test_a_plan_of_a_bench_refuses_what_the_bench_refuses(
    load: dict[str, Any], tmp_path: Path
) -> None:
    """Whether or not lengths are known before, for loads of every kind; nothing is written."""
    prompts = load.get("prompts", {})
    profile = {
        "name": "p",
        "load": {k: v for k, v in load.items() if k != "prompts"},
        "prompts": prompts,
        "slo": {"ttft_s": 1},
    }
    whole = {
        "name": "b",
        "models": [{"name": "m", "backend": "answers", "source": "x"}],
        "output": {"dir": str(tmp_path)},
    }
    free = BenchConfig.model_validate({**whole, "profiles": [profile]})
    kept = free.model_copy(update={"limits": LimitsSpec(max_cost_usd=1)})
    for refuse in (plan_bench, _start):
        with pytest.raises(ConfigError, match="max_cost_usd can't be kept"):
            refuse(kept)
    if prompts:
        for refuse in (plan_bench, _start):
            with pytest.raises(ConfigError, match="is confidential"):
                refuse(free)
    else:
        assert plan_bench(free)
    assert not list(tmp_path.iterdir())


def test_a_plan_of_a_bench_asks_where_its_models_are(monkeypatch: pytest.MonkeyPatch) -> None:
    broken(monkeypatch, "place")
    profile = {"name": "p", "load": LOADS[0], "prompts": TASKS}
    whole = {"name": "b", "models": [{"name": "m", "backend": "broken", "source": "x"}]}
    with pytest.raises(ModelError, match="fails in `place`"):
        plan_bench(BenchConfig.model_validate({**whole, "profiles": [profile]}))


def test_a_run_keeps_the_place_of_its_models(tmp_path: Path) -> None:
    result = asked(tmp_path, ["run", "--no-report", "-o", str(tmp_path / "results")], "answers")
    (folder,) = (tmp_path / "results").iterdir()
    assert result.exit_code == 0
    run = open_run(folder)
    (cell,) = run.manifest.cells
    assert (cell.endpoint, cell.place) == (None, Place(False, HOST))
    assert not was_in_process([run], "answers")
    assert hosts_of([run], "answers") == (HOST,)
    old = replace(cell, place=None)
    assert (old.is_in_process, old.host) == (True, None)
    assert replace(cell, state="failed").host is None
    assert replace(cell, place=Place(True)).is_in_process
