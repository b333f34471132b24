"""Fictional names and the few random draws that every task generator shares.

Draws use ``Random.random`` only: it is the one method whose sequence Python promises
to keep between versions, and committed data must come out byte-identical everywhere.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")
Doc = dict[str, object]

COMPANIES = (
    "Aldermoor Ltd",
    "Brightquay Foods",
    "Corvane Systems",
    "Dunfell Paper",
    "Eastmere Logistics",
    "Fennwick Tools",
    "Glasbury Textiles",
    "Harrowgate Optics",
    "Ivenhall Energy",
    "Juniper & Stoll",
    "Kestrel Office",
    "Lindqvist Furniture",
    "Marlowe Print",
    "Nordhafen Trading",
    "Oakpine Studios",
    "Pellworth Dental",
    "Quillan Software",
    "Ravenbrook Farms",
    "Silverlake Pumps",
    "Tamarind Catering",
)
GERMAN_COMPANIES = (
    "Ahlbeck GmbH",
    "Bergmoos KG",
    "Castrop & Sohn",
    "Dornfeld AG",
    "Elstertal Druck GmbH",
    "Falkenried OHG",
    "Grünauer Papier KG",
    "Hollerbach Technik",
    "Isarwinkel GmbH",
    "Jessnitz Metallbau",
    "Kupferberg AG",
    "Lauenstein GmbH",
)
CITIES = (
    "Aarhus",
    "Bremen",
    "Cardiff",
    "Dresden",
    "Exeter",
    "Ghent",
    "Leipzig",
    "Lyon",
    "Malmö",
    "Porto",
    "Turin",
    "Utrecht",
    "Vilnius",
    "Zürich",
)
FIRST_NAMES = (
    "Amira",
    "Bastian",
    "Celia",
    "Dmitri",
    "Elena",
    "Farid",
    "Greta",
    "Hugo",
    "Ines",
    "Jonas",
    "Kira",
    "Leo",
    "Mona",
    "Nils",
)
SURNAMES = (
    "Albrecht",
    "Bianchi",
    "Calder",
    "Dorsey",
    "Engström",
    "Fournier",
    "Grady",
    "Holm",
    "Ivanova",
    "Jansen",
    "Keller",
    "Lovell",
    "Moreau",
    "Novak",
)
PRODUCTS = (
    "desk lamp",
    "coffee grinder",
    "office chair",
    "label printer",
    "router",
    "headset",
    "water filter",
    "monitor",
    "backpack",
    "tablet",
    "air purifier",
    "keyboard",
    "webcam",
    "toaster",
)


def pick(rng: random.Random, items: Sequence[T]) -> T:
    """One item, all equally likely."""
    return items[int(rng.random() * len(items))]


def shuffled(rng: random.Random, items: Sequence[T]) -> list[T]:
    """A new list in random order; the argument stays as it is."""
    return [item for _, _, item in sorted((rng.random(), i, x) for i, x in enumerate(items))]


def pick_many(rng: random.Random, items: Sequence[T], count: int) -> list[T]:
    """``count`` items at different positions, in random order."""
    return shuffled(rng, items)[:count]


def integer(rng: random.Random, low: int, high: int) -> int:
    """A whole number from ``low`` to ``high``, both included."""
    return low + int(rng.random() * (high - low + 1))


def difficulty_of(index: int) -> int:
    """1, 2, 3, 1, ...: any first N docs of a task are as hard as the whole of it."""
    return 1 + index % 3


def distinct_docs(count: int, make: Callable[[int], Doc], key: str, tries: int = 200) -> list[Doc]:
    """``count`` docs from ``make(index)`` of which no two share the text under ``key``.

    Raises:
        RuntimeError: the templates are too few for that many different docs.
    """
    docs: dict[object, Doc] = {}
    for index in range(count):
        candidates = (make(index) for _ in range(tries))
        doc = next((doc for doc in candidates if doc[key] not in docs), None)
        if doc is None:
            raise RuntimeError(f"no new doc after {tries} tries at index {index}")
        docs[doc[key]] = doc
    return list(docs.values())
