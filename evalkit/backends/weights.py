"""Whether the files of a model folder are whole: every shard there, none cut off. Headers are read, weights are not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from evalkit.errors import ModelError

WEIGHTS = ("*.safetensors", "pytorch_model*.bin")
_INDEXES = ("model.safetensors.index.json", "pytorch_model.bin.index.json")
_POINTER = b"version https://git-lfs"
_WHOLE = frozenset(
    {"BOOL", "I8", "U8", "I16", "U16", "I32", "U32", "I64", "U64", "F8_E4M3", "F8_E5M2"}
)
"""Formats of safetensors that need a scale beside them to be weights."""
_SHOWN = 3
"""Names that a sentence lists before it only counts."""


def listed(names: list[str]) -> str:
    """Return the first few names and how many more there are."""
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def check_weights(what: str, folder: Path) -> None:
    """Check the weights of a Hugging Face folder or of an adapter.

    Args:
        what: Names model and folder in errors.
        folder: Where the weights lie.

    Raises:
        ModelError: A shard is missing, empty or damaged.
    """
    for name in _INDEXES:
        if (folder / name).exists():
            _check_shards(what, folder, name)
    is_quantised = "quantization_config" in read_json(what, folder / "config.json")
    for pattern in (*WEIGHTS, "adapter_model.bin"):
        for file in sorted(folder.glob(pattern)):
            _check_file(what, file, is_quantised=is_quantised)


def read_json(what: str, path: Path) -> dict[str, Any]:
    """Read a JSON file of a model folder; an empty mapping when there is none.

    Raises:
        ModelError: It is damaged.
    """
    if not path.exists():
        return {}
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise ModelError(
            f"{what}: {path.name} can't be read: {error}.", "Fetch or save it again."
        ) from error
    if not isinstance(data, dict):
        raise ModelError(f"{what}: {path.name} holds no mapping.", "Fetch or save it again.")
    return data


def _check_shards(what: str, folder: Path, index: str) -> None:
    shards = read_json(what, folder / index).get("weight_map")
    if not isinstance(shards, dict):
        raise ModelError(f"{what}: {index} has no weight_map.", "Fetch or save the model again.")
    missing = sorted({str(s) for s in shards.values() if not (folder / str(s)).is_file()})
    if missing:
        raise ModelError(
            f"{what}: {index} lists {len(set(shards.values()))} files of weights, {len(missing)} of them"
            f" missing: {listed(missing)}.",
            "Fetch them again: the download or upload stopped half-way.",
        )


def _check_file(what: str, file: Path, *, is_quantised: bool) -> None:
    from safetensors import SafetensorError, safe_open

    if not file.is_file():
        raise ModelError(f"{what}: {file.name} is no file.", "Fetch it again.")
    with file.open("rb") as opened:
        start = opened.read(len(_POINTER))
    if not start:
        raise ModelError(f"{what}: {file.name} is empty.", "Fetch it again.")
    if start == _POINTER:
        raise ModelError(f"{what}: {file.name} is a pointer of Git LFS.", "Run: git lfs pull")
    if file.suffix != ".safetensors":
        return
    try:
        with safe_open(file, framework="np") as tensors:
            names = [name for name in tensors.keys() if name.endswith("weight")]  # noqa: SIM118
            kinds = {name: tensors.get_slice(name).get_dtype() for name in names}
    except (SafetensorError, OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise ModelError(
            f"{what}: {file.name} is damaged, perhaps cut off: {reason}.", "Fetch it again."
        ) from error
    scaled = sorted(name for name, kind in kinds.items() if kind in _WHOLE)
    if scaled and not is_quantised:
        raise ModelError(
            f"{what}: {file.name} holds weights as {kinds[scaled[0]]} ({listed(scaled)}), and config.json names no"
            " quantization_config that tells their scale.",
            "Fetch or convert the model again.",
        )
