"""Words for a reader: made once in English, said in the reader's language by the report.

`Said` is text that knows how it was made. As a `str` it reads in English, so terminals and JSON need nothing more; the
report tells it in another language through a catalogue of messages. A field of type `Said` holds words, one of type
`str` holds data (a name, a prompt), which is the same in every language. Joining `Said` with `+`, `join` or an f-string
gives a plain `str`, which the type checker does not take for `Said`: use `say` with values, or `joined`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

_ENGLISH = "en"
Title = str | Mapping[str, str]
"""Somebody's own words: the same in every language, or by language."""


class Language(Protocol):
    """What it takes to say something: messages and the two signs in numbers."""

    @property
    def code(self) -> str:
        """ISO 639, such as `de`."""
        ...

    @property
    def decimal(self) -> str:
        """Between whole part and fraction."""
        ...

    @property
    def group(self) -> str:
        """Between groups of three digits."""
        ...

    def message(self, english: str) -> str:
        """Return the message in this language."""
        ...

    def plural(self, one: str, many: str, n: int) -> str:
        """Return the message for `n` things in this language."""
        ...


class Said(str):
    """Text that is the same in every language, and the base of text that is not."""

    __slots__ = ()

    @property
    def template(self) -> str:
        """The text before values are put in: which sentence it is."""
        return str(self)

    def told(self, language: Language) -> str:
        """Return the text in a language."""
        return str(self)

    def __deepcopy__(self, memo: object) -> Said:
        return self

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: Callable[[type], Any]) -> Any:
        """Tell pydantic to write it as the text that it is."""
        return handler(str)


class Message(Said):
    """A sentence or a word, with values in it."""

    __slots__ = ("_many", "_n", "_one", "_values")
    _one: str
    _many: str | None
    _n: int
    _values: Mapping[str, str]

    @property
    def template(self) -> str:
        """The text before values are put in."""
        return self._one

    def told(self, language: Language) -> str:
        """Return the message in a language, its values too."""
        one, many = self._one, self._many
        found = language.message(one) if many is None else language.plural(one, many, self._n)
        return found.format_map({name: tell(v, language) for name, v in self._values.items()})


class Joined(Said):
    """Texts with something between them."""

    __slots__ = ("_parts", "_separator")
    _parts: tuple[str, ...]
    _separator: str

    def told(self, language: Language) -> str:
        """Return the parts in a language."""
        return tell(self._separator, language).join(tell(part, language) for part in self._parts)


class Numeral(Said):
    """A number in digits."""

    __slots__ = ()

    def told(self, language: Language) -> str:
        """Return the number with the language's signs."""
        return str(self).translate({ord("."): language.decimal, ord(","): language.group})


class Titled(Said):
    """A name as its title: it is equal to the name, which keys and files go by, and reads as the title.

    `str()` and everything that is said give the title; comparing, hashing and f-strings take the name.
    """

    __slots__ = ("_titles",)
    _titles: Mapping[str, str]

    def __str__(self) -> str:
        return self.in_language(_ENGLISH)

    def __format__(self, spec: str) -> str:
        return format(str.__str__(self), spec)

    def told(self, language: Language) -> str:
        """Return the title in a language."""
        return self.in_language(language.code)

    def in_language(self, code: str) -> str:
        """Return the title in a language, in English or any other where there is none."""
        return self._titles.get(code) or next(iter(self._titles.values()))


def say(message: str, /, **values: str) -> Said:
    """Return a message of the catalogue, `{name}` standing for a value.

    Values that are `Said` are said in the reader's language too, others stay as they are. The message must be a
    literal, so that it is found when messages are collected for translation.
    """
    return _message(message, None, 1, values)


def say_n(one: str, many: str, n: int, /, **values: str) -> Said:
    """Return the message for `n` things; `{n}` stands for the number."""
    return _message(one, many, n, {"n": numeral(f"{n:,}"), **values})


def joined(parts: Iterable[str], separator: str = ", ") -> Said:
    """Return texts with a separator between them; empty ones are left out."""
    kept = tuple(part for part in parts if part)
    found = Joined(str(separator).join(map(str, kept)))
    found._parts, found._separator = kept, separator
    return found


def verbatim(text: str) -> Said:
    """Return a name, an id or somebody's own words as they are."""
    return text if isinstance(text, Said) else Said(text)


def titled(name: str, title: Title | None) -> str:
    """Return a name that reads as its title; without one the name itself."""
    if not title:
        return name
    titles = {_ENGLISH: title} if isinstance(title, str) else dict(title)
    found = Titled(name)
    found._titles = dict(sorted(titles.items(), key=lambda item: item[0] != _ENGLISH))
    return found


def text_of(title: Title) -> str:
    """Return a text that reads in each language as it was given."""
    return title if isinstance(title, str) else titled(next(iter(title.values()), ""), title)


def numeral(english: str) -> Said:
    """Return a number that is written the English way, such as `1,234.5` or `+0.3`."""
    return Numeral(english)


def tell(text: str, language: Language) -> str:
    """Return text in a language; data stays as it is."""
    return text.told(language) if isinstance(text, Said) else text


def _message(one: str, many: str | None, n: int, values: Mapping[str, str]) -> Said:
    english = one if many is None or n == 1 else many
    found = Message(english.format_map({name: str(value) for name, value in values.items()}))
    found._one, found._many, found._n, found._values = one, many, n, values
    return found


NOTHING = verbatim("")
