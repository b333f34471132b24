"""A user's own templates: whatever is wrong in one is said with its file and line, and never as a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

from evalkit.errors import ConfigError
from evalkit.report.html import render_template
from evalkit.report.language import ENGLISH

NAME = "one.html.j2"


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (b"one\n{% if %}", r"one\.html\.j2:2: Expected an expression"),
        (b"one\n{{ nothing.there }}", r"one\.html\.j2:2: 'nothing' is undefined"),
        (b"one\n{{ lang|shout }}", r"one\.html\.j2:2: No filter named 'shout'"),
        (b"one\n{{ 'a' + 1 }}", r"one\.html\.j2:2: can only concatenate str"),
        (b"one\n{{ 1 / 0 }}", r"one\.html\.j2:2: division by zero"),
        (b"one\n{% include 'none.j2' %}", r"one\.html\.j2:2: none\.j2"),
        (
            b"one\n{% include 'one.html.j2' %}",
            r"one\.html\.j2:2: it takes itself in again and again",
        ),
        (b"{% extends 'one.html.j2' %}", r"one\.html\.j2:1: it takes itself in again and again"),
        (b"\xff\xfe", r"one\.html\.j2: .*can't decode"),
    ],
)
def test_a_broken_template_is_named_with_its_line(tmp_path: Path, source: bytes, told: str) -> None:
    (tmp_path / NAME).write_bytes(source)
    with pytest.raises(ConfigError, match=told) as caught:
        render_template(NAME, ENGLISH, tmp_path)
    assert caught.value.hint == f"Correct the template under {tmp_path}."


def test_an_error_of_our_own_is_not_blamed_on_the_users_templates(tmp_path: Path) -> None:
    class Broken:
        def __html__(self) -> str:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        render_template("waiting.html.j2", ENGLISH, tmp_path, csp=Broken())
