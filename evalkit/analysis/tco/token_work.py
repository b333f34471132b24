"""Requests of other lengths than those that capacity was measured with: what a replica then serves, and how surely."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from evalkit.analysis.tco.book import Asked, Book
from evalkit.analysis.tco.deployment import TokenWork
from evalkit.analysis.tco.lengths import Lengths, lengths_of_work, measured_lengths
from evalkit.analysis.tco.replica import Capacity
from evalkit.analysis.tco.values import Input, Provenance
from evalkit.config.scenario import OptionSpec
from evalkit.store.run_dir import Run
from evalkit.wording import Said, joined, numeral, say

_NAMES = (("input_tokens", say("prompt tokens")), ("output_tokens", say("answer tokens")))
MOST_DIFFERENCE = 0.25
"""Between tokens of the measurement and of the work, beyond which nobody knows what is served within the limits."""


def token_work(
    option: OptionSpec, capacity: Capacity, runs: Sequence[Run], book: Book
) -> TokenWork | None:
    """Return how capacity is scaled to the work's lengths; None where either is not known.

    A number of the user's own is taken to hold at the most likely lengths of the scenario.
    """
    asked = lengths_of_work(option.model, runs, book)
    tested = measured_lengths(capacity) or asked
    if asked is None or tested is None:
        return None
    n_in, n_out = scenario_lengths(book)
    if n_in is None or n_out is None:
        n_in, n_out = (
            _measured(option.model, *one, book) for one in zip(_NAMES, asked, strict=True)
        )
    if asked == tested and not n_in.is_varied and not n_out.is_varied:
        return None
    return TokenWork(
        tested_input=tested.input_tokens,
        tested_output=tested.output_tokens,
        input_tokens=n_in,
        output_tokens=n_out,
        ratio=book.assumed(
            Asked("token_work_ratio", say("work of an output token / an input token"), "ratio"),
            None,
            "input_output_price_ratio",
        ),
        exponent=book.assumed(
            Asked("token_work_exponent", say("how capacity follows the lengths"), "factor"),
            None,
            "token_work_exponent",
        ),
    )


def with_doubt(option: OptionSpec, capacity: Capacity, runs: Sequence[Run], book: Book) -> Capacity:
    """Return a capacity whose service level is in doubt where the work's lengths are far from the measured ones."""
    asked, tested = lengths_of_work(option.model, runs, book), measured_lengths(capacity)
    if asked is None or tested is None or capacity.per_s is None:
        return capacity
    if all(abs(a / t - 1) <= MOST_DIFFERENCE for a, t in zip(asked, tested, strict=True)):
        return capacity
    why = say(
        "it was measured with {tested} tokens per request, the work has {asked}",
        tested=_shown(tested),
        asked=_shown(asked),
    )
    return replace(capacity, doubt=joined([d for d in (capacity.doubt, why) if d], "; "))


def _shown(lengths: Lengths) -> Said:
    n_in, n_out = (numeral(f"{n:,.0f}") for n in lengths)
    return joined((n_in, n_out), " + ")


def scenario_lengths(book: Book) -> tuple[Input | None, Input | None]:
    """Return the lengths of requests that the scenario gives; both or neither."""
    load = book.scenario.load
    if load.input_tokens is None or load.output_tokens is None:
        return None, None
    n_in, n_out = (Asked(f"load.{name}", label, "tokens/request") for name, label in _NAMES)
    return book.yours(n_in, load.input_tokens), book.yours(n_out, load.output_tokens)


def _measured(model: str, named: tuple[str, Said], known: float, book: Book) -> Input:
    name, label = named
    asked = Asked(f"load.{name}.{model}", label, "tokens/request")
    return book.fixed(asked, known, Provenance.MEASURED, say("measured requests"))
