"""What docs/contributing.md says of a new vendor: its file and its line are all it takes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from evalkit.backends import place
from evalkit.backends.base import Place
from evalkit.backends.endpoints.failures import is_kept
from evalkit.backends.endpoints.openai import OpenAIBackend
from evalkit.cli import main
from evalkit.config import ModelSpec
from evalkit.config.backends import BACKENDS
from evalkit.loadgen.chunks import sse
from evalkit.loadgen.scripted import Plan, ScriptedServer, Send
from tests.conftest import REPO
from tests.foreign import installed_backends

EVENTS = ({"text": "Answer"}, {"text": ": yes"}, {"done": "stop", "tokens": {"in": 9, "out": 2}})
ANSWER = Plan(tuple(Send(sse(e)) for e in EVENTS), headers={"Content-Type": "text/event-stream"})


def test_the_vendor_of_the_docs_is_planned_asked_and_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (REPO / "docs" / "contributing.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?Fable.*?)```", page, re.DOTALL)
    (line,) = re.findall(r'"fable": "(.*?)",', page)
    (tmp_path / "fable.py").write_text(code, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(BACKENDS, "fable", line.removeprefix("evalkit.backends.endpoints."))
    monkeypatch.setenv("TALES", "secret-key")

    with ScriptedServer(lambda _: ANSWER) as server:
        endpoint = {"base_url": server.url, "api_key_env": "TALES", "extra_body": {"mood": 1}}
        model = {"name": "teller", "backend": "fable", "source": "tale-1", "endpoint": endpoint}
        config = {
            "name": "r",
            "models": [model],
            "suites": [{"name": "s", "tasks": ["grounded_qa"], "limit": 1}],
            "output": {"dir": str(tmp_path / "results")},
        }
        file = tmp_path / "r.yaml"
        file.write_text(yaml.safe_dump(config))
        planned = CliRunner().invoke(main, ["plan", str(file)])
        result = CliRunner().invoke(main, ["run", str(file)])

    assert planned.exit_code == 0, planned.output
    assert "teller" in planned.output
    assert result.exit_code == 0, result.output
    asked = server.received[-1]
    assert asked.path == "/generate"
    assert asked.headers["authorization"] == "Bearer secret-key"
    sent = json.loads(asked.body)
    assert (sent["model"], sent["mood"], sent["temperature"]) == ("tale-1", 1, 0.0)
    (folder,) = (tmp_path / "results").iterdir()
    facts = json.loads((folder / "summary.json").read_text())["endpoints"]
    told = next(f for f in facts if f["suite"] is None)
    assert (told["error_rate"]["value"], told["n_attempts"]) == (0.0, len(server.received))
    assert "tale-1" in (folder / "report.html").read_text(encoding="utf-8")


def test_what_means_nothing_behind_an_api_means_nothing_for_a_new_vendor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(BACKENDS, "fable", "fable:FableBackend")
    with pytest.raises(ValueError, match="'dtype' means nothing for backend 'fable'"):
        ModelSpec(name="m", backend="fable", source="tale-1", dtype="float32")


class Packaged(OpenAIBackend):
    """A vendor's, in a package of its own."""

    @classmethod
    def place(cls, spec: ModelSpec) -> Place:
        return super().place(spec)


def test_a_vendor_of_another_package_is_where_its_base_says_once_it_says_so_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spec = ModelSpec(name="m", backend="packaged", source="x")
    with installed_backends(monkeypatch, {"packaged": Packaged}):
        assert place(spec) == Place(False, "api.openai.com")


def test_headers_of_limits_are_kept_whatever_the_vendor_is_called() -> None:
    names = ("fable-ratelimit-left", "x-ratelimit-limit", "openai-processing-ms", "set-cookie")
    assert [name for name in names if is_kept(name)] == list(names[:3])
