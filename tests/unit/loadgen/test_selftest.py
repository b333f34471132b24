"""The self-test: its arithmetic, and that both sides' stamps of one chunk meet. Nothing here says how fast is fast."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evalkit.loadgen.selftest import (
    Extent,
    Spread,
    StreamLevel,
    delays_s,
    limit_of,
    max_streams,
    measure,
    trouble_of,
)
from evalkit.loadgen.selftest_rig import cpu_share
from evalkit.metrics.client_flaws import MOST_LAG_S
from evalkit.metrics.percentiles import percentile
from evalkit.records import NS_PER_S

MS = 1_000_000
NONE = Spread(percentile([], 50), percentile([], 99))
LEVEL = StreamLevel(1, 1000.0, NONE, NONE, None, None, trouble="")
TINY = Extent(
    few=(1,), many=(2,), window_s=0.3, settle_s=0.2, flood_streams=2, flood_chunks=50
)  # fmt: skip


def level(streams: int, trouble: str = "") -> StreamLevel:
    return replace(LEVEL, streams=streams, trouble=trouble)


def test_a_delay_is_the_clients_stamp_minus_the_servers_of_the_same_chunk() -> None:
    sent = {"a": [100 * MS, 200 * MS, 300 * MS], "b": [150 * MS]}
    came = {"a": [101 * MS, 202 * MS], "b": [154 * MS]}
    assert delays_s(sent, came, 0, NS_PER_S) == pytest.approx([0.001, 0.002, 0.004])


def test_only_chunks_that_came_in_the_window_count() -> None:
    sent, came = {"a": [1, 11, 21]}, {"a": [5, 15, 25]}
    assert len(delays_s(sent, came, 15, 25)) == 1


def test_a_stream_the_server_does_not_know_has_no_delays() -> None:
    assert delays_s({}, {"a": [5]}, 0, 10) == []


def test_cpu_share_is_the_slope_within_the_window() -> None:
    readings = [
        (t * NS_PER_S, cpu_s) for t, cpu_s in ((0, 9.0), (1, 10.0), (2, 10.5), (3, 11.0), (9, 99.0))
    ]
    assert cpu_share(readings, NS_PER_S, 3 * NS_PER_S) == pytest.approx(0.5)


def test_cpu_share_of_less_than_two_readings_is_not_known() -> None:
    assert cpu_share([], 0, 10) is None
    assert cpu_share([(5, 1.0), (50, 2.0)], 0, 10) is None


def test_the_most_streams_are_the_last_below_the_first_that_fails() -> None:
    assert max_streams([level(1), level(200), level(50), level(100, "late")]) == 50
    assert max_streams([level(1), level(50)]) == 50
    assert max_streams([level(1, "late"), level(50)]) is None
    assert max_streams([]) is None


def test_streams_fail_for_one_reason_at_a_time() -> None:
    assert trouble_of(100, 100, 1000.0, MOST_LAG_S) == ""
    assert "late" in trouble_of(100, 100, 1000.0, MOST_LAG_S * 1.01)
    assert "99" in trouble_of(100, 99, 1000.0, 0.0)
    assert "server" in trouble_of(100, 100, 800.0, 0.0)
    assert trouble_of(100, 100, 1000.0, 0.0, "refused") == "refused"


def test_a_lag_that_was_not_measured_is_not_small() -> None:
    assert trouble_of(100, 100, 1000.0, None)


@pytest.mark.parametrize(
    ("client", "server", "limit"),
    [
        (0.95, 0.3, "client"),
        (0.3, 0.99, "server"),
        (1.0, 1.0, "both"),
        (0.5, 0.5, "neither"),
        (None, None, "neither"),
    ],
)
def test_the_limit_is_whoevers_core_was_used_up(
    client: float | None, server: float | None, limit: str
) -> None:
    assert limit_of(client, server) == limit


@pytest.mark.slow
def test_everything_is_measured_against_a_real_server() -> None:
    told: list[str] = []
    found = measure(TINY, told.append)
    assert told[-2:] == ["1 stream", "2 streams"]
    assert [one.streams for one in found.levels] == [1, 2]
    for one in found.levels:
        assert one.chunks_per_s > 0
        assert one.delay_s.p50.n > 0
        assert one.delay_s.p50.value is not None
        assert one.delay_s.p50.value > 0, "a chunk can't come before it was sent"
        assert one.lag_s.p50.n > 0
    assert found.start.n_requests > 0
    assert found.start.cpu_s is not None
    assert found.start.cpu_s > 0
    assert found.intake.chunks_per_s is not None
    assert found.timers.late_s.p50.n > 0
    assert found.sampling.cpu_share is not None
