"""SHA-256 of a model's files, remembered so that a large model is not read again for every run."""

from __future__ import annotations

import json
from pathlib import Path

from evalkit.backends.cache import model_cache
from evalkit.store.files import sha256_of, write_atomic

_SUFFIXES = {".safetensors", ".bin", ".json", ".jinja", ".model"}


def file_hashes(folder: Path) -> dict[str, str]:
    """Return file name → SHA-256 of weights, config, tokenizer and chat template."""
    memory = model_cache() / "hashes.json"
    known: dict[str, str] = json.loads(memory.read_text()) if memory.exists() else {}
    hashes = {}
    for path in sorted(folder.iterdir()):
        if path.suffix not in _SUFFIXES or not path.is_file():
            continue
        status = path.stat()
        key = f"{path.resolve()}|{status.st_size}|{status.st_mtime_ns}"
        known[key] = hashes[path.name] = known.get(key) or sha256_of(path)
    memory.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(memory, json.dumps(known).encode())
    return hashes
