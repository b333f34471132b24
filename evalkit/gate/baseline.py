"""Accepted baselines: JSON files that a repository keeps, and the folder they form a chain in.

A file holds what later gates need: a score per document (no texts), a sketch of the latencies, how all was measured,
and who accepted it and why. It names the SHA-256 of the one before and carries its own, so that a changed file is
noticed.

    results/baseline/
      0001.json 0002.json …   one per acceptance, in order; the last one is what candidates are gated against
      pinned                  name of the release baseline that drift is measured against; the first one until changed
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from evalkit import __version__
from evalkit.analysis.arrays import Array, Ints
from evalkit.analysis.docs import headlines
from evalkit.analysis.scores import TaskScores
from evalkit.errors import DataError
from evalkit.gate.facts import SideFact
from evalkit.gate.side import RunValues, Side
from evalkit.store.files import write_atomic

BASELINE_VERSION = 1
PINNED = "pinned"
MOST_PROMPTS = 500
"""Prompts whose latencies a baseline keeps, evenly spread over a run's."""
_NAME = re.compile(r"\d{4}\.json")
_FACT = TypeAdapter(SideFact)


class _Stored(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Task(_Stored):
    suite: str
    task: str
    doc_ids: list[int]
    doc_hashes: list[str]
    prompt_hashes: list[str]
    scores: dict[str, list[float | None]]
    is_higher_better: dict[str, bool]
    headline: str | None
    """Headline metric, for those who read the file; evalkit finds it anew, over all sides that it compares."""
    clusters: list[str] | None
    costs: list[float | None] | None


class _Run(_Stored):
    started_at: str
    prompts: list[str]
    latency: dict[str, list[float | None]]
    values: dict[str, float]


class _File(_Stored):
    baseline_version: int
    digest: str
    """SHA-256 of everything else in the file."""
    previous: str | None
    """Digest of the baseline before."""
    evalkit_version: str
    accepted_at: str
    accepted_by: str
    reason: str
    gate: str | None
    """What the gate said of it against the baseline before; None for the first."""
    side: dict[str, Any]
    is_api: bool
    conditions: list[tuple[str, str, str]]
    tasks: list[_Task]
    runs: list[_Run]


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Who accepted a baseline, when and why."""

    at: str
    """ISO 8601, UTC."""
    by: str
    reason: str
    gate: str | None = None
    """What the gate said of it against the baseline before."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """An accepted baseline as it lies on disk."""

    file: Path
    side: Side
    accepted: Acceptance
    digest: str
    previous: str | None


def baseline_files(folder: Path) -> list[Path]:
    """Return the baselines of a folder, oldest first."""
    found = folder.iterdir() if folder.is_dir() else ()
    return sorted(p for p in found if _NAME.fullmatch(p.name))


def read_baseline(file: Path, label: str) -> Baseline:
    """Read one accepted baseline.

    Raises:
        DataError: It is missing, damaged, changed by hand, or of another version.
    """
    hint = "Restore it from version control, or accept a run anew: evalkit gate accept."
    try:
        data = json.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        raise DataError(f"{file}: can't be read as a baseline: {error}.", hint) from None
    version = data.get("baseline_version") if isinstance(data, dict) else None
    if version != BASELINE_VERSION:
        raise DataError(
            f"{file}: not a baseline that this evalkit reads (version {version}, wanted {BASELINE_VERSION}).",
            hint,
        )
    if _digest({k: v for k, v in data.items() if k != "digest"}) != data.get("digest"):
        raise DataError(f"{file}: changed since it was accepted (SHA-256 differs).", hint)
    try:
        stored = _File.model_validate(data)
        fact = _FACT.validate_python(stored.side)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise DataError(f"{file}: damaged: {where}: {first['msg']}.", hint) from None
    accepted = Acceptance(stored.accepted_at, stored.accepted_by, stored.reason, stored.gate)
    fact = replace(
        fact,
        label=label,
        is_accepted=True,
        accepted_at=accepted.at,
        accepted_by=accepted.by,
        accepted_reason=accepted.reason,
        digest=stored.digest,
    )
    return Baseline(file, _side(stored, fact), accepted, stored.digest, stored.previous)


def last_baseline(folder: Path, label: str) -> Baseline | None:
    """Return the newest baseline of a folder; None when there is none."""
    files = baseline_files(folder)
    return read_baseline(files[-1], label) if files else None


def pinned_baseline(folder: Path, label: str) -> Baseline | None:
    """Return the release baseline: the one that is pinned, else the first.

    Raises:
        DataError: The pinned one is not there.
    """
    files = baseline_files(folder)
    if not files:
        return None
    pin = folder / PINNED
    if not pin.exists():
        return read_baseline(files[0], label)
    name = pin.read_text(encoding="utf-8").strip()
    if name not in {f.name for f in files}:
        raise DataError(
            f"{pin}: names {name!r}, which is not in the folder.",
            f"Write one of these into it: {', '.join(f.name for f in files)}.",
        )
    return read_baseline(folder / name, label)


def read_chain(folder: Path, label: str) -> list[Baseline]:
    """Return every baseline of a folder, oldest first.

    Raises:
        DataError: One is damaged, or does not follow the one before.
    """
    chain = [read_baseline(f, label) for f in baseline_files(folder)]
    for before, after in pairwise(chain):
        if after.previous != before.digest:
            raise DataError(
                f"{after.file}: does not follow {before.file.name} (the digest it names is another).",
                "A baseline between them was removed or replaced; restore it from version control.",
            )
    return chain


def write_baseline(folder: Path, side: Side, accepted: Acceptance, *, pin: bool) -> Path:
    """Append a baseline to a folder; the first one is pinned.

    Raises:
        OutputError: The folder can't be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = baseline_files(folder)
    previous = read_baseline(files[-1], files[-1].name).digest if files else None
    number = int(files[-1].stem) + 1 if files else 1
    content = _content(side, accepted, previous)
    file = folder / f"{number:04}.json"
    write_atomic(file, _as_text({"digest": _digest(content), **content}))
    if pin or not files:
        write_atomic(folder / PINNED, f"{file.name}\n".encode())
    return file


def _content(side: Side, accepted: Acceptance, previous: str | None) -> dict[str, Any]:
    tasks = [_stored_task(t, side.costs.get(key)) for key, t in side.tasks.items()]
    fact = replace(side.fact, label="", is_accepted=True)
    return {
        "baseline_version": BASELINE_VERSION,
        "previous": previous,
        "evalkit_version": __version__,
        "accepted_at": accepted.at,
        "accepted_by": accepted.by,
        "reason": accepted.reason,
        "gate": accepted.gate,
        "side": _FACT.dump_python(fact, mode="json"),
        "is_api": side.is_api,
        "conditions": [[name, where, value] for (name, where), value in side.conditions.items()],
        "tasks": [t.model_dump() for t in tasks],
        "runs": [_sketch(run).model_dump() for run in side.runs],
    }


def _stored_task(task: TaskScores, costs: Array | None) -> _Task:
    has_cost = costs is not None and bool(np.isfinite(costs).any())
    headline = headlines([{task.key: task}]).get(task.key)
    return _Task(
        suite=task.suite,
        task=task.task,
        doc_ids=task.doc_ids.tolist(),
        doc_hashes=task.doc_hashes,
        prompt_hashes=task.prompt_hashes,
        scores={name: _numbers(values) for name, values in task.scores.items()},
        is_higher_better=task.is_higher_better,
        headline=headline.name if headline is not None and headline.is_accuracy else None,
        clusters=task.clusters,
        costs=_numbers(costs) if has_cost and costs is not None else None,
    )


def _sketch(run: RunValues) -> _Run:
    """Return a run with the latencies of at most `MOST_PROMPTS` prompts."""
    n = len(run.prompts)
    keep: Ints = np.unique(np.linspace(0, max(0, n - 1), min(n, MOST_PROMPTS)).astype(int))
    return _Run(
        started_at=run.started_at,
        prompts=[run.prompts[i] for i in keep],
        latency={name: _numbers(v[keep]) for name, v in run.latency.items()} if n else {},
        values=dict(run.values),
    )


def _numbers(values: Array) -> list[float | None]:
    """Return numbers to six figures, whole ones as they are; null for missing ones."""
    return [float(f"{v:.6g}") if math.isfinite(v) else None for v in values.tolist()]


def _side(stored: _File, fact: SideFact) -> Side:
    tasks = {(t.suite, t.task): _task(t) for t in stored.tasks}
    return Side(
        fact=fact,
        is_api=stored.is_api,
        tasks=tasks,
        costs={(t.suite, t.task): _array(t.costs or [None] * len(t.doc_ids)) for t in stored.tasks},
        runs=tuple(
            RunValues(
                r.started_at,
                tuple(r.prompts),
                {n: _array(v) for n, v in r.latency.items()},
                r.values,
            )
            for r in stored.runs
        ),
        conditions={(name, where): value for name, where, value in stored.conditions},
    )


def _task(stored: _Task) -> TaskScores:
    return TaskScores(
        suite=stored.suite,
        task=stored.task,
        doc_ids=np.array(stored.doc_ids, dtype=np.int64),
        doc_hashes=stored.doc_hashes,
        prompt_hashes=stored.prompt_hashes,
        scores={name: _array(values) for name, values in stored.scores.items()},
        is_higher_better=stored.is_higher_better,
        clusters=stored.clusters,
    )


def _array(values: Sequence[float | None]) -> Array:
    return np.array(values, dtype=float)


def _digest(content: dict[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _as_text(content: dict[str, Any]) -> bytes:
    """Return JSON in which every key has a line, and every task and run its own, so that changes can be read."""

    def compact(value: Any) -> str:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)

    lines = []
    for key, value in content.items():
        if key in ("tasks", "runs", "conditions") and value:
            lines.append(f' "{key}": [\n  ' + ",\n  ".join(map(compact, value)) + "\n ]")
        else:
            lines.append(f' "{key}": {compact(value)}')
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode()
