"""What runs say: means over tasks, and which hosts are inside."""

from __future__ import annotations

import pytest

from evalkit.analysis.tco.evidence import hosts_of, is_inside, model_spec, weighted_mean
from tests.scenarios import quality_run, right, vendor_run, with_models


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


def test_tasks_count_the_same_however_many_requests_they_have() -> None:
    many = {"a": [1.0] * 100, "b": [0.0] * 10}
    assert weighted_mean(many, None, "tokens").value == 0.5
    assert weighted_mean(many, {"a": 3, "b": 1}, "tokens").value == 0.75
    assert weighted_mean(many, {"b": 2}, "tokens").value == 0


def test_one_value_has_no_interval_and_none_no_mean() -> None:
    one = weighted_mean({"a": [3.0], "b": [1.0, 2.0]}, None, "tokens")
    assert (one.value, one.low) == (2.25, None)
    assert one.reason
    for values, weights in (({}, None), ({"a": []}, None), ({"a": [1.0]}, {"b": 1.0})):
        found = weighted_mean(values, weights, "tokens")
        assert found.value is None
        assert found.reason
