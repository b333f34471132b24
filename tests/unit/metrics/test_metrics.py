"""Formulas against hand-made events and against numpy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.metrics.latency import e2e_latency_s, itl_s, tpot_s, ttft_s
from evalkit.metrics.percentiles import MINIMUM_N, percentile, sample_size
from evalkit.metrics.throughput import busy_s, per_second
from evalkit.records import Attempt, EventKind, TokenEvent
from tests.builders import MS, attempt, request


def test_ttft_is_first_generated_token_minus_send() -> None:
    assert ttft_s(attempt(send_ms=5)) == pytest.approx(0.100)


def test_the_role_chunk_is_not_a_token() -> None:
    events = (TokenEvent(1 * MS, 0, EventKind.ROLE), TokenEvent(90 * MS, 1, EventKind.REASONING))
    assert ttft_s(Attempt(0, 0, "ok", 0, 0, 0, None, 99 * MS, events=events)) == pytest.approx(
        0.090
    )


def test_tpot_leaves_the_first_token_out() -> None:
    assert tpot_s(attempt(), output_tokens=3) == pytest.approx(0.050)


def test_tpot_of_a_single_token_is_missing_not_zero() -> None:
    assert tpot_s(attempt(token_ms=(100,)), output_tokens=1) is None


def test_itl_is_the_gaps() -> None:
    assert itl_s(attempt(token_ms=(100, 130, 200))) == pytest.approx([0.03, 0.07])


def test_e2e_ends_with_the_last_token() -> None:
    assert e2e_latency_s(attempt()) == pytest.approx(0.200)


def test_a_failed_attempt_has_no_latency() -> None:
    failed = attempt(status="error")
    assert ttft_s(failed) is None
    assert e2e_latency_s(failed) is None
    assert itl_s(failed) == []


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=300), st.sampled_from(sorted(MINIMUM_N)))
def test_percentiles_equal_numpys_linear_method(values: list[float], q: int) -> None:
    expected = np.percentile(values, q, method="linear")
    assert percentile(values, q).value == pytest.approx(expected, rel=1e-9, abs=1e-6)


@pytest.mark.parametrize(("q", "floor"), MINIMUM_N.items())
def test_a_percentile_needs_its_minimum_n(q: int, floor: int) -> None:
    assert percentile([1.0] * floor, q).is_supported
    assert not percentile([1.0] * (floor - 1), q).is_supported


def test_a_percentile_of_nothing_is_missing() -> None:
    assert percentile([], 50).value is None


@pytest.mark.parametrize(
    ("n_docs", "n"),
    [(0, 0), (7, 7), (60, 20), (255, 20), (256, 64), (519, 64), (520, 130), (9000, 130)],
)
def test_a_sample_reaches_the_highest_percentile_that_a_quarter_of_the_docs_can_give(
    n_docs: int, n: int
) -> None:
    assert sample_size(n_docs) == n


def test_sessions_are_summed_never_subtracted() -> None:
    late = attempt(send_ms=9_000_000)
    requests = [request(0), request(1), request(2, session=1, attempts=(late,))]
    assert busy_s(requests) == pytest.approx(1.201 + 0.201)


def test_warm_up_does_not_count_as_busy() -> None:
    assert busy_s([request(0, is_measured=False)]) is None


def test_a_rate_without_time_is_missing() -> None:
    assert per_second(5, None) is None
    assert per_second(None, 5.0) is None


@pytest.mark.parametrize("metric", [ttft_s, e2e_latency_s, tpot_s, itl_s, percentile, busy_s])
def test_every_metric_documents_definition_unit_and_source(metric: object) -> None:
    for section in ("Definition:", "Unit:", "Missing when:", "Source:"):
        assert section in (metric.__doc__ or "")
