"""What a model's files say about themselves: size, number format, licence, chat template. Weights are not loaded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalkit.backends.adapters import CONFIG
from evalkit.backends.embedded import PROVENANCE
from evalkit.backends.gguf_files import read_gguf
from evalkit.backends.sources import Source
from evalkit.backends.weights import read_json


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What a model's files say about themselves. None: they do not say."""

    source: str
    folder: Path
    architecture: str | None
    n_parameters: int | None
    dtype: str | None
    size_bytes: int
    context_length: int | None
    licence: str | None
    quantisation: str | None
    has_chat_template: bool
    adapter: str | None = None
    """Kind of adapter, its folder and the base it is merged into."""


def read_facts(name: str, source: Source) -> ModelFacts:
    """Read what a model's files say about themselves; weights are not loaded."""
    folder = source.folder
    what = f"model {name!r}: {folder}"
    provenance = read_json(what, folder / PROVENANCE)
    size = sum(f.stat().st_size for f in _files(source))
    adapter = None
    if source.adapter is not None:
        kind = read_json(what, source.adapter / CONFIG).get("peft_type")
        adapter = f"{kind}, {source.adapter.name} merged into {provenance.get('name', folder.name)}"
    common: dict[str, Any] = {
        "folder": folder,
        "size_bytes": size,
        "adapter": adapter,
        "has_chat_template": chat_template_of(source) is not None,
    }
    if source.gguf is not None:
        header = read_gguf(f"model {name!r}: {source.gguf}", source.gguf)
        return ModelFacts(
            source=name,
            architecture=header.architecture,
            n_parameters=header.n_parameters,
            dtype=None,
            context_length=header.context_length,
            licence=header.licence,
            quantisation=f"dequantised from {header.quantisation} (GGUF)",
            **common,
        )
    config = read_json(what, folder / "config.json")
    text_config = config.get("text_config", config)
    n_parameters, dtype = _weights(folder)
    quantisation = config.get("quantization_config", {}).get("quant_method")
    return ModelFacts(
        source=name if source.adapter else provenance.get("source", name),
        architecture=(config.get("architectures") or [config.get("model_type")])[0],
        n_parameters=n_parameters,
        dtype=dtype or config.get("dtype") or config.get("torch_dtype"),
        context_length=text_config.get("max_position_embeddings"),
        licence=provenance.get("licence") or _licence_in_card(folder),
        quantisation=provenance.get("quantisation") or quantisation,
        **common,
    )


def chat_template_of(source: Source) -> str | None:
    """Return a model's chat template as its files hold it; None when it has none."""
    folder = source.tokenizer_folder
    if source.gguf is not None and folder == source.folder:
        return read_gguf(str(source.gguf), source.gguf).chat_template
    for candidate in dict.fromkeys((folder, source.folder)):
        found = _template_in(candidate)
        if found is not None:
            return found
    return None


def special_tokens_of(source: Source) -> dict[str, str]:
    """Return the special tokens that a chat template may write, by name; empty texts for a GGUF file."""
    folder = source.tokenizer_folder
    known = read_json(f"the folder {folder}", folder / "tokenizer_config.json")
    found = {"bos_token": "", "eos_token": "", "unk_token": "", "pad_token": ""}
    for name in found:
        value = known.get(name)
        if isinstance(value, dict):
            value = value.get("content")
        found[name] = value if isinstance(value, str) else ""
    return found


def _template_in(folder: Path) -> str | None:
    """Return the default chat template of a folder; a file of its own goes first, as in transformers."""
    if (folder / "chat_template.jinja").exists():
        return (folder / "chat_template.jinja").read_text(encoding="utf-8")
    what = f"the folder {folder}"
    for name in ("chat_template.json", "tokenizer_config.json"):
        found = read_json(what, folder / name).get("chat_template")
        if isinstance(found, list):  # several, by name
            found = {t.get("name"): t.get("template") for t in found}.get("default")
        if isinstance(found, str) and found:
            return found
    return None


def _files(source: Source) -> Iterator[Path]:
    """Yield the files a model takes on disk."""
    if source.gguf is not None:
        yield source.gguf
    else:
        yield from (f for f in source.folder.rglob("*") if f.is_file())
    if source.adapter is not None:
        yield from (f for f in source.adapter.iterdir() if f.is_file())


def _weights(folder: Path) -> tuple[int | None, str | None]:
    """Count parameters and name the commonest dtype from the safetensors headers."""
    from math import prod

    from safetensors import safe_open

    counts: dict[str, int] = {}
    for file in sorted(folder.glob("*.safetensors")):
        with safe_open(file, framework="np") as tensors:
            for key in tensors.keys():  # noqa: SIM118 (safe_open is no mapping)
                part = tensors.get_slice(key)
                counts[part.get_dtype()] = counts.get(part.get_dtype(), 0) + prod(part.get_shape())
    if not counts:
        return None, None
    return sum(counts.values()), max(counts, key=lambda dtype: counts[dtype])


def _licence_in_card(folder: Path) -> str | None:
    card = folder / "README.md"
    if not card.exists():
        return None
    found = re.search(r"^license:\s*(\S+)", card.read_text(encoding="utf-8"), re.MULTILINE)
    return found.group(1) if found else None
