"""GPU memory, power, energy, utilisation and temperature through NVML; a null object where there is no GPU."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class GpuReading:
    """One board now. None: this board or driver does not tell."""

    index: int
    memory_used_bytes: int | None
    """Whole board without what the driver reserves (NVML memory info v2)."""
    memory_process_bytes: int | None
    power_w: float | None
    energy_j: float | None
    """Counter since driver load; None on MIG, where it can't be split between instances."""
    utilisation_percent: float | None
    temperature_c: float | None


@dataclass(frozen=True, slots=True)
class GpuInfo:
    """What a board is."""

    index: int
    name: str
    uuid: str
    memory_bytes: int | None


class GpuProbe(Protocol):
    """Reads the GPUs of this machine."""

    reason: str
    """Why there is nothing to read; empty when there is."""

    def info(self) -> tuple[GpuInfo, ...]:
        """Return every board, for the hardware fingerprint."""
        ...

    def driver(self) -> str | None:
        """Return the driver's version."""
        ...

    def read(self) -> tuple[GpuReading, ...]:
        """Read every board now."""
        ...

    def close(self) -> None:
        """Let go of NVML."""
        ...


class NoGpus:
    """A machine without NVML: reads nothing and says why."""

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def info(self) -> tuple[GpuInfo, ...]:
        """Return no board."""
        return ()

    def driver(self) -> str | None:
        """Return no version."""
        return None

    def read(self) -> tuple[GpuReading, ...]:
        """Return no reading."""
        return ()

    def close(self) -> None:
        """Nothing to let go of."""


class NvmlProbe:
    """All boards that NVML lists."""

    reason = ""

    def __init__(self, nvml: Any) -> None:
        self._nvml = nvml
        count = nvml.nvmlDeviceGetCount()
        self._handles = [nvml.nvmlDeviceGetHandleByIndex(i) for i in range(count)]

    def info(self) -> tuple[GpuInfo, ...]:
        """Return name, UUID and memory of every board."""
        return tuple(self._info(i, handle) for i, handle in enumerate(self._handles))

    def driver(self) -> str | None:
        """Return the driver's version."""
        return self._ask(lambda: str(self._nvml.nvmlSystemGetDriverVersion()))

    def read(self) -> tuple[GpuReading, ...]:
        """Read every board now."""
        return tuple(self._read(i, handle) for i, handle in enumerate(self._handles))

    def close(self) -> None:
        """Shut NVML down."""
        self._nvml.nvmlShutdown()

    def _info(self, index: int, handle: Any) -> GpuInfo:
        nvml = self._nvml
        memory = self._ask(lambda: nvml.nvmlDeviceGetMemoryInfo(handle).total)
        return GpuInfo(
            index, nvml.nvmlDeviceGetName(handle), nvml.nvmlDeviceGetUUID(handle), memory
        )

    def _read(self, index: int, handle: Any) -> GpuReading:
        nvml, ask = self._nvml, self._ask
        milliwatts = ask(lambda: nvml.nvmlDeviceGetPowerUsage(handle))
        millijoules = (
            None
            if self._is_mig(handle)
            else ask(lambda: nvml.nvmlDeviceGetTotalEnergyConsumption(handle))
        )
        return GpuReading(
            index=index,
            memory_used_bytes=self._memory_used(handle),
            memory_process_bytes=self._memory_of_this_process(handle),
            power_w=None if milliwatts is None else milliwatts / 1000,
            energy_j=None if millijoules is None else millijoules / 1000,
            utilisation_percent=ask(lambda: float(nvml.nvmlDeviceGetUtilizationRates(handle).gpu)),
            temperature_c=ask(
                lambda: float(nvml.nvmlDeviceGetTemperature(handle, nvml.NVML_TEMPERATURE_GPU))
            ),
        )

    def _memory_used(self, handle: Any) -> int | None:
        nvml = self._nvml
        used = self._ask(
            lambda: nvml.nvmlDeviceGetMemoryInfo(handle, version=nvml.nvmlMemory_v2).used
        )
        return (
            used
            if used is not None
            else self._ask(lambda: nvml.nvmlDeviceGetMemoryInfo(handle).used)
        )

    def _memory_of_this_process(self, handle: Any) -> int | None:
        processes = self._ask(lambda: self._nvml.nvmlDeviceGetComputeRunningProcesses(handle))
        mine = [p.usedGpuMemory for p in processes or () if p.pid == os.getpid()]
        return mine[0] if mine else None

    def _is_mig(self, handle: Any) -> bool:
        mode = self._ask(lambda: self._nvml.nvmlDeviceGetMigMode(handle))
        return bool(mode and mode[0])

    def _ask(self, question: Callable[[], T]) -> T | None:
        try:
            return question()
        except self._nvml.NVMLError:
            return None


def open_gpus() -> GpuProbe:
    """Return a probe of this machine's NVIDIA boards, or a null probe that says why there is none."""
    import pynvml

    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        return NoGpus(f"NVML is not available: {error}")
    probe = NvmlProbe(pynvml)
    return probe if probe.info() else NoGpus("NVML lists no GPU")
