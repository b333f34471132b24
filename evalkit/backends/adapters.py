"""LoRA and other PEFT adapters as sources: a folder with adapter_config.json, and the base model it changes."""

from __future__ import annotations

import os
from pathlib import Path

from evalkit.backends.weights import check_weights, read_json
from evalkit.config.run import ModelSpec
from evalkit.errors import ModelError

CONFIG = "adapter_config.json"
_ADAPTER_WEIGHTS = ("adapter_model.safetensors", "adapter_model.bin")


def is_adapter(folder: Path) -> bool:
    """Tell whether a folder holds an adapter."""
    return (folder / CONFIG).is_file()


def base_of(spec: ModelSpec, folder: Path) -> ModelSpec:
    """Check an adapter and return the model it belongs on.

    The base is what the config says, else what the adapter says: a folder beside it, a path, or a Hugging Face id.

    Raises:
        ModelError: The adapter is incomplete, or says no base.
    """
    what = f"model {spec.name!r}: the adapter {folder}"
    config = read_json(what, folder / CONFIG)
    if not any((folder / name).is_file() for name in _ADAPTER_WEIGHTS):
        raise ModelError(
            f"{what} has no weights ({' or '.join(_ADAPTER_WEIGHTS)}).", "Save the adapter again."
        )
    check_weights(what, folder)
    if not config.get("peft_type"):
        raise ModelError(f"{what}: {CONFIG} names no peft_type.", "Save it with peft.")
    named = spec.base or config.get("base_model_name_or_path")
    if not named:
        raise ModelError(
            f"{what} does not say which model it changes.", "Name it with `base:` in the config."
        )
    revision = None if spec.base else config.get("revision")
    source = str(named) if spec.base else _beside(folder, str(named))
    changes = {"source": source, "revision": revision, "base": None}
    return spec.model_copy(update=changes)


def _beside(folder: Path, named: str) -> str:
    """Return a base that the adapter names relative to itself as a path, others as they are."""
    path = Path(named).expanduser()
    if path.is_absolute() or not (folder / path).exists():
        return named
    return os.path.normpath(folder / path)
