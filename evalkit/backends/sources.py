"""Where a model's files are: embedded, a local folder, or a Hugging Face id. Loads nothing."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalkit.backends.embedded import EMBEDDED, PROVENANCE, embedded_folder, is_pulled
from evalkit.config.run import ModelSpec
from evalkit.errors import ModelError, did_you_mean

_HUB_ID = re.compile(r"^[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?$")
_TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt", "spiece.model")
_WEIGHTS = ("*.safetensors", "*.safetensors.index.json", "pytorch_model*.bin")
_HUB_FILES = ["*.json", "*.safetensors", "*.model", "*.txt", "*.jinja", "*.py", "README.md"]


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What a model folder says about itself. None: it does not say."""

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


def local_folder(spec: ModelSpec) -> Path | None:
    """Return the model's folder, or None when its Hugging Face id is not in the local cache.

    Raises:
        ModelError: The source is neither an embedded model, a folder, nor a possible id; or the folder is incomplete.
    """
    source = spec.source
    if source in EMBEDDED:
        if not is_pulled(source):
            raise ModelError(
                f"model {spec.name!r}: the embedded model {source!r} is not here yet.",
                f"Fetch it with: evalkit models pull {source}",
            )
        return embedded_folder(source)
    path = Path(source).expanduser()
    if path.is_dir():
        _check_complete(spec, path)
        return path
    if not _HUB_ID.match(source):
        raise ModelError(
            f"model {spec.name!r}: source {source!r} is no folder, no embedded model and no Hugging Face id.",
            "Give an existing folder, or a name from `evalkit models list`.",
        )
    return _cached(source, spec.revision)


def fetch(spec: ModelSpec) -> Path:
    """Return the model's folder, downloading it from the hub when it is not here.

    Raises:
        ModelError: It can't be found or reached.
    """
    folder = local_folder(spec)
    if folder is not None:
        return folder
    from huggingface_hub import snapshot_download

    try:
        fetched = snapshot_download(spec.source, revision=spec.revision, allow_patterns=_HUB_FILES)
    except Exception as error:  # the hub client raises a dozen unrelated classes
        raise _unreachable(spec, error) from error
    _check_complete(spec, Path(fetched))
    return Path(fetched)


def check_reachable(spec: ModelSpec) -> None:
    """Check that a model is here or that the hub has it, without downloading weights.

    Raises:
        ModelError: Neither.
    """
    if local_folder(spec) is not None:
        return
    from huggingface_hub import HfApi
    from huggingface_hub.errors import OfflineModeIsEnabled

    try:
        if os.environ.get("HF_HUB_OFFLINE") in {"1", "true", "True", "ON", "on"}:
            raise OfflineModeIsEnabled("HF_HUB_OFFLINE is set")
        HfApi().model_info(spec.source, revision=spec.revision, timeout=20)
    except Exception as error:  # as above
        raise _unreachable(spec, error) from error


def read_facts(source: str, folder: Path) -> ModelFacts:
    """Read what a model folder says about itself; weights are not loaded."""
    config = _json(folder / "config.json")
    text_config = config.get("text_config", config)
    provenance = _json(folder / PROVENANCE)
    n_parameters, dtype = _weights(folder)
    quantisation = config.get("quantization_config", {}).get("quant_method")
    return ModelFacts(
        source=provenance.get("source", source),
        folder=folder,
        architecture=(config.get("architectures") or [config.get("model_type")])[0],
        n_parameters=n_parameters,
        dtype=dtype or config.get("dtype") or config.get("torch_dtype"),
        size_bytes=sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()),
        context_length=text_config.get("max_position_embeddings"),
        licence=provenance.get("licence") or _licence_in_card(folder),
        quantisation=provenance.get("quantisation") or quantisation,
        has_chat_template=has_chat_template(folder),
    )


def _check_complete(spec: ModelSpec, folder: Path) -> None:
    what = f"model {spec.name!r}: the folder {folder}"
    if not (folder / "config.json").exists():
        raise ModelError(f"{what} has no config.json.", "It must be a Hugging Face model folder.")
    if not any(next(folder.glob(pattern), None) for pattern in _WEIGHTS):
        raise ModelError(f"{what} has no weights ({', '.join(_WEIGHTS)}).", "Save the model again.")
    if not any((folder / name).exists() for name in _TOKENIZERS):
        raise ModelError(
            f"{what} has no tokenizer (none of {', '.join(_TOKENIZERS)}).",
            "Save the tokenizer into it: AutoTokenizer.from_pretrained(ORIGINAL).save_pretrained(FOLDER).",
        )


def _cached(source: str, revision: str | None) -> Path | None:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        folder = Path(snapshot_download(source, revision=revision, local_files_only=True))
    except LocalEntryNotFoundError:
        return None
    has_weights = any(next(folder.glob(pattern), None) for pattern in _WEIGHTS)
    return folder if has_weights else None


def _unreachable(spec: ModelSpec, error: Exception) -> ModelError:
    reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    otherwise = (
        "Offline: download it elsewhere and give its folder as `source`, or use an embedded model."
    )
    hint = did_you_mean(spec.source, EMBEDDED, otherwise, what="the embedded model ", cutoff=0.5)
    return ModelError(
        f"model {spec.name!r}: {spec.source!r} is not on this machine, and the Hugging Face hub"
        f" did not give it: {reason}.",
        hint,
    )


def _json(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return data


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


def has_chat_template(folder: Path) -> bool:
    """Tell whether a model folder carries a chat template."""
    if (folder / "chat_template.jinja").exists() or (folder / "chat_template.json").exists():
        return True
    return bool(_json(folder / "tokenizer_config.json").get("chat_template"))


def _licence_in_card(folder: Path) -> str | None:
    card = folder / "README.md"
    if not card.exists():
        return None
    found = re.search(r"^license:\s*(\S+)", card.read_text(encoding="utf-8"), re.MULTILINE)
    return found.group(1) if found else None
