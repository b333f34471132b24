"""Where a run directory comes from: a folder that can be written, a name of its own, one process at a time."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from evalkit.config.run import OutputSpec
from evalkit.errors import OutputError, UsageError

_LOCK = ".lock"


def check_output(output: OutputSpec) -> None:
    """Check that the results folder can be written and the disk has room.

    Raises:
        OutputError: It can't, or has not.
    """
    root = output.dir
    try:
        root.mkdir(parents=True, exist_ok=True)
        probe = root / ".evalkit-probe"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise OutputError(
            f"results folder {root}: can't be written: {error.strerror}.",
            "Set output.dir in the config, or --output.",
        ) from error
    free_gb = shutil.disk_usage(root).free / 1e9
    if free_gb < output.min_free_gb:
        raise OutputError(
            f"results folder {root}: {free_gb:.2f} GB of disk space left,"
            f" output.min_free_gb asks for {output.min_free_gb:g}.",
            "Free space, choose another folder, or lower output.min_free_gb.",
        )


def new_folder(root: Path, name: str, started: datetime) -> Path:
    """Make a run directory whose name tells config and time."""
    stem = f"{name}-{started:%Y%m%d-%H%M%S}"
    for suffix in ("", *(f"-{i}" for i in range(2, 100))):
        folder = root / (stem + suffix)
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        return folder
    raise OutputError(f"{root / stem}: exists a hundred times.", "Clean the results folder.")


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep every other process from working on the run."""
    lock = FileLock(folder / _LOCK, timeout=0)
    try:
        with lock:
            yield
    except Timeout:
        raise UsageError(
            f"{folder}: another process is working on this run.", "Wait for it, or stop it."
        ) from None


def iso(moment: datetime) -> str:
    """Write a moment as the manifest does."""
    return moment.isoformat(timespec="seconds")
