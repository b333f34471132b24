"""Writing a file so that it is either whole or not there."""

from __future__ import annotations

import errno
import hashlib
import os
from contextlib import suppress
from pathlib import Path

from evalkit.errors import ExecutionError, OutputError


def write_atomic(path: Path, data: bytes) -> None:
    """Write through a temporary neighbour, so that a crash leaves the old file or the new one.

    Raises:
        OutputError: The folder can't be written.
        ExecutionError: The disk is full.
    """
    scratch = path.with_name(path.name + ".tmp")
    try:
        with scratch.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(path)
    except OSError as error:
        with suppress(OSError):  # a folder that can't be written, or is a file
            scratch.unlink(missing_ok=True)
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise ExecutionError(
                f"{path}: the disk is full.", "Free space and repeat the command."
            ) from error
        raise OutputError(
            f"{path}: can't be written: {error.strerror}.", "Choose another folder."
        ) from error


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file as hex.

    Raises:
        ExecutionError: The file is there but can't be read, which says nothing about what is in it.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: OSError) -> ExecutionError:
    """Return the error for a file that the system does not hand out: no damage of the file itself."""
    return ExecutionError(
        f"{path}: can't be read: {error.strerror or error}.",
        "Check the disk and the file's permissions, then repeat the command.",
    )
