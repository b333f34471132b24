"""What a run tells while it works. Execution prints nothing itself."""

from __future__ import annotations

from pathlib import Path

from evalkit.plan import Cell, Plan


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
