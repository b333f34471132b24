"""What runs say: means over tasks with honest intervals, and which hosts are inside."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.analysis.tco.evidence import hosts_of, is_inside, model_spec, weighted_mean
from tests.scenarios import quality_run, right, vendor_run, with_models

SCORES = st.lists(st.floats(0, 1), min_size=1, max_size=30)


@pytest.mark.parametrize(
    ("host", "inside"),
    [
        ("localhost:8000", True),
        ("127.0.0.1:8000", True),
        ("10.1.2.3:443", True),
        ("192.168.0.7", True),
        ("172.16.0.1:80", True),
        ("[::1]:8000", True),
        ("[fd00::1]:8000", True),
        ("172.32.0.1:80", False),
        ("8.8.8.8:443", False),
        ("[2001:4860:4860::8888]:443", False),
        ("api.openai.com:443", False),
        ("localhost.example.com:443", False),
        ("llm.internal:8000", False),  # a name tells nothing about where it is
    ],
)
def test_only_private_addresses_are_inside(host: str, inside: bool) -> None:
    assert is_inside(host) is inside


def test_the_last_run_config_counts() -> None:
    first = with_models(vendor_run(), gpt={"source": "gpt-old"})
    last = with_models(vendor_run(), gpt={"source": "gpt-new"})
    found = model_spec([first, last], "gpt")
    assert found is not None
    assert found.source == "gpt-new"
    assert model_spec([first], "other") is None
    assert hosts_of([first], "gpt") == ("api.example.com:443",)
    assert hosts_of([quality_run({"open": right(4, 0.5)}, apis=())], "open") == ()


def mean(
    values: dict[str, list[float]], weights: dict[str, float] | None = None
) -> tuple[float, ...]:
    e = weighted_mean(values, weights, "share", is_share=True)
    assert e.value is not None
    assert e.low is not None
    assert e.high is not None
    return e.value, e.low, e.high


def test_tasks_count_the_same_however_many_docs_they_have() -> None:
    value, _, _ = mean({"a": [1.0] * 100, "b": [0.0] * 10})
    assert value == 0.5
    assert mean({"a": [1.0] * 100, "b": [0.0] * 10}, {"a": 3, "b": 1})[0] == 0.75
    assert mean({"a": [1.0] * 100, "b": [0.0] * 10}, {"b": 2})[0] == 0


def test_what_was_always_right_is_not_certain() -> None:
    value, low, high = mean({"a": [1.0] * 10})
    assert (value, high) == (1, 1)
    assert low < 0.9


def test_nothing_measured_is_no_mean() -> None:
    for values, weights in (({}, None), ({"a": []}, None), ({"a": [1.0]}, {"b": 1.0})):
        found = weighted_mean(values, weights, "share", is_share=True)
        assert found.value is None
        assert found.reason


@given(st.dictionaries(st.sampled_from("abc"), SCORES, min_size=1))
def test_a_mean_of_shares_is_a_share_within_its_interval(values: dict[str, list[float]]) -> None:
    value, low, high = mean(values)
    assert 0 <= low <= value + 1e-12
    assert value <= high + 1e-12
    assert high <= 1
    assert value == pytest.approx(np.mean([np.mean(v) for v in values.values()]))


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    rng = np.random.default_rng(0)
    truth = (0.9 + 0.6) / 2
    held = []
    for _ in range(800):
        a, b = (list((rng.random(n) < p).astype(float)) for n, p in ((40, 0.9), (60, 0.6)))
        _, low, high = mean({"a": a, "b": b})
        held.append(low <= truth <= high)
    assert np.mean(held) >= 0.93
