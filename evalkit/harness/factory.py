"""Builds lm-eval's task objects: checks definitions of the user's own, and reads their local data as written."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import lm_eval
from lm_eval.tasks._factory import TaskFactory

from evalkit.distribution import shipped
from evalkit.errors import TaskError, did_you_mean
from evalkit.harness.data_files import are_remote
from evalkit.harness.data_options import check_options
from evalkit.harness.definition import check_columns, check_definition, columns_of
from evalkit.harness.docs_check import check_first
from evalkit.harness.faults import told_of
from evalkit.harness.rows import KINDS, Figure, Rows, Splits, read_splits
from evalkit.harness.task_file import check_file, with_includes


def is_own(path: Path | None) -> bool:
    """Tell whether a task's YAML file is the user's: neither evalkit's nor lm-eval's."""
    if path is None:
        return True
    trusted = (shipped("tasks").resolve(), Path(lm_eval.__file__).resolve().parent)
    return not any(path.resolve().is_relative_to(root) for root in trusted)


def source_of(task: Any) -> Path | None:
    """Return the YAML file that a built task comes from."""
    metadata = task.get_config("metadata")
    source = metadata.get("config_source") if isinstance(metadata, dict) else None
    return Path(source) if source and source != "inline" else None


def task_told(name: str, path: Path | None) -> AbstractContextManager[None]:
    """Return the border around work on one task: errors name it and its file."""
    where = f" ({_short(path)})" if path else ""
    return told_of(f"task {name!r}{where}", path.parent if path and is_own(path) else None)


class CheckedFactory(TaskFactory):  # type: ignore[misc]
    """Builds tasks whose `data_files` are relative to their YAML file, wherever evalkit is started."""

    def _build_task(self, entry: Any, overrides: Any) -> Any:
        with task_told(entry.name, _path(entry)):
            return super()._build_task(entry, overrides)

    def _build_group(self, group_name: str, raw_cfg: Any, overrides: Any, registry: Any) -> Any:
        members = raw_cfg.get("task")
        if not members or not isinstance(members, list):
            raise TaskError(f"group {group_name!r} has no tasks.", "List them under `task:`.")
        return super()._build_group(group_name, raw_cfg, overrides, registry)

    def _load_full_config(self, entry: Any, overrides: Any = None) -> dict[str, Any]:
        config: dict[str, Any] = super()._load_full_config(entry, overrides)
        path = _path(entry)
        if path is None or isinstance(config.get("task"), list):
            return config
        if is_own(path):
            for file in with_includes(path):
                if is_own(file):
                    check_file(file)
            check_definition(config)
            _refuse_spreadsheet(config)
            _refuse_folder(config)
        options = config.get("dataset_kwargs") or {}
        if config.get("custom_dataset") is None and config.get("dataset_path") in KINDS:
            _give_data(config, options, path)
        elif options.get("data_files"):
            resolved = _resolve_files(options["data_files"], path.parent)
            config["dataset_kwargs"] = {**options, "data_files": resolved}
        return config


class _Given:
    """Hands data that are read already to lm-eval, as a task's `custom_dataset`."""

    def __init__(self, splits: Mapping[str, Any]) -> None:
        self._splits = splits

    def __call__(self, **_: Any) -> Mapping[str, Any]:
        return self._splits

    def __deepcopy__(self, memo: Any) -> _Given:
        return self


def _path(entry: Any) -> Path | None:
    return Path(entry.yaml_path) if entry.yaml_path else None


def _short(path: Path) -> str:
    """Return a path as short as it is clear: relative to where evalkit was started, where it lies below."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _give_data(config: dict[str, Any], options: Mapping[str, Any], path: Path) -> None:
    """Put a task's local data into its config; files elsewhere are left to the datasets library."""
    if not {"data_files", "data_dir"} & set(options):
        raise TaskError(
            "dataset_kwargs: data_files is missing: nothing says where the data are.",
            "Such as `data_files: {test: data.jsonl}`, relative to the task's YAML file.",
        )
    files = options.get("data_files")
    if files is None:
        raise TaskError(
            "dataset_kwargs: data_dir alone does not say which files are which split.",
            "Name them, such as `data_files: {test: data.jsonl}`.",
        )
    if are_remote(files):
        config["dataset_kwargs"] = {**options, "data_files": _resolve_files(files, path.parent)}
        return
    check_options(config["dataset_path"], options)
    splits = read_splits(config["dataset_path"], options, path.parent)
    _check_splits(config, splits)
    if _is_processed(config):
        config["custom_dataset"] = _Given(_as_datasets(splits, config.get("doc_to_target")))
        return
    docs = splits[config.get("test_split") or config["validation_split"]]
    if is_own(path):
        check_columns(config, docs.features, docs[0])
        check_first(config, docs)
    config["custom_dataset"] = _Given(splits)


