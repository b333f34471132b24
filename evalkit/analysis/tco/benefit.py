"""What is got for the money: cost per additional right answer, and what answers are worth less what they cost.

Options are ranked by cost. Each is compared with the dearest of the cheaper ones that is not itself beaten: the
difference in cost / the difference in right answers is its incremental cost-effectiveness ratio (Drummond et al.,
Methods for the Economic Evaluation of Health Care Programmes, 4th ed. 2015). One that costs no less and is no better is
dominated. Money is present value over the horizon; answers are counted, and discounted like money where they are worth
some.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evalkit.analysis.arrays import Array
from evalkit.analysis.facts import Estimate
from evalkit.analysis.tco.book import Asked, Book
from evalkit.analysis.tco.deployment import Workload
from evalkit.analysis.tco.facts import BenefitFact, Figure, OptionFact, PairFact, TcoFacts
from evalkit.analysis.tco.formulas import cumulated
from evalkit.analysis.tco.model import volumes
from evalkit.analysis.tco.uncertainty import Future, figure, inputs_of
from evalkit.analysis.tco.values import Input, Reading, as_input
from evalkit.wording import say, verbatim


@dataclass(frozen=True, slots=True)
class Worth:
    """What an answer is worth to who asks."""

    right: Input
    wrong: Input
    """Harm: what a wrong answer costs beyond its price."""


def worth_of(book: Book) -> Worth | None:
    """Return what answers are worth; None where the policy does not say it."""
    given = book.scenario.policy.worth
    if given is None:
        return None
    right = Asked("worth.right", say("worth of a right answer"), "money/answer")
    wrong = Asked("worth.wrong", say("harm of a wrong answer"), "money/answer")
    return Worth(book.yours(right, given.right), book.yours(wrong, given.wrong))


def benefits(
    facts: TcoFacts, futures: Mapping[str, Future], workload: Workload, read: Reading, book: Book
) -> tuple[BenefitFact, ...]:
    """Return what each option of known cost and quality gives, cheapest first."""
    known = [o for o in facts.options if o.name in futures and o.quality.value is not None]
    known.sort(key=lambda o: float(np.median(futures[o.name].total)))
    asked = volumes(workload, read)
    at = _At(futures, workload, read, asked, worth_of(book), book.scenario.currency)
    return tuple(_ladder(known, facts.pairs, at))


@dataclass(frozen=True, slots=True)
class _At:
    """What benefits are computed from."""

    futures: Mapping[str, Future]
    workload: Workload
    read: Reading
    asked: Array
    """Requests `[draws, months]`."""
    worth: Worth | None
    currency: str


def _ladder(
    known: Sequence[OptionFact], pairs: Sequence[PairFact], at: _At
) -> Iterator[BenefitFact]:
    best: OptionFact | None = None
    for o in known:
        beaten = best is not None and (o.quality.value or 0) <= (best.quality.value or 0)
        yield BenefitFact(
            option=o.name,
            right_answers=_right_answers(o, at),
            compared_with=None if best is None else best.name,
            is_dominated=beaten,
            per_additional=None if best is None or beaten else _per_additional(o, best, pairs, at),
            net_benefit=_net_benefit(o, at),
        )
        best = o if not beaten else best


def _quality(o: OptionFact) -> Input:
    # the same measurement has the same key, so options of one model share its draws
    name = f"share.quality.{o.quality.value}.{o.quality.n}"
    found = as_input(name, verbatim("quality"), o.quality)
    assert found is not None  # only those of known quality are asked
    return found


def _right_answers(o: OptionFact, at: _At) -> Figure:
    given = _quality(o)
    rests_on = [*inputs_of(at.workload), given]
    return figure(at.asked.sum(axis=-1, keepdims=True) * at.read(given), "answers", rests_on)


def _per_additional(
    o: OptionFact, cheaper: OptionFact, pairs: Sequence[PairFact], at: _At
) -> Figure:
    """Return the money for each right answer that `o` gives beyond the cheaper one; inf where it gives none."""
    one, other = at.futures[o.name], at.futures[cheaper.name]
    more = (one.total - other.total)[..., None]
    gain = _gain(o, cheaper, pairs, at.read)
    answers = at.asked.sum(axis=-1, keepdims=True) * gain
    with np.errstate(divide="ignore", invalid="ignore"):
        each = np.where(answers > 0, more / answers, np.inf)
    rests_on = [i for d in (one.deployment, other.deployment) for i in inputs_of(d)]
    return figure(each, f"{at.currency}/answer", [*inputs_of(at.workload), *rests_on])


def _gain(o: OptionFact, cheaper: OptionFact, pairs: Sequence[PairFact], read: Reading) -> Array:
    """Return the gain in quality `[draws, 1]`: paired by doc where it is known so, else of two independent scores."""
    for p in pairs:
        if {p.build, p.buy} == {o.name, cheaper.name} and p.quality_difference.value is not None:
            sign = 1 if p.buy == o.name else -1
            given = _as_difference(p.quality_difference, p)
            return np.asarray(sign * read(given))
    return np.asarray(read(_quality(o)) - read(_quality(cheaper)))


def _as_difference(e: Estimate, p: PairFact) -> Input:
    found = as_input(f"difference.{p.build}.{p.buy}", verbatim("quality"), e)
    assert found is not None
    return found


def _net_benefit(o: OptionFact, at: _At) -> Figure | None:
    """Return the worth of right answers less the harm of wrong ones and the cost; doing nothing gives 0."""
    if at.worth is None:
        return None
    share = at.read(_quality(o))
    each = share * at.read(at.worth.right) - (1 - share) * at.read(at.worth.wrong)
    months = np.atleast_2d(at.asked) * each
    given = np.concatenate([np.zeros((*months.shape[:-1], 1)), months], axis=-1)
    f = at.futures[o.name]
    value = cumulated(given, at.read(at.workload.discount_rate))[..., -1] - f.total
    rests_on = [*inputs_of(at.workload), *inputs_of(f.deployment), at.worth.right, at.worth.wrong]
    return figure(value, at.currency, rests_on)
