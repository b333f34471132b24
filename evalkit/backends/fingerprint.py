"""SHA-256 of a model's files, remembered so that a large model is not read again for every run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from evalkit.backends.cache import model_cache
from evalkit.backends.sources import Source
from evalkit.store.files import sha256_of, write_atomic

_SUFFIXES = {".safetensors", ".bin", ".json", ".jinja", ".model"}


def file_hashes(source: Source) -> dict[str, str]:
    """Return file name → SHA-256 of weights, config, tokenizer and chat template; an adapter's with its folder."""
    gguf = source.gguf
    files = _files(source.folder, "") if gguf is None else {gguf.name: gguf}
    if source.adapter is not None:
        files |= _files(source.adapter, f"{source.adapter.name}/")
    return _hashes(files)


def _files(folder: Path, prefix: str) -> dict[str, Path]:
    some = (p for p in sorted(folder.iterdir()) if p.suffix in _SUFFIXES and p.is_file())
    return {prefix + path.name: path for path in some}


def _hashes(files: Mapping[str, Path]) -> dict[str, str]:
    memory = model_cache() / "hashes.json"
    known: dict[str, str] = json.loads(memory.read_text()) if memory.exists() else {}
    hashes = {}
    for name, path in files.items():
        status = path.stat()
        key = f"{path.resolve()}|{status.st_size}|{status.st_mtime_ns}"
        known[key] = hashes[name] = known.get(key) or sha256_of(path)
    memory.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(memory, json.dumps(known).encode())
    return hashes
