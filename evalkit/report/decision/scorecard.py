"""The scorecard → its section: bars, sentences, and what the page's script needs to weigh anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from markupsafe import Markup

from evalkit.analysis.tco.facts import OptionFact, TcoFacts
from evalkit.decision.facts import Verdict
from evalkit.decision.scorecard import Criterion, Score, Scorecard, Scored
from evalkit.report import format as text
from evalkit.report.decision.cells import spread
from evalkit.report.decision.words import SIDES, positions
from evalkit.report.embed import json_block
from evalkit.report.language import Spoken
from evalkit.report.text_safety import visible
from evalkit.wording import NOTHING, Said, joined, numeral, say, tell, verbatim

MOST = 5
"""Where sliders end, unless the scenario has a larger weight."""
NAMES = {
    Criterion.QUALITY: say("Quality"),
    Criterion.COST: say("Cost"),
    Criterion.SPEED: say("Speed"),
    Criterion.DATA_CONTROL: say("Data control"),
    Criterion.CERTAINTY: say("Certainty of cost"),
}
FORMULAS = {
    Criterion.QUALITY: say("own score / best score of all options"),
    Criterion.COST: say("lowest present value of all options / own present value (medians)"),
    Criterion.SPEED: say("share of measured requests within the service level"),
    Criterion.DATA_CONTROL: say("share of requests whose data stay in the company's network"),
    Criterion.CERTAINTY: say("P10 / P90 of the present value"),
}
_OUT = say("not ranked: breaks a rule of the policy")
_WORDS = {
    "winner": say("With your weights: {option}.", option="{option}"),
    "level": say("With your weights these are level: {options}.", options="{options}"),
    "nobody": say("With your weights no option can be ranked: something that counts is not known."),
    "none": say("No weights given: move a slider."),
    "unknown": say("not ranked; not known: {criteria}", criteria="{criteria}"),
}


@dataclass(frozen=True, slots=True)
class Weight:
    """One criterion, what it is and how much it counts."""

    key: str
    """Key in the policy's `weights`."""
    name: Said
    formula: Said
    value: float
    shown: Said


@dataclass(frozen=True, slots=True)
class Bar:
    """One score."""

    shown: Said
    percent: str | None
    """How long its bar is; None: not known, there is no bar."""
    note: Said
    """What it was computed from; of an unknown one why it is not known."""


@dataclass(frozen=True, slots=True)
class Row:
    """One option."""

    name: str
    series: int
    side: Said
    bars: tuple[Bar, ...]
    total: float | None
    total_shown: Said
    rank: Said
    wins: Said
    state: Said
    """Why it is not ranked; empty: it is."""
    broken: tuple[Said, ...]
    unclear: tuple[Said, ...]

    @property
    def is_first(self) -> bool:
        """Whether it leads."""
        return self.rank == "1"


@dataclass(frozen=True, slots=True)
class ScorecardSection:
    """The scorecard, ready to be put into HTML."""

    weights: tuple[Weight, ...]
    most: int
    """Where the sliders end."""
    rows: tuple[Row, ...]
    sentences: tuple[Said, ...]
    drawn: Said
    """How the share of all weightings was counted."""
    data: Markup
    """Scores and weights for the script."""

    @property
    def has_wins(self) -> bool:
        """Whether there are two that can be ranked: of one alone it says nothing that it always wins."""
        return sum(row.total is not None for row in self.rows) > 1

    @property
    def has_notes(self) -> bool:
        """Whether an option breaks a rule, or may."""
        return any(row.broken or row.unclear for row in self.rows)


def build_scorecard(
    card: Scorecard, facts: TcoFacts, language: Spoken, verdict: Verdict | None = None
) -> ScorecardSection:
    """Return the section; it says so where the verdict names another option than comes first here.

    `language` is that of the script's words, everything else is told by the template.
    """
    counted = [NAMES[c] for c, w in zip(card.criteria, card.weights, strict=True) if w > 0]
    return ScorecardSection(
        weights=tuple(
            Weight(str(c), NAMES[c], FORMULAS[c], weight, _weight(weight))
            for c, weight in zip(card.criteria, card.weights, strict=True)
        ),
        most=max(MOST, ceil(max(card.weights))),
        rows=tuple(_rows(card, facts)),
        sentences=(*_sentences(card), *_against_verdict(card, verdict)),
        drawn=say(
            "Weightings of these were drawn {n} times, each as likely as any other: {criteria}.",
            n=text.count(card.draws),
            criteria=joined(counted),
        ),
        data=json_block("scorecard-data", _data(card, language)),
    )


