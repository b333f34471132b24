"""Where a model's files are: embedded, a local folder, a GGUF file, an adapter, or a Hugging Face id. Loads nothing."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from evalkit.backends.adapters import CONFIG, base_of, is_adapter
from evalkit.backends.embedded import EMBEDDED, embedded_folder, is_pulled
from evalkit.backends.gguf_files import pick_gguf, read_gguf
from evalkit.backends.weights import WEIGHTS, check_weights, listed, read_json
from evalkit.config.run import ModelSpec
from evalkit.errors import ModelError, did_you_mean

_HUB_ID = re.compile(r"^[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?$")
_TOKENIZERS = (
    "tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt", "spiece.model", "tekken.json",
)  # fmt: skip
_HUB_FILES = ["*.json", "*.safetensors", "*.model", "*.txt", "*.jinja", "*.py", "README.md"]
_OFFLINE = {"1", "true", "True", "TRUE", "on", "ON", "yes", "YES"}


@dataclass(frozen=True, slots=True)
class Source:
    """The files a model is loaded from."""

    folder: Path
    """Folder of config and weights."""
    gguf: Path | None = None
    """The GGUF file that stands for both."""
    adapter: Path | None = None
    """Folder of an adapter that is merged into them."""

    @property
    def tokenizer_folder(self) -> Path:
        """Where the tokenizer is: an adapter that was trained with another one brings it along."""
        if self.adapter is not None and _has_tokenizer(self.adapter):
            return self.adapter
        return self.folder

    @property
    def name(self) -> str:
        """What a manifest calls it: without the machine's folders."""
        base = self.folder.name if self.gguf is None else self.gguf.name
        return base if self.adapter is None else f"{self.adapter.name} on {base}"


def check_source(spec: ModelSpec) -> None:
    """Check what a model of backend `hf` is loaded from, without loading weights and without a network.

    Call it early: for a config, a plan, and before a run.

    Raises:
        ModelError: It can't be found here and can't be on the hub, or its files are incomplete or damaged.
    """
    if find_source(spec) is not None:
        return
    near = did_you_mean(spec.source, EMBEDDED, what="the embedded model ", cutoff=0.75)
    if is_offline() or (near and "/" not in spec.source):
        raise _unreachable(spec, "HF_HUB_OFFLINE is set" if is_offline() else "it is no id")
    parent = Path(spec.source).parent
    if "/" in spec.source and parent.is_dir():
        folders = [str(p) for p in parent.iterdir() if p.is_dir()]
        raise ModelError(
            f"model {spec.name!r}: there is no folder {spec.source!r}.",
            did_you_mean(spec.source, folders, f"{parent} has {len(folders)} folders."),
        )


def find_source(spec: ModelSpec) -> Source | None:
    """Return a model's files, or None when a Hugging Face id is not in the local cache.

    Raises:
        ModelError: The source is neither an embedded model, a folder, a GGUF file, nor a possible id; or it is
            incomplete or damaged.
    """
    folder = _locate(spec)
    if folder is None:
        return None
    what = f"model {spec.name!r}: {folder}"
    if folder.is_file():
        if folder.suffix.lower() != ".gguf":
            raise ModelError(
                f"{what} is a file, but not a GGUF file.",
                f"Give the folder: `source: {folder.parent}`.",
            )
        read_gguf(what, folder)
        return Source(folder.parent, gguf=folder)
    if is_adapter(folder):
        return _adapter_source(spec, folder)
    if spec.base is not None:
        raise ModelError(f"{what} is no adapter, so it has no `base`.", "Remove the key.")
    gguf = None if _has_weights(folder) else pick_gguf(what, folder)
    if gguf is not None:
        read_gguf(f"model {spec.name!r}: {gguf}", gguf)
        return Source(folder, gguf=gguf)
    _check_complete(f"model {spec.name!r}: the folder {folder}", folder)
    return Source(folder)


def _adapter_source(spec: ModelSpec, folder: Path) -> Source | None:
    if _has_weights(folder) and (folder / "config.json").exists():
        raise ModelError(
            f"model {spec.name!r}: {folder} holds both a model and an adapter.",
            "Move adapter_config.json and adapter_model.* into a folder of their own.",
        )
    base_spec = base_of(spec, folder)
    try:
        located = _locate(base_spec)
        is_chained = located is not None and located.is_dir() and is_adapter(located)
        base = None if is_chained else find_source(base_spec)
    except ModelError as error:
        raise ModelError(
            f"{error.message} It is the base of the adapter {folder}.",
            "Name the folder or id of the base with `base:` in the config.",
        ) from error
    if is_chained:
        raise ModelError(
            f"model {spec.name!r}: the base of the adapter {folder} is an adapter itself.",
            "Merge that one and save the result, then name it as `base:`.",
        )
    if base is None:
        return None
    return Source(base.folder, gguf=base.gguf, adapter=folder)


