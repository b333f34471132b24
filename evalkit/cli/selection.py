"""Options that narrow or redirect a config, shared by `run` and `plan`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from evalkit.cli.arguments import EXISTING_FOLDER, MODEL, SUITE
from evalkit.config import (
    BenchConfig,
    ModelSpec,
    ProfileSpec,
    RunConfig,
    SuiteSpec,
    load_config,
    load_run_config,
)
from evalkit.errors import ConfigError, UsageError, did_you_mean

F = TypeVar("F", bound=Callable[..., Any])
S = TypeVar("S", ModelSpec, SuiteSpec, ProfileSpec)


def selection_options(command: F) -> F:
    """Add the options to a command."""
    options = (
        click.option(
            "--model",
            "-m",
            "models",
            multiple=True,
            type=MODEL,
            help="Only this model; repeatable.",
        ),
        click.option(
            "--suite",
            "-s",
            "suites",
            multiple=True,
            type=SUITE,
            help="Only this suite; repeatable.",
        ),
        click.option("--limit", type=click.IntRange(min=1), help="First N docs of each task."),
        click.option(
            "--include-path",
            "include_paths",
            multiple=True,
            type=EXISTING_FOLDER,
            help="Folder with more tasks (lm-eval YAML); repeatable.",
        ),
        click.option(
            "--allow-task-code",
            is_flag=True,
            help="Let tasks outside evalkit run their own Python. Read it first.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def read_config(
    path: Path,
    models: Sequence[str] = (),
    suites: Sequence[str] = (),
    limit: int | None = None,
    include_paths: Sequence[Path] = (),
    allow_task_code: bool = False,
) -> RunConfig:
    """Read a config and apply the options.

    Raises:
        ConfigError: The file is wrong, or it has no such model or suite.
    """
    config = load_run_config(path)
    chosen = pick(config.suites, suites, "suite", path)
    if limit is not None:
        chosen = tuple(suite.model_copy(update={"limit": limit}) for suite in chosen)
    return config.model_copy(
        update={
            "models": pick(config.models, models, "model", path),
            "suites": chosen,
            "include_paths": (*config.include_paths, *(p.resolve() for p in include_paths)),
            "allow_task_code": config.allow_task_code or allow_task_code,
        }
    )


def read_bench_config(path: Path, models: Sequence[str] = (), **others: Any) -> BenchConfig | None:
    """Read a config if it is one of a bench, with the models that were chosen; None: it is of another kind.

    Raises:
        ConfigError: The file is wrong, or it has no such model.
        UsageError: An option means nothing for a bench.
    """
    config = load_config(path)
    if not isinstance(config, BenchConfig):
        return None
    if any(others.values()):
        raise UsageError(
            f"{path}: this is a bench config; of the options that narrow it has --model alone.",
            "Leave --suite, --limit, --include-path and --allow-task-code out.",
        )
    return config.model_copy(update={"models": pick(config.models, models, "model", path)})


def pick(specs: tuple[S, ...], names: Sequence[str], what: str, path: Path) -> tuple[S, ...]:
    """Return the specs of these names, or all.

    Raises:
        ConfigError: There is none of a name.
    """
    known = [spec.name for spec in specs]
    for name in names:
        if name not in known:
            hint = did_you_mean(name, known, f"There are: {', '.join(known)}.")
            raise ConfigError(f"{path}: no {what} is called {name!r}.", hint)
    return tuple(spec for spec in specs if not names or spec.name in names)
