"""GGUF files and adapters as sources: found, described, loaded, and refused in a sentence."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM

from evalkit.backends.facts import chat_template_of, read_facts
from evalkit.backends.fingerprint import file_hashes
from evalkit.backends.gguf_files import read_gguf
from evalkit.backends.hf import HuggingFaceBackend
from evalkit.backends.loading import load_model
from evalkit.backends.sources import check_source, find_source
from evalkit.config import ModelSpec
from evalkit.engine.generate import Generator
from evalkit.engine.values import GenerationSettings
from evalkit.errors import ModelError
from evalkit.store.files import sha256_of

pytestmark = pytest.mark.model
TEMPLATE = "{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}"


def spec(source: Path, **changes: object) -> ModelSpec:
    return ModelSpec.model_validate(
        {"name": "m", "source": str(source), "device": "cpu", "dtype": "float32", **changes}
    )


def write_gguf(file: Path, *, architecture: str = "llama", n_tokens: int = 80) -> Path:
    """Write a one-layer model with a vocabulary of bytes, as llama.cpp's converters do."""
    import numpy as np
    from gguf import GGUFWriter, LlamaFileType

    draw = np.random.default_rng(5)
    writer = GGUFWriter(file, architecture)
    writer.add_name("tiny")
    writer.add_context_length(128)
    writer.add_embedding_length(32)
    writer.add_block_count(1)
    writer.add_feed_forward_length(32)
    writer.add_head_count(2)
    writer.add_head_count_kv(2)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(16)
    writer.add_rope_freq_base(10000.0)
    writer.add_vocab_size(n_tokens)
    writer.add_file_type(LlamaFileType.ALL_F32)
    writer.add_license("apache-2.0")
    writer.add_tokenizer_model("gpt2")
    tokens = ["<s>", "</s>", *(chr(33 + n) for n in range(n_tokens - 3)), '!"']
    writer.add_token_list(tokens)
    writer.add_token_types([3, 3, *[1] * (n_tokens - 2)])
    writer.add_token_merges(['! "'])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(1)
    writer.add_chat_template(TEMPLATE)
    sizes = {"token_embd": (n_tokens, 32), "output": (n_tokens, 32), "output_norm": (32,)}
    square = ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")
    sizes |= {f"blk.0.{name}": (32, 32) for name in square}
    sizes |= {f"blk.0.{name}": (32,) for name in ("attn_norm", "ffn_norm")}
    for name, shape in sizes.items():
        writer.add_tensor(f"{name}.weight", draw.normal(size=shape).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return file


@pytest.fixture(scope="module")
def gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_gguf(tmp_path_factory.mktemp("gguf") / "tiny-F32.gguf")


def test_a_gguf_file_is_described_hashed_and_measured(gguf: Path) -> None:
    for one in (spec(gguf), spec(gguf.parent)):
        check_source(one)
        source = find_source(one)
        assert source is not None
        assert source.gguf == gguf
        assert chat_template_of(source) == TEMPLATE
        assert file_hashes(source) == {gguf.name: sha256_of(gguf)}
    facts = read_facts(str(gguf), source)
    assert (facts.architecture, facts.context_length) == ("llama", 128)
    assert facts.quantisation == "dequantised from F32 (GGUF)"
    assert facts.licence == "apache-2.0"
    with HuggingFaceBackend.open(spec(gguf)) as backend:
        entry = backend.entry()
        assert (entry.path, entry.quantisation) == (gguf.name, facts.quantisation)
        assert entry.chat_template
        assert entry.n_parameters == facts.n_parameters
        generator = Generator(backend._model, backend._tokenizer, torch.device("cpu"))
        assert generator.generate([(5, 6)], GenerationSettings(2), seed=0)[0].ids


def _beside(folder: Path, gguf: Path, *names: str) -> Path:
    for name in names:
        shutil.copy(gguf, folder / name)
    return folder


REFUSED: dict[str, tuple[Callable[[Path, Path], Path], str]] = {
    "several": (
        lambda f, g: _beside(f, g, "a-Q4_0.gguf", "a-Q8_0.gguf"),
        r"2 GGUF files: a-Q4_0.gguf, a-Q8_0.gguf.*source: .*a-Q4_0.gguf",
    ),
    "part of a split": (
        lambda f, g: _beside(f, g, "a-00001-of-00003.gguf") / "a-00001-of-00003.gguf",
        "part 1 of 3 of a split GGUF file.*llama-gguf-split --merge",
    ),
    "folder of parts": (
        lambda f, g: _beside(f, g, "a-00001-of-00002.gguf", "a-00002-of-00002.gguf"),
        "part 1 of 2",
    ),
    "cut off": (
        lambda f, g: _written(f / "a.gguf", g.read_bytes()[:-5000]),
        "no readable GGUF file",
    ),
    "header cut off": (lambda f, g: _written(f / "a.gguf", g.read_bytes()[:300]), "no readable"),
    "empty": (lambda f, _: _written(f / "a.gguf", b""), "no readable GGUF file"),
    "rubbish": (lambda f, _: _written(f / "a.gguf", b"rubbish" * 20), "no readable GGUF file"),
    "other architecture": (
        lambda f, _: write_gguf(f / "a.gguf", architecture="rwkv7"),
        "architecture 'rwkv7'.*llama.cpp",
    ),
    "missing": (lambda f, _: f / "nothing.gguf", "no folder, no GGUF file"),
    "another file": (lambda f, _: _written(f / "a.txt", b"x"), "a file, but not a GGUF file"),
    "projector alone": (lambda f, g: _beside(f, g, "mmproj-f16.gguf"), "no config.json"),
    "empty folder": (lambda f, _: f, "no config.json"),
}


def _written(file: Path, content: bytes) -> Path:
    file.write_bytes(content)
    return file


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_model_in_gguf_is_one_sentence(what: str, gguf: Path, tmp_path: Path) -> None:
    make, told = REFUSED[what]
    with pytest.raises(ModelError, match=told) as caught:
        check_source(spec(make(tmp_path, gguf)))
    assert "\n" not in str(caught.value)


def test_images_projector_does_not_count(gguf: Path, tmp_path: Path) -> None:
    folder = _beside(tmp_path, gguf, "a.gguf", "mmproj-a.gguf", "imatrix.gguf")
    source = find_source(spec(folder))
    assert source is not None
    assert source.gguf == folder / "a.gguf"
    assert read_gguf("m", folder / "a.gguf").n_parameters > 0


# --- adapters -----------------------------------------------------------------------------------------------------


def adapter(base: Path, folder: Path, **changes: Any) -> Path:
    """Make a LoRA that changes what its base says, and save it beside the base."""
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(11)
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    given = {"r": 4, "target_modules": ["q_proj", "down_proj"], **changes}
    adapted = get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", **given))
    with torch.no_grad():
        for name, weight in adapted.named_parameters():
            if "lora_B" in name:
                weight.normal_()
    adapted.save_pretrained(folder)
    described = json.loads((folder / "adapter_config.json").read_text())
    described["base_model_name_or_path"] = str(base)
    (folder / "adapter_config.json").write_text(json.dumps(described))
    return folder


def logits(model: Any) -> torch.Tensor:
    with torch.inference_mode():
        found: torch.Tensor = model(torch.tensor([[5, 6, 7, 8]])).logits
    return found


KINDS: dict[str, dict[str, Any]] = {
    "LoRA": {},
    "DoRA": {"use_dora": True},
    "whole modules": {"modules_to_save": ["lm_head"]},
    "rank-stabilised": {"use_rslora": True},
}


@pytest.mark.parametrize("kind", KINDS)
def test_an_adapter_is_merged_into_its_base(kind: str, small_model: Path, tmp_path: Path) -> None:
    from peft import PeftModel

    folder = adapter(small_model, tmp_path / "lora", **KINDS[kind])
    one = spec(folder)
    check_source(one)
    source = find_source(one)
    assert source is not None
    assert (source.folder, source.adapter) == (small_model, folder)
    base = AutoModelForCausalLM.from_pretrained(small_model, dtype=torch.float32)
    plain = logits(base)
    expected = logits(PeftModel.from_pretrained(base, str(folder)).eval())
    merged = load_model(one, source, torch.float32)
    assert torch.allclose(logits(merged), expected, atol=1e-4)
    assert not torch.allclose(logits(merged), plain, atol=1e-2)
    hashes = file_hashes(source)
    assert hashes["lora/adapter_model.safetensors"] == sha256_of(
        folder / "adapter_model.safetensors"
    )
    assert hashes["model.safetensors"] == sha256_of(small_model / "model.safetensors")
    assert "merged into" in (read_facts("m", source).adapter or "")


def _says(folder: Path, **changes: object) -> None:
    file = folder / "adapter_config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))


def test_the_base_is_found_where_the_adapter_or_the_config_says(
    small_model: Path, tmp_path: Path
) -> None:
    folder = adapter(small_model, tmp_path / "lora")
    shutil.copytree(small_model, tmp_path / "base")
    _says(folder, base_model_name_or_path="../base")
    source = find_source(spec(folder))
    assert source is not None
    assert source.folder == tmp_path / "base"
    _says(folder, base_model_name_or_path=None)
    with pytest.raises(ModelError, match=r"does not say which model it changes.*`base:`"):
        check_source(spec(folder))
    source = find_source(spec(folder, base=str(small_model)))
    assert source is not None
    assert source.folder == small_model


MISFITS: dict[str, tuple[Callable[[Path], object], str]] = {
    "no weights": (lambda f: (f / "adapter_model.safetensors").unlink(), "has no weights"),
    "empty weights": (lambda f: (f / "adapter_model.safetensors").write_bytes(b""), "is empty"),
    "config no JSON": (lambda f: (f / "adapter_config.json").write_text("{"), "can't be read"),
    "no kind": (lambda f: _says(f, peft_type=None), "names no peft_type"),
    "base nowhere": (
        lambda f: _says(f, base_model_name_or_path="/nowhere/base"),
        "base of the adapter",
    ),
    "base never fetched": (
        lambda f: _says(f, base_model_name_or_path="some-lab/never-fetched"),
        "is not on this machine",
    ),
    "base an adapter": (lambda f: _says(f, base_model_name_or_path="."), "an adapter itself"),
    "other rank": (lambda f: _says(f, r=8), "does not fit its base"),
    "other modules": (lambda f: _says(f, target_modules=["nothing"]), "does not fit its base"),
    "fewer modules": (
        lambda f: _says(f, target_modules=["q_proj"]),
        "does not fit its base: 4 tensors without a place",
    ),
    "more modules": (
        lambda f: _says(f, target_modules=["q_proj", "down_proj", "up_proj"]),
        "does not fit its base: 4 tensors missing",
    ),
}


def _check_and_load(one: ModelSpec) -> None:
    check_source(one)
    source = find_source(one)
    assert source is not None
    load_model(one, source, torch.float32)


@pytest.mark.parametrize("what", MISFITS)
def test_an_adapter_that_does_not_fit_is_one_sentence(
    what: str, small_model: Path, tmp_path: Path
) -> None:
    change, told = MISFITS[what]
    folder = adapter(small_model, tmp_path / "lora")
    change(folder)
    with pytest.raises(ModelError, match=told) as caught:
        _check_and_load(spec(folder))
    assert "\n" not in str(caught.value)


def test_a_base_is_for_adapters_only(small_model: Path) -> None:
    with pytest.raises(ModelError, match="is no adapter"):
        check_source(spec(small_model, base="smollm2-135m"))
