"""Numbers a user gives with how sure they are, in which unit, and where they have them from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any, Self

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema, core_schema

from evalkit.config.scalars import Day, number
from evalkit.config.spec import Spec

Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class Quantity(Spec):
    """A number: `5`, or low, mode and high `[3, 5, 9]`, or a mapping that also says where it is from."""

    low: float
    """Hardly ever less."""
    mode: float
    """The most likely value. A mapping may say `value` instead of low, mode and high."""
    high: float
    """Hardly ever more."""
    unit: str = ""
    """As the key's description says; money may be in any currency of `rates`. Unset: the scenario's currency."""
    source: str = ""
    """Who says so: an offer, an invoice, a colleague."""
    date: Day | None = None
    """Day of the source."""
    owner: str = ""
    """Who stands for it."""

    @model_validator(mode="before")
    @classmethod
    def _from_short(cls, data: Any) -> Any:
        """Accept a number, three numbers, and `value`."""
        if isinstance(data, dict) and "value" in data:
            if {"low", "mode", "high"} & set(data):
                raise ValueError("give either 'value', or 'low', 'mode' and 'high'")
            rest = {k: v for k, v in data.items() if k != "value"}
            return {**rest, **_triple(data["value"])}
        return data if isinstance(data, dict | Quantity) else _triple(data)

    @model_validator(mode="after")
    def _is_ordered(self) -> Self:
        if not self.low <= self.mode <= self.high:
            raise ValueError(f"low ≤ mode ≤ high does not hold: {_shown(self)}")
        return self

    @property
    def triple(self) -> tuple[float, float, float]:
        """Low, mode and high."""
        return self.low, self.mode, self.high


def _triple(value: Any) -> dict[str, Any]:
    numbers = value if isinstance(value, list | tuple) else [value] * 3
    if len(numbers) != 3:
        raise ValueError("must be a number, or three: [low, mode, high]")
    return dict(zip(("low", "mode", "high"), map(number, numbers), strict=True))


def _shown(quantity: Quantity) -> str:
    return ", ".join(f"{x:g}" for x in quantity.triple)


@dataclass(frozen=True, slots=True)
class Unit:
    """What a quantity counts, and its bounds; `money` in a unit stands for any currency."""

    name: str
    least: float = 0.0
    most: float = math.inf

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Check every quantity of this unit."""
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(
        self, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Tell editors of the short forms, too."""
        number = {"type": "number", "minimum": self.least}
        texts = {key: {"type": "string"} for key in ("unit", "source", "date", "owner")}
        values = {key: number for key in ("low", "mode", "high", "value")}
        return {
            "x-unit": self.name.replace("money", "currency"),
            "anyOf": [
                number,
                {"type": "array", "items": number, "minItems": 3, "maxItems": 3},
                {
                    "type": "object",
                    "properties": {**values, **texts},
                    "additionalProperties": False,
                },
            ],
        }

    def _check(self, quantity: Quantity) -> Quantity:
        if quantity.low < self.least or quantity.high > self.most:
            bounds = f"between {self.least:g} and {self.most:g}"
            limit = bounds if self.most < math.inf else f"{self.least:g} or more"
            hint = "; 0.2 is 20 %" if self.name.startswith("share") and quantity.high > 1 else ""
            raise ValueError(f"must be {limit}{hint}: {_shown(quantity)}")
        if quantity.unit and not self._is_mine(quantity.unit):
            wanted = self.name.replace("money", "EUR")
            raise ValueError(f"unit {quantity.unit!r} does not fit; expected such as {wanted!r}")
        return quantity

    def _is_mine(self, given: str) -> bool:
        head, slash, rest = given.partition("/")
        wanted_head, wanted_slash, wanted_rest = self.name.partition("/")
        is_currency = len(head) == 3 and head.isascii() and head.isalpha() and head.isupper()
        is_right = is_currency if wanted_head == "money" else head == wanted_head
        return is_right and (slash, rest) == (wanted_slash, wanted_rest)


Money = Annotated[Quantity, Unit("money")]
MoneyPerYear = Annotated[Quantity, Unit("money/year")]
MoneyPerAnswer = Annotated[Quantity, Unit("money/answer")]
MoneyPerServer = Annotated[Quantity, Unit("money/server")]
MoneyPerServerYear = Annotated[Quantity, Unit("money/server-year")]
MoneyPerGpuYear = Annotated[Quantity, Unit("money/GPU-year")]
MoneyPerGpuHour = Annotated[Quantity, Unit("money/GPU-hour")]
MoneyPerKwh = Annotated[Quantity, Unit("money/kWh")]
WattPerGpu = Annotated[Quantity, Unit("W/GPU")]
Share = Annotated[Quantity, Unit("share", 0, 1)]
SharePerYear = Annotated[Quantity, Unit("share/year", 0, 1)]
GrowthPerYear = Annotated[Quantity, Unit("share/year", -0.99, 100)]
AtLeastOne = Annotated[Quantity, Unit("factor", 1)]
PositiveShare = Annotated[Quantity, Unit("share", 0.01, 1)]
Years = Annotated[Quantity, Unit("years", 0.25, 50)]
Rate = Annotated[Quantity, Unit("rate", 1e-9)]
PerYear = Annotated[Quantity, Unit("times/year")]
MoneyPerMonth = Annotated[Quantity, Unit("money/month")]
Minutes = Annotated[Quantity, Unit("minutes")]
Staffing = Annotated[Quantity, Unit("FTE")]
PerMonth = Annotated[Quantity, Unit("requests/month", 1)]
PerSecond = Annotated[Quantity, Unit("requests/s", 1e-9)]
Tokens = Annotated[Quantity, Unit("tokens/request", 1)]
