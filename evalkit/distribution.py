"""How evalkit is installed: what lies beside its code, and how an extra is added."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from packaging.requirements import Requirement

DISTRIBUTION = "evalkit-decision"
"""Name of the distribution; the import name and the command are `evalkit`, which on the package index is another's."""

_PACKAGE = Path(__file__).resolve().parent


def shipped(name: str) -> Path:
    """Return a folder that is shipped: `tasks`, `configs` or `docs`; in the installed package, or in the checkout."""
    installed = _PACKAGE / f"_{name}"
    return installed if installed.is_dir() else _PACKAGE.parent / name


def install_command(extra: str) -> str:
    """Return the command that adds what an extra needs, however evalkit itself was installed.

    It names the libraries, not evalkit: the distribution is on no package index.
    """
    try:
        wanted = [Requirement(line) for line in requires(DISTRIBUTION) or ()]
    except PackageNotFoundError:  # run from a folder that was never installed
        wanted = []
    libraries = [
        f"'{line.name}{line.specifier}'"
        for line in wanted
        if line.marker and line.marker.evaluate({"extra": extra})
    ]
    return f"python -m pip install {' '.join(libraries) or extra}"
