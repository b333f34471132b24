"""What a session tells while it works: one stream of events. Execution prints nothing itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evalkit.loadgen.driver import Live
    from evalkit.loadgen.sizing import Windows
    from evalkit.metrics.load_point import LoadPoint
    from evalkit.metrics.probe import ProbePoint
    from evalkit.records import CellRecord, LoadStep


class Event:
    """Something that a session tells."""


@dataclass(frozen=True, slots=True)
class SessionStarted(Event):
    """The run directory exists; cells follow."""

    folder: Path
    n_cells: int
    n_requests: int
    """Requests as planned; 0 where the load decides."""


@dataclass(frozen=True, slots=True)
class ServerStarting(Event):
    """A model's server is being started."""

    model: str


@dataclass(frozen=True, slots=True)
class ServerStarted(Event):
    """The server is healthy."""

    model: str
    start_s: float


@dataclass(frozen=True, slots=True)
class ModelLoading(Event):
    """Weights are being read, or an API is being opened."""

    model: str


@dataclass(frozen=True, slots=True)
class ModelLoaded(Event):
    """The model can answer."""

    model: str
    load_s: float
    """Time until then, with the start of its server."""


@dataclass(frozen=True, slots=True)
class CellStarted(Event):
    """The docs of a cell are about to be asked."""

    cell_id: str
    n_requests: int
    n_known: int
    """Requests that need no further try since an earlier session."""


@dataclass(frozen=True, slots=True)
class Advanced(Event):
    """Some more requests of the cell have been answered and are on disk."""

    cell_id: str
    n_more: int
    n_done: int
    """Requests done so far, with what earlier sessions know."""
    n_requests: int
    left_s: float
    """Time that is left at the pace of this session."""


@dataclass(frozen=True, slots=True)
class StepStarted(Event):
    """A step of a load test begins."""

    step: LoadStep


@dataclass(frozen=True, slots=True)
class Probed(Event):
    """Single requests were answered, and size the steps that follow."""

    step: LoadStep
    point: ProbePoint
    windows: Windows


@dataclass(frozen=True, slots=True)
class StepGoesOn(Event):
    """Some time has passed within a step."""

    step: LoadStep
    live: Live
    elapsed_s: float


@dataclass(frozen=True, slots=True)
class StepEnded(Event):
    """A step is done."""

    step: LoadStep
    point: LoadPoint


@dataclass(frozen=True, slots=True)
class CellEnded(Event):
    """The cell is `done`, `failed`, `skipped`, `stopped` or `interrupted`, and the journal knows."""

    record: CellRecord
    took_s: float
    """Time since its work began in this session; 0 when it did not."""


Tell = Callable[[Event], object]
"""Whoever is told."""


def tell_nobody(_event: Event) -> None:
    """Show nothing."""
