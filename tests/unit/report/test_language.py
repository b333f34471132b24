import re
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from evalkit.errors import UsageError
from evalkit.report.format import money, percent
from evalkit.report.language import spoken
from evalkit.wording import joined, numeral, say, say_n, tell, verbatim

ROOT = Path(__file__).parents[3]
LOCALE = ROOT / "evalkit/report/locale"
PLACEHOLDER = re.compile(r"\{\w+\}|%\(\w+\)s|%%")
GERMAN = spoken("de")


@cache
def collected() -> dict[str, tuple[str, str | None]]:
    """Return every message of the package: its singular → where it is, and its plural."""
    methods = [
        *(("templates/**.j2", "jinja2"), ("**.py", "python")),
        ("catalog/*.csv", "evalkit.catalog.words:extract"),
    ]
    options = {
        "templates/**.j2": {
            "extensions": "jinja2.ext.i18n",
            "trimmed": "true",
            "newstyle_gettext": "true",
        }
    }
    keywords = {"say": None, "say_n": (1, 2), "_": None, "gettext": None, "ngettext": (1, 2)}
    found = {}
    for folder, these in (("evalkit/report", methods), ("evalkit", methods[1:])):
        for file, line, message, *_ in extract_from_dir(ROOT / folder, these, options, keywords):
            one, many = message if isinstance(message, tuple) else (message, None)
            found[one] = (f"{folder}/{file}:{line}", many)
    return found


@cache
def german() -> Catalog:
    with (LOCALE / "de.po").open("rb") as file:
        return read_po(file, locale="de")


def test_no_message_is_untranslated() -> None:
    missing = {m: at for m, (at, _) in collected().items() if not in_german(m)}
    assert missing == {}


def test_no_translation_is_of_a_message_that_is_gone() -> None:
    known = {m.id if isinstance(m.id, str) else m.id[0] for m in german() if m.id}
    assert known - set(collected()) == set()


def test_translations_have_the_values_of_their_messages() -> None:
    wrong = {}
    for one, (_, many) in collected().items():
        for english, told in zip((one, many or one), in_german(one) * 2, strict=False):
            if set(PLACEHOLDER.findall(english)) - {"{n}", "%(n)s"} != set(
                PLACEHOLDER.findall(told)
            ) - {"{n}", "%(n)s"}:
                wrong[english] = told
    assert wrong == {}


def in_german(one: str) -> tuple[str, ...]:
    found = german().get(one)
    if found is None or found.fuzzy or not found.string:
        return ()
    return (found.string,) if isinstance(found.string, str) else tuple(found.string)


def test_what_is_said_reads_as_english_and_is_told_in_german() -> None:
    price = money(1234.5, "EUR")
    assert price == "EUR 1,234"
    assert tell(price, GERMAN) == "1.234 EUR"
    assert tell(percent(0.305), GERMAN) == "30,5 %"


def test_joined_words_are_told_one_by_one() -> None:
    both = joined([percent(0.5), verbatim("gpt-1.5"), ""])
    assert both == "50.0 %, gpt-1.5"
    assert tell(both, GERMAN) == "50,0 %, gpt-1.5"


def test_names_and_hostile_braces_stay_as_they_are() -> None:
    words = say("{name} costs {n}", name="{n} 1.5", n=numeral("2.5"))
    assert words == "{n} 1.5 costs 2.5"


def test_one_and_many_are_told_apart() -> None:
    assert say_n("{n} doc", "{n} docs", 1) == "1 doc"
    assert say_n("{n} doc", "{n} docs", 1200) == "1,200 docs"


def test_an_unknown_language_is_an_error_that_names_the_known_ones() -> None:
    with pytest.raises(UsageError) as error:
        spoken("fr")
    assert "Deutsch" in error.value.hint
