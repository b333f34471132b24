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
