"""Every fact has a unit, a source and a date; the user's rows win; a wrong file is told line by line."""

from __future__ import annotations

import datetime
import math
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.catalog import COLUMNS, OLD_AFTER_DAYS, WHATS, Catalog, Row, load_catalog, to_csv
from evalkit.catalog.read import parse_rows
from evalkit.errors import ConfigError

HEADER = ",".join(COLUMNS)
GOOD = "DE,electricity_price,0.1,0.2,0.3,EUR/kWh,our contract,https://example.org,2026-10-01,until 2028"
SHIPPED = load_catalog()


def problem(text: str | bytes) -> ConfigError:
    data = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(ConfigError) as caught:
        parse_rows(data, "ours.csv", is_own=True)
    return caught.value


def changed(**cells: str) -> str:
    """A file whose only row is a good one with some cells changed."""
    row = dict(zip(COLUMNS, GOOD.split(","), strict=True)) | cells
    return f"{HEADER}\n{','.join(row.values())}\n"


def own(tmp_path: Path, *rows: str) -> Path:
    path = tmp_path / "ours.csv"
    path.write_text("\n".join((HEADER, *rows)), encoding="utf-8")
    return path


# --- what is shipped ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", SHIPPED.rows, ids=lambda r: f"{r.item} {r.what}")
def test_a_shipped_row_says_where_it_is_from_and_when(row: Row) -> None:
    assert row.what in WHATS
    assert WHATS[row.what].has_unit(row.unit)
    kind = WHATS[row.what]
    assert kind.least <= row.low <= row.mode <= row.high <= kind.most
    assert math.isfinite(row.high)
    assert row.source
    assert (
        row.url or "assumption" in row.source or "definition" in row.source or "list" in row.source
    )
    assert datetime.date(2025, 1, 1) <= row.date <= datetime.datetime.now(datetime.UTC).date()
    assert not row.is_own


@pytest.mark.parametrize("row", SHIPPED.rows, ids=lambda r: f"{r.item} {r.what}")
def test_a_source_is_no_file_that_moves(row: Row) -> None:
    assert row.checked is None or row.checked >= row.date
    url = row.url or ""
    assert "/blob/master/" not in url
    assert "/main/" not in url or row.is_to_be_checked


def test_an_assumption_is_not_to_be_checked_and_an_unopened_source_is() -> None:
    by_what = {row.what: row for row in SHIPPED.rows if row.item == "default"}
    assert not by_what["outage_share"].is_to_be_checked
    assert by_what["licence_per_gpu_year"].is_to_be_checked
    assert not by_what["pue"].is_to_be_checked


def test_a_hyperscaler_asks_more_than_a_gpu_cloud() -> None:
    items = SHIPPED.items("gpu_hour_hyperscaler")
    assert {"h100-sxm", "h200-sxm", "b200", "a100-sxm", "l40s", "mi300x"} <= set(items)
    for item in items:
        cloud, hyperscaler = (
            SHIPPED.find(item, what) for what in ("gpu_hour_on_demand", "gpu_hour_hyperscaler")
        )
        assert cloud is not None
        assert hyperscaler is not None
        assert cloud.mode < hyperscaler.mode


def test_every_reserved_rent_says_its_term() -> None:
    for item in SHIPPED.items("gpu_hour_reserved"):
        row = SHIPPED.find(item, "gpu_hour_reserved")
        assert row is not None
        assert "year" in row.note


def test_a_card_is_no_server() -> None:
    assert set(SHIPPED.items("card_price")) == {"a100-sxm", "rtx-5090", "rtx-pro-6000"}
    assert not set(SHIPPED.items("card_price")) & set(SHIPPED.items("server_price"))


def test_colocation_is_priced_by_power_with_a_range() -> None:
    row = SHIPPED.find("default", "hosting_per_kw_month")
    assert row is not None
    assert (row.low, row.mode, row.high, row.unit) == (115, 180, 300, "USD/kW-month")


def test_each_shipped_item_and_kind_is_there_once() -> None:
    keys = [(row.item, row.what) for row in SHIPPED.rows]
    assert len(set(keys)) == len(keys)


