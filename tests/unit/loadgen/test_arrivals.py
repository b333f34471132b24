"""When requests are due."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.loadgen.arrivals import constant, poisson, ramp


def first(times: Iterator[float], n: int) -> list[float]:
    return list(itertools.islice(times, n))


def test_constant_is_evenly_spaced_from_the_start() -> None:
    assert first(constant(4), 5) == [0, 0.25, 0.5, 0.75, 1.0]


def test_poisson_has_exponential_gaps_of_the_right_mean() -> None:
    times = first(poisson(50, Random(1)), 20_000)
    gaps = [b - a for a, b in itertools.pairwise(times)]
    mean = sum(gaps) / len(gaps)
    spread = (sum((g - mean) ** 2 for g in gaps) / len(gaps)) ** 0.5
    assert mean == pytest.approx(0.02, rel=0.03)
    assert spread == pytest.approx(mean, rel=0.03)


def test_poisson_is_the_same_for_the_same_seed() -> None:
    assert first(poisson(3, Random("a")), 9) == first(poisson(3, Random("a")), 9)


@given(st.floats(0.1, 50), st.floats(0.1, 50), st.floats(1, 100))
def test_a_ramp_sends_what_the_area_under_it_says(low: float, high: float, over_s: float) -> None:
    expected = (low + high) / 2 * over_s
    times = itertools.takewhile(lambda t: t < over_s, ramp(low, high, over_s, constant(1.0)))
    n = sum(1 for _ in times)
    assert abs(n - expected) <= 1 + 1e-6 * expected


def test_a_ramp_ends_at_its_last_rate() -> None:
    later = [t for t in first(ramp(1, 10, 4, constant(1.0)), 60) if t > 4]
    assert later[1] - later[0] == pytest.approx(0.1)
