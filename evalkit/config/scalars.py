"""What a value of a config means. The key decides, not the spelling: `no` is a country, a name or false.

YAML 1.1 decides by the spelling alone: `NO` is false, `010` is eight, `12:30` is 750, `1e6` is text, and `2026-02-29`
ends the program. So plain values stay as they are written until the key that they belong to is known.
"""

from __future__ import annotations

import datetime
import re
import types
import typing
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BeforeValidator

N = TypeVar("N", int, float)

_NUMBER = re.compile(r"[-+]?(\d+(_\d+)*\.?\d*|\.\d+)([eE][-+]?\d+)?")
_OTHER_BASE = re.compile(r"[-+]?0[xob][0-9a-fA-F_]+")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9_]+")
_DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+")
_THOUSANDS = re.compile(r"[-+]?\d{1,3}([.,' ]\d{3})+([.,]\d+)?")
_NOT_FINITE = re.compile(r"[-+]?\.?(inf|infinity|nan)", re.IGNORECASE)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_WORDS = {"true": True, "false": False, "yes": True, "no": False, "on": True, "off": False}
_LARGEST = 10**18
"""Nothing that a config counts is larger; whole numbers stay exact up to here, and no product of a few overflows."""
_SMALLEST = 1e-18
"""Nothing is nearer to 0 without being 0."""


class Written(str):
    """A plain value, without quotes, as it stands in a file: its key decides whether it is a number or text."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Show numbers and words for true and false as they are written, text in quotes."""
        is_plain = _NUMBER.fullmatch(self) or self.casefold() in _WORDS
        return str(self) if is_plain else super().__repr__()


def number(value: Any) -> int | float:
    """Return the number that a value of a config stands for.

    Raises:
        ValueError: It is none, or may be read in two ways.
    """
    if isinstance(value, bool):
        raise ValueError("must be a number, not true or false")
    if isinstance(value, int | float):
        return value
    if not isinstance(value, str):
        raise ValueError("must be a number")
    if _OTHER_BASE.fullmatch(value):
        return _sized(int(value, 0))
    if _LEADING_ZERO.fullmatch(value):
        plain = value.lstrip("+-0_") or "0"
        raise ValueError(f"must be a number without a leading 0, such as {plain}")
    if not _NUMBER.fullmatch(value):
        raise ValueError(f"must be a number{_form(value)}")
    found = float(value)
    if re.fullmatch(r"[-+]?[\d_]+", value):
        return _sized(int(value))
    is_whole = re.fullmatch(r"[-+]?\d+[eE]\+?\d+", value) is not None
    return int(_sized(found)) if is_whole else _sized(found)


def _sized(found: N) -> N:
    if abs(found) > _LARGEST:
        raise ValueError("must be a number that is not as large as that")
    if 0 < abs(found) < _SMALLEST:
        raise ValueError("must be 0, or a number that is not as near to it as that")
    return found


def _form(text: str) -> str:
    """Say how a number is to be written, by what somebody tried."""
    if _NOT_FINITE.fullmatch(text):
        return " that is finite; leave the key out where there is no limit"
    if _THOUSANDS.fullmatch(text):
        return " without signs for thousands, such as 1000 or 1_000"
    if _DECIMAL_COMMA.fullmatch(text):
        return f" with a decimal point, such as {text.replace(',', '.')}"
    if text.casefold() in _WORDS:
        return ", not yes or no"
    if ":" in text:
        return ", not a time of the day"
    if text.endswith("%"):
        return "; shares are written as 0.2"
    return ", such as 1000, 0.5 or 1e6"


def day(value: Any) -> Any:
    """Return the day that a text stands for, and a date as it is.

    Raises:
        ValueError: It is none of the calendar, or written in another way.
    """
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        return value
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise ValueError("must be a date such as 2026-11-23")
    try:
        return datetime.date.fromisoformat(value)
    except ValueError:
        raise ValueError("is no day of the calendar") from None


Day = Annotated[datetime.date, BeforeValidator(day)]
"""A date as `2026-11-23`."""


def as_meant(value: Any, annotation: Any) -> Any:
    """Return a value as the key's type wants it.

    Args:
        value: From a file (`Written`, text in quotes, list, mapping, null), or from Python.
        annotation: Of the key.

    Raises:
        ValueError: A word stands where a number is wanted, or may mean two things.
    """
    arms = tuple(_arms(annotation))
    if isinstance(value, str):
        return _text_as_meant(value, arms)
    if isinstance(value, bool):
        if _is_number(arms) and not {bool, Any} & set(arms):
            raise ValueError("must be a number, not true or false")
        return value
    if isinstance(value, list | tuple):
        item = _inner(arms, (list, tuple), 0)
        return value if item is None else [as_meant(v, item) for v in value]
    if isinstance(value, dict):
        item = _inner(arms, (dict,), 1)
        return value if item is None else {k: as_meant(v, item) for k, v in value.items()}
    return value


def _text_as_meant(value: str, arms: tuple[Any, ...]) -> Any:
    if Any in arms:
        return _resolved(value) if isinstance(value, Written) else value
    if str in arms:
        return str(value)
    if bool in arms:
        return _WORDS.get(value.casefold(), str(value))
    if not _is_number(arms):
        return str(value)
    try:
        return number(value)
    except ValueError:
        if any(typing.get_origin(arm) is Literal for arm in arms):
            return str(value)
        raise


def _resolved(value: Written) -> Any:
    """Return what a plain value is where any type is taken: only spellings that have one meaning."""
    if value.casefold() in ("true", "false"):
        return _WORDS[value.casefold()]
    if value.casefold() in _WORDS:
        raise ValueError(
            f"{str(value)!r} may be a word or stand for true or false: write true or false, or put it in quotes"
        )
    looks_like_one = _LEADING_ZERO.fullmatch(value) or _NOT_FINITE.fullmatch(value)
    if looks_like_one or _NUMBER.fullmatch(value) or _OTHER_BASE.fullmatch(value):
        try:
            return number(value)
        except ValueError as error:
            raise ValueError(f"{value}: {error}; put it in quotes if it is text") from None
    return str(value)


def _arms(annotation: Any) -> typing.Iterator[Any]:
    """Yield the types that a key takes, without annotations."""
    origin = typing.get_origin(annotation)
    if origin is Annotated:
        yield from _arms(typing.get_args(annotation)[0])
    elif origin in (typing.Union, types.UnionType):
        for arm in typing.get_args(annotation):
            yield from _arms(arm)
    else:
        yield annotation


def _is_number(arms: tuple[Any, ...]) -> bool:
    literals = [
        a for arm in arms if typing.get_origin(arm) is Literal for a in typing.get_args(arm)
    ]
    return int in arms or float in arms or any(isinstance(a, int) for a in literals)


def _inner(arms: tuple[Any, ...], origins: tuple[Any, ...], position: int) -> Any:
    """Return the type of a container's items; None where the key takes no such container."""
    if Any in arms:
        return Any
    for arm in arms:
        if typing.get_origin(arm) in origins:
            return typing.get_args(arm)[position]
    return None
