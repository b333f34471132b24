"""Samples host and GPUs in a thread while a cell runs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Self

from evalkit.meters.clock import now_ns
from evalkit.meters.host import HostProbe
from evalkit.meters.nvml import GpuProbe
from evalkit.records import Telemetry

TorchMemory = Callable[[int], tuple[int | None, int | None]]
"""GPU index → bytes torch has allocated and reserved there; None where torch does not use it."""


def no_torch_memory(_index: int) -> tuple[int | None, int | None]:
    """Answer for a backend that does not run on this machine's GPUs."""
    return None, None


class TelemetrySampler:
    """Context manager; `drain` hands over what was read since the last call.

    The host's peak is reset on entry, so it belongs to the cell alone.
    """

    def __init__(
        self,
        cell_id: str,
        session: int,
        gpus: GpuProbe,
        torch_memory: TorchMemory = no_torch_memory,
        interval_s: float = 0.5,
    ) -> None:
        self._cell_id = cell_id
        self._session = session
        self._gpus = gpus
        self._torch_memory = torch_memory
        self._interval_s = interval_s
        self._host = HostProbe()
        self._lock = threading.Lock()  # protects _readings between the thread and drain()
        self._readings: list[Telemetry] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="telemetry", daemon=True)

    def __enter__(self) -> Self:
        self._host.reset()
        self._sample()
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        self._thread.join()
        self._sample()

    def drain(self) -> list[Telemetry]:
        """Return and forget the readings so far."""
        with self._lock:
            readings, self._readings = self._readings, []
        return readings

    def _loop(self) -> None:
        while not self._stop.wait(self._interval_s):
            self._sample()

    def _sample(self) -> None:
        readings = [self._host_reading(), *self._gpu_readings()]
        with self._lock:
            self._readings.extend(readings)

    def _host_reading(self) -> Telemetry:
        host = self._host.read()
        return Telemetry(
            self._cell_id,
            self._session,
            now_ns(),
            "host",
            rss_bytes=host.rss_bytes,
            rss_peak_bytes=host.rss_peak_bytes,
            cpu_s=host.cpu_s,
            others_cpu_s=host.others_cpu_s,
        )

    def _gpu_readings(self) -> list[Telemetry]:
        readings = []
        for gpu in self._gpus.read():
            allocated, reserved = self._torch_memory(gpu.index)
            readings.append(
                Telemetry(
                    self._cell_id,
                    self._session,
                    now_ns(),
                    f"gpu{gpu.index}",
                    memory_used_bytes=gpu.memory_used_bytes,
                    memory_process_bytes=gpu.memory_process_bytes,
                    torch_allocated_bytes=allocated,
                    torch_reserved_bytes=reserved,
                    power_w=gpu.power_w,
                    energy_j=gpu.energy_j,
                    utilisation_percent=gpu.utilisation_percent,
                    temperature_c=gpu.temperature_c,
                )
            )
        return readings