def test_every_common_gpu_can_be_rented_or_bought() -> None:
    gpus = {
        *(
            "h100-sxm",
            "h200-sxm",
            "b200",
            "b300",
            "gb200",
            "mi300x",
            "mi325x",
            "mi355x",
            "a100-sxm",
        ),
        *("l40s", "l4", "rtx-5090", "rtx-pro-6000"),
    }
    assert set(SHIPPED.items("memory_gb")) == gpus
    for gpu in gpus:
        prices = ("server_price", "gpu_hour_on_demand", "gpu_hour_reserved")
        assert any(SHIPPED.find(gpu, what) for what in prices), gpu


def test_a_server_with_a_price_says_how_many_gpus_it_has() -> None:
    for item in SHIPPED.items("server_price"):
        assert SHIPPED.find(item, "gpus_per_server") is not None


def test_every_parameter_of_the_cost_model_has_a_default() -> None:
    kinds = {what for what, kind in WHATS.items() if kind.group == "defaults"}
    assert {row.what for row in SHIPPED.rows if row.item == "default"} == kinds


def test_only_a_change_of_prices_may_be_negative() -> None:
    assert {what for what, kind in WHATS.items() if kind.least < 0} == {
        "rent_change",
        "hardware_price_change",
    }
    row = SHIPPED.find("default", "rent_change")
    assert row is not None
    assert row.low < 0 < row.high


def test_staff_and_adoption_have_no_default_by_design() -> None:
    assert not [what for what in WHATS if "staff" in what or "adoption" in what]


def test_power_of_machines_leaves_cooling_to_the_pue() -> None:
    """The all-in 1730 W that circulate for an H100 hold the site's cooling, which the PUE adds."""
    row = SHIPPED.find("h100-sxm", "load_power_w")
    assert row is not None
    assert row.high < 1730


# --- looking up ---------------------------------------------------------------------------------------------------


def test_items_are_found_in_upper_and_lower_case() -> None:
    row = SHIPPED.find("h100-sxm", "memory_gb")
    assert row is not None
    assert SHIPPED.find("H100-SXM", "memory_gb") == row
    assert SHIPPED.find("de", "electricity_price") is not None


def test_a_fact_nobody_published_is_none() -> None:
    assert SHIPPED.find("h100-sxm", "idle_power_w") is None
    assert SHIPPED.find("abacus", "memory_gb") is None


def test_items_can_be_asked_for_by_kind() -> None:
    assert "DE" in SHIPPED.items("electricity_price")
    assert "h100-sxm" not in SHIPPED.items("electricity_price")
    assert set(SHIPPED.items()) > set(SHIPPED.items("server_price"))


def test_a_row_is_old_after_180_days() -> None:
    row = SHIPPED.rows[0]
    assert OLD_AFTER_DAYS == 180
    assert not row.is_old(row.date + datetime.timedelta(days=180))
    assert row.is_old(row.date + datetime.timedelta(days=181))
    assert not row.is_old(row.date - datetime.timedelta(days=1))


# --- the user's rows ----------------------------------------------------------------------------------------------


def test_the_users_row_wins(tmp_path: Path) -> None:
    catalog = load_catalog(own(tmp_path, GOOD))
    row = catalog.find("DE", "electricity_price")
    assert row is not None
    assert (row.low, row.mode, row.high, row.is_own) == (0.1, 0.2, 0.3, True)
    assert row.date == datetime.date(2026, 10, 1)
    assert row.url == "https://example.org"
    assert len(catalog.rows) == len(SHIPPED.rows)


def test_the_users_row_wins_whatever_its_case(tmp_path: Path) -> None:
    catalog = load_catalog(own(tmp_path, GOOD.replace("DE,", "de,")))
    assert len(catalog.rows) == len(SHIPPED.rows)
    assert catalog.find("DE", "electricity_price").mode == 0.2  # type: ignore[union-attr]


def test_the_user_may_add_rows(tmp_path: Path) -> None:
    catalog = load_catalog(
        own(tmp_path, "our-box,idle_power_w,,90,,W/GPU,measured at the socket,,2026-11-01,")
    )
    row = catalog.find("our-box", "idle_power_w")
    assert row is not None
    assert (row.low, row.mode, row.high, row.url, row.note) == (90, 90, 90, None, "")
    assert len(catalog.rows) == len(SHIPPED.rows) + 1


def test_any_currency_is_taken_where_the_unit_is_money() -> None:
    (row,) = parse_rows(changed(unit="CHF/kWh").encode(), "ours.csv", is_own=True)
    assert row.unit == "CHF/kWh"


# --- the format ---------------------------------------------------------------------------------------------------


