"""`dataset_kwargs` of local files: what is understood, what makes no difference, what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evalkit.errors import TaskError, did_you_mean

_COMMON = {"data_files", "data_dir", "encoding"}
KEEP_EMPTY = ("na_filter", "keep_default_na")
"""False: an empty field of a table is an empty text, not a missing one."""
OPTIONS = {
    "json": {*_COMMON, "field"},
    "csv": {*_COMMON, *KEEP_EMPTY}
    | {"delimiter", "sep", "quotechar", "column_names", "names", "dtype"},
}
"""Kind → the `dataset_kwargs` that are understood here."""
_HARMLESS = {
    *("low_memory", "engine", "memory_map", "chunksize", "block_size", "compression", "usecols"),
    *("cache_dir", "keep_in_memory", "num_proc", "trust_remote_code", "download_mode"),
    *("verification_mode", "token", "revision", "streaming"),
}
"""Options of other loaders that change no value."""
_DEFAULTS: dict[str, Any] = {
    "header": 0,
    "skip_blank_lines": True,
    "on_bad_lines": "error",
    "encoding_errors": "strict",
    "quoting": 0,
    "decimal": ".",
}
"""Options whose value says what is done here anyway."""
_NEVER = object()
TEXT_TYPES = ("str", "string", "object")
"""Values of `dtype` that are understood."""


def check_options(kind: str, options: Mapping[str, Any]) -> None:
    """Check `dataset_kwargs`: those of other loaders that would change values are not understood here.

    Raises:
        TaskError: Names the key.
    """
    types = options.get("dtype", "str")
    if not set(types.values() if isinstance(types, dict) else [types]) <= set(TEXT_TYPES):
        raise TaskError(
            f"dataset_kwargs: dtype: only str can be said; found {types!r}.",
            "Numbers are kept as they are written.",
        )
    for key, value in options.items():
        if key in OPTIONS[kind] or key in _HARMLESS or _DEFAULTS.get(key, _NEVER) == value:
            continue
        known = ", ".join(sorted(OPTIONS[kind]))
        raise TaskError(
            f"dataset_kwargs: unknown key {key!r}.",
            did_you_mean(str(key), OPTIONS[kind], cutoff=0.75)
            or f"Local files are read as they are written, without guessing types: remove it. There are {known}.",
        )
