"""Backends of other packages: whatever they raise is told in a sentence, and none takes another's name."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

import pytest
import yaml
from click.testing import CliRunner, Result

from evalkit import backends
from evalkit.backends.base import Batch, CellSetup, GenerateRequest
from evalkit.cli import main
from evalkit.errors import ModelError
from evalkit.store.manifest import read_manifest
from tests.foreign import Answers, config, entry_point, installed_backends, spec


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


KINDS: dict[str, type] = {"answers": Answers, "connects": Connects, "mute": Mute}


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