def test_shipped_rows_survive_printing_and_reading() -> None:
    read = parse_rows(to_csv(SHIPPED.rows).encode(), "all.csv", is_own=False)
    assert Catalog(read) == SHIPPED


texts = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=20).map(str.strip)
names = texts.filter(bool)


@given(
    st.lists(
        st.builds(
            Row,
            item=names,
            what=st.just("server_price"),
            low=st.floats(0, 1e6),
            mode=st.floats(1e6, 1e7),
            high=st.floats(1e7, allow_infinity=False),
            unit=st.text(string.ascii_uppercase, min_size=3, max_size=3).map("{}/server".format),
            source=names,
            url=st.sampled_from([None, "https://example.org/?a,b"]),
            date=st.dates(datetime.date(1000, 1, 1)),
            checked=st.none() | st.dates(datetime.date(1000, 1, 1)),
            note=texts,
            is_own=st.just(True),
        ),
        unique_by=lambda row: row.item.casefold(),
        max_size=4,
    )
)
def test_every_row_survives_printing_and_reading(rows: list[Row]) -> None:
    assert list(parse_rows(to_csv(rows).encode(), "ours.csv", is_own=True)) == rows


@given(st.binary(max_size=300))
def test_no_file_makes_a_traceback(data: bytes) -> None:
    for text in (data, HEADER.encode() + b"\n" + data):
        try:
            parse_rows(text, "ours.csv", is_own=True)
        except ConfigError as error:
            assert error.message.startswith("ours.csv:")  # noqa: PT017


def test_a_german_spreadsheets_file_is_read() -> None:
    text = (
        "\ufeffitem;what;low;mode;high;unit;source;url;date;note\r\n"
        "DE;electricity_price;0,15;0,19;0,2;EUR/kWh;Vertrag;;23.11.2026;bis 2028, fest\r\n"
        "h100-sxm;server_price;250000;300.000,50;1.320.000;EUR/server;Angebot;;2026-11-01;\r\n"
        ";;;;;;;;;\r\n"
    )
    power, server = parse_rows(text.encode(), "ours.csv", is_own=True)
    assert (power.low, power.mode, power.high) == (0.15, 0.19, 0.2)
    assert power.date == datetime.date(2026, 11, 23)
    assert power.note == "bis 2028, fest"
    assert (server.low, server.mode, server.high) == (250_000, 300_000.5, 1_320_000)


def test_a_dot_that_may_be_for_thousands_is_refused() -> None:
    text = changed(low="0.1", mode="0.19").replace(",", ";")
    (row,) = parse_rows(text.encode(), "ours.csv", is_own=True)
    assert (row.low, row.mode) == (0.1, 0.19)
    text = changed(what="server_price", unit="EUR/server", low="", mode="320.000", high="")
    message = problem(text.replace(",", ";")).message
    assert message.startswith("ours.csv:2: mode: '320.000' may be 320000 or 320")


def test_the_day_a_source_was_checked_may_be_given_or_left_out() -> None:
    text = f"{HEADER},checked\n{GOOD},2026-12-01\n{GOOD.replace('DE', 'FR')},\n"
    (first, second) = parse_rows(text.encode(), "ours.csv", is_own=True)
    assert first.checked == datetime.date(2026, 12, 1)
    assert second.checked is None
    assert problem(text.replace("2026-12-01", "soon")).message == (
        "ours.csv:2: checked: 'soon' is not a date such as 2026-11-23."
    )


def test_columns_may_come_in_any_order_and_case() -> None:
    cells = GOOD.split(",")
    text = f"{','.join(c.title() for c in reversed(COLUMNS))}\n{','.join(reversed(cells))}\n"
    (row,) = parse_rows(text.encode(), "ours.csv", is_own=True)
    assert (row.item, row.mode) == ("DE", 0.2)


