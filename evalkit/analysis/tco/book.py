"""The scenario's numbers and the catalogue's, as inputs in the scenario's currency with where they are from."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from evalkit.analysis.tco.values import Input, Provenance
from evalkit.catalog import OLD_AFTER_DAYS, Catalog, Row, note_of, source_of
from evalkit.config.quantity import Quantity
from evalkit.config.scenario import ScenarioConfig
from evalkit.errors import ConfigError, did_you_mean
from evalkit.wording import NOTHING, Said, say, verbatim

DEFAULT = "default"
"""Catalogue item of assumptions that fit any company."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a number is for."""

    key: str
    label: Said
    unit: str
    """`money` stands for the scenario's currency."""


@dataclass(frozen=True, slots=True)
class Book:
    """Looks numbers up: the user's own first, then the catalogue's."""

    scenario: ScenarioConfig
    catalog: Catalog
    today: datetime.date

    def find(
        self, asked: Asked, given: Quantity | None, what: str, item: str | None = DEFAULT
    ) -> Input | None:
        """Return the user's number, else the catalogue's row of an item, else None."""
        if given is not None:
            return self.yours(asked, given)
        row = None if item is None else self.catalog.find(item, what)
        return None if row is None else self.catalogued(asked, row)

    def assumed(self, asked: Asked, given: Quantity | None, what: str) -> Input:
        """Return the user's number, else the default that the catalogue always has."""
        found = self.find(asked, given, what)
        if found is None:
            raise ConfigError(f"the catalogue has no default {what!r}.", f"Give {asked.label}.")
        return found

    def yours(self, asked: Asked, given: Quantity) -> Input:
        """Return a number of the scenario."""
        factor = self._factor(given.unit, asked)
        low, mode, high = (x * factor for x in given.triple)
        rate = self._rate_of(given.unit, asked)
        return Input(
            key=asked.key,
            label=asked.label,
            unit=self._unit(asked),
            low=low,
            mode=mode,
            high=high,
            provenance=Provenance.YOURS,
            source=verbatim(given.source),
            date=None if given.date is None else given.date.isoformat(),
            owner=given.owner,
            is_old=given.date is not None and self.is_old(given.date),
            rate=rate,
        )

    def catalogued(self, asked: Asked, row: Row) -> Input:
        """Return a row of the catalogue."""
        factor = self._factor(row.unit, asked)
        is_assumption = row.item == DEFAULT and not row.is_own
        return Input(
            key=asked.key if row.item == DEFAULT else f"catalogue.{row.item}.{row.what}",
            label=asked.label,
            unit=self._unit(asked),
            low=row.low * factor,
            mode=row.mode * factor,
            high=row.high * factor,
            provenance=Provenance.DEFAULT if is_assumption else Provenance.CATALOGUE,
            source=source_of(row),
            date=row.date.isoformat(),
            note=note_of(row),
            is_old=row.is_old(self.today),
            rate=self._rate_of(row.unit, asked),
        )

    def fixed(
        self, asked: Asked, value: float, provenance: Provenance, source: Said = NOTHING
    ) -> Input:
        """Return a number without a range."""
        return Input(
            asked.key, asked.label, self._unit(asked), value, value, value, provenance, source
        )

    def hardware(self, option: str, name: str | None) -> str | None:
        """Check that the catalogue has the hardware.

        Raises:
            ConfigError: It has not.
        """
        known = [item for item in self.catalog.items() if item.lower() != DEFAULT]
        if name is None or name.lower() in {item.lower() for item in known}:
            return name
        raise ConfigError(
            f"option {option!r}: hardware {name!r} is not in the catalogue.",
            did_you_mean(
                name, known, "`evalkit catalog` lists it; add rows with `catalog:` in the scenario."
            ),
        )

    def rate(self, currency: str) -> float:
        """Return what one unit of a currency is worth in the scenario's.

        Raises:
            ConfigError: The scenario does not say.
        """
        if currency == self.scenario.currency:
            return 1.0
        if currency not in self.scenario.rates:
            raise ConfigError(
                f"scenario {self.scenario.name!r}: no rate for {currency}, and amounts are in"
                f" {self.scenario.currency}.",
                f"Add it: `rates: {{{currency}: {{value: …, date: …, source: …}}}}`,"
                f" what one {currency} is worth in {self.scenario.currency}.",
            )
        return self.scenario.rates[currency].value.mode

    def rate_input(self, currency: str) -> Input | None:
        """Return an exchange rate that is uncertain; None where it is not, or is 1."""
        given = self.scenario.rates.get(currency)
        if (
            given is None
            or currency == self.scenario.currency
            or given.value.low == given.value.high
        ):
            return None
        return Input(
            key=f"rate.{currency}",
            label=say("rate of {currency}", currency=currency),
            unit=f"{self.scenario.currency}/{currency}",
            low=given.value.low,
            mode=given.value.mode,
            high=given.value.high,
            provenance=Provenance.YOURS,
            source=verbatim(given.source),
            date=given.date.isoformat(),
            is_old=self.is_old(given.date),
        )

    def _rate_of(self, unit: str, asked: Asked) -> Input | None:
        is_money = asked.unit.partition("/")[0] == "money"
        return self.rate_input(unit[:3]) if is_money and unit else None

    def is_old(self, date: datetime.date) -> bool:
        """Tell whether a source should be checked again."""
        return (self.today - date).days > OLD_AFTER_DAYS

    def _factor(self, unit: str, asked: Asked) -> float:
        is_money = asked.unit.partition("/")[0] == "money"
        return self.rate(unit[:3]) if is_money and unit else 1.0

    def _unit(self, asked: Asked) -> str:
        head, slash, rest = asked.unit.partition("/")
        return f"{self.scenario.currency if head == 'money' else head}{slash}{rest}"
