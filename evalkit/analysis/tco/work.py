"""What a request of an option is like: its tokens, quality, and whether it keeps the service level."""

from __future__ import annotations

from collections.abc import Sequence

from evalkit.analysis.tco.book import Book
from evalkit.analysis.tco.lengths import measured_tokens
from evalkit.analysis.tco.options import Resolved
from evalkit.analysis.tco.unit import Work
from evalkit.analysis.tco.values import Input
from evalkit.store.run_dir import Run


def work_of(r: Resolved, runs: Sequence[Run], ratio: Input, book: Book) -> Work:
    """Return what a request of an option is like."""
    n_in, n_out = tokens_of(r, runs, book)
    prices = None
    if r.api is not None and r.api.input_per_mtok is not None and r.api.output_per_mtok is not None:
        prices = r.api.input_per_mtok, r.api.output_per_mtok
    return Work(n_in, n_out, r.quality, r.slo_share, prices, ratio)


def tokens_of(r: Resolved, runs: Sequence[Run], book: Book) -> tuple[float | None, float | None]:
    """Return input and output tokens per request: the scenario's, else as measured, else those of the load test."""
    load = book.scenario.load
    if load.input_tokens is not None and load.output_tokens is not None:
        return load.input_tokens.mode, load.output_tokens.mode
    if r.api is not None:
        return r.api.input_tokens, r.api.output_tokens
    found = measured_tokens(r.spec.model, runs, book)
    if None not in found or r.capacity is None:
        return found
    return r.capacity.input_tokens, r.capacity.output_tokens
