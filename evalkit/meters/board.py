"""One NVIDIA board through NVML. What the board, the driver or the user's rights do not give is None."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, TypeVar

from evalkit.meters.clock import now_ns

T = TypeVar("T")

_NOT_THROTTLING = 0x1 | 0x2  # idle; the clocks somebody set on purpose
_THROTTLE_REASONS = {
    0x4: "power cap",
    0x8: "hw slowdown",
    0x10: "sync boost",
    0x20: "thermal slowdown",
    0x40: "hw thermal slowdown",
    0x80: "hw power brake",
    0x100: "display clocks",
    0x200: "board limit",
    0x400: "reliability",
}


@dataclass(frozen=True, slots=True)
class GpuReading:
    """One board now. None: this board or driver does not tell."""

    index: int
    """Physical NVML index, whatever CUDA_VISIBLE_DEVICES says."""
    cuda_index: int
    """Number of the board in CUDA, thus in torch: its place among the visible boards."""
    t_ns: int
    """Moment of the energy and power reading."""
    memory_used_bytes: int | None
    """Whole board without what the driver reserves (NVML memory info v2)."""
    memory_process_bytes: int | None
    """Sum over the processes asked for; None when none of them is on the board, or the driver does not tell."""
    power_w: float | None
    """None on MIG, like energy and utilisation: the board's can't be split between instances."""
    energy_j: float | None
    """Counter since driver load."""
    utilisation_percent: float | None
    temperature_c: float | None
    clock_mhz: float | None
    """Clock of the multiprocessors (SM)."""
    throttle_reasons: str | None
    """What holds the clocks down, joined by ", "; empty when nothing does."""


@dataclass(frozen=True, slots=True)
class GpuInfo:
    """What a board is."""

    index: int
    name: str
    uuid: str
    memory_bytes: int | None
    power_is_instant: bool | None
    """True: power now (NVML field 186). False: the older call, on many boards since Ampere a mean over 1 s. None: the
    board tells no power."""


class Board:
    """Reads one board; never raises. A board that is lost reads None in every field from then on."""

    def __init__(self, nvml: Any, handle: Any, index: int, cuda_index: int) -> None:
        self._nvml = nvml
        self._handle = handle
        self._index = index
        self._cuda_index = cuda_index
        self._is_lost = False
        mode = self._ask(lambda: nvml.nvmlDeviceGetMigMode(handle))
        self._is_mig = bool(mode and mode[0])
        self._power_is_instant = self._instant_power_w() is not None
        self.info = self._info()

    def read(self, pids: Collection[int]) -> GpuReading:
        """Read everything now; `memory_process_bytes` is that of `pids`."""
        nvml, handle, ask = self._nvml, self._handle, self._ask
        millijoules = self._of_board(lambda: nvml.nvmlDeviceGetTotalEnergyConsumption(handle))
        power = self._power_w()
        return GpuReading(
            index=self._index,
            cuda_index=self._cuda_index,
            t_ns=now_ns(),
            memory_used_bytes=self._memory_used(),
            memory_process_bytes=self._memory_of(pids),
            power_w=power,
            energy_j=None if millijoules is None else millijoules / 1000,
            utilisation_percent=self._of_board(
                lambda: float(nvml.nvmlDeviceGetUtilizationRates(handle).gpu)
            ),
            temperature_c=ask(
                lambda: float(nvml.nvmlDeviceGetTemperature(handle, nvml.NVML_TEMPERATURE_GPU))
            ),
            clock_mhz=ask(lambda: float(nvml.nvmlDeviceGetClockInfo(handle, nvml.NVML_CLOCK_SM))),
            throttle_reasons=self._throttle_reasons(),
        )

    def _info(self) -> GpuInfo:
        nvml, handle, ask = self._nvml, self._handle, self._ask
        return GpuInfo(
            index=self._index,
            name=ask(lambda: str(nvml.nvmlDeviceGetName(handle))) or "unknown",
            uuid=ask(lambda: str(nvml.nvmlDeviceGetUUID(handle))) or "unknown",
            memory_bytes=ask(lambda: int(nvml.nvmlDeviceGetMemoryInfo(handle).total)),
            power_is_instant=None if self._power_w() is None else self._power_is_instant,
        )

    def _power_w(self) -> float | None:
        if self._power_is_instant:
            return self._instant_power_w()
        nvml = self._nvml
        milliwatts = self._of_board(lambda: int(nvml.nvmlDeviceGetPowerUsage(self._handle)))
        return milliwatts / 1000 if milliwatts else None  # a board that is on draws more than 0

    def _instant_power_w(self) -> float | None:
        nvml = self._nvml
        field = (nvml.NVML_FI_DEV_POWER_INSTANT, nvml.NVML_POWER_SCOPE_GPU)
        values = self._of_board(lambda: nvml.nvmlDeviceGetFieldValues(self._handle, [field]))
        if values is None or values[0].nvmlReturn != nvml.NVML_SUCCESS:
            return None
        return values[0].value.uiVal / 1000 or None

    def _memory_used(self) -> int | None:
        nvml, handle = self._nvml, self._handle
        used = self._ask(
            lambda: int(nvml.nvmlDeviceGetMemoryInfo(handle, version=nvml.nvmlMemory_v2).used)
        )
        if used is not None:
            return used
        return self._ask(lambda: int(nvml.nvmlDeviceGetMemoryInfo(handle).used))

    def _memory_of(self, pids: Collection[int]) -> int | None:
        nvml, handle = self._nvml, self._handle
        # By version: without one, the binding answers an old driver with an error that is no NVMLError.
        running = self._ask(lambda: nvml.nvmlDeviceGetComputeRunningProcesses_v3(handle))
        if running is None:  # drivers before 510
            running = self._ask(lambda: nvml.nvmlDeviceGetComputeRunningProcesses_v2(handle))
        used = [process.usedGpuMemory for process in running or () if process.pid in pids]
        return None if not used or None in used else sum(used)

    def _throttle_reasons(self) -> str | None:
        nvml, handle = self._nvml, self._handle
        bits = self._ask(lambda: int(nvml.nvmlDeviceGetCurrentClocksEventReasons(handle)))
        if bits is None:  # drivers before 535 know the older name only
            bits = self._ask(lambda: int(nvml.nvmlDeviceGetCurrentClocksThrottleReasons(handle)))
        return None if bits is None else throttle_words(bits)

    def _of_board(self, question: Callable[[], T]) -> T | None:
        """Ask for what belongs to the whole board and means nothing for an instance of it."""
        return None if self._is_mig else self._ask(question)

    def _ask(self, question: Callable[[], T]) -> T | None:
        if self._is_lost:
            return None
        try:
            return question()
        except self._nvml.NVMLError as error:
            self._is_lost = error.value == self._nvml.NVML_ERROR_GPU_IS_LOST
            return None


def throttle_words(bits: int) -> str:
    """Name the reasons in NVML's bit mask, joined by ", "; bits this table does not know show as a number."""
    names = [name for bit, name in _THROTTLE_REASONS.items() if bits & bit]
    unknown = bits & ~_NOT_THROTTLING & ~sum(_THROTTLE_REASONS)
    return ", ".join([*names, f"unknown {unknown:#x}"] if unknown else names)
