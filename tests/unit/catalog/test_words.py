"""Notes and assumptions are said in the reader's language; titles and the user's own words stay as they are."""

from __future__ import annotations

import datetime
import io

from evalkit.catalog import Row, load_catalog, note_of, source_of
from evalkit.catalog.words import extract
from evalkit.report.language import spoken
from evalkit.wording import tell

SHIPPED = load_catalog()
GERMAN = spoken("de")


def row(**changes: object) -> Row:
    day = datetime.date(2026, 10, 1)
    cells = {
        **{"item": "DE", "what": "electricity_price", "low": 0.1, "mode": 0.2, "high": 0.3},
        **{"unit": "EUR/kWh", "source": "Eurostat", "url": None, "date": day},
        **{"note": "without VAT; low and high are an assumption", "is_own": False, "checked": day},
    }
    return Row(**(cells | changes))  # type: ignore[arg-type]


def test_every_part_of_a_shipped_note_has_a_german_one() -> None:
    english = {part for r in SHIPPED.rows for part in r.note.split("; ") if part not in ("", "GiB")}
    assert len(english) > 50
    assert [part for part in english if GERMAN.message(part) == part] == []


def test_a_note_is_told_part_by_part() -> None:
    assert note_of(row()) == "without VAT; low and high are an assumption"
    assert tell(note_of(row()), GERMAN) == (
        "ohne Mehrwertsteuer; Unter- und Obergrenze sind eine Annahme"
    )


def test_a_row_to_be_checked_says_so_first() -> None:
    assert tell(note_of(row(checked=None)), GERMAN).startswith("zu prüfen; ohne Mehrwertsteuer; ")
    assert note_of(row(checked=None, note="")) == "to be checked"
    assert note_of(row(note="")) == ""


def test_the_users_words_stay_as_they_are() -> None:
    mine = row(
        is_own=True, checked=None, note="without VAT", source="assumption; no neutral source"
    )
    assert tell(note_of(mine), GERMAN) == "without VAT"
    assert tell(source_of(mine), GERMAN) == "assumption; no neutral source"


def test_braces_of_a_user_are_no_values() -> None:
    assert note_of(row(is_own=True, note="{x}")) == "{x}"
    assert not [r for r in SHIPPED.rows if {"{", "}"} & {*r.note, *r.source}]


def test_an_assumption_is_told_and_a_title_is_not() -> None:
    assumed = SHIPPED.find("default", "outage_share")
    assert assumed is not None
    assert tell(source_of(assumed), GERMAN) == "Annahme; keine neutrale Quelle"
    assert tell(source_of(row()), GERMAN) == "Eurostat"


def test_messages_are_collected_from_notes_and_assumptions() -> None:
    text = "note,source\n,Eurostat\na; b,assumption; c\n"
    found = list(extract(io.BytesIO(text.encode()), (), (), options={}))
    assert [(line, message) for line, _, message, _ in found] == [
        *((3, "a"), (3, "b"), (3, "assumption"), (3, "c"))
    ]