def _rows(card: Scorecard, facts: TcoFacts) -> Iterator[Row]:
    where, options = positions(facts), {o.name: o for o in facts.options}
    for scored in card.options:
        of = options[scored.option]
        yield Row(
            name=scored.option,
            series=where[scored.option],
            side=SIDES[of.side],
            bars=tuple(
                _bar(c, score, of, facts.currency)
                for c, score in zip(card.criteria, scored.scores, strict=True)
            ),
            total=scored.total,
            total_shown=text.MISSING if scored.total is None else _score(scored.total),
            rank=text.MISSING if scored.rank is None else numeral(str(scored.rank)),
            wins=share_of_weightings(scored.wins),
            state=_state(scored, card),
            broken=scored.broken,
            unclear=scored.unclear,
        )


def _bar(criterion: Criterion, score: Score, of: OptionFact, currency: str) -> Bar:
    if score.value is None:
        return Bar(text.NOT_KNOWN, None, score.reason)
    if criterion is Criterion.COST:
        note = text.money(score.measured, currency)
    elif criterion is Criterion.CERTAINTY:
        note = spread(of.total, lambda v: text.money(v, currency))
    else:
        digits = 0 if criterion is Criterion.DATA_CONTROL else 1
        note = text.percent(score.measured, digits)
    percent = f"{100 * min(max(score.value, 0.0), 1.0):.1f}"
    return Bar(_score(score.value), percent, joined((note, score.reason), "; "))


def _state(scored: Scored, card: Scorecard) -> Said:
    if scored.broken:
        return _OUT
    unknown = [
        NAMES[c]
        for c, score, weight in zip(card.criteria, scored.scores, card.weights, strict=True)
        if score.value is None and weight > 0
    ]
    if not unknown:
        return NOTHING
    return say("not ranked; not known: {criteria}", criteria=joined(unknown))


def _sentences(card: Scorecard) -> Iterator[Said]:
    ranked = [(o.wins, o.option) for o in card.options if o.wins is not None]
    if not ranked:
        yield say(
            "No option can be ranked: each breaks a rule, or something that counts is not known."
        )
    elif len(ranked) == 1:
        yield say("{option} is the only one that can be ranked.", option=ranked[0][1])
    else:
        yield _first(card)
        share, option = max(ranked, key=lambda r: r[0])
        shown = share_of_weightings(share)
        yield say("{option} comes first in {share} of all weightings.", option=option, share=shown)
    unknown = [
        NAMES[c]
        for i, c in enumerate(card.criteria)
        if all(o.scores[i].value is None for o in card.options)
    ]
    if unknown and not card.is_given:
        yield say("Not known of any option, so without weight: {names}.", names=joined(unknown))


def _against_verdict(card: Scorecard, verdict: Verdict | None) -> Iterator[Said]:
    """Yield whose word counts, where the ranking and the verdict name different options."""
    meant = None if verdict is None else verdict.option or verdict.leaning
    if verdict is None or not card.leaders or meant in card.leaders:
        return
    if meant is None:
        yield say(
            "This ranks by weights only. It is no recommendation: the verdict is that the evidence does not decide."
        )
    else:
        yield say(
            "This ranks by weights only. It is no recommendation: the verdict goes by the policy's rules and by cost,"
            " and names {option}.",
            option=meant,
        )


def _first(card: Scorecard) -> Said:
    if card.winner is None:
        return say(
            "These are level in the first place: {options}.", options=", ".join(card.leaders)
        )
    if card.is_given:
        return say("With the scenario's weights {option} is first.", option=card.winner)
    return say("With equal weights {option} is first.", option=card.winner)


def share_of_weightings(share: float | None) -> Said:
    """Return a share in whole percent; only certainty is 0 or 100."""
    if share is None:
        return text.MISSING
    if 0 < share < 0.005:
        return say("less than {n} %", n=numeral("1"))
    if 0.995 <= share < 1:
        return say("more than {n} %", n=numeral("99"))
    return text.percent(share, 0)


def _score(value: float) -> Said:
    return numeral(f"{value:.2f}")


def _weight(value: float) -> Said:
    return numeral(f"{round(value, 2):g}")


def _data(card: Scorecard, language: Spoken) -> dict[str, object]:
    """Return what the script computes with; names are neutralised here, since it shows them as they are."""

    def words(said: str) -> str:
        return visible(tell(said, language))

    return {
        "criteria": [{"key": str(c), "name": words(NAMES[c])} for c in card.criteria],
        "weights": list(card.weights),
        "options": [
            {
                "name": words(verbatim(o.option)),
                "scores": [s.value for s in o.scores],
                "out": bool(o.broken),
                "state": words(_OUT) if o.broken else "",
            }
            for o in card.options
        ],
        "words": {key: words(said) for key, said in _WORDS.items()},
    }
