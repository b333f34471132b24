"""YAML text → nested values, and the line of each. Values stay as they are written (`Written`): see `scalars`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from evalkit.config.scalars import Written
from evalkit.errors import ConfigError

Loc = tuple[str | int, ...]
_YAML = "tag:yaml.org,2002:"
_PLAIN_TAGS = {"str", "int", "float", "bool", "null", "timestamp", "value", "map", "seq"}
_ENDLESS = re.compile(r"end of stream|<stream end>")
_MOST_VALUES = 100_000
"""Aliases of aliases can make billions of values out of ten lines."""


@dataclass(frozen=True, slots=True)
class Document:
    """What a file says, and where."""

    data: dict[str, Any]
    lines: dict[Loc, int]
    """Line, from 1, of every key and list item."""


def read_document(text: str, name: str) -> Document:
    """Read the text of a config.

    Args:
        text: YAML.
        name: How errors call it, usually the file's path.

    Raises:
        ConfigError: It is no YAML that a config may be written in.
    """
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        reader = _Reader(name)
        data = None if node is None else reader.value(node, ())
    except yaml.YAMLError as error:
        raise _broken(error, text, name) from None
    except RecursionError:
        raise ConfigError(
            f"{name}: not valid YAML: lists or mappings in each other without end.",
            "Check the brackets.",
        ) from None
    if not isinstance(data, dict):
        raise ConfigError(
            f"{name}:1: a config must be a mapping: with `name`, `models` and `suites`, or (for a bench) `profiles`,"
            " or (for a scenario) `options`.",
            "Start from configs/quickstart.yaml.",
        )
    return Document(data, reader.lines)


class _Reader:
    """Makes values of nodes; refuses what has no place in a config."""

    def __init__(self, name: str) -> None:
        self.lines: dict[Loc, int] = {}
        self._name = name
        self._open: list[yaml.Node] = []
        self._n_values = 0

    def value(self, node: yaml.Node, loc: Loc) -> Any:
        """Return what a node stands for."""
        self.lines.setdefault(loc, node.start_mark.line + 1)
        self._check(node)
        if isinstance(node, yaml.ScalarNode):
            return _scalar(node)
        self._open.append(node)
        try:
            if isinstance(node, yaml.SequenceNode):
                return [self.value(item, (*loc, n)) for n, item in enumerate(node.value)]
            return self._mapping(node, loc)
        finally:
            self._open.pop()

    def _mapping(self, node: Any, loc: Loc) -> dict[str, Any]:
        pairs: dict[str, tuple[yaml.Node, yaml.Node]] = {}
        for key, value in self._pairs(node):
            pairs[key.value] = key, value
        found = {}
        for text, (key, value) in pairs.items():
            self.lines[(*loc, text)] = key.start_mark.line + 1
            found[text] = self.value(value, (*loc, text))
        return found

    def _pairs(self, node: Any) -> Iterator[tuple[Any, yaml.Node]]:
        """Yield keys and values: those that are merged in (`<<`) first, so that the mapping's own replace them."""
        own: dict[str, tuple[Any, yaml.Node]] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise self._problem(key, "a key must be text")
            if key.tag == f"{_YAML}merge":
                yield from self._merged(value)
            elif key.value in own:
                raise self._problem(key, f"not valid YAML: the key {key.value!r} is given twice")
            else:
                own[key.value] = key, value
        yield from own.values()

    def _merged(self, node: Any) -> Iterator[tuple[Any, yaml.Node]]:
        several = isinstance(node, yaml.SequenceNode)
        for source in reversed(node.value) if several else [node]:
            if not isinstance(source, yaml.MappingNode):
                raise self._problem(source, "'<<' takes a mapping, such as `<<: *defaults`")
            self._check(source)
            self._open.append(source)
            yield from self._pairs(source)
            self._open.pop()

    def _check(self, node: yaml.Node) -> None:
        self._n_values += 1
        if self._n_values > _MOST_VALUES:
            raise self._problem(node, "aliases make this config larger than any config is")
        if any(node is outer for outer in self._open):
            raise self._problem(node, "this alias stands for something that contains it")
        tag = str(node.tag)
        if tag.removeprefix(_YAML) not in _PLAIN_TAGS or not tag.startswith(_YAML):
            shown = tag.replace(_YAML, "!!")
            raise self._problem(node, f"the tag {shown!r} means nothing in a config")

    def _problem(self, node: yaml.Node, text: str) -> ConfigError:
        line = node.start_mark.line + 1
        return ConfigError(f"{self._name}:{line}: {text}.", "Write it out plainly.")


def _scalar(node: Any) -> str | None:
    if node.style is not None:
        return str(node.value)
    return None if node.tag == f"{_YAML}null" else Written(node.value)


def _broken(error: yaml.YAMLError, text: str, name: str) -> ConfigError:
    """Say in plain words why a text can't be read as YAML."""
    if isinstance(error, yaml.reader.ReaderError):
        line = text.count("\n", 0, error.position) + 1
        code = error.character if isinstance(error.character, int) else ord(error.character)
        sign = f"the character U+{code:04X}"
        return ConfigError(
            f"{name}:{line}: not valid YAML: {sign} has no place in a text.",
            "Save it as plain UTF-8 text.",
        )
    problem, mark = (
        getattr(error, "problem", None) or str(error),
        getattr(error, "problem_mark", None),
    )
    begin = getattr(error, "context_mark", None)
    if begin is not None and _ENDLESS.search(problem):
        mark, problem = begin, "what begins here never ends"
    where = f"{name}:{mark.line + 1}" if mark else name
    words, hint = _PLAIN_WORDS.get(problem, (problem, "Check the indentation."))
    return ConfigError(f"{where}: not valid YAML: {words}.", hint)


_PLAIN_WORDS = {
    "found character '\\t' that cannot start any token": ("a tab", "Indent with spaces."),
    "found a tab character that violates indentation": ("a tab", "Indent with spaces."),
    "but found another document": (
        "a second document begins here ('---')",
        "A config is one document: make two files of it.",
    ),
    "mapping values are not allowed here": (
        "a colon where none is expected",
        "Check the indentation, or put text with a colon in quotes.",
    ),
    "what begins here never ends": (
        "what begins here never ends",
        "Close the quotation mark or bracket.",
    ),
    "found character '%' that cannot start any token": (
        "text begins with '%'",
        "Put it in quotes.",
    ),
    "found character '@' that cannot start any token": (
        "text begins with '@'",
        "Put it in quotes.",
    ),
    "found character '`' that cannot start any token": (
        "text begins with '`'",
        "Put it in quotes.",
    ),
}
"""What the YAML library says → what a reader understands, and what to do."""
