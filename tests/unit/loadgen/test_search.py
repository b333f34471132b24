"""The search for the highest sustained rate."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from evalkit.config.bench import LoadSpec
from evalkit.loadgen.search import MOST_STEPS, SloSearch


def searched(capacity: float, **load: float) -> tuple[SloSearch, list[float]]:
    search = SloSearch(LoadSpec.model_validate({"kind": "search", **load}))
    tried = []
    while (rate := search.next_rate()) is not None:
        tried.append(rate)
        search.tell(rate, passed=rate <= capacity)
    return search, tried


@given(st.floats(0.2, 5000), st.floats(0.1, 100))
def test_it_ends_within_the_tolerance_below_the_capacity(capacity: float, first: float) -> None:
    search, tried = searched(capacity, first_rate=first, tolerance=0.03)
    assert len(tried) < MOST_STEPS
    assert search.passed is not None
    assert capacity / 1.0301 <= search.passed <= capacity


def test_it_never_goes_above_the_highest_rate() -> None:
    search, tried = searched(1000, first_rate=3, max_rate=20)
    assert tried == [3, 6, 12, 20]
    assert (search.passed, search.failed) == (20, None)


def test_a_target_that_sustains_nothing_ends_it() -> None:
    search, tried = searched(0.0, first_rate=1)
    assert search.passed is None
    assert len(tried) <= 12


def test_it_stops_where_evalkit_is_the_bottleneck() -> None:
    search = SloSearch(LoadSpec(kind="search", first_rate=10))
    search.tell(10, passed=True)
    search.tell(20, passed=False, is_valid=False)
    assert search.next_rate() is None
    assert (search.passed, search.failed) == (10, None)


def test_told_the_same_it_asks_the_same() -> None:
    assert searched(37, first_rate=1)[1] == searched(37, first_rate=1)[1]


def simulated(e2e_s: float, capacity: float, **load: float) -> tuple[SloSearch, list[float]]:
    """Search on a target of known capacity whose answers take so long; each step holds 20 requests."""
    search = SloSearch(LoadSpec.model_validate({"kind": "search", **load}))
    tried = []
    while (rate := search.next_rate()) is not None:
        tried.append(rate)
        search.tell(rate, passed=rate <= capacity, e2e_s=e2e_s, took_s=20 / rate)
    return search, tried


def test_a_slow_target_that_never_keeps_the_level_ends_it_in_a_few_steps_and_says_why() -> None:
    search, tried = simulated(3.0, 0.0, first_rate=0.2)
    assert len(tried) <= 4
    assert min(tried) >= 1 / (8 * 3.0)
    assert f"at the lowest rate tried, {min(tried):.3g} requests/s" in search.reason
    assert "one answer took 3 s (median)" in search.reason


def test_from_far_above_it_goes_down_to_what_one_request_at_a_time_would_do() -> None:
    search, tried = simulated(10.0, 0.09, first_rate=100, tolerance=0.1, max_minutes=1000)
    assert search.passed is not None
    assert 0.09 / 1.11 <= search.passed <= 0.09
    assert len(tried) <= 12


def test_it_begins_no_step_after_its_time() -> None:
    search, tried = simulated(10.0, 0.09, first_rate=0.05, tolerance=0.01, max_minutes=10)
    assert len(tried) == 2
    assert "took its 10 minutes: raise max_minutes" in search.reason
    assert search.passed == 0.05


def test_a_step_that_can_not_be_judged_is_no_failure() -> None:
    search = SloSearch(LoadSpec(kind="search", first_rate=0.1))
    search.tell(0.1, passed=False, is_unclear=True)
    assert (search.failed, search.next_rate()) == (None, 0.4)
    search.tell(0.4, passed=False, is_unclear=True)
    search.tell(1.6, passed=False, is_unclear=True)
    assert search.next_rate() is None
    assert "too few requests in a step at 1.6 requests/s" in search.reason
