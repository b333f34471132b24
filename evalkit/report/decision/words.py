"""Words that several parts of the decision page share."""

from __future__ import annotations

from collections.abc import Sequence

from evalkit.analysis.tco.facts import OptionFact, PairFact, TcoFacts
from evalkit.analysis.tco.formulas import SECONDS_PER_MONTH
from evalkit.decision.facts import Decision, Outcome, Verdict
from evalkit.decision.words import NEAR, rounded
from evalkit.decision.words import rule_words as rule_words
from evalkit.report import format as text
from evalkit.report.decision.cells import between, known, plain, spread
from evalkit.wording import NOTHING, Said, joined, numeral, say, say_n, verbatim

SIDES = {"build": say("own deployment"), "buy": say("API"), "blend": say("both combined")}
SHAPES = say("Circle: own deployment; square: API; diamond: both combined.")
"""What `style.SIDE_MARKERS` draws."""
KINDS = {
    "owned": say("own servers"),
    "rented_on_demand": say("GPUs rented by the hour"),
    "rented_serverless": say("GPUs rented by the second"),
    "rented_reserved": say("GPUs rented for a term"),
    "api_list": say("API at its ordinary price"),
    "api_contract": say("API by contract"),
    "api_batch": say("API, batch (answers within a day)"),
    "blend": say("own deployment and API combined"),
}
_MOST_FIXED = 8
HEADLINES = {
    Decision.BUILD: say("Build: run a model yourself"),
    Decision.BUY: say("Buy: use an API"),
    Decision.BLEND: say("Blend: combine both"),
    Decision.NOT_DECIDABLE: say("Not decidable yet"),
}
OUTCOMES = {
    Outcome.PASS: say("✓ pass"),
    Outcome.FAIL: say("✗ fail"),
    Outcome.UNCLEAR: say("? unclear"),
}
DATA_CLASSES = {
    "public": say("public"),
    "internal": say("internal"),
    "confidential": say("confidential"),
}
POLICIES = {
    "margin": say("by answer margin"),
    "mean_logprob": say("by mean log-probability"),
    "logprob": say("by mean log-probability"),
    "self_reported": say("by the model's own doubt"),
    "parsed": say("by unreadable answers"),
    "task": say("by task"),
    "random": say("at random"),
    "oracle": say("bound: knows the answers"),
}


def kind_words(option: OptionFact) -> Said:
    """Say how an option is deployed."""
    return KINDS.get(option.kind, verbatim(option.kind.replace("_", " ")))


def side_words(side: str) -> Said:
    """Say on which side an option is."""
    return SIDES.get(side, verbatim(side))


def data_words(data_class: str) -> Said:
    """Say how confidential data are."""
    return DATA_CLASSES.get(data_class, verbatim(data_class))


def policy_words(policy: str) -> Said:
    """Say by what a policy hands requests over."""
    return POLICIES.get(policy, verbatim(policy.replace("_", " ")))


def positions(facts: TcoFacts) -> dict[str, int]:
    """Return each option's place, and by it its colour, the same in every figure and table."""
    return {o.name: i for i, o in enumerate(facts.options)}


def confidence_words(verdict: Verdict) -> Said:
    """Say how sure the verdict is, as a count of futures of the given assumptions; that is all it is."""
    confidence = known(verdict.confidence)
    if confidence is None:
        if verdict.decision is Decision.NOT_DECIDABLE:
            return text.NOT_KNOWN
        return say("decided by the rules, not by cost")
    return say("{futures} of these assumptions", futures=futures(confidence))


def futures(share: float) -> Said:
    """Return a probability as a count of simulated futures; only certainty is none or all."""
    if 0 < share < 0.01:
        return say("fewer than 1 of 100 simulated futures")
    if 0.99 < share < 1:
        return say("more than 99 of 100 simulated futures")
    return say("{n} of 100 simulated futures", n=numeral(f"{100 * share:.0f}"))


def confidence_meaning(facts: TcoFacts, verdict: Verdict) -> Said:
    """Say what the confidence counts."""
    if verdict.confidence is None and verdict.decision is not Decision.NOT_DECIDABLE:
        return say(
            "No other kind of option keeps every rule of the policy, so there is none that could be cheaper."
        )
    if verdict.confidence is None:
        return say(
            "There are no two kinds of option yet that keep every rule, so no costs were compared."
        )
    counted = say(
        "The costs were computed again and again with other values of the uncertain inputs. In so many of these"
        " futures no other kind of option that keeps the rules is cheaper over {months}.",
        months=months(facts.horizon_months),
    )
    return joined((counted, _not_varied(verdict)), " ")


