"""The sampler: what it reads, when, at what cost; energy against a known power curve."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Collection
from pathlib import Path

import pytest

from evalkit.meters.board import GpuReading
from evalkit.meters.host import HostProbe
from evalkit.meters.nvml import NoGpus
from evalkit.meters.rapl import open_rapl
from evalkit.meters.telemetry import TelemetrySampler, next_tick
from evalkit.metrics.energy import counter_energy_j, integrated_energy_j
from evalkit.records import NS_PER_S, Telemetry
from tests.unit.meters.stub import run
from tests.unit.meters.test_rapl import zone
from tests.waiting import until


def drained(sampler: TelemetrySampler, n: int) -> list[Telemetry]:
    """Return so many readings, as soon as there are."""
    found: list[Telemetry] = []

    def has_all() -> bool:
        found.extend(sampler.drain())
        return len(found) >= n

    until(has_all)
    return found


def test_the_sampler_reads_at_start_at_end_and_in_between() -> None:
    sampler = TelemetrySampler("c", 0, NoGpus("none"), interval_s=0.02)
    with sampler:
        readings = drained(sampler, 4)
    readings += sampler.drain()
    assert [r.t_ns for r in readings] == sorted(r.t_ns for r in readings)
    assert {r.device for r in readings} == {"host"}
    assert all(r.energy_j is None for r in readings)
    assert sampler.drain() == []


@pytest.mark.parametrize(
    ("tick", "elapsed", "expected"),
    [(1, 100, 2), (1, 199, 2), (1, 200, 3), (1, 730, 8), (2, 199, 3), (7, 701, 8)],
)
def test_ticks_lie_on_a_grid_and_late_ones_are_skipped(
    tick: int, elapsed: int, expected: int
) -> None:
    assert next_tick(tick, elapsed, interval_ns=100) == expected


class AskedGpus(NoGpus):
    """Keeps whose memory it was asked for."""

    def __init__(self) -> None:
        super().__init__("none")
        self.pids: list[Collection[int] | None] = []

    def read(self, pids: Collection[int] | None = None) -> tuple[GpuReading, ...]:
        self.pids.append(pids)
        return ()


def test_a_read_that_fails_ends_neither_the_tick_nor_the_thread(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refuse(_probe: HostProbe) -> None:
        raise OSError("no /proc")

    zone(tmp_path, "0", "package-0", 7_000_000)
    sampler = TelemetrySampler("c", 0, NoGpus("none"), interval_s=0.02, rapl=open_rapl(tmp_path))
    monkeypatch.setattr(HostProbe, "read", refuse)
    with sampler:
        readings = drained(sampler, 4)
    assert {(r.device, r.energy_j, r.power_w) for r in readings} == {("rapl0", 7.0, None)}


def test_a_server_is_read_beside_the_client() -> None:
    code = (
        "b = bytearray(50_000_000); b[::4096] = b'x' * len(b[::4096]); print(flush=True); input()"
    )
    pipe = subprocess.PIPE
    gpus = AskedGpus()
    with subprocess.Popen([sys.executable, "-c", code], stdin=pipe, stdout=pipe) as server:
        assert server.stdout is not None
        server.stdout.readline()
        sampler = TelemetrySampler("c", 0, gpus, interval_s=0.05, server_pid=server.pid)
        with sampler:
            server.kill()
            server.wait()
    readings = [r for r in sampler.drain() if r.device == "server"]
    first, last = readings[0], readings[-1]
    assert first.rss_bytes is not None
    assert first.rss_bytes > 50_000_000
    assert first.cpu_s is not None
    assert first.cpu_s < 0.5, "since entry"
    assert (last.rss_bytes, last.rss_peak_bytes, last.cpu_s) == (None, None, None), "it is gone"
    assert gpus.pids[0] == (server.pid,), "whose memory to look for on the boards"
    assert gpus.pids[-1] == ()


def test_the_cost_of_sampling_is_told(tmp_path: Path) -> None:
    zone(tmp_path, "0", "package-0", 7_000_000)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as server:
        sampler = TelemetrySampler(
            "c",
            0,
            NoGpus("none"),
            interval_s=0.02,
            server_pid=server.pid,
            rapl=open_rapl(tmp_path),
        )
        with sampler:
            until(lambda: sampler.cpu_s > 0)
        server.kill()


SAMPLE = """
answer = []
for tick in range(67):
    set_time(tick / 10)
    answer.append((tick, gpus.read()))
"""


def curve_j(start_s: float, end_s: float, steps: int = 600_000) -> float:
    """Integrate the stub's W(t), which its source documents, by brute force."""
    step = (end_s - start_s) / steps
    middles = (start_s + (i + 0.5) * step for i in range(steps))
    return sum(60.0 if t % 2 < 1 else 340.0 for t in middles) * step


def test_energy_agrees_with_the_curve_and_power_with_energy(stub: Path) -> None:
    """The second board draws twice the power; the third one's counter is reset half-way."""
    flags = {"STUB_BOARDS": "3", "STUB_FAULT_BOARD": "2", "STUB_RESET_AFTER_S": "3.0"}
    readings = [
        Telemetry(
            "c", 0, tick * NS_PER_S // 10, f"gpu{board['index']}",
            power_w=board["power_w"], energy_j=board["energy_j"],
        )
        for tick, boards in run(stub, SAMPLE, **flags)
        for board in boards
    ]  # fmt: skip
    start_ns, end_ns = NS_PER_S // 2, NS_PER_S * 13 // 2
    for number, factor in enumerate((1, 2, 3)):
        board = [r for r in readings if r.device == f"gpu{number}"]
        counted = counter_energy_j(board, start_ns, end_ns)
        integrated = integrated_energy_j(board, start_ns, end_ns)
        expected = factor * curve_j(0.5, 6.5)
        assert integrated == pytest.approx(expected, rel=0.05)
        if number == 2:
            assert counted is None
        else:
            assert counted == pytest.approx(expected, rel=0.01)