def _locate(spec: ModelSpec) -> Path | None:
    """Return file or folder of a source; None for an id that is not in the local cache."""
    source = spec.source
    if source in EMBEDDED:
        if not is_pulled(source):
            raise ModelError(
                f"model {spec.name!r}: the embedded model {source!r} is not here yet.",
                f"Fetch it with: evalkit models pull {source}",
            )
        return embedded_folder(source)
    path = Path(source).expanduser()
    if path.exists():
        return path
    if not _HUB_ID.match(source) or path.suffix.lower() == ".gguf":
        near = sorted(str(p) for p in path.parent.glob("*")) if path.parent.is_dir() else []
        raise ModelError(
            f"model {spec.name!r}: source {source!r} is no folder, no GGUF file, no embedded model and no"
            " Hugging Face id.",
            did_you_mean(
                str(path),
                [*near, *EMBEDDED],
                "Give an existing folder or file, or a name from `evalkit models list`.",
            ),
        )
    return _cached(source, spec.revision)


def fetch(spec: ModelSpec) -> Source:
    """Return a model's files, downloading them from the hub when they are not here.

    Raises:
        ModelError: They can't be found or reached.
    """
    found = find_source(spec)
    if found is not None:
        return found
    folder = _locate(spec) or _download(spec)
    if is_adapter(folder):
        _download(base_of(spec, folder))
    found = find_source(spec)
    if found is None:
        raise ModelError(
            f"model {spec.name!r}: {spec.source!r} was fetched, but holds no weights that evalkit can load.",
            "Fetch it with another tool and give its folder or GGUF file as `source`.",
        )
    return found


def _download(spec: ModelSpec) -> Path:
    from huggingface_hub import snapshot_download

    try:
        return Path(
            snapshot_download(spec.source, revision=spec.revision, allow_patterns=_HUB_FILES)
        )
    except Exception as error:  # the hub client raises a dozen unrelated classes
        raise _unreachable(spec, error) from error


def check_reachable(spec: ModelSpec) -> None:
    """Check that a model is here or that the hub has it, without downloading weights.

    Raises:
        ModelError: Neither.
    """
    check_source(spec)
    if find_source(spec) is not None:
        return
    folder = _locate(spec)
    wanted = spec if folder is None else base_of(spec, folder)
    from huggingface_hub import HfApi

    try:
        HfApi().model_info(wanted.source, revision=wanted.revision, timeout=20)
    except Exception as error:  # as above
        raise _unreachable(wanted, error) from error


def is_offline() -> bool:
    """Tell whether the user forbids asking the Hugging Face hub."""
    return os.environ.get("HF_HUB_OFFLINE") in _OFFLINE


def _has_weights(folder: Path) -> bool:
    indexes = (f"{pattern}.index.json" for pattern in WEIGHTS)
    return any(
        not file.name.startswith("adapter_model")
        for pattern in (*WEIGHTS, *indexes)
        for file in folder.glob(pattern)
    )


def _has_tokenizer(folder: Path) -> bool:
    return any((folder / name).exists() for name in _TOKENIZERS)


def _check_complete(what: str, folder: Path) -> None:
    if not (folder / "config.json").exists():
        inner = sorted(p.parent.name for p in folder.glob("*/config.json"))
        inner += sorted(p.parent.name for p in folder.glob(f"*/{CONFIG}"))
        hint = "It must be a Hugging Face model folder, a GGUF file, or an adapter of peft."
        if inner:
            hint = f"It has folders with models: {listed(inner)}. Give one of them."
        raise ModelError(f"{what} has no config.json.", hint)
    read_json(what, folder / "config.json")
    if not _has_weights(folder):
        raise ModelError(f"{what} has no weights ({', '.join(WEIGHTS)}).", "Save the model again.")
    check_weights(what, folder)
    if not _has_tokenizer(folder):
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
    is_there = _has_weights(folder) or is_adapter(folder) or any(folder.glob("*.gguf"))
    return folder if is_there else None


def _unreachable(spec: ModelSpec, error: Exception | str) -> ModelError:
    reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
    otherwise = (
        "Offline: download it elsewhere and give its folder as `source`, or use an embedded model."
    )
    hint = did_you_mean(spec.source, EMBEDDED, otherwise, what="the embedded model ", cutoff=0.5)
    return ModelError(
        f"model {spec.name!r}: {spec.source!r} is not on this machine, and the Hugging Face hub"
        f" did not give it: {reason}.",
        hint,
    )
