"""Cost formulas against sums done by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.analysis.tco.formulas import (
    capital_recovery_factor,
    cumulated,
    during,
    energy_kw,
    kept,
    owned_cost_per_year,
    payback_month,
    servers_needed,
    split_per_mtok,
    worth_left,
)

RATES = st.floats(0, 0.5)
LIVES = st.floats(0.25, 50)


def test_annuity_by_hand() -> None:
    assert float(capital_recovery_factor(0.05, 4)) == pytest.approx(0.28201183, abs=1e-8)
    assert float(capital_recovery_factor(0.1, 1)) == pytest.approx(1.1)
    assert capital_recovery_factor(0, 4) == 0.25
    assert capital_recovery_factor(0, [4, 5, 0.5]).tolist() == [0.25, 0.2, 2]


def test_what_is_left_at_the_end_is_worth_less_today() -> None:
    """20 % of 100,000 after four years at 5 % is 16,454.05 today."""
    worth = 100_000 - 20_000 / 1.05**4
    assert float(owned_cost_per_year(100_000, 20_000, 0.05, 4)) == pytest.approx(worth * 0.28201183)
    assert owned_cost_per_year(100_000, 20_000, 0, 4) == 20_000
    assert owned_cost_per_year(100_000, 100_000, 0, 4) == 0


@given(RATES, st.integers(1, 30))
def test_annuities_are_worth_the_price(rate: float, years: int) -> None:
    """Paid at the end of each year, they have the price as their present value."""
    each = float(capital_recovery_factor(rate, years))
    worth = sum(each / (1 + rate) ** year for year in range(1, years + 1))
    assert worth == pytest.approx(1, rel=1e-9)


@given(LIVES)
def test_an_annuity_is_continuous_at_no_interest(years: float) -> None:
    assert float(capital_recovery_factor(1e-12, years)) == pytest.approx(1 / years, rel=1e-9)


@given(RATES, RATES, LIVES)
def test_interest_makes_a_purchase_dearer(one: float, other: float, years: float) -> None:
    low, high = sorted((one, other))
    cheap, dear = capital_recovery_factor(low, years), capital_recovery_factor(high, years)
    assert cheap <= dear * (1 + 1e-12)


def test_discounting_by_hand() -> None:
    paid = np.diff(cumulated([7.0, *[100.0] * 12], 0.21))
    assert paid[[5, 11]] == pytest.approx([100 / 1.1, 100 / 1.21])
    assert cumulated([0.0, 1.0, 2.0, 3.0], 0).tolist() == [0, 1, 3, 6]


def test_what_is_paid_once_can_differ_from_draw_to_draw() -> None:
    found = cumulated(np.array([[5.0, 1, 1], [7.0, 1, 1]]), np.array([[0.0], [0.0]]))
    assert found.tolist() == [[5, 6, 7], [7, 8, 9]]


def test_what_is_bought_stays_for_its_life_and_is_bought_again_if_needed() -> None:
    """Three for the first months, one later: in month 4 one is bought for the three whose life is over."""
    there, taken = kept([3.0, 3, 1, 1, 1], 3)
    assert there.tolist() == [3, 3, 3, 1, 1]
    assert taken.tolist() == [3, 0, 0, 1, 0]
    there, taken = kept([1.0, 2, 2, 2], np.array([[2], [9]]))
    assert taken.tolist() == [[1, 1, 1, 1], [1, 1, 0, 0]]
    assert there.tolist() == [[1, 2, 2, 2], [1, 2, 2, 2]]
    assert during(taken, np.array([[2], [9]])).tolist() == there.tolist()


def test_a_used_machine_brings_a_part_of_its_book_value_and_its_residual_value_at_the_end() -> None:
    """A year old of four, 20 % residual: the book says 0.2 + 0.8 · 0.75 = 0.8 of the price."""
    assert worth_left(12, 48, 0.2, 1.0) == pytest.approx(0.8)
    assert worth_left(12, 48, 0.2, 0.5) == pytest.approx(0.5)
    assert worth_left(48, 48, 0.2, 0.5) == worth_left(60, 48, 0.2, 0.5) == pytest.approx(0.2)
    assert worth_left(12, 48, 0.0, 0.0) == 0


def test_power_is_idle_power_of_all_and_work_of_the_busy() -> None:
    """Eight GPUs at 100 W, of which two work half of the time at 700 W."""
    assert float(energy_kw(8, 2, 100, 700, 0.5)) == pytest.approx(1.4)
    assert float(energy_kw(4, 4, 100, 700, 0.25)) == pytest.approx(4 * (75 + 175) / 1000)
    assert float(energy_kw(1, 1, 300, 200, 1)) == 0.3  # more idle than under load: no credit


@pytest.mark.parametrize(
    ("replicas", "per_replica", "per_server", "servers"),
    [(1, 1, 8, 1), (8, 1, 8, 1), (9, 1, 8, 2), (3, 4, 8, 2), (1, 16, 8, 2), (0, 1, 8, 0)],
)
def test_servers_hold_the_replicas(
    replicas: int, per_replica: int, per_server: int, servers: int
) -> None:
    assert servers_needed(replicas, per_replica, per_server) == servers


@given(st.floats(0.01, 1e4), st.floats(0.1, 1e5), st.floats(0.1, 1e5), st.floats(0.01, 100))
def test_an_allocation_adds_up_at_any_ratio(
    hourly: float, per_s_in: float, per_s_out: float, ratio: float
) -> None:
    paid_in, paid_out = split_per_mtok(hourly, per_s_in, per_s_out, ratio)
    whole = (paid_in * per_s_in + paid_out * per_s_out) * 3600 / 1e6
    assert float(whole) == pytest.approx(hourly)
    assert float(paid_out) == pytest.approx(float(paid_in) * ratio)


def test_payback_by_hand() -> None:
    """1000 once and 10 a month against 60 a month: after 20 months both have cost 1200."""
    months = np.arange(37)
    own, api = 1000 + 10.0 * months, 60.0 * months
    assert payback_month(own, api) == 20
    assert payback_month(own[:20], api[:20]) == np.inf
    assert payback_month(np.stack([own, api]), np.stack([api, own])).tolist() == [20, np.inf]


def test_nothing_to_pay_back_is_paid_back_at_once_if_it_stays_so() -> None:
    months = np.arange(13.0)
    assert payback_month(months, 2 * months) == 0
    assert payback_month(2 * months, months) == np.inf  # equal at the start only
    assert payback_month(months, months) == 0
