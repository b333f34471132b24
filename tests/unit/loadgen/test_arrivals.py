"""When requests are due."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.errors import ConfigError
from evalkit.loadgen.arrivals import constant, poisson, ramp, read_trace


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


def test_a_trace_starts_at_its_first_request_in_order_of_time(tmp_path: Path) -> None:
    file = tmp_path / "t.jsonl"
    rows = [(7.5, 30), (5.0, 10), (6.0, 20)]
    file.write_text(
        "\n".join(f'{{"timestamp": {t}, "input_tokens": {n}, "output_tokens": 3}}' for t, n in rows)
    )
    assert [(r.at_s, r.input_tokens) for r in read_trace(file)] == [(0, 10), (1, 20), (2.5, 30)]


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("t.csv", "timestamp,input_tokens,output_tokens\n1,2,3\nx,2,3\n", 3),
        ("t.csv", "timestamp,input_tokens,output_tokens\n1,0,3\n", 2),
        ("t.csv", "time,input_tokens,output_tokens\n1,5,3\n", 2),
        ("t.jsonl", '{"timestamp": 1, "input_tokens": 2, "output_tokens": 3}\nnot json\n', 2),
    ],
)
def test_a_broken_trace_names_the_line(tmp_path: Path, name: str, text: str, line: int) -> None:
    file = tmp_path / name
    file.write_text(text)
    with pytest.raises(ConfigError, match=f"{name}:{line}: not a request"):
        read_trace(file)


def test_an_empty_trace_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text("timestamp,input_tokens,output_tokens\n")
    with pytest.raises(ConfigError, match="empty"):
        read_trace(file)
