"""Regular expressions that are compiled when they are first used."""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Iterator
from importlib import import_module

import pytest

import evalkit.reading
from evalkit.reading import lazy_regex
from evalkit.reading.lazy_regex import _LazyRegex, caseless


def expressions(value: object) -> Iterator[_LazyRegex]:
    """Find all that a module's name stands for."""
    if isinstance(value, _LazyRegex):
        yield value
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from expressions(item)
    elif isinstance(value, dict):
        for item in (*value.keys(), *value.values()):
            yield from expressions(item)


def test_every_expression_of_the_readers_is_one() -> None:
    modules = [
        import_module(f"evalkit.reading.{m.name}")
        for m in pkgutil.iter_modules(evalkit.reading.__path__)
    ]
    found = [x for module in modules for x in expressions(list(vars(module).values()))]
    assert len(found) > 300
    for expression in found:
        assert isinstance(expression.match(""), re.Match | None)


def test_an_expression_is_compiled_once_and_only_when_used(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[str] = []
    compile_it = re.compile

    def noted(pattern: str, flags: int = 0) -> re.Pattern[str]:
        compiled.append(pattern)
        return compile_it(pattern, flags)

    monkeypatch.setattr(lazy_regex.re, "compile", noted)
    yes = caseless(r"yes\b")
    assert (yes.pattern, compiled) == (r"yes\b", [])
    assert yes.match("Yes, it is")
    assert yes.search("no") is None
    assert yes.sub("no", "YES.") == "no."
    assert compiled == [r"yes\b"]


def test_an_expression_that_is_none_is_told_at_its_first_use() -> None:
    wrong = caseless("(")
    with pytest.raises(re.error, match="missing"):
        wrong.match("(")