def _refuse_spreadsheet(config: Mapping[str, Any]) -> None:
    files = str((config.get("dataset_kwargs") or {}).get("data_files", "")).lower()
    if config.get("dataset_path") in ("xlsx", "xls", "excel", "ods") or ".xls" in files:
        raise TaskError(
            "spreadsheets are not read: the data must be text.",
            "Save the sheet as 'CSV UTF-8', and say `dataset_path: csv`.",
        )


def _refuse_folder(config: Mapping[str, Any]) -> None:
    """Refuse a folder of tables as `dataset_path`: its loader guesses types, and 42 beside 42.5 becomes 42.0."""
    folder = Path(str(config.get("dataset_path")))
    is_loader = "data_files" in (config.get("dataset_kwargs") or {})
    if is_loader or not config.get("dataset_path") or not folder.is_dir():
        return
    tables = [f for f in sorted(folder.rglob("*")) if set(f.suffixes) & {".csv", ".json", ".jsonl"}]
    if tables:
        kind = "csv" if ".csv" in tables[0].suffixes else "json"
        raise TaskError(
            f"dataset_path: {str(folder)!r} is a folder of files, whose values would be guessed at.",
            f"Say `dataset_path: {kind}`, and name them: `data_files: {{test: {tables[0].name}}}`.",
        )


def _check_splits(config: Mapping[str, Any], splits: Splits) -> None:
    if not config.get("test_split") and not config.get("validation_split"):
        raise TaskError(
            "test_split is missing.", f"The data's splits are {', '.join(map(repr, splits))}."
        )
    fewshot = config.get("fewshot_config")
    keys = ("training_split", "validation_split", "test_split", "fewshot_split")
    inner = fewshot.get("split") if isinstance(fewshot, dict) else None
    for split in (*(config.get(key) for key in keys), inner):
        if split is not None:
            splits[split]


def _is_processed(config: Mapping[str, Any]) -> bool:
    fewshot = config.get("fewshot_config")
    inner = fewshot.get("process_docs") if isinstance(fewshot, dict) else None
    return bool(config.get("process_docs") or inner or "class" in config)


def _as_datasets(splits: Splits, target: Any) -> dict[str, Any]:
    """Return the splits for code that expects the datasets library's; a column there has one type."""
    from datasets import Dataset

    for rows in splits.values():
        for column in rows.features:
            _check_type(rows, column)
            if isinstance(target, str) and column in {target, *columns_of(target, "doc_to_target")}:
                _check_figures(rows, column)
    return {split: Dataset.from_list(list(rows)) for split, rows in splits.items()}


def _check_type(rows: Rows, column: str) -> None:
    first: dict[str, str] = {}
    for place, row in zip(rows.places, rows, strict=True):
        if row[column] is not None:
            first.setdefault(_kind(row[column]), str(place))
    if len(first) > 1:
        found = " and ".join(f"{kind} ({place})" for kind, place in list(first.items())[:2])
        raise TaskError(
            f"column {column!r} mixes {found}, which process_docs would get as one type.",
            "Write all of them alike: text in quotes keeps 42 and 42.5 as they are.",
        )


def _check_figures(rows: Rows, column: str) -> None:
    """Refuse right answers that a column of numbers would write otherwise: 42.50 becomes 42.5."""
    for place, row in zip(rows.places, rows, strict=True):
        value = row[column]
        if isinstance(value, Figure):
            raise TaskError(
                f"{place}: column {column!r} holds {value}, which process_docs would get as {float(value)!r}.",
                "Put it in quotes.",
            )


def _kind(value: Any) -> str:
    names = {
        bool: "true or false",
        int: "whole numbers",
        str: "text",
        list: "lists",
        dict: "objects",
    }
    return names.get(type(value), "numbers with decimals")


def _resolve_files(files: Any, folder: Path) -> Any:
    if isinstance(files, dict):
        return {split: _resolve_files(inner, folder) for split, inner in files.items()}
    if isinstance(files, list):
        return [_resolve_files(inner, folder) for inner in files]
    beside = folder / files
    return str(beside) if beside.exists() or ("*" in files and any(folder.glob(files))) else files


def check_members(config: Mapping[str, Any], known: Mapping[str, Any], group: str) -> None:
    """Check that the members of a group that are given by name alone are there.

    Raises:
        TaskError: One is not.
    """
    members = config.get("task")
    for name in members if isinstance(members, list) else ():
        if isinstance(name, str) and name not in known:
            raise TaskError(
                f"group {group!r}: there is no task {name!r}.", did_you_mean(name, map(str, known))
            )