def _not_varied(verdict: Verdict) -> Said:
    """Name what is taken for certain, so that no future differs in it."""
    if not verdict.fixed:
        return NOTHING
    names = list(dict.fromkeys(i.label for i in verdict.fixed))
    listed = joined(names[:_MOST_FIXED], "; ")
    if len(names) > _MOST_FIXED:
        n = numeral(str(len(names) - _MOST_FIXED))
        listed = say("{listed}, and {n} more", listed=listed, n=n)
    return say("Not varied, so taken for certain: {names}.", names=listed)


def saving_words(verdict: Verdict) -> Said:
    """Name the difference that the tornado shows, in the middle of a sentence."""
    this = verdict.option or verdict.leaning
    if this is None or verdict.against is None:
        return say("saving of one option against the other")
    return say("saving of {this} against {that}", this=this, that=verdict.against)


def saving_title(verdict: Verdict) -> Said:
    """Name the difference that the tornado shows, at the beginning of a sentence."""
    this = verdict.option or verdict.leaning
    if this is None or verdict.against is None:
        return say("Saving of one option against the other")
    return say("Saving of {this} against {that}", this=this, that=verdict.against)


def main_pair(facts: TcoFacts, verdict: Verdict) -> PairFact | None:
    """Return the pair that the verdict is about: its option and what that was compared with, else the nearest to it."""
    return next(iter(_ranked(facts.pairs, facts, verdict)), None)


def quality_pair(facts: TcoFacts, verdict: Verdict) -> PairFact | None:
    """Return the pair of two models nearest to the verdict: of a blend, its parts."""
    pairs = [p for p in facts.pairs if p.is_own_against_api]
    return next(iter(_ranked(pairs, facts, verdict)), None)


def _ranked(pairs: Sequence[PairFact], facts: TcoFacts, verdict: Verdict) -> list[PairFact]:
    wanted = {verdict.option, verdict.leaning, verdict.against} - {None}
    parts = {part for o in facts.options if o.name in wanted for part in o.parts}

    def fits(p: PairFact) -> tuple[int, int]:
        both = (p.build, p.buy)
        return -sum(n in wanted for n in both), -sum(n in parts for n in both)

    return sorted(pairs, key=fits)


def payback_words(pair: PairFact, horizon_months: int) -> Said:
    """Say when the own deployment has paid back."""
    value = known(pair.payback_months.value)
    return _not_within(horizon_months) if value is None else months(value)


def payback_range(pair: PairFact, horizon_months: int) -> Said:
    """Say between which months it pays back in 80 of 100 futures; open where some never do."""
    low, high = known(pair.payback_months.low), known(pair.payback_months.high)
    late = _not_within(horizon_months)
    if low is None:
        never = known(pair.payback_months.value) is None
        return NOTHING if never else say("P10–P90: up to {late}", late=late)
    if high is None:
        return say("P10: {early}; P90: {late}", early=months(low), late=late)
    return say("P10–P90: {low} to {high}", low=numeral(f"{low:.0f}"), high=months(high))


def break_even_range(pair: PairFact) -> Said:
    """Say between which loads 80 of 100 futures break even; open where some never do."""
    at = pair.break_even_per_month
    if not break_even_is_near(pair):
        return at.reason
    low, high = known(at.low), known(at.high)
    if low is not None and high is None:
        return say("P10: {low}; P90: no load makes it cheaper", low=_near(low))
    return spread(at, _near)


def _near(value: float | None) -> Said:
    return plain(None if value is None else rounded(value))


def break_even_is_near(pair: PairFact) -> bool:
    """Tell whether the break-even load is one that may be thought of: beyond it, not its digits count."""
    at = known(pair.break_even_per_month.value)
    return at is not None and at <= NEAR * pair.load_per_s * SECONDS_PER_MONTH


def break_even_short(pair: PairFact) -> Said:
    """Return the break-even load of a month in two digits, or that there is none within reach."""
    at = known(pair.break_even_per_month.value)
    if at is None:
        return say("none")
    if not break_even_is_near(pair):
        return say("none within reach")
    return _near(at) if at else say("the smallest")


def _not_within(horizon_months: int) -> Said:
    return say_n("not within {n} month", "not within {n} months", horizon_months)


def between_about(low: float, high: float) -> Said:
    """Return a range of money in two figures; nothing where both ends read the same."""
    shown = (text.about(low), text.about(high))
    return NOTHING if shown[0] == shown[1] else between(*shown)


def months(value: float) -> Said:
    """Return a duration in whole months."""
    return say_n("{n} month", "{n} months", round(value))


def requests_per_month(value: float | None) -> Said:
    """Return a load."""
    if known(value) is None or value is None:
        return text.MISSING
    return say("{n} requests per month", n=text.compact(value))
