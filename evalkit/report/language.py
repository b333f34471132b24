"""The reader's language: messages from a catalogue of translations, signs in numbers from Unicode's locale data."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from babel.messages.pofile import read_po
from babel.numbers import get_decimal_symbol, get_group_symbol

from evalkit.errors import UsageError, did_you_mean

LANGUAGES = {"en": "English", "de": "Deutsch"}
"""Languages of reports."""
_FOLDER = files("evalkit.report") / "locale"
_Texts = dict[str, str | list[str] | tuple[str, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class Spoken:
    """A language and its messages; one that is not in the catalogue stays English."""

    code: str
    decimal: str
    group: str
    messages: _Texts

    def message(self, english: str) -> str:
        """Return a message in this language."""
        found = self.messages.get(english, english)
        return found if isinstance(found, str) else found[0]

    def plural(self, one: str, many: str, n: int) -> str:
        """Return a message for `n` things: English and German have two forms, the second for all but 1."""
        found = self.messages.get(one, (one, many))
        forms = (found, many) if isinstance(found, str) else found
        return forms[0] if n == 1 else forms[-1]


ENGLISH = Spoken("en", ".", ",", {})


@cache
def spoken(code: str) -> Spoken:
    """Return a language by its code.

    Raises:
        UsageError: There is no translation into it.
    """
    if code not in LANGUAGES:
        known = ", ".join(f"{c} ({name})" for c, name in LANGUAGES.items())
        raise UsageError(
            f"there are no reports in {code!r}.",
            did_you_mean(code, LANGUAGES, f"There are: {known}."),
        )
    if code == ENGLISH.code:
        return ENGLISH
    return Spoken(code, get_decimal_symbol(code), get_group_symbol(code), _messages(code))


def _messages(code: str) -> _Texts:
    """Read the catalogue of a language; fuzzy entries and empty translations stay English."""
    with (_FOLDER / f"{code}.po").open("rb") as lines:
        catalog = read_po(lines, locale=code)
    found: _Texts = {}
    for message in catalog:
        if message.id and message.string and not message.fuzzy:
            one = message.id if isinstance(message.id, str) else message.id[0]
            found[one] = message.string
    return found
