"""Numbers and labels of the decision page: money, bounds, and names that do not lie on each other."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.report import format as text
from evalkit.report.decision.cells import between, plain, quantity
from evalkit.report.decision.labels import one_line, spread


@pytest.mark.parametrize(
    ("low", "high", "joined"),
    [
        ("EUR 1,000", "EUR 2,000", "EUR 1,000 to 2,000"),
        ("1.0 %", "2.0 %", "1.0 to 2.0 %"),
        ("EUR 900,000", "EUR 1.20 M", "EUR 900,000 to 1.20 M"),
        ("1.2 M", "2 M", "1.2 to 2 M"),
        ("900 k", "2 M", "900 k to 2 M"),
        ("1", "2", "1 to 2"),
    ],
)
def test_bounds_share_their_unit(low: str, high: str, joined: str) -> None:
    assert between(low, high) == joined


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (12_400.0, "EUR 12,400"),
        (0.000153, "EUR 0.000153"),
        (0.5, "EUR 0.50"),
        (0.1234, "EUR 0.123"),
        (1_240_000.0, "EUR 1.24 M"),
        (999_499.0, "EUR 999,499"),
        (999_999.0, "EUR 1.00 M"),
        (1_234_000_000.0, "EUR 1,234 M"),
        (99.999, "EUR 100"),
        (0.9999, "EUR 1.00"),
        (12.3, "EUR 12.30"),
        (-61_000.0, "EUR −61,000"),
        (0.0, "EUR 0"),
        (None, "–"),
        (math.nan, "–"),
        (math.inf, "–"),
    ],
)
def test_money_is_shown_with_its_currency_and_few_figures(value: float | None, shown: str) -> None:
    assert text.money(value, "EUR") == shown


@given(st.floats(min_value=1e-9, max_value=1e12))
def test_money_is_never_shown_as_nothing_nor_far_off(value: float) -> None:
    shown = text.money(value, "EUR").removeprefix("EUR ").replace(",", "")
    number = float(shown.removesuffix(" M")) * (1e6 if shown.endswith(" M") else 1)
    assert number == pytest.approx(value, rel=0.0051)


@settings(max_examples=50)
@given(st.lists(st.floats(min_value=0, max_value=1), max_size=12))
def test_labels_are_moved_apart_in_their_order(heights: list[float]) -> None:
    placed = spread(heights, 0.07)
    order = sorted(range(len(heights)), key=lambda i: heights[i])
    assert all(placed[b] - placed[a] >= 0.07 - 1e-9 for a, b in pairwise(order))


def test_a_long_name_keeps_its_ends() -> None:
    assert one_line("own-model-number-4-h100-sxm", 15) == "own-mod…100-sxm"
    assert "\n" not in one_line("a\nb\u202e", 9)


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (0.19, "EUR/kWh", "EUR 0.19/kWh"),
        (2.5, "FTE", "2.5 FTE"),
        (0.3, "share/year", "30 %/year"),
        (4.0, "years", "4 years"),
        (None, "years", "–"),
        (math.nan, "EUR", "–"),
    ],
)
def test_quantities_carry_their_unit(value: float | None, unit: str, shown: str) -> None:
    assert quantity(value, unit, "EUR") == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.84, "0.84"), (1234.0, "1,234"), (2_200_000.0, "2.2 M"), (math.inf, "–")],
)
def test_plain_numbers_are_short(value: float, shown: str) -> None:
    assert plain(value) == shown
