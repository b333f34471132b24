"""YAML file → typed config. Every error says file, line, key, value and the nearest valid key."""

from __future__ import annotations

import difflib
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from evalkit.config.run import RunConfig
from evalkit.errors import ConfigError

Loc = tuple[str | int, ...]


def load_run_config(path: Path) -> RunConfig:
    """Read and check a run config; `include_paths` become absolute.

    Raises:
        ConfigError: The file is missing, not YAML, or says something it may not.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(
            f"{path}: no such config file.", "Give the path of a run config, see configs/."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: can't be read: {error}.", "It must be a UTF-8 text.") from None
    config = parse_run_config(text, str(path))
    folder = path.resolve().parent
    missing = [p for p in config.include_paths if not (folder / p).is_dir()]
    if missing:
        raise ConfigError(
            f"{path}: include_paths: no such folder: {missing[0]} (looked in {folder}).",
            "Paths in include_paths are relative to the config file.",
        )
    return config.model_copy(
        update={"include_paths": tuple((folder / p).resolve() for p in config.include_paths)}
    )


def parse_run_config(text: str, name: str = "<config>") -> RunConfig:
    """Check the text of a run config.

    Args:
        text: YAML.
        name: How errors call it, usually the file's path.

    Raises:
        ConfigError: With every problem found, one a line.
    """
    lines, data = _parse_yaml(text, name)
    try:
        return RunConfig.model_validate(data)
    except ValidationError as error:
        problems = list(_problems(error, name, lines))
        raise ConfigError(
            "\n".join(problems), "Check the file with `evalkit config check`."
        ) from None


def run_config_schema() -> dict[str, Any]:
    """JSON Schema of a run config, for editors that complete and check YAML."""
    schema = RunConfig.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _parse_yaml(text: str, name: str) -> tuple[dict[Loc, int], Any]:
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        lines = {loc: line for loc, line in _walk(node, ())} if node is not None else {}
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{name}:{mark.line + 1}" if mark else name
        problem = getattr(error, "problem", None) or str(error)
        raise ConfigError(
            f"{where}: not valid YAML: {problem}.", "Check the indentation."
        ) from None
    if not isinstance(data, dict):
        raise ConfigError(
            f"{name}:1: a run config must be a mapping with `name`, `models` and `suites`.",
            "Start from configs/quickstart.yaml.",
        )
    return lines, data


def _walk(node: yaml.Node, loc: Loc) -> Iterator[tuple[Loc, int]]:
    """Yield the line (from 1) of every key and list item; refuse keys that are given twice."""
    yield loc, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"the key {key.value!r} is given twice", problem_mark=key.start_mark
                )
            seen.add(key.value)
            yield from ((at, line) for at, line in _walk(value, (*loc, key.value)) if at)
            yield (*loc, key.value), key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for position, item in enumerate(node.value):
            yield from _walk(item, (*loc, position))


def _problems(error: ValidationError, name: str, lines: dict[Loc, int]) -> Iterator[str]:
    """One sentence per place; a place whose inner parts are wrong is not reported itself."""
    places: dict[Loc, list[Any]] = {}
    for detail in error.errors():
        places.setdefault(_real_loc(detail, lines), []).append(detail)
    for loc, details in places.items():
        if not any(other[: len(loc)] == loc and other != loc for other in places):
            yield _sentence(details, loc, name, lines)


def _real_loc(detail: Any, lines: dict[Loc, int]) -> Loc:
    """Drop the last part where pydantic added it for an arm of a union."""
    loc = tuple(detail["loc"])
    is_arm = detail["type"] != "missing" and loc not in lines and loc[:-1] in lines
    return loc[:-1] if is_arm else loc


def _sentence(details: list[Any], loc: Loc, name: str, lines: dict[Loc, int]) -> str:
    line = next((lines[loc[:n]] for n in range(len(loc), -1, -1) if loc[:n] in lines), 1)
    key = ".".join(str(part) for part in loc)
    where = f"{name}:{line}: {key}" if key else f"{name}:{line}"
    first = details[0]
    if first["type"] == "extra_forbidden":
        return f"{where}: unknown key {loc[-1]!r}; {_nearest(loc)}"
    if first["type"] == "missing":
        return f"{where}: this key is required and missing."
    message = ", or: ".join(_message(d) for d in details)
    found = _shown(loc, first["input"])
    return f"{where}: {message}; found {found}." if key and found else f"{where}: {message}."


def _shown(loc: Loc, value: Any) -> str:
    """Return a wrong value as text; empty for a whole mapping, and never a secret that was put into the file."""
    key = loc[-1] if loc else ""
    is_url_with_more = key == "base_url" and any(mark in str(value) for mark in "@?#")
    if key == "api_key_env" or is_url_with_more:
        return "something that may be a secret, so it is not shown"
    return "" if isinstance(value, dict) else repr(value)


def _nearest(loc: Loc) -> str:
    known = _known_keys(loc[:-1])
    close = difflib.get_close_matches(str(loc[-1]), known, n=1, cutoff=0.5)
    return f"did you mean {close[0]!r}?" if close else f"known keys: {', '.join(known)}."


def _known_keys(loc: Loc) -> list[str]:
    model: type[BaseModel] = RunConfig
    for part in loc:
        if isinstance(part, str):
            model = _inner_model(model.model_fields[part].annotation)
    return list(model.model_fields)


def _inner_model(annotation: Any) -> type[BaseModel]:
    """Find the spec class inside `tuple[Spec, ...]`, `Annotated[...]` or the class itself."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(_inner_model(arg) for arg in typing.get_args(annotation))


def _message(detail: Any) -> str:
    text: str = detail["msg"]
    return text.removeprefix("Value error, ").replace("a valid tuple", "a list")
