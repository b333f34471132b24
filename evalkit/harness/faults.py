"""The border to other people's code: what lm-eval, datasets, jinja2 or a task's own Python raise becomes a sentence."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml
from jinja2 import TemplateSyntaxError, UndefinedError

from evalkit.errors import EvalkitError, TaskError

_LONGEST = 300
"""Characters of somebody else's message that are shown."""


@contextmanager
def told_of(what: str, folder: Path | None = None) -> Iterator[None]:
    """Turn every error inside into a TaskError that begins with what it is about.

    Args:
        what: Such as `task 'mine' (tasks/mine.yaml)`.
        folder: Of the task: an error in Python code below it names file and line.

    Raises:
        TaskError: Something went wrong inside.
    """
    try:
        yield
    except TaskError as error:
        raise TaskError(f"{what}: {error.message}", error.hint) from error
    except EvalkitError:
        raise
    except Exception as error:  # foreign code raises anything
        reason, hint = plain_reason(error, folder)
        raise TaskError(f"{what}: {reason}.", hint) from error


def plain_reason(error: Exception, folder: Path | None = None) -> tuple[str, str]:
    """Return what somebody else's error means for the writer of a task, and what to do."""
    own_line = _own_line(error, folder)
    if own_line:
        return f"{own_line}: {type(error).__name__}: {_first_line(error)}", "Correct the code."
    if isinstance(error, yaml.YAMLError):
        return _yaml_reason(error), "Check the indentation, and put text with a colon in quotes."
    if isinstance(error, UndefinedError):
        return f"{_first_line(error)} in a row of the data", "Use names of columns in `{{ }}`."
    if isinstance(error, TemplateSyntaxError):
        return f"a template can't be read: {_first_line(error)}", "Check its braces."
    if isinstance(error, StopIteration) or "out of bounds for size 0" in str(error):
        return "the data have no rows", "Check the data file, or what `process_docs` leaves."
    if isinstance(error, OSError):
        return f"the data is not available: {_first_line(error)}", (
            "Offline: load it once where there is a network and copy the datasets cache,"
            " or use tasks with local data files."
        )
    return _named(error), "Check the task's YAML with lm-eval's task guide."


def _named(error: Exception) -> str:
    """Return an error's words, with its kind where they say little, and what is behind it."""
    message = _first_line(error)
    behind = error.__cause__ or error.__context__
    if behind is not None and "while generating the dataset" in message:
        return f"{type(behind).__name__}: {_first_line(behind)}"
    if isinstance(error, KeyError) or not message.count(" "):
        return f"{type(error).__name__}: {message}"
    return message


def _first_line(error: BaseException) -> str:
    text = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
    lines = text.strip().splitlines()
    return lines[0][:_LONGEST].removesuffix(".") if lines else type(error).__name__


def _own_line(error: Exception, folder: Path | None) -> str:
    """Return where in the task's own Python code an error was raised; empty if it was not raised there."""
    if folder is None or error.__traceback__ is None:
        return ""
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if Path(f.filename).resolve().is_relative_to(folder.resolve())]
    return f"{Path(own[-1].filename).name}:{own[-1].lineno}" if own else ""


def _yaml_reason(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    where = f"line {mark.line + 1}: " if mark else ""
    return f"{where}not valid YAML: {getattr(error, 'problem', None) or _first_line(error)}"
