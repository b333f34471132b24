"""A bound as it is printed: never surer than it is, and on the same side of the margin as in the numbers."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.metrics.catalogue.gate import GATE
from evalkit.report.gate.amounts import (
    allowed,
    bound,
    change,
    change_range,
    confidence_words,
    outward,
    signed,
    value_words,
)
from tests.gates import latency, rule

values = st.floats(-200, 200, allow_nan=False)


def number(shown: str) -> float:
    return float(shown.replace(",", ""))


@given(values, st.sampled_from([0.0, 2.0, 10.0]), st.integers(0, 3))
def test_an_upper_bound_is_never_rounded_down(value: float, limit: float, digits: int) -> None:
    assert number(outward(value, (0.0, limit), digits, up=True)) >= value - 1e-6


@given(values, st.sampled_from([0.0, 2.0, 10.0]), st.integers(0, 3))
def test_a_lower_bound_is_never_rounded_up(value: float, limit: float, digits: int) -> None:
    assert number(outward(value, (0.0, limit), digits, up=False)) <= value + 1e-6


@given(values, st.booleans())
def test_a_bound_stays_on_its_side_of_the_margin(value: float, up: bool) -> None:
    shown = number(outward(value, (0.0, 2.0), 1, up=up))
    for limit in (0.0, 2.0):
        if abs(value - limit) > 1e-4:
            assert (shown > limit) == (value > limit)
            assert (shown < limit) == (value < limit)


def test_round_numbers_are_not_tipped_over_by_binary_fractions() -> None:
    assert outward(100 * 0.013, (), 1, up=True) == "1.3"
    assert outward(100 * 0.29, (), 1, up=False) == "29.0"


def test_a_bound_beside_the_margin_gets_the_digits_that_tell_them_apart() -> None:
    assert change(rule(), 0.02004, up=False) == "2.004 points worse"
    assert change(rule(), 0.01996, up=True) == "1.996 points worse"
    assert change(rule(), -0.0002, up=True) == "0.02 points better"


@pytest.mark.parametrize(
    ("changes", "worse", "better"),
    [
        ({}, "3.0 points worse", "3.0 points better"),
        ({"metric": "macro_mean"}, "3.0 points worse", "3.0 points better"),
        ({"metric": "refusals"}, "3.0 points more", "3.0 points fewer"),
        ({"metric": "unheard_of"}, "3.0 points worse", "3.0 points better"),
    ],
)
def test_points_say_what_is_worse(changes: dict[str, str], worse: str, better: str) -> None:
    assert (change(rule(**changes), 0.03), change(rule(**changes), -0.03)) == (worse, better)


@pytest.mark.parametrize(
    ("metric", "worse", "better"),
    [
        ("ttft_p50", "3.0 % slower", "3.0 % faster"),
        ("tpot_p95", "3.0 % slower", "3.0 % faster"),
        ("e2e_p95", "3.0 % slower", "3.0 % faster"),
        ("throughput_at_slo", "3.0 % less throughput", "3.0 % more throughput"),
        ("peak_memory", "3.0 % more memory", "3.0 % less memory"),
        ("energy_per_token", "3.0 % more energy", "3.0 % less energy"),
        ("cost_per_correct", "3.0 % more expensive", "3.0 % cheaper"),
        ("unheard_of", "3.0 % worse", "3.0 % better"),
    ],
)
def test_relative_changes_say_what_is_worse(metric: str, worse: str, better: str) -> None:
    r = latency(metric=metric)
    assert (change(r, 0.03), change(r, -0.03)) == (worse, better)


def test_no_change_is_neither() -> None:
    assert change(rule(), 0.0) == change(rule(), 0.0, up=True) == "no change"


@pytest.mark.parametrize(
    ("least", "most", "words"),
    [
        (-0.012, 0.034, "between 1.2 points better and 3.4 points worse"),
        (0.003, 0.034, "0.3 to 3.4 points worse"),
        (-0.05, -0.008, "0.8 to 5.0 points better"),
        (0.0, 0.034, "between no change and 3.4 points worse"),
        (-1e-17, 1e-17, "no change"),
        (1e-17, 0.034, "between no change and 3.4 points worse"),
        (-11.0, -0.008, "0.8 to 1,100.0 points better"),
    ],
)
def test_a_range_says_its_direction_once(least: float, most: float, words: str) -> None:
    assert change_range(rule(), least, most) == words


def test_margins_are_told_as_they_were_written() -> None:
    assert allowed(rule(margin=0.02)) == "2"
    assert allowed(rule(margin=0.0125)) == "1.25"
    assert allowed(latency(margin=0.1)) == "10 %"
    assert allowed(rule(margin=0.0)) == "0"
    assert allowed(latency(margin=0.30505499)) == "30.5 %"
    assert allowed(rule(margin=None)) == "–"
    assert confidence_words(0.975) == "97.5 %"


@pytest.mark.parametrize(
    ("metric", "value", "up", "words"),
    [
        ("accuracy", 0.63123, False, "63.1 %"),
        ("ttft_p50", 0.44601, True, "447 ms"),
        ("peak_memory", 2.1e9, True, "2,100 MB"),
        ("throughput_at_slo", 11.87, False, "11.8 requests/s"),
        ("energy_per_token", 0.2, True, "0.200 J/token"),
        ("cost_per_correct", 0.00213, True, "$0.00213"),
        ("accuracy", 0.0, False, "0 %"),
    ],
)
def test_bounds_of_a_value_are_in_the_unit_of_the_limit(
    metric: str, value: float, up: bool, words: str
) -> None:
    assert bound(rule(metric=metric, kind="at_least", margin=None), value, up=up) == words


@pytest.mark.parametrize("metric", [*GATE, "unheard_of"])
def test_a_missing_value_stays_missing(metric: str) -> None:
    assert value_words(metric, None) == value_words(metric, math.nan) == "–"
    assert value_words(metric, 0.5) != "–"


def test_a_missing_damage_stays_missing() -> None:
    assert signed(rule(), None) == signed(rule(), math.inf) == "–"
    assert signed(rule(), -0.012) == "−1.2"
    assert signed(latency(), 0.04) == "+4.0 %"
    assert signed(rule(), 0.0) == signed(rule(), -0.0) == signed(rule(), -0.0001) == "+0.0"
    assert signed(rule(), 12.346) == "+1,235"


@given(values)
def test_a_bound_with_its_sign_is_the_one_of_the_sentence(value: float) -> None:
    """The chart and the table say what the sentence says."""
    for up in (False, True):
        shown = signed(rule(), value / 100, up=up).replace("−", "-")
        assert (number(shown) - value) * (1 if up else -1) >= -1e-6
        if abs(value) < 99:
            assert shown.lstrip("+-") in change(rule(), value / 100, up=up) or not number(shown)
