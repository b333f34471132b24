"""How long the requests of the work are, and how much work their tokens make."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from evalkit.analysis.tco.book import Book
from evalkit.analysis.tco.evidence import task_requests, weighted_mean
from evalkit.analysis.tco.replica import Capacity
from evalkit.records import RequestKind
from evalkit.store.run_dir import Run


class Lengths(NamedTuple):
    """Tokens per request."""

    input_tokens: float
    output_tokens: float

    def work(self, ratio: float) -> float:
        """Return what a request weighs, in output tokens: input / ratio + output.

        Args:
            ratio: What an output token takes, in input tokens.
        """
        return self.input_tokens / ratio + self.output_tokens


def lengths_of_work(model: str, runs: Sequence[Run], book: Book) -> Lengths | None:
    """Return the scenario's most likely lengths, else as measured when the model was asked; None where neither is."""
    load = book.scenario.load
    if load.input_tokens is not None and load.output_tokens is not None:
        return Lengths(load.input_tokens.mode, load.output_tokens.mode)
    n_in, n_out = measured_tokens(model, runs, book)
    return None if n_in is None or n_out is None else Lengths(n_in, n_out)


def measured_lengths(capacity: Capacity) -> Lengths | None:
    """Return the lengths that a capacity was measured with; None where they are not known."""
    n_in, n_out = capacity.input_tokens, capacity.output_tokens
    return Lengths(n_in, n_out) if n_in and n_out else None


def measured_tokens(
    model: str, runs: Sequence[Run], book: Book
) -> tuple[float | None, float | None]:
    """Return mean tokens of the model's generated answers over the tasks, in its own tokenizer."""
    tasks = task_requests(runs, model)
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
