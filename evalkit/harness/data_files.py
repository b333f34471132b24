"""A task's data files: which there are, and their text; packed ones are unpacked."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalkit.errors import TaskError

_UNPACK: dict[bytes, Callable[[bytes], bytes]] = {
    b"\x1f\x8b": gzip.decompress,
    b"BZh": bz2.decompress,
    b"\xfd7zXZ\x00": lzma.decompress,
}
"""What a packed file begins with → what unpacks it."""
_PACKED = {b"(\xb5/\xfd": "zstd", b"\x04\x22M\x18": "lz4", b"7z\xbc\xaf": "7z"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row is."""

    file: Path
    line: int

    def __str__(self) -> str:
        """Return `data.csv:3`."""
        return f"{self.file.name}:{self.line}"


def all_files(files: Any) -> Iterator[str]:
    """Yield the names in `data_files`, however they are nested.

    Raises:
        TaskError: One is no name.
    """
    if isinstance(files, list | tuple):
        for inner in files:
            yield from all_files(inner)
    elif isinstance(files, dict):
        yield from all_files(list(files.values()))
    elif isinstance(files, str | Path) and str(files).strip():
        yield str(files)
    else:
        raise TaskError(
            f"dataset_kwargs: data_files: {files!r} is no name of a file.",
            "Such as `data_files: {test: data.jsonl}`.",
        )


def are_remote(files: Any) -> bool:
    """Tell whether names stand for files elsewhere."""
    return any("://" in name for name in all_files(files))


def found(name: str, folder: Path) -> list[Path]:
    """Return the file of a name, or all files of a pattern such as `part-*.csv`, in the order of their names.

    Raises:
        TaskError: There is none.
    """
    for file in (folder / name, Path(name)):
        if file.is_file():
            return [file]
        if file.is_dir():
            raise TaskError(
                f"{file}: this is a folder.",
                "Name its files, such as `data_files: {test: part-*.csv}`.",
            )
    is_pattern = not Path(name).is_absolute() and any(sign in name for sign in "*?[")
    matching = sorted(file for file in folder.glob(name) if file.is_file()) if is_pattern else []
    if matching:
        return matching
    raise TaskError(
        f"no such data file: {folder / name}.",
        "Names under `dataset_kwargs: data_files` are relative to the task's YAML file.",
    )


def read_text(file: Path, encoding: Any) -> str:
    """Return a file's text.

    Raises:
        TaskError: It can't be read, or is none; names the line.
    """
    data = _unpacked(file)
    if data.startswith(b"PK\x03\x04"):
        raise TaskError(
            f"{file.name}: this is a spreadsheet or an archive, not text.",
            "Unpack an archive; save a sheet as 'CSV UTF-8', and say `dataset_path: csv`.",
        )
    if encoding is None and data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise TaskError(
            f"{file.name}:1: this is UTF-16 text, not UTF-8.",
            "Save it as UTF-8, or say `encoding: utf-16` under `dataset_kwargs`.",
        )
    try:
        return data.decode(str(encoding or "utf-8-sig")).removeprefix("\ufeff")
    except LookupError:
        raise TaskError(
            f"{file.name}: there is no encoding {encoding!r}.", "Such as utf-8, cp1252 or utf-16."
        ) from None
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise TaskError(
            f"{file.name}:{line}: not {error.encoding} text (byte 0x{data[error.start]:02x}).",
            "Excel on Windows writes cp1252: save it as 'CSV UTF-8', or say `encoding: cp1252` under"
            " `dataset_kwargs`.",
        ) from None


def _unpacked(file: Path) -> bytes:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise TaskError(f"{file}: can't be read: {error.strerror}.", "") from None
    for sign, name in _PACKED.items():
        if data.startswith(sign):
            raise TaskError(
                f"{file.name}: packed with {name}, which is not read.", "Unpack it, or use gzip."
            )
    for sign, unpack in _UNPACK.items():
        if data.startswith(sign):
            try:
                return unpack(data)
            except (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError):
                raise TaskError(
                    f"{file.name}: it can't be unpacked: damaged, or not complete.",
                    "Copy it again.",
                ) from None
    return data
