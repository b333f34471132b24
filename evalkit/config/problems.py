"""What pydantic finds wrong with a config, as sentences: file, line, key, what is wanted and what was found."""

from __future__ import annotations

import difflib
import typing
from collections.abc import Callable, Iterator
from typing import Any

from pydantic import BaseModel, ValidationError

from evalkit.config.document import Loc

_LONGEST = 80
"""Characters of a wrong value that are shown."""


def sentences(
    error: ValidationError, name: str, lines: dict[Loc, int], kind: type[BaseModel]
) -> Iterator[str]:
    """Yield one sentence per place; a place whose inner parts are wrong is not reported itself."""
    places: dict[Loc, list[Any]] = {}
    for detail in error.errors():
        places.setdefault(_real_loc(detail, lines), []).append(detail)
    for loc, details in places.items():
        if not any(other[: len(loc)] == loc and other != loc for other in places):
            yield _sentence(details, loc, name, lines, kind)


def _real_loc(detail: Any, lines: dict[Loc, int]) -> Loc:
    """Drop the last part where pydantic added it for an arm of a union."""
    loc = tuple(detail["loc"])
    is_arm = detail["type"] != "missing" and loc not in lines and loc[:-1] in lines
    return loc[:-1] if is_arm else loc


def _sentence(
    details: list[Any], loc: Loc, name: str, lines: dict[Loc, int], kind: type[BaseModel]
) -> str:
    line = next((lines[loc[:n]] for n in range(len(loc), -1, -1) if loc[:n] in lines), 1)
    key = ".".join(str(part) for part in loc)
    where = f"{name}:{line}: {key}" if key else f"{name}:{line}"
    first = details[0]
    if first["type"] == "extra_forbidden":
        return f"{where}: unknown key {loc[-1]!r}; {_nearest(loc, kind)}"
    if first["type"] == "missing":
        return f"{where}: this key is required and missing."
    message = ", or: ".join(dict.fromkeys(_message(d, loc, kind) for d in details))
    found = _shown(loc, first["input"])
    return f"{where}: {message}; found {found}." if key and found else f"{where}: {message}."


def _shown(loc: Loc, value: Any) -> str:
    """Return a wrong value as text; empty for a whole mapping, and never a secret that was put into the file."""
    key = loc[-1] if loc else ""
    is_url_with_more = key == "base_url" and any(mark in str(value) for mark in "@?#")
    if key == "api_key_env" or is_url_with_more:
        return "something that may be a secret, so it is not shown"
    if value is None:
        return "nothing"
    shown = "" if isinstance(value, dict) else repr(value)
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]} …"


def _nearest(loc: Loc, kind: type[BaseModel]) -> str:
    if str(loc[-1]).isdigit():
        return "numbers have a decimal point, not a comma."
    known = _known_keys(loc[:-1], kind)
    close = difflib.get_close_matches(str(loc[-1]), known, n=1, cutoff=0.5)
    return f"did you mean {close[0]!r}?" if close else f"known keys: {', '.join(known)}."


def _known_keys(loc: Loc, kind: type[BaseModel]) -> list[str]:
    model = kind
    for part in loc:
        if isinstance(part, str) and part in model.model_fields:
            model = _inner_model(model.model_fields[part].annotation)
    return list(model.model_fields)


def _inner_model(annotation: Any) -> type[BaseModel]:
    """Find the spec class inside `tuple[Spec, ...]`, `Annotated[...]` or the class itself."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = (_maybe_model(arg) for arg in typing.get_args(annotation))
    return next(model for model in inner if model is not None)


def _maybe_model(annotation: Any) -> type[BaseModel] | None:
    try:
        return _inner_model(annotation)
    except StopIteration:
        return None


def _message(detail: Any, loc: Loc, kind: type[BaseModel]) -> str:
    text: str = detail["msg"].removeprefix("Value error, ")
    if detail["type"] in _MAPPING:
        return _mapping(loc, kind)
    words = _WORDS.get(detail["type"])
    if words is None:
        return text
    return words if isinstance(words, str) else words(detail.get("ctx", {}))


def _mapping(loc: Loc, kind: type[BaseModel]) -> str:
    try:
        known = ", ".join(f"`{key}`" for key in _known_keys(loc, kind))
    except StopIteration:
        return "must be a mapping, with a key and a value on each line"
    return f"must be a mapping with keys out of {known}"


def _entries(ctx: dict[str, Any], word: str) -> str:
    number = ctx.get("min_length", ctx.get("max_length"))
    unit = "entry" if number == 1 else "entries"
    return f"must have {word} {number} {unit}"


_MAPPING = {"model_type", "model_attributes_type", "dict_type", "mapping_type"}
_WHOLE = "must be a whole number"
_TRUE_FALSE = "must be true or false"
_WORDS: dict[str, str | Callable[[dict[str, Any]], str]] = {
    "string_type": "must be text",
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_parsing_size": _WHOLE,
    "int_from_float": _WHOLE,
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a number that is finite",
    "bool_type": _TRUE_FALSE,
    "bool_parsing": _TRUE_FALSE,
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "path_type": "must be a path",
    "literal_error": lambda ctx: f"must be {ctx['expected']}",
    "greater_than": lambda ctx: f"must be greater than {ctx['gt']:g}",
    "greater_than_equal": lambda ctx: f"must be {ctx['ge']:g} or more",
    "less_than": lambda ctx: f"must be less than {ctx['lt']:g}",
    "less_than_equal": lambda ctx: f"must be {ctx['le']:g} or less",
    "string_pattern_mismatch": lambda ctx: f"must match the pattern {ctx['pattern']}",
    "string_too_long": lambda ctx: f"must have {ctx['max_length']} characters at most",
    "string_too_short": lambda ctx: f"must have {ctx['min_length']} characters or more",
    "too_short": lambda ctx: _entries(ctx, "at least"),
    "too_long": lambda ctx: _entries(ctx, "at most"),
}
"""Kind of pydantic's error → what is said of it."""
