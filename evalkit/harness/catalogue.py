"""Find and load lm-eval tasks: shipped ones, the user's own, lm-eval's."""

from __future__ import annotations

import logging
import random
import re
import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import lm_eval
import numpy as np
import yaml
from lm_eval.tasks import TaskManager
from lm_eval.tasks._yaml_loader import load_yaml

from evalkit.config.run import GenerationDefaults, SuiteSpec
from evalkit.distribution import shipped
from evalkit.errors import TaskError, did_you_mean
from evalkit.harness.docs_check import check_docs
from evalkit.harness.factory import CheckedFactory, check_members, is_own, source_of, task_told
from evalkit.harness.faults import plain_reason, told_of
from evalkit.harness.task_file import check_file, with_includes
from evalkit.records import AS_IS, GENERATE

SEEDS = {"random": 0, "numpy": 1234, "torch": 1234, "fewshot": 1234}
"""lm-eval's own defaults, so that its numbers and ours compare."""

_NAME = re.compile(r"^\s*(?:- )?(?:task|group|tag):[ \t]*['\"]?([\w.+-]+)", re.MULTILINE)

TaskDict = dict[str, Any]
"""What lm-eval's TaskManager.load returns: `tasks`, `groups`, `group_map`."""


def load_tasks(
    suite: SuiteSpec,
    include_paths: Sequence[Path],
    *,
    allow_code: bool = False,
    mode: str = AS_IS,
    checked: bool = False,
) -> TaskDict:
    """Load a suite's tasks with their data and apply its settings.

    Args:
        suite: Names and few-shot number.
        include_paths: Folders with the user's own tasks.
        allow_code: Let tasks outside evalkit and lm-eval run their own Python.
        mode: `generate` puts its generative twin in the place of every multiple-choice task.
        checked: The docs of own tasks were looked at before, and need no second look.

    Raises:
        TaskError: Unknown task, data not available or wrong, code not allowed, or a task that has no twin.
    """
    with told_of(f"suite {suite.name!r}"):
        manager = manager_of(suite.tasks, tuple(include_paths))
        if not allow_code:
            _refuse_foreign_code(manager, suite.tasks)
        loaded: TaskDict = manager.load(list(suite.tasks))
        for name, task in loaded["tasks"].items():
            _apply_settings(task, suite)
            source = source_of(task)
            if not checked and is_own(source):
                with task_told(name, source):
                    check_docs(task)
    return _with_twins(loaded) if mode == GENERATE else loaded


def apply_generation(loaded: TaskDict, defaults: GenerationDefaults) -> None:
    """Let a model's generation defaults override what the tasks ask for."""
    overrides: dict[str, Any] = {}
    if defaults.max_tokens is not None:
        overrides["max_gen_toks"] = defaults.max_tokens
    if defaults.temperature is not None:
        overrides |= {
            "temperature": defaults.temperature,
            "do_sample": defaults.temperature > 0,
        }
    if defaults.top_p is not None:
        overrides["top_p"] = defaults.top_p
    for task in loaded["tasks"].values():
        if overrides and task.get_config("output_type") == "generate_until":
            task.set_config(key="generation_kwargs", value=overrides, update=True)


def seed_everything() -> None:
    """Set the seeds lm-eval sets before it builds prompts."""
    random.seed(SEEDS["random"])
    np.random.seed(SEEDS["numpy"])
    if torch := sys.modules.get("torch"):  # a plan does without: what is not loaded draws nothing
        torch.manual_seed(SEEDS["torch"])


@cache
def _local_manager(include_paths: tuple[Path, ...]) -> Any:
    return _make_manager(include_paths, include_defaults=False)


@cache
def _full_manager(include_paths: tuple[Path, ...]) -> Any:
    return _make_manager(include_paths, include_defaults=True)


def _make_manager(include_paths: tuple[Path, ...], *, include_defaults: bool) -> Any:
    folders = [p for p in (shipped("tasks"), *include_paths) if p.is_dir()]
    logging.getLogger("lm_eval").setLevel(logging.ERROR)
    logging.getLogger("lm_eval.api.registry").setLevel(logging.CRITICAL)  # we tell of metrics
    manager = TaskManager(include_path=folders, include_defaults=include_defaults)
    manager._factory = CheckedFactory(meta=manager.metadata)
    return manager


def manager_of(names: Sequence[str], include_paths: tuple[Path, ...]) -> Any:
    """Return the cheap manager when it knows every name; indexing lm-eval's 14 000 files takes many seconds.

    Raises:
        TaskError: One is not known.
    """
    for name in names:
        _check_files(name, include_paths)
    local = _local_manager(include_paths)
    if all(name in local.task_index for name in names):
        return local
    for name in names:
        if name not in local.task_index and not _is_written(name):
            raise _unknown(name, local.all_tasks)
    full = _full_manager(include_paths)
    for name in names:
        if name not in full.task_index:
            raise _unknown(name, local.all_tasks)
    return full


@cache
def _written() -> str:
    """Return the text of all of lm-eval's task files: what stands in none of them is no name of a task."""
    files = (Path(lm_eval.__file__).parent / "tasks").rglob("*.yaml")
    return "\n".join(file.read_text(encoding="utf-8", errors="replace") for file in files)


