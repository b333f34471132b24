"""Samples host, server, CPU packages and GPUs in a thread while a cell runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Self

import psutil

from evalkit.meters.clock import now_ns
from evalkit.meters.host import HostProbe
from evalkit.meters.nvml import GpuProbe
from evalkit.meters.rapl import NoRapl, RaplProbe
from evalkit.meters.tree import TreeProbe
from evalkit.records import NS_PER_S, Telemetry

TorchMemory = Callable[[int], tuple[int | None, int | None]]
"""CUDA's number of a GPU → bytes torch has allocated and reserved there; None where torch does not use it."""


def no_torch_memory(_index: int) -> tuple[int | None, int | None]:
    """Answer for a backend that does not run on this machine's GPUs."""
    return None, None


def next_tick(tick: int, elapsed_ns: int, interval_ns: int) -> int:
    """Return the first tick of the grid that is still to come after `tick`; those missed meanwhile are skipped."""
    return max(tick, elapsed_ns // interval_ns) + 1


class TelemetrySampler:
    """Context manager; `drain` hands over what was read since the last call.

    Peaks and CPU times are reset on entry, so they belong to the cell alone. Ticks lie on a fixed grid from entry; one
    that comes too late is skipped. A device that can't be read at a tick has no reading then.

    Args:
        cell_id: Whose readings they are.
        session: Whose clock stamps them.
        gpus: Boards to read.
        torch_memory: What torch holds on them.
        interval_s: Seconds between ticks.
        server_pid: A server to read with all its processes; its processes then are the ones whose GPU memory is told.
        rapl: CPU packages to read; None for none.
    """

    def __init__(
        self,
        cell_id: str,
        session: int,
        gpus: GpuProbe,
        torch_memory: TorchMemory = no_torch_memory,
        interval_s: float = 0.5,
        server_pid: int | None = None,
        rapl: RaplProbe | None = None,
    ) -> None:
        self._cell_id = cell_id
        self._session = session
        self._gpus = gpus
        self._torch_memory = torch_memory
        self._interval_ns = max(1, round(interval_s * NS_PER_S))
        self._host = HostProbe()
        self._server = None if server_pid is None else TreeProbe(server_pid)
        self._rapl = rapl or NoRapl("not asked for")
        self._cpu_s = 0.0
        self._lock = threading.Lock()  # protects _readings between the thread and drain()
        self._readings: list[Telemetry] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="telemetry", daemon=True)

    def __enter__(self) -> Self:
        self._host.reset()
        if self._server is not None:
            self._server.reset()
        self._sample()
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        self._thread.join()
        self._sample()

    @property
    def cpu_s(self) -> float:
        """CPU seconds the sampler's thread has spent so far: what measuring cost."""
        return self._cpu_s

    def drain(self) -> list[Telemetry]:
        """Return and forget the readings so far."""
        with self._lock:
            readings, self._readings = self._readings, []
        return readings

    def _loop(self) -> None:
        start = now_ns()
        tick = 1
        while not self._stop.wait(max(0, start + tick * self._interval_ns - now_ns()) / NS_PER_S):
            self._sample()
            self._cpu_s = time.thread_time()
            tick = next_tick(tick, now_ns() - start, self._interval_ns)

    def _sample(self) -> None:
        readings: list[Telemetry] = []
        # The server comes before the GPUs: its pids say whose memory to look for there.
        for read in (
            self._host_reading,
            self._server_reading,
            self._rapl_readings,
            self._gpu_readings,
        ):
            try:
                readings.extend(read())
            except (
                OSError,
                ValueError,
                psutil.Error,
            ):  # ValueError: a line of /proc that reads oddly
                continue  # no reading of this device at this tick; the others and the next tick go on
        with self._lock:
            self._readings.extend(readings)

    def _host_reading(self) -> Iterator[Telemetry]:
        host = self._host.read()
        yield Telemetry(
            self._cell_id,
            self._session,
            now_ns(),
            "host",
            rss_bytes=host.rss_bytes,
            rss_peak_bytes=host.rss_peak_bytes,
            cpu_s=host.cpu_s,
            others_cpu_s=host.others_cpu_s,
        )

    def _server_reading(self) -> Iterator[Telemetry]:
        if self._server is None:
            return
        tree = self._server.read()
        yield Telemetry(
            self._cell_id,
            self._session,
            now_ns(),
            "server",
            rss_bytes=tree.rss_bytes if tree else None,
            rss_peak_bytes=tree.rss_peak_bytes if tree else None,
            cpu_s=tree.cpu_s if tree else None,
        )

    def _rapl_readings(self) -> Iterator[Telemetry]:
        for package in self._rapl.read():
            yield Telemetry(
                self._cell_id,
                self._session,
                now_ns(),
                f"rapl{package.index}",
                energy_j=package.energy_j,
            )

    def _gpu_readings(self) -> Iterator[Telemetry]:
        for gpu in self._gpus.read(None if self._server is None else self._server.pids):
            allocated, reserved = self._torch_memory(gpu.cuda_index)
            yield Telemetry(
                self._cell_id,
                self._session,
                gpu.t_ns,
                f"gpu{gpu.index}",
                memory_used_bytes=gpu.memory_used_bytes,
                memory_process_bytes=gpu.memory_process_bytes,
                torch_allocated_bytes=allocated,
                torch_reserved_bytes=reserved,
                power_w=gpu.power_w,
                energy_j=gpu.energy_j,
                utilisation_percent=gpu.utilisation_percent,
                temperature_c=gpu.temperature_c,
                clock_mhz=gpu.clock_mhz,
                throttle_reasons=gpu.throttle_reasons,
            )
