"""The user's numbers and the catalogue's: in which currency, and with where they are from."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from evalkit.analysis.tco.book import Asked, Book
from evalkit.analysis.tco.values import Provenance
from evalkit.catalog import Catalog, Row
from evalkit.config.quantity import Quantity
from evalkit.errors import ConfigError
from tests.scenarios import TODAY, book, scenario

RATES = {"USD": {"value": 0.9, "date": "2026-11-01", "source": "ECB"}}
COST = Asked("cost", "cost", "money/year")


def quantity(**values: Any) -> Quantity:
    return Quantity.model_validate(values)


def test_money_is_converted_by_the_rate() -> None:
    euro = book(scenario(currency="EUR", rates=RATES))
    found = euro.yours(COST, quantity(value=[10, 20, 30], unit="USD/year"))
    assert (found.low, found.mode, found.high) == (9, 18, 27)
    assert found.unit == "EUR/year"


def test_money_without_a_unit_is_in_the_scenarios_currency() -> None:
    euro = book(scenario(currency="EUR", rates=RATES))
    assert euro.yours(COST, quantity(value=10)).mode == 10
    assert euro.yours(COST, quantity(value=10, unit="EUR/year")).mode == 10


def test_what_is_no_money_is_not_converted() -> None:
    euro = book(scenario(currency="EUR"))
    found = euro.yours(Asked("x", "x", "W/GPU"), quantity(value=10, unit="W/GPU"))
    assert (found.mode, found.unit) == (10, "W/GPU")


def test_a_rate_that_is_missing_is_named() -> None:
    with pytest.raises(ConfigError, match=r"no rate for CHF, and amounts are in EUR") as error:
        book(scenario(currency="EUR", rates=RATES)).yours(COST, quantity(value=1, unit="CHF/year"))
    assert "what one CHF is worth in EUR" in error.value.hint


def row(**changes: Any) -> Row:
    values: dict[str, Any] = {
        "item": "default", "what": "pue", "low": 1.0, "mode": 2.0, "high": 3.0, "unit": "factor", "source": "s",
        "url": None, "date": TODAY, "note": "n", "is_own": False, "checked": TODAY,
    }  # fmt: skip
    return Row(**{**values, **changes})


@pytest.mark.parametrize(
    ("changes", "provenance", "key"),
    [
        ({}, Provenance.DEFAULT, "x"),
        ({"is_own": True}, Provenance.CATALOGUE, "x"),
        ({"item": "h100"}, Provenance.CATALOGUE, "catalogue.h100.pue"),
    ],
)
def test_a_row_says_whether_it_is_an_assumption(
    changes: dict[str, Any], provenance: Provenance, key: str
) -> None:
    found = book(scenario()).catalogued(Asked("x", "x", "factor"), row(**changes))
    assert (found.provenance, found.key, found.note) == (provenance, key, "n")


def test_a_row_that_nobody_checked_says_so() -> None:
    found = book(scenario()).catalogued(Asked("x", "x", "factor"), row(checked=None))
    assert found.note == "to be checked; n"


def test_your_number_goes_before_the_catalogues() -> None:
    mine = Book(scenario(), Catalog((row(),)), TODAY)
    asked = Asked("x", "x", "factor")
    assert mine.assumed(asked, None, "pue").mode == 2
    assert mine.assumed(asked, quantity(value=5), "pue").mode == 5
    with pytest.raises(ConfigError, match="no default 'headroom'"):
        mine.assumed(asked, None, "headroom")


@pytest.mark.parametrize(("days", "is_old"), [(180, False), (181, True)])
def test_sources_older_than_180_days_are_old(days: int, is_old: bool) -> None:
    date = TODAY - datetime.timedelta(days)
    mine = book(scenario())
    assert mine.yours(COST, quantity(value=1, date=date)).is_old is is_old
    assert mine.catalogued(COST, row(unit="USD", date=date)).is_old is is_old
    assert mine.yours(COST, quantity(value=1)).is_old is False


def test_unknown_hardware_is_told_with_the_nearest() -> None:
    with pytest.raises(
        ConfigError, match=r"option 'o': hardware 'h100-sx' is not in the catalogue"
    ) as error:
        book(scenario()).hardware("o", "h100-sx")
    assert "h100-sxm" in error.value.hint
    assert book(scenario()).hardware("o", "H100-SXM") == "H100-SXM"
