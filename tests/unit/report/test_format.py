"""Numbers as text: three figures, in units, never as a power of ten, and a real minus."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.report import format as text


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (999.4, "999"),
        (999.7, "1 k"),
        (999_700.0, "1 M"),
        (999_960_000.0, "1 B"),
        (1e12, "1,000 B"),
        (-1234.0, "−1.23 k"),
        (0.004, "0.004"),
        (0.0, "0"),
    ],
)
def test_a_number_beside_an_axis_goes_on_to_the_next_unit(value: float, shown: str) -> None:
    assert text.compact(value) == shown


def test_a_fast_model_has_a_rate_in_digits() -> None:
    assert text.rate(2512.0, "tokens/s") == "2,512 tokens/s"
    assert text.rate(43.21, "tokens/s") == "43.2 tokens/s"
    assert text.rate(None, "tokens/s") == "–"


def test_a_unit_is_left_before_its_number_is_rounded_to_a_thousand() -> None:
    assert text.seconds(0.9996) == "1.00 s"
    assert text.size(999_900_000) == "1.00 GB"
    assert text.big_count(999_900_000) == "1.0 B"
    assert text.energy(999.9) == "1.00 kJ"


def test_a_negative_number_has_a_minus_and_zero_has_none() -> None:
    assert text.signed(-0.51) == "−0.5"
    assert text.points(-0.014) == "−1.4"
    assert text.points(-0.0001) == text.points(0.0001) == "+0.0"
    assert text.signed(-0.01) == "+0.0"


@given(st.floats(0.001, 1e15))
def test_no_number_is_a_power_of_ten(value: float) -> None:
    shown = (
        text.compact(value),
        text.rate(value, "a"),
        text.seconds(value),
        text.three(value),
        text.three(-value),
    )
    assert not any("e" in one.removesuffix("a") for one in shown)
