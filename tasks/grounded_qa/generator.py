"""Passages about fictional firms, goods and policies, with questions they do or don't answer.

Everything is invented, so a model can only know it from the passage. At difficulty 3 a second
subject is described by the very fact that is asked about the first: an unanswerable question
then has a tempting wrong answer, an answerable one a distractor.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

from vocabulary import (
    CITIES,
    COMPANIES,
    FIRST_NAMES,
    SURNAMES,
    Doc,
    difficulty_of,
    distinct_docs,
    integer,
    pick,
    pick_many,
    shuffled,
)

REFUSAL = "not stated"
ANSWERABLE = (True, False, True, True, False)  # 40 % of the docs have no answer


@dataclass(frozen=True, slots=True)
class Fact:
    """One property: how a passage says it, how a question asks it, which values it takes."""

    sentence: str
    question: str
    value: str


@dataclass(frozen=True, slots=True)
class Topic:
    """A kind of subject with the facts that can be told about it."""

    subjects: tuple[str, ...]
    facts: tuple[Fact, ...]


FIRM = Topic(
    COMPANIES,
    (
        Fact("{s} was founded in {v}.", "In which year was {s} founded?", "{year}"),
        Fact("{s} has its head office in {v}.", "Where is the head office of {s}?", "{city}"),
        Fact("{s} employs {v} people.", "How many people does {s} employ?", "{count}"),
        Fact("The managing director of {s} is {v}.", "Who is managing director of {s}?", "{name}"),
        Fact(
            "{s} made a revenue of {v} last year.",
            "What was the revenue of {s} last year?",
            "{small} million euros",
        ),
        Fact("{s} sells mainly {v}.", "What does {s} mainly sell?", "{goods}"),
    ),
)
ITEM = Topic(
    ("Norva 3", "Tellux", "Orbita", "Quirin", "Velda", "Zephon", "Arkady", "Mirello"),
    (
        Fact("The {s} costs {v}.", "How much does the {s} cost?", "{count} euros"),
        Fact("The {s} weighs {v}.", "How much does the {s} weigh?", "{small} kilograms"),
        Fact("The warranty of the {s} is {v}.", "How long is the {s} warranty?", "{small} months"),
        Fact("The {s} is made in {v}.", "Where is the {s} made?", "{city}"),
        Fact(
            "The battery of the {s} lasts {v}.",
            "How long does the {s} battery last?",
            "{small} hours",
        ),
        Fact("The {s} was designed by {v}.", "Who designed the {s}?", "{name}"),
        Fact("The {s} is sold in {v}.", "In which colour is the {s} sold?", "{colour}"),
    ),
)
POLICY = Topic(
    ("travel policy", "leave policy", "training policy", "remote work policy", "purchasing policy"),
    (
        Fact("The {s} has applied since {v}.", "Since when has the {s} applied?", "{month} {year}"),
        Fact("The {s} is kept by {v}.", "Who keeps the {s}?", "{name}"),
        Fact("The {s} covers up to {v} a year.", "What yearly amount does the {s} cover?", "{count} euros"),
        Fact("Requests under the {s} take {v}.", "How long do {s} requests take?", "{small} days"),
        Fact("Requests under the {s} go to {v}.", "Where do requests under the {s} go?", "the {city} office"),
        Fact("Exceptions to the {s} are decided by {v}.", "Who decides on exceptions to the {s}?", "the {team} team"),
    ),
)  # fmt: skip
TOPICS = (FIRM, ITEM, POLICY)
GOODS = ("garden tools", "tinned fish", "bicycle parts", "school paper", "wool carpets", "pumps")
COLOURS = ("dark green", "pale blue", "copper red", "matt black", "sand yellow")
TEAMS = ("finance", "legal", "facilities", "payroll", "security")
MONTHS = ("January", "March", "April", "June", "September", "November")


def make_docs(rng: random.Random, n: int) -> list[Doc]:
    """``n`` passages with a question each; two of every five are unanswerable."""
    return distinct_docs(n, lambda index: _checked_doc(rng, index), "passage")


def _checked_doc(rng: random.Random, index: int) -> Doc:
    """Draws again until the gold is beyond doubt (two subjects may have met by chance)."""
    while True:
        doc = _doc(rng, difficulty_of(index), ANSWERABLE[index % len(ANSWERABLE)])
        if is_certain(str(doc["passage"]), str(doc["answer"]), bool(doc["answerable"])):
            return doc


def is_certain(passage: str, answer: str, answerable: bool) -> bool:
    """The answer stands in the passage exactly once, or not at all if it can't be answered."""
    found = re.findall(rf"\b{re.escape(answer)}\b", passage)
    return len(found) == (1 if answerable else 0)


def _doc(rng: random.Random, difficulty: int, answerable: bool) -> Doc:
    topic = pick(rng, TOPICS)
    subject, rival = pick_many(rng, topic.subjects, 2)
    asked, *others = shuffled(rng, topic.facts)
    value = _value(rng, asked)
    told = [asked.sentence.format(s=subject, v=value)] if answerable else []
    told += [_tell(rng, fact, subject) for fact in others[: 2 + difficulty - len(told)]]
    if difficulty == 3:
        told[-1] = _tell(rng, asked, rival)
    return {
        "difficulty": difficulty,
        "passage": " ".join(shuffled(rng, told)),
        "question": asked.question.format(s=subject),
        "answer": value if answerable else REFUSAL,
        "answerable": answerable,
    }


def _tell(rng: random.Random, fact: Fact, subject: str) -> str:
    return fact.sentence.format(s=subject, v=_value(rng, fact))


def _value(rng: random.Random, fact: Fact) -> str:
    return fact.value.format_map(
        {
            "city": pick(rng, CITIES),
            "colour": pick(rng, COLOURS),
            "count": str(integer(rng, 31, 989)),
            "goods": pick(rng, GOODS),
            "month": pick(rng, MONTHS),
            "name": f"{pick(rng, FIRST_NAMES)} {pick(rng, SURNAMES)}",
            "small": str(integer(rng, 3, 30)),
            "team": pick(rng, TEAMS),
            "year": str(integer(rng, 1961, 2024)),
        }
    )
