"""Words that several parts of the decision page share."""

from __future__ import annotations

from evalkit.analysis.tco.facts import OptionFact, PairFact, TcoFacts
from evalkit.decision.facts import Decision, Outcome, Verdict
from evalkit.report import format as text
from evalkit.report.decision.cells import known

SIDES = {"build": "own deployment", "buy": "API", "blend": "both combined"}
KINDS = {
    "owned": "own servers",
    "rented_on_demand": "GPUs rented by the hour",
    "rented_reserved": "GPUs rented for a term",
    "api_list": "API at its ordinary price",
    "api_contract": "API by contract",
    "api_batch": "API, batch (answers within a day)",
    "blend": "own deployment and API combined",
}
HEADLINES = {
    Decision.BUILD: "Build: run a model yourself",
    Decision.BUY: "Buy: use an API",
    Decision.BLEND: "Blend: combine both",
    Decision.NOT_DECIDABLE: "Not decidable yet",
}
OUTCOMES = {Outcome.PASS: "✓ pass", Outcome.FAIL: "✗ fail", Outcome.UNCLEAR: "? unclear"}
POLICIES = {
    "margin": "by answer margin",
    "mean_logprob": "by mean log-probability",
    "logprob": "by mean log-probability",
    "self_reported": "by the model's own doubt",
    "parsed": "by unreadable answers",
    "task": "by task",
    "random": "at random",
    "oracle": "bound: knows the answers",
}
_CONFIDENCE = (
    (0.95, "very high"),
    (0.8, "high"),
    (0.65, "moderate"),
    (0.0, "low, little better than a coin toss"),
)


def kind_words(option: OptionFact) -> str:
    """Say how an option is deployed."""
    return KINDS.get(option.kind, option.kind.replace("_", " "))


def policy_words(policy: str) -> str:
    """Say by what a policy hands requests over."""
    return POLICIES.get(policy, policy.replace("_", " "))


def positions(facts: TcoFacts) -> dict[str, int]:
    """Return each option's place, and by it its colour, the same in every figure and table."""
    return {o.name: i for i, o in enumerate(facts.options)}


def confidence_words(verdict: Verdict) -> str:
    """Say how sure the verdict is, in words and as a count of simulated futures."""
    confidence = known(verdict.confidence)
    if confidence is None:
        return "not known" if verdict.option is None else "decided by the rules, not by cost"
    words = next(words for limit, words in _CONFIDENCE if confidence >= limit)
    return f"{words} ({futures(confidence)})"


def futures(share: float) -> str:
    """Return a probability as a count of simulated futures; only certainty is none or all."""
    if 0 < share < 0.01:
        return "fewer than 1 of 100 simulated futures"
    if 0.99 < share < 1:
        return "more than 99 of 100 simulated futures"
    return f"{100 * share:.0f} of 100 simulated futures"


def confidence_meaning(facts: TcoFacts, verdict: Verdict) -> str:
    """Say what the confidence counts."""
    if verdict.confidence is None and verdict.option is not None:
        return "No other kind of option keeps every rule of the policy, so there is none that could be cheaper."
    if verdict.confidence is None:
        return (
            "There are no two kinds of option yet that keep every rule, so no costs were compared."
        )
    return (
        "The costs were computed again and again with other values of the uncertain inputs. In so many of these"
        f" futures no other kind of option that keeps the rules is cheaper over {facts.horizon_months} months."
    )


def saving_words(verdict: Verdict) -> str:
    """Name the difference that the tornado shows."""
    this = verdict.option or verdict.leaning
    if this is None or verdict.against is None:
        return "saving of one option against the other"
    return f"saving of {this} against {verdict.against}"


def main_pair(facts: TcoFacts, verdict: Verdict) -> PairFact | None:
    """Return the pair that the verdict is about: of its option, what it was compared with, or a blend's parts."""
    wanted = {verdict.option, verdict.leaning, verdict.against} - {None}
    parts = {part for o in facts.options if o.name in wanted for part in o.parts}
    names = {*wanted, *parts}
    ranked = sorted(facts.pairs, key=lambda p: -((p.build in names) + (p.buy in names)))
    return ranked[0] if ranked else None


def payback_words(pair: PairFact, horizon_months: int) -> str:
    """Say when the own deployment has paid back."""
    value = known(pair.payback_months.value)
    if value is None:
        return f"not within {horizon_months} months"
    return months(value)


def payback_range(pair: PairFact, horizon_months: int) -> str:
    """Say between which months it pays back in 80 of 100 futures; open where some never do."""
    low, high = known(pair.payback_months.low), known(pair.payback_months.high)
    late = f"not within {horizon_months} months"
    if low is None:
        return "" if known(pair.payback_months.value) is None else f"P10–P90: up to {late}"
    if high is None:
        return f"P10: {months(low)}; P90: {late}"
    return f"P10–P90: {low:.0f} to {months(high)}"


def months(value: float) -> str:
    """Return a duration in whole months."""
    return f"{value:.0f} month{'' if round(value) == 1 else 's'}"


def requests_per_month(value: float | None) -> str:
    """Return a load."""
    if known(value) is None or value is None:
        return text.MISSING
    return f"{text.compact(value)} requests per month"
