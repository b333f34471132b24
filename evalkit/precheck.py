"""What can be said of a config before anything is asked: are models and tasks here, and as they should be."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from evalkit.backends import place, unavailable
from evalkit.backends.sources import check_source, find_source, is_offline
from evalkit.config.bench import BenchConfig
from evalkit.config.run import ModelSpec, RunConfig, SuiteSpec
from evalkit.distribution import shipped
from evalkit.errors import ModelError
from evalkit.loadgen.traces import read_trace

_NAME = re.compile(r"^(?:task|group|tag):[ \t]*['\"]?([\w.-]+)", re.MULTILINE)


def check_models(models: Iterable[ModelSpec]) -> Iterator[str]:
    """Check sources and backends; yields what could not be checked here.

    Raises:
        ModelError: A source is missing, incomplete or damaged, or a backend is not known.
    """
    for model in models:
        place(model)
        if model.backend == "hf" and not _is_here(model):
            yield (
                f"Model {model.name}: not checked: {model.source} is not on this machine, and the hub was not asked."
            )


def skipped_models(models: Iterable[ModelSpec]) -> Iterator[str]:
    """Yield which models a run would skip, and what they miss."""
    for model in models:
        missing = unavailable(model)
        if missing is not None:
            yield f"Model {model.name} will be skipped: {missing}."


def check_tasks(config: RunConfig | BenchConfig) -> Iterator[str]:
    """Check the tasks whose data lie here; yields what could not be checked.

    Raises:
        TaskError: A task is not known, or something is wrong with its definition or its data.
    """
    for suite in _suites(config):
        if _are_shipped(suite.tasks):
            continue
        from evalkit.harness.local_tasks import check_local_tasks

        far = check_local_tasks(suite, config.include_paths, allow_code=config.allow_task_code)
        if far:
            yield f"Suite {suite.name}: not checked: the data of {', '.join(far)} come from the hub."


def check_traces(config: BenchConfig) -> Iterator[str]:
    """Read the traces that a bench replays; yields how they were read, where that is not plain.

    Raises:
        ConfigError: One can't be read; names file, row, column and value.
    """
    for profile in config.profiles:
        if profile.load.file is not None:
            for note in read_trace(profile.load).notes:
                yield f"Profile {profile.name}: {profile.load.file.name}: {note}"


def _is_here(model: ModelSpec) -> bool:
    """Tell whether a source was found, and checked; an id may be on the hub.

    Raises:
        ModelError: It is neither.
    """
    try:
        check_source(model)
    except ModelError:
        is_id = "/" in model.source and not Path(model.source).parent.is_dir()
        if is_offline() and is_id and find_source(model) is None:
            return False
        raise
    return find_source(model) is not None


def _suites(config: RunConfig | BenchConfig) -> Sequence[SuiteSpec]:
    if isinstance(config, RunConfig):
        return config.suites
    return [p.prompts.suite for p in config.profiles if p.prompts.suite is not None]


def _are_shipped(names: Iterable[str]) -> bool:
    """Tell whether all tasks are evalkit's own, whose files need no check."""
    texts = (p.read_text(encoding="utf-8") for p in shipped("tasks").rglob("*.yaml"))
    known = {name for text in texts for name in _NAME.findall(text)}
    return set(names) <= known
