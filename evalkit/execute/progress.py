"""What a run tells while it works. Execution prints nothing itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evalkit.loadgen.driver import Live
    from evalkit.loadgen.sizing import Windows
    from evalkit.metrics.load_point import LoadPoint
    from evalkit.metrics.probe import ProbePoint
    from evalkit.plan import Cell, Plan
    from evalkit.records import CellRecord, LoadStep


class Progress:
    """Receives events and shows nothing; the command line overrides it with bars, lines or JSON."""

    def run_started(self, plan: Plan, folder: Path) -> None:
        """The run directory exists; cells follow."""

    def model_loading(self, model: str) -> None:
        """Weights are being read."""

    def model_loaded(self, model: str, seconds: float) -> None:
        """The model can answer."""

    def cell_started(self, cell: Cell, n_known: int) -> None:
        """A cell begins; `n_known` of its requests were answered in an earlier session."""

    def advanced(self, cell: Cell, n_requests: int) -> None:
        """Some more requests of the cell have been answered and are on disk."""

    def cell_ended(self, cell: Cell, state: str, reason: str | None) -> None:
        """The cell is `done`, `failed` or `interrupted`."""


class BenchProgress:
    """The same for load tests."""

    def bench_started(self, n_cells: int, folder: Path) -> None:
        """The run directory exists; cells follow."""

    def server_starting(self, model: str) -> None:
        """A model's server is being started."""

    def server_started(self, model: str, seconds: float) -> None:
        """The server is healthy."""

    def model_loading(self, model: str) -> None:
        """Weights are being read, or an API is being opened."""

    def probed(self, step: LoadStep, point: ProbePoint, windows: Windows) -> None:
        """Single requests were answered, and size the steps that follow."""

    def step_started(self, step: LoadStep) -> None:
        """A step begins."""

    def live(self, step: LoadStep, live: Live, elapsed_s: float) -> None:
        """Some time has passed within a step."""

    def step_ended(self, step: LoadStep, point: LoadPoint) -> None:
        """A step is done."""

    def cell_ended(self, record: CellRecord) -> None:
        """The cell is `done`, `failed`, `skipped`, `stopped` or `interrupted`."""
