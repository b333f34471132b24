"""What a verdict is made of, as its sentences need it."""

from __future__ import annotations

from dataclasses import dataclass

from evalkit.analysis.tco.analyse import Case
from evalkit.analysis.tco.facts import OptionFact
from evalkit.config.scenario import ScenarioConfig
from evalkit.decision.choose import Choice, Standing
from evalkit.decision.facts import Check, MissingCost
from evalkit.decision.words import money, percent
from evalkit.wording import Said, say_n


@dataclass(frozen=True, slots=True)
class Grounds:
    """What the verdict is made of."""

    case: Case
    scenario: ScenarioConfig
    checks: tuple[Check, ...]
    standing: Standing
    choice: Choice
    by_name: dict[str, OptionFact]
    """Option → what is known of it."""
    missing: tuple[MissingCost, ...] = ()
    """Costs that nobody gave."""

    @property
    def chosen(self) -> str | None:
        """The best option, decided or not; without one, the cheapest that might keep every rule."""
        if self.choice.best is not None:
            return self.choice.best
        return next((n for n in self.standing.unclear if n in self.case.futures), None)

    @property
    def against(self) -> str | None:
        """What it is compared with: of the other kinds, the cheapest that keeps the rules, or might, or is known."""
        mine = self.chosen
        if mine is None or self.choice.rival is not None:
            return self.choice.rival
        everyone = (*self.standing.passing, *self.standing.unclear, *self.standing.failed)
        side = self.by_name[mine].side
        others = [n for n in everyone if n in self.case.futures and n != mine]
        of_other_kind = [n for n in others if self.by_name[n].side != side]
        return next(iter(of_other_kind or others), None)

    def money(self, value: float | None) -> Said:
        """Return an amount in the scenario's currency."""
        return money(value, self.case.facts.currency)

    @property
    def turning(self) -> tuple[MissingCost, ...]:
        """Costs that nobody gave and that could turn the verdict."""
        return tuple(m for m in self.missing if m.harmless is None)

    @property
    def horizon(self) -> int:
        """Months that are looked at."""
        return self.case.facts.horizon_months

    @property
    def over(self) -> Said:
        """The horizon, as it follows an amount."""
        return say_n("over {n} month", "over {n} months", self.horizon)

    @property
    def within(self) -> Said:
        """The horizon, as something happens in it."""
        return say_n("within {n} month", "within {n} months", self.horizon)

    @property
    def after(self) -> Said:
        """The horizon, as something holds at its end."""
        return say_n("after {n} month", "after {n} months", self.horizon)

    @property
    def margin(self) -> Said:
        """The share of the total below which a difference does not count."""
        return percent(self.scenario.policy.equivalence, 0)
