"""Task files as text: what the loader takes in silence or refuses without a line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from lm_eval.tasks._yaml_loader import load_yaml

from evalkit.errors import TaskError

_TIME = "tag:yaml.org,2002:timestamp"


def with_includes(path: Path) -> list[Path]:
    """Return a file and those that it includes, however `include` is written."""
    included = load_yaml(path, resolve_func=False, recursive=False).get("include") or []
    names = included if isinstance(included, list) else [included]
    nested = [p for name in names for p in with_includes(path.parent / str(name))]
    return [path, *nested]


def check_file(path: Path) -> None:
    """Check that no key is given twice, and that what looks like a day is one.

    Raises:
        TaskError: Names file and line.
        yaml.YAMLError: It is no YAML.
    """
    text = path.read_text(encoding="utf-8", errors="replace")
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    for node, key in _nodes(root, "", set()):
        if isinstance(node, yaml.MappingNode):
            _refuse_twice(node, path)
        elif node.tag == _TIME:
            _check_time(node, key, path)


def _nodes(node: Any, key: str, seen: set[int]) -> Iterator[tuple[Any, str]]:
    """Yield every node below one, with the nearest key."""
    if node is None or id(node) in seen:
        return
    seen.add(id(node))
    yield node, key
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            yield from _nodes(name, str(name.value), seen)
            yield from _nodes(value, str(name.value), seen)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _nodes(item, key, seen)


def _refuse_twice(node: yaml.MappingNode, path: Path) -> None:
    first: dict[str, int] = {}
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode) or key.value == "<<":
            continue
        line = key.start_mark.line + 1
        if key.value in first:
            raise TaskError(
                f"{path.name}:{line}: the key {key.value!r} is given twice; first in line {first[key.value]}.",
                "Remove one.",
            )
        first[key.value] = line


def _check_time(node: Any, key: str, path: Path) -> None:
    try:
        yaml.SafeLoader("").construct_yaml_timestamp(node)
    except (ValueError, OverflowError):
        raise TaskError(
            f"{path.name}:{node.start_mark.line + 1}: {key}: there is no day {node.value!r}.",
            "Correct it, or put it in quotes if it is text.",
        ) from None
