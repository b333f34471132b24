"""Types of arguments: they complete what is meant, and find the configs that evalkit ships. Options of sessions."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from evalkit.distribution import shipped

EXISTING_FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)
"""A folder that must be there when the command starts."""
INPUT = click.Path(path_type=Path)
"""A file or folder to read; what reads it says that it is missing, and what to give instead."""
OUTPUT = click.Path(path_type=Path)
"""A file or folder to write; it need not be there."""


class ConfigFile(click.Path):
    """A config; `configs/…` is evalkit's own where the working folder has no such file."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the file that is there, or the shipped one of that name."""
        path = Path(str(super().convert(value, param, ctx)))
        if path.exists() or path.parts[:1] != ("configs",):
            return path
        own = shipped("configs").joinpath(*path.parts[1:])
        if not own.is_file():
            return path
        click.echo(f"{path} is not in this folder: evalkit's own is read, {own}", err=True)
        return own


class RunFolder(click.Path):
    """A run directory; completes those in `results/`, or in the folder typed so far."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return run directories; where there are none, whatever the shell knows."""
        typed = Path(incomplete)
        folder = typed if incomplete.endswith("/") else typed.parent
        places = [folder] if "/" in incomplete else [Path("results"), Path()]
        found = sorted(
            str(run)
            for place in places
            if place.is_dir()
            for run in place.iterdir()
            if _is_run(run)
        )
        wanted = [
            run
            for run in found
            if run.startswith(incomplete) or Path(run).name.startswith(incomplete)
        ]
        if not wanted:
            return super().shell_complete(ctx, param, incomplete)
        return [CompletionItem(run) for run in wanted]


class NameInConfig(click.ParamType[str]):
    """The name of a model or suite of the config given before it."""

    name = "text"

    def __init__(self, section: str) -> None:
        self._section = section

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return the names that the config has; none where it can't be read."""
        # an option without its value, as here, keeps click from naming the arguments before it
        file = ctx.params.get("config_file") or next(iter(ctx.args), None)
        names = _names(Path(file), self._section) if file else ()
        return [CompletionItem(name) for name in names if name.startswith(incomplete)]


class EmbeddedModel(click.ParamType[str]):
    """The name of an embedded model, or anything else that names a model."""

    name = "text"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return the embedded models."""
        from evalkit.backends.embedded import EMBEDDED

        return [CompletionItem(name) for name in EMBEDDED if name.startswith(incomplete)]


CONFIG, RUN, EMBEDDED_MODEL = ConfigFile(), RunFolder(), EmbeddedModel()
MODEL, SUITE = NameInConfig("models"), NameInConfig("suites")

RESUME = click.option("--resume", "folder", type=RUN, help="Go on with this run directory.")
RESULTS = click.option("--output", "-o", type=OUTPUT, help="Results folder instead of output.dir.")
QUIET = click.option("--quiet", "-q", is_flag=True, help="Print the report's path only.")
LOG = click.option(
    "--log",
    "log_format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Progress as text, or one JSON object per line on stderr.",
)
NO_REPORT = click.option("--no-report", is_flag=True, help="Do not write report.html.")


def _is_run(folder: Path) -> bool:
    return (folder / "manifest.json").is_file() or (folder / "journal.sqlite").is_file()


def _names(file: Path, section: str) -> Iterable[str]:
    import yaml

    try:
        config = yaml.safe_load(file.read_text(encoding="utf-8"))
        return [str(entry["name"]) for entry in config[section]]
    except (OSError, ValueError, yaml.YAMLError, KeyError, TypeError):
        return ()
