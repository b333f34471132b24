"""What is loaded must be what the files say; damaged, foreign and misfitting files are named."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoTokenizer

from evalkit.backends.base import GenerateRequest, ScoreRequest
from evalkit.backends.hf import HuggingFaceBackend
from evalkit.backends.loading import load_model, load_tokenizer
from evalkit.backends.sources import check_source, find_source
from evalkit.config import ModelSpec
from evalkit.engine.values import GenerationSettings
from evalkit.errors import ExecutionError, ModelError

pytestmark = pytest.mark.model
DOWN = "model.layers.1.mlp.down_proj.weight"
EMBED = "model.embed_tokens.weight"
Change = Callable[[dict[str, torch.Tensor]], object]


def spec(folder: Path, **changes: object) -> ModelSpec:
    return ModelSpec.model_validate(
        {"name": "m", "source": str(folder), "device": "cpu", "dtype": "float32", **changes}
    )


def changed(
    small_model: Path, target: Path, change: Change | None = None, **config: object
) -> Path:
    """Copy the model with other tensors or another config."""
    shutil.copytree(small_model, target, dirs_exist_ok=True)
    if change is not None:
        tensors = load_file(target / "model.safetensors")
        change(tensors)
        save_file(tensors, target / "model.safetensors", metadata={"format": "pt"})
    described = json.loads((target / "config.json").read_text())
    (target / "config.json").write_text(json.dumps({**described, **config}))
    return target


def load(folder: Path, **changes: object) -> Any:
    one = spec(folder, **changes)
    source = find_source(one)
    assert source is not None
    load_tokenizer(one, source)
    return load_model(one, source, torch.float32)


def _put(name: str, *shape: int) -> Change:
    return lambda tensors: tensors.update({name: torch.ones(*shape)})


WRONG: dict[str, tuple[Change | None, dict[str, object], str]] = {
    "one tensor": (lambda t: t.pop(DOWN), {}, f"1 tensor missing: {DOWN}"),
    "a layer more in the config": (
        None,
        {"num_hidden_layers": 3},
        r"9 tensors missing.*and 6 more",
    ),
    "a layer less in the config": (
        None,
        {"num_hidden_layers": 1},
        "9 tensors that it has no place",
    ),
    "other width": (
        None,
        {"intermediate_size": 40},
        r"6 tensors of another shape.*\[48, 32\] inst",
    ),
    "other vocabulary": (None, {"vocab_size": 70}, r"2 tensors of another shape.*\[64, 32\]"),
    "no output layer": (lambda t: t.pop("lm_head.weight"), {}, "1 tensor missing: lm_head.weight"),
    "a tie that is none": (
        None,
        {"tie_word_embeddings": True},
        "lm_head.weight tied by the config",
    ),
    "no embedding": (lambda t: t.pop(EMBED), {}, f"1 tensor missing: {EMBED}"),
    "a bias": (_put("model.layers.0.mlp.up_proj.bias", 48), {}, "no place for: model.layers.0.mlp"),
    "names of another program": (
        lambda t: [t.update({f"module.{k}": t.pop(k)}) for k in list(t)],
        {},
        "tensors missing",
    ),
    "a layer of zeros": (
        lambda t: [v.zero_() for k, v in t.items() if k.startswith("model.layers.1.")],
        {},
        "all weights are 0 in model.layers.1",
    ),
    "an embedding of zeros": (lambda t: t[EMBED].zero_(), {}, f"all weights are 0 in {EMBED}"),
    "an adapter left in": (_put("model.layers.0.mlp.up_proj.lora_A.weight", 4, 32), {}, "lora_A"),
}


@pytest.mark.parametrize("what", WRONG)
def test_weights_that_are_not_those_of_the_config_are_named(
    what: str, small_model: Path, tmp_path: Path
) -> None:
    change, config, told = WRONG[what]
    folder = changed(small_model, tmp_path / "m", change, **config)
    check_source(spec(folder))  # headers are fine
    with pytest.raises(ModelError, match=told):
        load(folder)


@pytest.mark.parametrize("dtype", [torch.int8, torch.int64, torch.bool, torch.float8_e4m3fn])
def test_weights_without_their_scale_are_refused(
    dtype: torch.dtype, small_model: Path, tmp_path: Path
) -> None:
    folder = changed(small_model, tmp_path / "m", lambda t: t.update({DOWN: t[DOWN].to(dtype)}))
    with pytest.raises(ModelError, match=rf"holds weights as \w+ \({DOWN}\)"):
        check_source(spec(folder))


def test_a_folder_in_place_of_weights_is_told(small_model: Path, tmp_path: Path) -> None:
    folder = changed(small_model, tmp_path / "m")
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors").mkdir()
    with pytest.raises(ModelError, match=r"model\.safetensors is no file"):
        check_source(spec(folder))


RIGHT: dict[str, tuple[Change | None, dict[str, object]]] = {
    "as it is": (None, {}),
    "tied, output layer left out": (
        lambda t: t.pop("lm_head.weight"),
        {"tie_word_embeddings": True},
    ),
    "tied, both there and equal": (
        lambda t: t.update({"lm_head.weight": t[EMBED].clone()}),
        {"tie_word_embeddings": True},
    ),
    "tied, embedding left out": (lambda t: t.pop(EMBED), {"tie_word_embeddings": True}),
    "rotary buffers of old files": (_put("model.layers.0.self_attn.rotary_emb.inv_freq", 8), {}),
    "a tower for images": (_put("model.vision_tower.patch.weight", 4), {}),
    "a head for drafting": (_put("mtp.layers.0.weight", 4), {}),
    "a matrix of zeros, as blocks that were added have": (lambda t: t[DOWN].zero_(), {}),
    "half precision": (lambda t: t.update({k: v.half() for k, v in t.items()}), {}),
}


@pytest.mark.parametrize("what", RIGHT)
def test_what_a_checkpoint_may_lack_or_add_is_no_fault(
    what: str, small_model: Path, tmp_path: Path
) -> None:
    change, config = RIGHT[what]
    load(changed(small_model, tmp_path / "m", change, **config))


def _index(folder: Path, shard: str) -> None:
    names = load_file(folder / "model.safetensors")
    shards = dict.fromkeys(names, "model.safetensors") | {DOWN: shard}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": shards}))


def _cut(folder: Path) -> None:
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])


def _old_format(folder: Path, content: bytes) -> None:
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(content)


DAMAGED: dict[str, tuple[Callable[[Path], object], str]] = {
    "shard missing": (lambda f: _index(f, "model-2.safetensors"), "missing: model-2.safetensors"),
    "index no JSON": (
        lambda f: (f / "model.safetensors.index.json").write_text("{"),
        "index.json can't be read",
    ),
    "index empty": (
        lambda f: (f / "model.safetensors.index.json").write_text("{}"),
        "has no weight_map",
    ),
    "cut off": (_cut, "model.safetensors is damaged, perhaps cut off"),
    "empty": (lambda f: (f / "model.safetensors").write_bytes(b""), "model.safetensors is empty"),
    "rubbish": (lambda f: (f / "model.safetensors").write_bytes(b"\xff" * 50), "is damaged"),
    "pointer": (
        lambda f: (f / "model.safetensors").write_text(
            "version https://git-lfs.github.com/spec/v1"
        ),
        "pointer of Git LFS",
    ),
    "old format, empty": (lambda f: _old_format(f, b""), "pytorch_model.bin is empty"),
    "config no JSON": (lambda f: (f / "config.json").write_text("{"), "config.json can't be read"),
    "config a list": (lambda f: (f / "config.json").write_text("[]"), "holds no mapping"),
}


@pytest.mark.parametrize("what", DAMAGED)
def test_damaged_files_are_found_without_loading(
    what: str, small_model: Path, tmp_path: Path
) -> None:
    damage, told = DAMAGED[what]
    folder = changed(small_model, tmp_path / "m")
    damage(folder)
    with pytest.raises(ModelError, match=told):
        check_source(spec(folder))


UNLOADABLE: dict[str, tuple[Callable[[Path], object], str]] = {
    "old format, rubbish": (lambda f: _old_format(f, b"rubbish"), "can't be loaded"),
    "unknown kind": (
        lambda f: (f / "config.json").write_text('{"model_type": "nonesuch"}'),
        "can't be loaded.*nonesuch",
    ),
    "tokenizer no JSON": (lambda f: (f / "tokenizer.json").write_text("{"), "the tokenizer in"),
}


@pytest.mark.parametrize("what", UNLOADABLE)
def test_what_cannot_be_loaded_is_one_sentence(
    what: str, small_model: Path, tmp_path: Path
) -> None:
    damage, told = UNLOADABLE[what]
    folder = changed(small_model, tmp_path / "m")
    damage(folder)
    with pytest.raises(ModelError, match=told) as caught:
        load(folder)
    assert "\n" not in str(caught.value)


def test_the_old_format_is_loaded(small_model: Path, tmp_path: Path) -> None:
    folder = changed(small_model, tmp_path / "m")
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    assert load(folder).num_parameters() == load(small_model).num_parameters()


def _without(folder: Path, *names: str) -> None:
    file = folder / "tokenizer_config.json"
    known = json.loads(file.read_text())
    file.write_text(json.dumps({k: v for k, v in known.items() if k not in names}))
    generation = folder / "generation_config.json"
    generation.unlink(missing_ok=True)
    config = json.loads((folder / "config.json").read_text())
    for name in names:
        config[f"{name}_id"] = None
    (folder / "config.json").write_text(json.dumps(config))


@pytest.mark.parametrize("size", [1, 3])
@pytest.mark.parametrize(
    "lacking", [("bos_token", "eos_token", "pad_token"), ("bos_token",), ("eos_token",)]
)
def test_a_tokenizer_without_begin_and_end_is_fine_until_one_is_needed(
    lacking: tuple[str, ...], size: int, small_model: Path, tmp_path: Path
) -> None:
    folder = changed(small_model, tmp_path / "m")
    _without(folder, *lacking)
    backend = HuggingFaceBackend.open(spec(folder, generate_batch_size=size))
    pairs = [ScoreRequest("w1 w2", " w3"), ScoreRequest("w1", " w3")]
    assert len(list(backend.score(pairs, (), None))) >= 1
    asked = [GenerateRequest(p, GenerationSettings(3)) for p in ("w1 w2", "w5")]
    assert len([o for b in backend.generate(asked, (), None) for _, o in b]) == 2
    if len(lacking) < 3:
        assert list(backend.score([ScoreRequest("", "w3")], (), None))
        return
    with pytest.raises(ExecutionError, match="neither a begin nor an end token"):
        list(backend.score([ScoreRequest("", "w3")], (), None))
    with pytest.raises(ExecutionError, match="neither a begin nor an end token"):
        list(backend.score_rolling(["w3 w4"], (), None))


def test_a_token_that_the_embedding_lacks_is_named(small_model: Path, tmp_path: Path) -> None:
    folder = changed(small_model, tmp_path / "m")
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.add_tokens(["w99"])
    tokenizer.save_pretrained(folder)
    backend = HuggingFaceBackend.open(spec(folder))
    good = [ScoreRequest("w1 w2", " w3")]
    assert list(backend.score(good, (), None))
    told = r"token 64 \('w99'\), but the model's embedding has 64 rows"
    with pytest.raises(ExecutionError, match=told):
        list(backend.score([*good, ScoreRequest("w1 w99", " w3")], (), None))
    with pytest.raises(ExecutionError, match=told):
        list(backend.generate([GenerateRequest("w99", GenerationSettings(3))], (), None))
    with pytest.raises(ExecutionError, match=told):
        list(backend.score_rolling(["w3 w99"], (), None))
