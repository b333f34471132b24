"""GPU memory, power, energy, clocks and temperature through NVML; a null object where there is no GPU."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from typing import Any, Protocol

from evalkit.meters.board import Board, GpuInfo, GpuReading
from evalkit.meters.visible import VARIABLE, visible_boards


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

    def read(self, pids: Collection[int] | None = None) -> tuple[GpuReading, ...]:
        """Read every board now; process memory is that of `pids`, by default of this process."""
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

    def read(self, pids: Collection[int] | None = None) -> tuple[GpuReading, ...]:
        """Return no reading."""
        return ()

    def close(self) -> None:
        """Nothing to let go of."""


class NvmlProbe:
    """The boards NVML lists and CUDA_VISIBLE_DEVICES leaves. One that can't be opened is left out.

    Args:
        nvml: The binding, initialised.
        visible: CUDA_VISIBLE_DEVICES; None when it is not set.
    """

    reason = ""

    def __init__(self, nvml: Any, visible: str | None = None) -> None:
        self._nvml = nvml
        handles = [self._handle(i) for i in range(nvml.nvmlDeviceGetCount())]
        uuids = [None if handle is None else self._uuid(handle) for handle in handles]
        chosen = visible_boards(visible, uuids, self._parent_of_mig)
        self._boards = [
            Board(nvml, handles[index], index, cuda_index)
            for cuda_index, index in enumerate(chosen)
            if handles[index] is not None
        ]

    def info(self) -> tuple[GpuInfo, ...]:
        """Return what every board was when the probe was opened."""
        return tuple(board.info for board in self._boards)

    def driver(self) -> str | None:
        """Return the driver's version."""
        try:
            return str(self._nvml.nvmlSystemGetDriverVersion())
        except self._nvml.NVMLError:
            return None

    def read(self, pids: Collection[int] | None = None) -> tuple[GpuReading, ...]:
        """Read every board now; process memory is that of `pids`, by default of this process."""
        wanted = frozenset([os.getpid()] if pids is None else pids)
        return tuple(board.read(wanted) for board in self._boards)

    def close(self) -> None:
        """Shut NVML down."""
        self._nvml.nvmlShutdown()

    def _handle(self, index: int) -> Any:
        try:
            return self._nvml.nvmlDeviceGetHandleByIndex(index)
        except self._nvml.NVMLError:
            return None

    def _uuid(self, handle: Any) -> str | None:
        try:
            return str(self._nvml.nvmlDeviceGetUUID(handle))
        except self._nvml.NVMLError:
            return None

    def _parent_of_mig(self, identifier: str) -> int | None:
        nvml = self._nvml
        try:
            instance = nvml.nvmlDeviceGetHandleByUUID(identifier)
            board = nvml.nvmlDeviceGetDeviceHandleFromMigDeviceHandle(instance)
            return int(nvml.nvmlDeviceGetIndex(board))
        except nvml.NVMLError:
            return None


def open_gpus(environ: Mapping[str, str] | None = None) -> GpuProbe:
    """Return a probe of the visible NVIDIA boards, or a null probe that says why there is none.

    Args:
        environ: Whose CUDA_VISIBLE_DEVICES counts: this process's by default, or the one a server is started with.
    """
    import pynvml

    visible = (os.environ if environ is None else environ).get(VARIABLE)
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        return NoGpus(f"NVML is not available: {error}")
    try:
        probe = NvmlProbe(pynvml, visible)
    except pynvml.NVMLError as error:
        return NoGpus(f"NVML does not list the GPUs: {error}")
    if probe.info():
        return probe
    probe.close()
    return NoGpus(
        "NVML lists no GPU" if visible is None else f"{VARIABLE}={visible!r} leaves no GPU visible"
    )
