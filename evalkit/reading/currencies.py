"""Currencies by code, sign and name, English and German."""

from __future__ import annotations

from collections import defaultdict
from functools import cache

from babel.numbers import get_currency_name, get_currency_symbol, list_currencies

from evalkit.reading.lazy_regex import lazy_regex

_USUAL = {
    **dict.fromkeys(("$", "us$", "dollar", "dollars"), "USD"),
    **dict.fromkeys(("£", "pound", "pounds", "pounds sterling", "pound sterling", "pfund"), "GBP"),
    **dict.fromkeys(("fr", "sfr", "franken"), "CHF"),
    **dict.fromkeys(("¥", "yen"), "JPY"),
}
"""Signs and short names of which another currency has the same."""
_ADDED = lazy_regex(r"\(([^()]+)\)|[/,]\s*(\S+)$")
"""Said once more: `Euro (€)`, `EUR / Euro`."""


def currency_code(text: str) -> str | None:
    """Return the code of the one currency that a text names: `EUR` of `€` and of `Euro (EUR)`; None: it names none."""
    parts = [_ADDED.sub("", text), *(m[1] or m[2] for m in _ADDED.finditer(text))]
    found = {_codes().get(part.strip(" .").casefold()) for part in parts}
    return found.pop() if len(found) == 1 else None


@cache
def _codes() -> dict[str, str]:
    """Return what names one currency, by CLDR in every number and with its sign."""
    named: dict[str, set[str]] = defaultdict(set)
    for code in list_currencies():
        named[code.casefold()].add(code)
        for locale in ("en", "de"):
            for name in (
                get_currency_symbol(code, locale),
                *(get_currency_name(code, n, locale) for n in (None, 1, 2)),
            ):
                named[name.casefold()].add(code)
    return {name: codes.pop() for name, codes in named.items() if len(codes) == 1} | _USUAL
