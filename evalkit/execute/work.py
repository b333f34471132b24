"""What a session hands to the work of its cells, and what it wants back: a run asks docs, a bench holds load."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from evalkit.backends.base import Backend
from evalkit.config.bench import BenchConfig
from evalkit.config.run import LimitsSpec, RunConfig
from evalkit.execute.limits import RunGuard
from evalkit.execute.progress import Tell
from evalkit.execute.serving import Server
from evalkit.meters.nvml import GpuProbe
from evalkit.meters.rapl import RaplProbe
from evalkit.meters.telemetry import TelemetrySampler
from evalkit.records import CellRecord, Sample, SearchEnding, TaskResult
from evalkit.store.journal import Journal
from evalkit.store.manifest import FileEntry


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a session works; does not change what is asked, so it is not part of the plan."""

    kv_budget_bytes: int | None = None
    """Memory for keys and values of shared prompts; None: what the run began with, or a share of free memory."""
    verify_docs: int = 0
    """Random docs per task and cell whose log-likelihoods are computed again the reference way."""
    max_cost_usd: float | None = None
    """Instead of the config's `limits.max_cost_usd`."""
    max_minutes: float | None = None
    """Instead of the config's `limits.max_minutes`."""

    def limits(self, configured: LimitsSpec) -> LimitsSpec:
        """Return budget and deadline: the session's, else the config's."""
        given = {"max_cost_usd": self.max_cost_usd, "max_minutes": self.max_minutes}
        return configured.model_copy(update={k: v for k, v in given.items() if v is not None})


@dataclass(frozen=True, slots=True)
class Opened:
    """A model that can be asked."""

    backend: Backend
    server: Server | None
    """The server that evalkit has started for it; None where there is none."""
    load_s: float
    """Time until the model could answer, with the start of its server."""


@dataclass(frozen=True, slots=True)
class Kit:
    """What all cells of a session work with."""

    folder: Path
    journal: Journal
    session: int
    guard: RunGuard
    gpus: GpuProbe
    rapl: RaplProbe
    tell: Tell

    def sampler(self, cell_id: str, opened: Opened, interval_s: float = 0.5) -> TelemetrySampler:
        """Return what reads the machine while a cell is worked on."""
        return TelemetrySampler(
            cell_id,
            self.session,
            self.gpus,
            opened.backend.torch_memory,
            interval_s,
            server_pid=None if opened.server is None else opened.server.pid,
            rapl=self.rapl,
        )

    def has_power(self) -> bool:
        """Tell whether anything here says what it draws."""
        return any(g.power_w is not None for g in self.gpus.read()) or not self.rapl.reason


@dataclass(frozen=True, slots=True)
class Measured:
    """What came out of a cell, the requests apart: these are in the journal by then."""

    samples: Sequence[Sample] = ()
    results: Sequence[TaskResult] = ()
    ending: SearchEnding | None = None


NOTHING = Measured()


class CellWork(Protocol):
    """What a kind of session does in its cells, and what its manifest tells of that."""

    kind: Literal["run", "bench"]
    config: RunConfig | BenchConfig
    options: RunOptions = RunOptions()
    plan_hash: str
    seeds: dict[str, int]

    def check(self) -> None:
        """Check what would fail later, but for folder, budget and models.

        Raises:
            UsageError: Something would.
        """
        ...

    def cells(self) -> tuple[CellRecord, ...]:
        """Return the cells as they are before the first session, model by model so that each is loaded once."""
        ...

    def traces(self) -> dict[str, FileEntry]:
        """Return what identifies each recorded load that is replayed, by profile."""
        return {}

    def measure(self, cell_id: str, opened: Opened, kit: Kit) -> Measured:
        """Do a cell's work, as far as the journal does not know it done.

        Raises:
            StoppedError: Budget or deadline forbid going on.
            Exception: Anything else that fails the cell.
        """
        ...

    def ended(self, record: CellRecord, journal: Journal) -> CellRecord:
        """Return the record of a cell that ends, with what was not known before."""
        return record
