"""Templates of HTML and Markdown: the package's, or a user's in their place; every text goes through one door."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib.resources import files
from pathlib import Path

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    FunctionLoader,
    StrictUndefined,
)

from evalkit.report.language import Spoken

_FOLDER = files("evalkit.report") / "templates"


def environment(
    language: Spoken,
    templates: Path | None,
    finish: Callable[[Spoken, object], object],
    *,
    is_html: bool,
) -> Environment:
    """Return templates in a language.

    Args:
        language: Of the templates' own words.
        templates: Folder whose files replace the package's of the same name.
        finish: What is done to every value that is put in: it is told, and made harmless.
        is_html: Whether values are escaped for HTML; else `finish` escapes them.
    """
    loaders: list[BaseLoader] = [FunctionLoader(_text)]
    if templates is not None:
        loaders.insert(0, FileSystemLoader(templates))
    made = Environment(
        loader=ChoiceLoader(loaders),
        autoescape=is_html,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=partial(finish, language),
        extensions=["jinja2.ext.i18n"],
    )
    made.policies["ext.i18n.trimmed"] = True
    made.install_gettext_callables(  # type: ignore[attr-defined]
        language.message, language.plural, newstyle=True
    )
    return made


def _text(name: str) -> str | None:
    file = _FOLDER / name
    return file.read_text(encoding="utf-8") if file.is_file() else None