def _is_written(name: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", _written()) is not None


def _unknown(name: str, local: Sequence[Any]) -> TaskError:
    otherwise = "Names are those of lm-eval; own tasks need their folder in include_paths."
    hint = did_you_mean(name, map(str, local)) or did_you_mean(
        name, set(_NAME.findall(_written())), otherwise, most=3
    )
    return TaskError(f"Unknown task {name!r}.", hint)


def _check_files(name: str, include_paths: Sequence[Path]) -> None:
    """Tell why an own task is not known: lm-eval passes over files that it can't read, and over a second of a name.

    Raises:
        TaskError: A file is not as it should be.
    """
    own: list[Path] = []
    for path in (p for folder in include_paths for p in sorted(folder.rglob("*.y*ml"))):
        try:
            config = load_yaml(path, resolve_func=False)
        except Exception as error:  # the loader raises anything
            if name in path.read_text(encoding="utf-8", errors="replace"):
                with suppress(yaml.YAMLError):
                    check_file(path)
                raise _broken_file(path, error) from error
            continue
        found = config.get("task", config.get("group"))
        if found == name:
            own.append(path)
        elif isinstance(found, bool) and path.stem == name:
            raise TaskError(f"{path}: `task: {name}` means true or false.", "Put it in quotes.")
    if any(path.suffix == ".yml" for path in own):
        raise TaskError(f"{own[0]}: names of task files end in .yaml.", "Rename the file.")
    if len(own) > 1:
        files = " and ".join(map(str, own[:2]))
        raise TaskError(f"task {name!r} is defined twice: {files}.", "Rename one.")


def _broken_file(path: Path, error: Exception) -> TaskError:
    reason, hint = plain_reason(error)
    if isinstance(error, FileNotFoundError):
        reason, hint = f"includes a file that is not there: {error.filename}", "Correct `include`."
    return TaskError(f"{path}: {reason}.", hint)


def _apply_settings(task: Any, suite: SuiteSpec) -> None:
    """Set few-shot number and seed as lm-eval's simple_evaluate does; a task that says 0 keeps 0."""
    default = task.get_config("num_fewshot")
    if suite.num_fewshot is not None and default != 0:
        task.set_config(key="num_fewshot", value=suite.num_fewshot)
    elif suite.num_fewshot is None and default is None:
        task.set_config(key="num_fewshot", value=0)
    task.set_fewshot_seed(seed=SEEDS["fewshot"])


def _with_twins(loaded: TaskDict) -> TaskDict:
    """Put twins in the place of multiple-choice tasks; groups that hold one are renamed, and average accuracy only."""
    asked = {
        name: task
        for name, task in loaded["tasks"].items()
        if task.get_config("output_type") == "multiple_choice"
    }
    if not asked:
        return loaded
    from evalkit.harness.twins import SUFFIX, twin  # with the reader of letters, half a second

    twins = {name: twin(task) for name, task in asked.items()}
    tasks = {
        (twins[n].task_name if n in twins else n): twins.get(n, t)
        for n, t in loaded["tasks"].items()
    }
    groups = {}
    for group in loaded["groups"].values():
        group.name = f"{group.name}{SUFFIX}"
        if group.aggregate_metric_list:
            kept = [m for m in group.aggregate_metric_list if m.metric == "acc"]
            group.aggregate_metric_list = kept or None
        groups[group.name] = group
    for group in groups.values():
        children = list(group)
        for child in children:
            group.pop(_name_of(child).removesuffix(SUFFIX))
            group.pop(_name_of(child))
            group.add(twins.get(_name_of(child), child))
    names = {name: group.child_names for name, group in groups.items()}
    return {"tasks": tasks, "groups": groups, "group_map": names}


def _name_of(child: Any) -> str:
    return str(getattr(child, "task_name", None) or child.name)


def _refuse_foreign_code(manager: Any, names: Sequence[str]) -> None:
    entries = entries_behind(manager, names).values()
    files = (f for e in entries if e.yaml_path for f in with_includes(Path(e.yaml_path)))
    for path in files:
        if is_own(path) and "!function" in path.read_text(encoding="utf-8", errors="replace"):
            raise TaskError(
                f"{path}: this task runs its own Python code (`!function`).",
                "Read the code; then set `allow_task_code: true` in the config.",
            )


def entries_behind(manager: Any, names: Sequence[str]) -> dict[str, Any]:
    """Return the entries of lm-eval's index behind some names, with members of groups and tags.

    Raises:
        TaskError: A group has a member that is not there.
    """
    found: dict[str, Any] = {}
    todo = list(names)
    while todo:
        name = todo.pop()
        entry = manager.task_index.get(name)
        if name in found or entry is None:
            continue
        found[name] = entry
        if entry.yaml_path and is_own(Path(entry.yaml_path)):
            check_members(entry.cfg or {}, manager.task_index, name)
        todo += [*entry.tags, *_members(entry.cfg or {})]
    return found


def _members(config: dict[str, Any]) -> list[str]:
    members = config.get("task")
    if not isinstance(members, list):
        return []
    return [m if isinstance(m, str) else str(m.get("task") or m.get("group")) for m in members]
