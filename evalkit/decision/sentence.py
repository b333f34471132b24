"""The one sentence of a verdict: what to do and what it costs, or why nothing is decided."""

from __future__ import annotations

import numpy as np

from evalkit.analysis.tco.facts import BLEND, BUILD, BUY, OptionFact
from evalkit.analysis.tco.titles import titled_task
from evalkit.analysis.tco.words import SIDES
from evalkit.decision.facts import MissingCost, Unpaid
from evalkit.decision.grounds import Grounds
from evalkit.decision.words import about, both, money, percent, ranged, share_of_futures
from evalkit.wording import NOTHING, Said, joined, numeral, say, verbatim

_NOT_GIVEN = {"staff": say("the staff"), "adoption": say("the adoption cost")}
_HARMLESS = {
    Unpaid.BY_BEST: say("it could only make others dearer"),
    Unpaid.BY_ALL: say("all that could be chosen instead bear it, too"),
    Unpaid.NO_RIVAL: say("nothing of another kind may be chosen"),
    Unpaid.OWN_TAKES_MORE: say("nor was that of own machines, which take no less of it"),
}


def sentence(g: Grounds) -> Said:
    """Say what to do and what it costs, or why nothing is decided; and what makes its scores doubtful."""
    return joined((_sentence(g), _guessing(g), *_unlike(g)), " ")


def _unlike(g: Grounds) -> tuple[Said, ...]:
    """Say how models were asked in different ways where the verdict compares several by their quality."""
    scored = {m for o in g.case.facts.options if o.quality.value is not None for m in o.models}
    return g.case.facts.unlike if g.chosen is not None and len(scored) > 1 else ()


def _guessing(g: Grounds) -> Said:
    """Warn of the option that the verdict speaks of where nothing shows that it does not guess."""
    if g.chosen is None:
        return NOTHING
    found = g.case.facts.guesses_of(g.by_name[g.chosen])
    if not found:
        return NOTHING
    return say(
        "Beware: {option} is not surely better than guessing on {tasks}.",
        option=g.chosen,
        tasks=both(titled_task(t, g.scenario) for t in dict.fromkeys(one.task for one in found)),
    )


def _sentence(g: Grounds) -> Said:
    choice, best = g.choice, g.choice.best
    if best is None:
        if g.standing.unclear:
            return say(
                "Not decidable yet: no option is sure to keep every rule; {option} might.",
                option=g.standing.unclear[0],
            )
        return say("Not decidable: every option breaks a rule of the policy.")
    if choice.blockers:
        return _blocked(g, best)
    if choice.is_level:
        return _level(g, best)
    if choice.is_decided and g.turning:
        return _unpaid(g, best)
    if choice.is_decided and choice.open_ones:
        return _open(g, best)
    if choice.is_decided:
        why = _alone(g, best) if choice.rival is None else _cheapest(g, best, choice.rival)
        return joined((_what(g.by_name[best]), why, _as_well(g)), " ")
    assert choice.rival is not None  # without one it is decided
    return say(
        "Not decidable yet: {option} looks cheapest, at {cost} in cash {over} and {gap} less than {rival}, but only"
        " in {share} of the futures simulated from these assumptions no admissible option of another kind is cheaper;"
        " the policy asks for {asked}.",
        **_cost(g, best),
        **_gap(g, best, choice.rival),
        option=best,
        asked=percent(g.scenario.policy.confidence, 0),
    )


def _what(best: OptionFact) -> Said:
    """Say what to do."""
    model = best.models[0]
    if best.side == BUILD:
        return say("Build: run {model} yourself, as {option}.", model=model, option=best.name)
    if best.side == BUY:
        return say("Buy: use {model} through its API, as {option}.", model=model, option=best.name)
    models = both(best.models)
    return say("Blend: combine {models}, as {option}.", models=models, option=best.name)


def _cheapest(g: Grounds, best: str, rival: str) -> Said:
    return say(
        "It costs {cost} in cash {over}, {gap} less than {rival}; in {share} of the futures simulated from these"
        " assumptions no admissible option of another kind is cheaper.",
        **_cost(g, best),
        **_gap(g, best, rival),
    )


def _alone(g: Grounds, best: str) -> Said:
    """Say why there is nothing to compare it with."""
    if len({o.side for o in g.case.facts.options}) == 1:
        return say(
            "It costs {cost} in cash {over}; only options to {side} were given, so nothing else was compared.",
            **_cost(g, best),
            side=SIDES[g.by_name[best].side],
        )
    return say(
        "It costs {cost} in cash {over}; it is the only kind of option that keeps every rule.",
        **_cost(g, best),
    )


