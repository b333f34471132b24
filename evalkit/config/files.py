"""Files and folders that a config names: relative to it, and there."""

from __future__ import annotations

from pathlib import Path

from pydantic import AfterValidator, ValidationInfo


def named(what: str) -> AfterValidator:
    """Return what makes the path of a `what` absolute, and refuses one that leads to none.

    The folder of the config is the context of validation. Without one, paths stay as they are: a text has no folder,
    and the config that a run keeps has them absolute.
    """

    def absolute(path: Path | None, info: ValidationInfo) -> Path | None:
        if path is None or info.context is None:
            return path
        found: Path = (info.context / path).resolve()
        if not (found.is_dir() if what == "folder" else found.is_file()):
            raise ValueError(f"no such {what}: {found} (paths are relative to this file)")
        return found

    return AfterValidator(absolute)
