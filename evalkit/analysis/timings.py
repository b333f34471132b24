"""Latency and cost of every request, as arrays; the definitions are those of `metrics.latency`.

It needs columns of requests.parquet and no record per token. A test compares it with the formulas on records.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from evalkit.analysis.arrays import Array, Flags, Ints, Objects
from evalkit.records import GENERATED_KINDS, NS_PER_S, RequestKind

COLUMNS = (
    "cell_id",
    "task",
    "doc_id",
    "kind",
    "is_measured",
    "is_timed",
    "output_tokens",
    "flags",
    "attempts",
)
"""Columns of a request that are read."""


@dataclass(frozen=True, slots=True)
class Timings:
    """Measured requests; arrays are `[requests]`, NaN: there is no such number."""

    cells: Objects
    """Id of the cell of each request."""
    tasks: Objects
    doc_ids: Ints
    ttft_s: Array
    tpot_s: Array
    e2e_s: Array
    """Latencies only of requests that ran alone, as `metrics.latency.is_timed` has it."""
    output_tokens: Array
    cost_usd: Array
    """Cost of all attempts of each request; NaN where one of them has no price."""
    is_withheld: Flags
    """The vendor refused or withheld the answer."""


def request_timings(requests: pa.Table) -> Timings:
    """Return what measured requests took.

    Args:
        requests: With the columns `COLUMNS`; warm-ups among them are left out.
    """
    table = requests.filter(requests["is_measured"]).combine_chunks()
    output_tokens = _floats(table["output_tokens"])
    ttft, tpot, e2e, cost = _of_attempts(table, output_tokens)
    is_generated = pc.equal(table["kind"], str(RequestKind.GENERATE)).to_numpy()
    alone = is_generated & table["is_timed"].to_numpy()
    for latency in (ttft, tpot, e2e):
        latency[~alone] = np.nan
    return Timings(
        cells=np.array(table["cell_id"].to_pylist(), dtype=object),
        tasks=np.array(table["task"].to_pylist(), dtype=object),
        doc_ids=table["doc_id"].to_numpy(),
        ttft_s=ttft,
        tpot_s=tpot,
        e2e_s=e2e,
        output_tokens=np.where(is_generated, output_tokens, np.nan),
        cost_usd=cost,
        is_withheld=_has(table["flags"], "filtered"),
    )


def _of_attempts(table: pa.Table, output_tokens: Array) -> tuple[Array, Array, Array, Array]:
    """Return TTFT, TPOT and e2e latency of each request's last attempt, and the cost of all its attempts."""
    n = table.num_rows
    nothing = np.full(n, np.nan)
    if not n:
        return nothing, nothing.copy(), nothing.copy(), nothing.copy()
    lists = table["attempts"].chunk(0)
    counts = pc.list_value_length(lists).to_numpy(zero_copy_only=False)
    ends = np.cumsum(counts)
    attempts = lists.flatten()
    has_any = counts > 0
    cost = sum_at(np.repeat(np.arange(n), counts), _floats(attempts.field("cost_usd")), n)
    last = attempts.take(pa.array(ends[has_any] - 1))
    first_ns, last_ns, n_events = _generated(last)
    sent = last.field("t_send_ns").to_numpy()
    tokens = output_tokens[has_any]
    with np.errstate(invalid="ignore", divide="ignore"):
        ttft = (first_ns - sent) / NS_PER_S
        e2e = (last_ns - sent) / NS_PER_S
        per_token = (last_ns - first_ns) / NS_PER_S / (tokens - 1)
    tpot = np.where((n_events >= 2) & (tokens >= 2), per_token, np.nan)
    return _spread(ttft, has_any), _spread(tpot, has_any), _spread(e2e, has_any), cost


def _generated(attempts: pa.StructArray) -> tuple[Array, Array, Ints]:
    """Return the stamps of each attempt's first and last generated token, and how many events carried some."""
    lists = attempts.field("events")
    counts = pc.list_value_length(lists).to_numpy(zero_copy_only=False)
    events = lists.flatten()
    owner = np.repeat(np.arange(len(counts)), counts)
    kinds = pc.is_in(events.field("kind"), pa.array([str(k) for k in GENERATED_KINDS]))
    empty = pc.fill_null(pc.equal(events.field("n_tokens"), 0), False)
    is_token = kinds.to_numpy(zero_copy_only=False) & ~empty.to_numpy(zero_copy_only=False)
    ok = pc.equal(attempts.field("status"), "ok").to_numpy(zero_copy_only=False)
    is_token &= ok[owner]
    at = np.flatnonzero(is_token)
    mine = owner[at]
    stamps = events.field("t_ns").to_numpy()[at]
    first, last = np.full(len(counts), np.nan), np.full(len(counts), np.nan)
    first[mine[::-1]] = stamps[::-1]  # the last one written is the earliest event
    last[mine] = stamps
    n_events: Ints = np.bincount(mine, minlength=len(counts))
    return first, last, n_events


def sum_at(place: Ints, values: Array, n: int) -> Array:
    """Return the sum of what lies at each of n places; NaN where nothing does, and where a value is missing."""
    total: Array = np.bincount(place, np.nan_to_num(values), n).astype(float)
    total[np.bincount(place[np.isnan(values)], minlength=n) > 0] = np.nan
    total[np.bincount(place, minlength=n) == 0] = np.nan
    return total


def _spread(values: Array, where: Flags) -> Array:
    found = np.full(len(where), np.nan)
    found[where] = values
    return found


def _floats(column: pa.ChunkedArray | pa.Array) -> Array:
    """Return numbers as floats, missing ones as NaN."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    return np.asarray(pc.cast(column, pa.float64()).to_numpy(zero_copy_only=False), dtype=float)


def _has(lists: pa.ChunkedArray, word: str) -> Flags:
    """Tell which lists hold a word."""
    array = lists.combine_chunks()
    if isinstance(array, pa.ChunkedArray):
        array = array.chunk(0) if array.num_chunks else pa.array([], array.type)
    counts = pc.list_value_length(array).to_numpy(zero_copy_only=False)
    owner = np.repeat(np.arange(len(counts)), counts)
    hit = pc.equal(array.flatten(), word).to_numpy(zero_copy_only=False)
    return np.bincount(owner[hit], minlength=len(counts)) > 0
