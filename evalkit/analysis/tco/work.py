"""What a request of an option is like: its tokens, quality, and whether it keeps the service level."""

from __future__ import annotations

from collections.abc import Sequence

from evalkit.analysis.tco.book import Book
from evalkit.analysis.tco.evidence import task_requests, weighted_mean
from evalkit.analysis.tco.options import Resolved
from evalkit.analysis.tco.unit import Work
from evalkit.analysis.tco.values import Input
from evalkit.records import RequestKind
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
    found = measured_tokens(r, runs, book)
    if None not in found or r.capacity is None:
        return found
    return r.capacity.input_tokens, r.capacity.output_tokens


def measured_tokens(
    r: Resolved, runs: Sequence[Run], book: Book
) -> tuple[float | None, float | None]:
    """Return mean tokens of the model's generated answers over the tasks, in its own tokenizer."""
    tasks = task_requests(runs, r.spec.model)
    weights = book.scenario.load.task_weights

    def mean(name: str) -> float | None:
        values = {
            t.task: [
                float(n)
                for request in t.requests
                if request.kind == RequestKind.GENERATE
                and (n := getattr(request, name)) is not None
            ]
            for t in tasks
        }
        return weighted_mean(values, weights, "tokens").value

    return mean("input_tokens"), mean("output_tokens")