def _blocked(g: Grounds, best: str) -> Said:
    names = both(g.choice.blockers)
    if len(g.choice.blockers) == 1:
        return say(
            "Not decidable yet: {option} keeps every rule, at {cost} in cash {over}, but {other} may be cheaper,"
            " and not enough is known about it.",
            **_cost(g, best),
            option=best,
            other=names,
        )
    return say(
        "Not decidable yet: {option} keeps every rule, at {cost} in cash {over}, but {others} may be cheaper, and"
        " not enough is known about them.",
        **_cost(g, best),
        option=best,
        others=names,
    )


def _cost(g: Grounds, name: str) -> dict[str, Said]:
    return {"cost": ranged(g.by_name[name].total, g.case.facts.currency), "over": g.over}


def _gap(g: Grounds, best: str, rival: str) -> dict[str, Said]:
    gap = np.median(g.case.futures[rival].total - g.case.futures[best].total)
    share = share_of_futures(g.choice.confidence or 0.0)
    return {
        "gap": say("about {money}", money=about(float(gap), g.case.facts.currency)),
        "rival": verbatim(rival),
        "share": share,
    }


def _level(g: Grounds, best: str) -> Said:
    return say(
        "Not decidable on cost: {options} are equivalent. They differ by no more than {margin} of {cost} in cash"
        " {over}, so what else counts has to decide.",
        **_cost(g, best),
        options=both((best, *g.choice.equivalent)),
        margin=g.margin,
    )


def _unpaid(g: Grounds, best: str) -> Said:
    """Say that a cost nobody gave could turn it, and from which amount on."""
    without = say(
        "Not decidable yet: {option} looks cheapest, at {cost} in cash {over}, but not with every cost.",
        **_cost(g, best),
        option=best,
    )
    return joined((without, *(missing_words(m, g.case.facts.currency) for m in g.turning)), " ")


def missing_words(m: MissingCost, currency: str) -> Said:
    """Say from which amount a cost that nobody gave turns the verdict, or why it can't."""
    values = {"options": both(m.options)}
    given = _NOT_GIVEN[m.what]
    nobody = say("Nobody gave {what} of {options}", **values, what=given)
    if m.turns_at is None:
        why = _HARMLESS[m.harmless or Unpaid.BY_BEST]
        return say("{nobody}; it can't turn the verdict: {why}.", nobody=nobody, why=why)
    amount_of = {"amount": _per(m, currency), "option": verbatim(m.becomes or "")}
    if m.is_difference:
        return say(
            "{nobody}, nor of {option}: once it is {amount} more than that of {option}, {option} becomes the cheapest.",
            nobody=nobody,
            **amount_of,
        )
    return say(
        "{nobody}: above {amount} {option} becomes the cheapest.", nobody=nobody, **amount_of
    )


def _per(m: MissingCost, currency: str) -> Said:
    at = money(None, currency) if m.turns_at is None else about(m.turns_at, currency)
    if m.what != "staff":
        return at
    if m.fte is None:
        return say("{money} a year", money=at)
    return say(
        "{fte} FTE at {salary} ({money} a year)",
        fte=numeral(f"{m.fte:.2g}"),
        salary=money(m.salary, currency),
        money=at,
    )


def _open(g: Grounds, best: str) -> Said:
    """Say that the kind is decided, and why no option is named."""
    values = {"option": verbatim(best), "others": both(g.choice.open_ones)}
    kinds = {
        BUILD: say(
            "Build; which deployment is open: {option} keeps every rule, {others} may cost less, and is not known well"
            " enough.",
            **values,
        ),
        BUY: say(
            "Buy; which API is open: {option} keeps every rule, {others} may cost less, and is not known well enough.",
            **values,
        ),
        BLEND: say(
            "Blend; which blend is open: {option} keeps every rule, {others} may cost less, and is not known well"
            " enough.",
            **values,
        ),
    }
    costs = say("{option} costs {cost} in cash {over}.", option=best, **_cost(g, best))
    return joined((kinds[g.by_name[best].side], costs), " ")


def _as_well(g: Grounds) -> Said:
    """Name the options of the same kind that are equivalent on cost."""
    if not g.choice.equivalent:
        return NOTHING
    return say(
        "Equivalent on cost, with a difference of no more than {margin}: {options}.",
        margin=g.margin,
        options=both(g.choice.equivalent),
    )
