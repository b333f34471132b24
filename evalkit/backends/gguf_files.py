"""What a GGUF file says about itself: its header is read, its weights are not."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from evalkit.errors import ModelError

_SPLIT = re.compile(r"-(\d{5})-of-(\d{5})\.gguf$")
_MOST_ITEMS = 64
"""Length of lists of texts (the vocabulary) beyond which they are stepped over."""


@dataclass(frozen=True, slots=True)
class GgufFacts:
    """What the header holds. None: it does not say."""

    architecture: str
    n_parameters: int
    quantisation: str
    """llama.cpp's name of the mixture, such as `Q4_K_M`, else the commonest tensor type."""
    context_length: int | None
    licence: str | None
    chat_template: str | None


def pick_gguf(what: str, folder: Path) -> Path | None:
    """Return the GGUF file of a folder; None when it has none.

    Projectors for images (`mmproj`) and importance matrices (`imatrix`) are no models.

    Raises:
        ModelError: It has several.
    """
    every = sorted(p for p in folder.glob("*.gguf") if p.is_file())
    models = [p for p in every if not re.search(r"mmproj|imatrix", p.name, re.IGNORECASE)]
    splits = {_SPLIT.sub("", p.name) for p in models if _SPLIT.search(p.name)}
    if len(splits) == 1 and all(_SPLIT.search(p.name) for p in models):
        return models[0]  # parts of one file: `read_gguf` says what to do
    if len(models) > 1:
        names = ", ".join(p.name for p in models)
        raise ModelError(
            f"{what} has {len(models)} GGUF files: {names}.",
            f"Name one of them, such as `source: {models[0]}`.",
        )
    return models[0] if models else None


def read_gguf(what: str, file: Path) -> GgufFacts:
    """Read the header.

    Args:
        what: Names model and file in errors.
        file: The GGUF file.

    Raises:
        ModelError: It is a part of a split file, damaged, or of an architecture that transformers can't load.
    """
    part = _SPLIT.search(file.name)
    if part and part[2] != "00001":
        raise ModelError(
            f"{what} is part {int(part[1])} of {int(part[2])} of a split GGUF file, which transformers can't read.",
            f"Join the parts: llama-gguf-split --merge {_SPLIT.sub('', file.name)}-00001-of-{part[2]}.gguf JOINED.gguf",
        )
    status = file.stat()
    try:
        facts = _header(file, status.st_size, status.st_mtime_ns)
    except Exception as error:  # the reader raises what numpy and struct raise on damaged bytes
        reason = str(error).strip() or type(error).__name__
        raise ModelError(
            f"{what} is no readable GGUF file: {reason.splitlines()[0]}.",
            "Fetch it again: it may be cut off, or a pointer of Git LFS.",
        ) from error
    _check_architecture(what, facts.architecture)
    return facts


@lru_cache(maxsize=16)
def _header(file: Path, _size: int, _mtime_ns: int) -> GgufFacts:
    reader = _reader()(file)

    def value(key: str) -> Any:
        field = reader.fields.get(key)
        return None if field is None else field.contents()

    architecture = value("general.architecture")
    if not isinstance(architecture, str):
        raise ValueError("it names no architecture (general.architecture)")
    kinds: dict[str, int] = {}
    for tensor in reader.tensors:
        kinds[tensor.tensor_type.name] = kinds.get(tensor.tensor_type.name, 0) + tensor.n_elements
    if not kinds:
        raise ValueError("it holds no tensors")
    return GgufFacts(
        architecture=architecture,
        n_parameters=sum(kinds.values()),
        quantisation=_mixture(value("general.file_type")) or max(kinds, key=lambda k: kinds[k]),
        context_length=value(f"{architecture}.context_length"),
        licence=value("general.license"),
        chat_template=value("tokenizer.chat_template"),
    )


def _reader() -> Any:
    """Return gguf's reader, taught to step over the vocabulary: it makes five arrays per token, which takes seconds."""
    from gguf import GGUFReader, GGUFValueType

    class HeaderReader(GGUFReader):  # type: ignore[misc]
        def _get_field_parts(self, orig_offs: int, raw_type: int) -> Any:
            if raw_type == GGUFValueType.ARRAY:
                kind, n_items = struct.unpack_from("<IQ", self.data, orig_offs)
                if kind == GGUFValueType.STRING and n_items > _MOST_ITEMS:
                    return self._stepped_over(orig_offs, n_items)
            return super()._get_field_parts(orig_offs, raw_type)

        def _stepped_over(self, start: int, n_items: int) -> Any:
            place = start + 12
            for _ in range(n_items):
                place += 8 + struct.unpack_from("<Q", self.data, place)[0]
            return place - start, [], [], [GGUFValueType.ARRAY, GGUFValueType.STRING]

    return HeaderReader


def _mixture(file_type: Any) -> str | None:
    from gguf import LlamaFileType

    try:
        name: str = LlamaFileType(file_type).name
    except ValueError:
        return None
    return name.removeprefix("MOSTLY_").removeprefix("ALL_")


def _check_architecture(what: str, architecture: str) -> None:
    from transformers.integrations.ggml import GGUF_CONFIG_MAPPING

    others = {"qwen2moe", "qwen3moe", "qwen35", "qwen35moe", "gpt-oss", "minimax-m2"}
    known = (set(GGUF_CONFIG_MAPPING) - {"general", "tokenizer"}) | others
    if architecture not in known:
        raise ModelError(
            f"{what} has the architecture {architecture!r}, which transformers can't load from GGUF.",
            "Serve it with llama.cpp: `backend: openai` with `serve:` (docs/endpoints.md).",
        )