# --- what is refused ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"mode": "cheap"}, "ours.csv:2: mode: 'cheap' is not a number."),
        ({"mode": ""}, "ours.csv:2: mode: '' is not a number."),
        ({"mode": "1_000"}, "ours.csv:2: mode: '1_000' is not a number."),
        ({"low": "nan"}, "ours.csv:2: low: 'nan' is not a number."),
        ({"high": "inf"}, "ours.csv:2: high: 'inf' is not a number."),
        ({"high": "1e999"}, "ours.csv:2: high: '1e999' is not a finite number."),
        ({"low": "-0.1"}, "ours.csv:2: low: -0.1 is less than 0."),
        ({"low": "0.25"}, "ours.csv:2: low: 0.25 is more than mode, 0.2."),
        ({"high": "0.15"}, "ours.csv:2: high: 0.15 is less than mode, 0.2."),
        (
            {"unit": "EUR/MWh"},
            "ours.csv:2: unit: 'EUR/MWh' does not fit; expected such as 'USD/kWh'.",
        ),
        ({"unit": "€/kWh"}, "ours.csv:2: unit: '€/kWh' does not fit; expected such as 'USD/kWh'."),
        ({"date": "2026-02-30"}, "ours.csv:2: date: '2026-02-30' is no day of the calendar."),
        ({"date": "1.10.2026"}, "ours.csv:2: date: '1.10.2026' is not a date such as 2026-11-23."),
        ({"date": ""}, "ours.csv:2: date: '' is not a date such as 2026-11-23."),
        ({"item": ""}, "ours.csv:2: item: must not be empty."),
        ({"source": ""}, "ours.csv:2: source: must not be empty."),
        (
            {"url": "javascript:alert(1)"},
            "ours.csv:2: url: 'javascript:alert(1)' does not begin with https:// or http://.",
        ),
        (
            {"what": "rent_change", "unit": "share/year", "low": "-30"},
            "ours.csv:2: low: -30 is less than -0.9.",
        ),
        (
            {"what": "pue", "unit": "factor"},
            "ours.csv:2: mode: 0.2 is less than 1.",
        ),
        (
            {"what": "headroom", "unit": "share", "mode": "80", "high": "90"},
            "ours.csv:2: mode: 80 is more than 1; half is 0.5.",
        ),
    ],
)
def test_a_wrong_cell_names_file_line_column_and_value(cells: dict[str, str], message: str) -> None:
    assert problem(changed(**cells)).message == message


def test_an_unknown_kind_gets_the_nearest() -> None:
    message = problem(changed(what="electricity_prise")).message
    assert message.startswith("ours.csv:2: what: 'electricity_prise' is not known.")
    assert "Did you mean 'electricity_price'?" in message
    assert "There are server_price" in problem(changed(what="salary")).message


def test_a_missing_column_gets_the_nearest() -> None:
    error = problem(changed().replace("source", "sorce", 1))
    assert error.message == "ours.csv:1: column 'source' is missing."
    assert error.hint == "Did you mean 'sorce'?"
    assert problem("").message == "ours.csv:1: column 'item' is missing."


def test_a_column_that_is_there_twice_is_told() -> None:
    assert problem(f"{HEADER},mode\n").message == "ours.csv:1: column 'mode' is there twice."


def test_a_comma_without_quotes_is_told() -> None:
    message = problem(f"{HEADER}\n{GOOD}, or so\n").message
    assert message.startswith("ours.csv:2: line: has 11 fields, the header has 10")


def test_the_same_fact_twice_names_both_lines() -> None:
    message = problem(
        f"{HEADER}\n{GOOD}\n\n{GOOD.lower().replace('eur', 'EUR').replace('kwh', 'kWh')}\n"
    ).message
    assert message == "ours.csv:4: item: 'de' with 'electricity_price' is in line 2 too."


def test_all_problems_are_told_at_once() -> None:
    bad = GOOD.replace("0.3", "x")
    assert problem(f"{HEADER}\n{bad}\n{GOOD}\n{bad}\n").message.splitlines() == [
        "ours.csv:2: high: 'x' is not a number.",
        "ours.csv:4: high: 'x' is not a number.",
    ]


def test_lines_are_counted_where_rows_begin() -> None:
    text = f'{HEADER}\n{GOOD[: GOOD.rindex(",")]},"two\nlines"\n{GOOD.replace("0.3", "x")}\n'
    assert (
        problem(text.replace("DE,", "FR,", 1)).message == "ours.csv:4: high: 'x' is not a number."
    )


def test_text_that_is_not_utf8_names_its_line() -> None:
    error = problem(changed(note="für uns").encode("cp1252"))
    assert error.message == "ours.csv:2: not UTF-8 text (byte 0xfc)."
    assert "CSV UTF-8" in error.hint


def test_a_quote_that_never_ends_names_its_line() -> None:
    assert problem(changed(note='"never ends')).message.startswith("ours.csv:2: not CSV: ")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.csv: no such file\."):
        load_catalog(tmp_path / "none.csv")
    with pytest.raises(ConfigError, match="can't be read"):
        load_catalog(tmp_path)
