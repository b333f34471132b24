"""Templates of HTML and Markdown: the package's, or a user's in their place; every text goes through one door."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib.resources import files
from pathlib import Path
from traceback import walk_tb

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    FunctionLoader,
    StrictUndefined,
    TemplateError,
    TemplateSyntaxError,
)

from evalkit.errors import ConfigError
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


@contextmanager
def own_templates(folder: Path | None, name: str) -> Iterator[None]:
    """Say where the user's own templates are broken, whatever it is that went wrong in them.

    Args:
        folder: Where they are; None: there are none, and every error is ours.
        name: Of the template that is filled.

    Raises:
        ConfigError: One of them is broken.
    """
    try:
        yield
    except Exception as error:
        where = None if folder is None else _where(error, folder)
        if folder is None or (
            where is None and not isinstance(error, (TemplateError, OSError, UnicodeError))
        ):
            raise
        what = "it takes itself in again and again" if isinstance(error, RecursionError) else error
        raise ConfigError(
            f"{where or folder / name}: {what}", f"Correct the template under {folder}."
        ) from None


def _where(error: Exception, folder: Path) -> str | None:
    """Return file and line of a user's template in which an error came up; None where it was not in one."""
    found = [
        (Path(frame.f_code.co_filename), line)
        for frame, line in walk_tb(error.__traceback__)
        if Path(frame.f_code.co_filename).is_relative_to(folder)
    ]
    if isinstance(error, TemplateSyntaxError) and error.filename is not None:
        found.append((Path(error.filename), error.lineno))
    return f"{found[-1][0]}:{found[-1][1]}" if found else None


def _text(name: str) -> str | None:
    file = _FOLDER / name
    return file.read_text(encoding="utf-8") if file.is_file() else None
