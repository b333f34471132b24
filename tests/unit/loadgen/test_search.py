"""The search for the highest sustained rate."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.config.bench import ProfileSpec
from evalkit.loadgen.search import MOST_STEPS, Shown, SloSearch
from evalkit.loadgen.sizing import Sizing
from evalkit.records import SearchEnd


def profile(profile_keys: dict[str, object] | None = None, **load: object) -> ProfileSpec:
    known = {"name": "p", "slo": {"ttft_s": 1}, "max_s": 100_000, **(profile_keys or {})}
    return ProfileSpec.model_validate({**known, "load": {"kind": "search", **load}})


def new_search(spec: ProfileSpec) -> SloSearch:
    return SloSearch(spec.load, Sizing(spec))


def run(search: SloSearch, show: Callable[[float], Shown]) -> list[float]:
    """Search on a target; return the rates tried."""
    tried = []
    while (rate := search.next_rate()) is not None:
        tried.append(rate)
        search.tell(rate, show(rate))
    return tried


def searched(capacity: float, **load: object) -> tuple[SloSearch, list[float]]:
    search = new_search(profile(max_minutes=1e6, **load))
    return search, run(search, lambda rate: Shown(passed=rate <= capacity))


def ended(search: SloSearch) -> str:
    assert search.ending is not None
    return search.ending.code


@given(st.floats(0.2, 5000), st.floats(0.1, 100))
def test_it_ends_within_the_tolerance_below_the_capacity(capacity: float, first: float) -> None:
    search, tried = searched(capacity, first_rate=first, tolerance=0.03)
    assert len(tried) < MOST_STEPS
    assert search.passed is not None
    assert capacity / 1.0301 <= search.passed <= capacity
    assert ended(search) == SearchEnd.FOUND


def test_it_never_goes_above_the_highest_rate() -> None:
    search, tried = searched(1000, first_rate=3, max_rate=20)
    assert tried == [3, 6, 12, 20]
    assert (search.passed, search.failed, ended(search)) == (20, None, SearchEnd.HIGHEST)


def test_a_target_that_answers_nothing_ends_it() -> None:
    search, tried = searched(0.0, first_rate=1)
    assert (search.passed, ended(search)) == (None, SearchEnd.NO_ANSWER)
    assert len(tried) <= 12


def test_it_stops_where_evalkit_is_the_bottleneck() -> None:
    search = new_search(profile(first_rate=10))
    search.tell(10, Shown(passed=True))
    search.tell(20, Shown(passed=False, is_valid=False))
    assert search.next_rate() is None
    assert (search.passed, search.failed, ended(search)) == (10, None, SearchEnd.CLIENT)


def test_told_the_same_it_asks_the_same() -> None:
    assert searched(37, first_rate=1)[1] == searched(37, first_rate=1)[1]


def simulated(e2e_s: float, capacity: float, **load: object) -> tuple[SloSearch, list[float]]:
    """Search on a target of known capacity whose answers take so long; each step takes as long as it is planned to."""
    spec = profile({"slo": {"ttft_s": 1, "percentile": 50}}, **load)
    sizing = Sizing(spec)
    search = SloSearch(spec.load, sizing)
    tried = run(
        search,
        lambda rate: Shown(passed=rate <= capacity, e2e_s=e2e_s, took_s=sizing.step_s(rate)),
    )
    return search, tried


def test_a_slow_target_that_never_keeps_the_level_ends_it_in_a_few_steps_and_says_why() -> None:
    search, tried = simulated(3.0, 0.0, first_rate=0.2)
    assert len(tried) <= 4
    assert min(tried) >= 1 / (8 * 3.0)
    assert search.ending is not None
    assert search.ending.code == SearchEnd.NONE_HELD
    assert search.ending.values == {"rate": min(tried), "e2e_s": 3.0}


def test_from_far_above_it_goes_down_to_what_one_request_at_a_time_would_do() -> None:
    search, tried = simulated(10.0, 0.09, first_rate=100, tolerance=0.1, max_minutes=1000)
    assert search.passed is not None
    assert 0.09 / 1.11 <= search.passed <= 0.09
    assert len(tried) <= 12


@pytest.mark.parametrize("minutes", [0.5, 3, 10, 17, 60])
@pytest.mark.parametrize("rate", [0.05, 2.0])
def test_it_never_takes_longer_than_its_time(minutes: float, rate: float) -> None:
    spec = profile(first_rate=rate, tolerance=0.01, max_minutes=minutes)
    sizing = Sizing(spec)
    search = SloSearch(spec.load, sizing)
    spent: list[float] = []

    def show(rate: float) -> Shown:
        spent.append(sizing.step_s(rate))
        assert sizing.windows(0, search.left_s).max_s <= search.left_s
        return Shown(passed=rate <= 9, e2e_s=2.0, took_s=spent[-1])

    run(search, show)
    assert sum(spent) <= minutes * 60
    if search.ending is not None and search.ending.code == SearchEnd.TIME:
        values = search.ending.values
        assert values["next_s"] > values["left_s"]
        assert values["minutes"] == minutes


def test_time_outside_of_steps_counts() -> None:
    search = new_search(profile(first_rate=10, max_minutes=2))
    search.spend(110)
    assert search.next_rate() is None
    assert ended(search) == SearchEnd.TIME


def test_a_target_that_is_still_loaded_by_what_was_given_up_is_not_judged() -> None:
    search = new_search(profile(first_rate=10))
    search.tell(10, Shown(passed=False))
    search.wait(30, is_settled=True)
    assert search.next_rate() is not None
    search.wait(30, is_settled=False)
    assert (search.next_rate(), ended(search)) == (None, SearchEnd.UNSETTLED)


def test_a_step_that_can_not_be_judged_is_no_failure() -> None:
    search = new_search(profile({"max_s": 100}, first_rate=0.1))
    few = Shown(passed=False, is_unclear=True, n=3, n_needed=130)
    search.tell(0.1, few)
    assert (search.failed, search.next_rate()) == (None, 0.4)
    search.tell(0.4, few)
    search.tell(1.6, few)
    assert search.next_rate() is None
    assert search.ending is not None
    assert search.ending.code == SearchEnd.TOO_FEW
    assert search.ending.values == {"rate": 1.6, "n": 3, "needed": 130}


def test_a_rate_in_doubt_is_held_once_more_for_as_many_requests_as_would_tell() -> None:
    search = new_search(profile(first_rate=10))
    search.tell(10, Shown(passed=False, is_unclear=True, n=130, n_needed=480))
    assert (search.next_rate(), search.n_wanted) == (10, 480)
    search.tell(10, Shown(passed=True))
    assert (search.next_rate(), search.n_wanted) == (20, 0)


def test_a_doubt_that_stays_is_steered_by_and_not_believed() -> None:
    """Between 8, sustained, and 16, surely not, everything from 12 on stays in doubt."""
    search = new_search(profile(first_rate=1, tolerance=0.05))

    def show(rate: float) -> Shown:
        is_unclear = 12 <= rate < 16
        return Shown(passed=rate < 12, is_unclear=is_unclear, n=130, n_needed=400)

    tried = run(search, show)
    assert (search.failed, ended(search)) == (16, SearchEnd.IN_DOUBT)
    assert search.passed == pytest.approx(12, rel=0.05)
    assert len(tried) < 20
    assert all(tried.count(rate) <= 2 for rate in tried)


def test_what_can_not_be_measured_ends_it_at_once() -> None:
    search = new_search(profile(first_rate=1))
    search.tell(1, Shown(passed=False, is_unclear=True, n=300, n_needed=None))
    assert (search.next_rate(), ended(search)) == (None, SearchEnd.TOO_FEW)


def test_windows_and_warm_up_follow_how_long_an_answer_takes() -> None:
    sizing = Sizing(profile({"warmup_s": 1, "measure_s": 12, "cooldown_s": 2, "max_s": 400}))
    assert sizing.windows().warmup_s == 1
    sizing.note(8.0)
    w = sizing.windows(most_s=math.inf)
    assert (w.warmup_s, w.measure_s, w.cooldown_s) == (16, 40, 40)
    sizing.note(1000.0)  # the fastest counts
    assert sizing.windows() == w
    slow = Sizing(profile({"warmup_s": 1, "measure_s": 12, "cooldown_s": 2, "max_s": 400}))
    slow.note(1000.0)
    w = slow.windows()
    assert w.warmup_s + w.measure_s + w.cooldown_s <= 400


@pytest.mark.parametrize("load", [{"kind": "ramp", "to_rate": 2}, {"kind": "trace", "file": "t"}])
def test_a_ramp_and_a_trace_keep_their_own_length(load: dict[str, object]) -> None:
    spec = ProfileSpec.model_validate({"name": "p", "load": load, "measure_s": 12})
    sizing = Sizing(spec)
    sizing.note(100.0)
    assert (sizing.windows().warmup_s, sizing.windows().measure_s) == (5, 12)
