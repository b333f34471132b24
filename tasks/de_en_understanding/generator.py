"""German business sentences, each with one right English translation and three near misses.

A sentence is a frame of five parts: two parties, a number, a time and a polarity. A near
miss changes parts of the frame, so it differs from the gold in meaning and hardly in style.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from vocabulary import (
    GERMAN_COMPANIES,
    Doc,
    difficulty_of,
    distinct_docs,
    pick,
    pick_many,
    shuffled,
)

DAYS = {
    "Montag": "Monday",
    "Dienstag": "Tuesday",
    "Mittwoch": "Wednesday",
    "Donnerstag": "Thursday",
    "Freitag": "Friday",
}
MONTHS = {
    "Januar": "January",
    "März": "March",
    "Mai": "May",
    "Juni": "June",
    "Juli": "July",
    "Oktober": "October",
    "Dezember": "December",
}
UNITS = ("", "", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun")
TENS = ("", "", "zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig")


@dataclass(frozen=True, slots=True)
class Template:
    """One sentence in both languages; ``[x|y]`` is x for the plain and y for the turned polarity."""

    german: str
    english: str

    @property
    def times(self) -> dict[str, str]:
        """The German and English words that fit the time slot."""
        return DAYS if "{day}" in self.german else MONTHS


@dataclass(frozen=True, slots=True)
class Frame:
    """What a sentence says; two different frames never mean the same."""

    doer: str
    other: str
    number: int
    time: str
    turned: bool


SIMPLE = (
    Template(
        "{a} liefert {b} die {n} Stühle [|nicht ]am {day}.",
        "{a} will [|not ]deliver the {n} chairs to {b} on {day}.",
    ),
    Template(
        "{a} hat die Rechnung von {b} über {n} Euro am {day} [|nicht ]bezahlt.",
        "{a} [paid|did not pay] the invoice from {b} for {n} euros on {day}.",
    ),
    Template(
        "{a} hat {b} den Vertrag über {n} Monate am {day} [|nicht ]gekündigt.",
        "{a} [cancelled|did not cancel] the {n}-month contract with {b} on {day}.",
    ),
    Template(
        "{a} muss {b} die {n} Muster [|nicht ]bis {day} schicken.",
        "{a} [must|does not have to] send {b} the {n} samples by {day}.",
    ),
    Template(
        "{a} kauft die {n} Maschinen im {month} [|nicht ]von {b}.",
        "{a} will [|not ]buy the {n} machines from {b} in {month}.",
    ),
    Template(
        "{a} hat {b} im {month} [einen|keinen] Rabatt von {n} Prozent gewährt.",
        "{a} [granted {b} a|did not grant {b} a] discount of {n} percent in {month}.",
    ),
    Template(
        "{a} vermietet {b} die {n} Büros ab {month}[| nicht mehr].",
        "{a} will [|no longer ]rent the {n} offices to {b} from {month}.",
    ),
    Template(
        "{a} hat {b} am {day} [|nicht ]wegen der {n} fehlenden Pakete angerufen.",
        "{a} [called|did not call] {b} about the {n} missing parcels on {day}.",
    ),
    Template(
        "{a} erstattet {b} die {n} Euro im {month}[| nicht].",
        "{a} will [|not ]refund the {n} euros to {b} in {month}.",
    ),
    Template(
        "{a} hat {b} die {n} Ersatzteile im {month} [|nicht ]zurückgegeben.",
        "{a} [returned|did not return] the {n} spare parts to {b} in {month}.",
    ),
)
NESTED = (
    Template(
        "[Weil|Obwohl] {a} die {n} Drucker zu spät geliefert hat, zahlt {b} erst im {month}.",
        "[Because|Although] {a} delivered the {n} printers late, {b} will not pay until {month}.",
    ),
    Template(
        "Von {b} hat {a} am {day} {n} Bestellungen erhalten, aber [noch keine|erst eine] bestätigt.",
        "{a} received {n} orders from {b} on {day} but has confirmed [none|only one] so far.",
    ),
    Template(
        "Dass {b} die {n} Stühle im {month} [nicht ]zurücknimmt, hat {a} schriftlich bestätigt.",
        "{a} confirmed in writing that {b} will [not ]take back the {n} chairs in {month}.",
    ),
    Template(
        "Sollte {a} bis {day} [nicht ]antworten, berechnet {b} eine Gebühr von {n} Euro.",
        "If {a} [does not answer|answers] by {day}, {b} will charge a fee of {n} euros.",
    ),
    Template(
        "Der von {b} bestellte Lkw mit {n} Paletten kommt [erst|schon] am {day} bei {a} an.",
        "The truck with {n} pallets that {b} ordered will reach {a} "
        "[no earlier than|as early as] {day}.",
    ),
    Template(
        "{b} wird von {a} ab {month} [|nicht mehr ]mit {n} Geräten beliefert.",
        "{b} will [|no longer ]be supplied with {n} devices by {a} from {month}.",
    ),
    Template(
        "Ohne Zustimmung von {b} darf {a} ab {month} [höchstens {n} Kunden|keine {n} Kunden mehr] "
        "beliefern.",
        "Without the consent of {b}, {a} may [supply at most|no longer supply] {n} customers "
        "from {month}.",
    ),
    Template(
        "[Erst nachdem|Noch bevor] {b} am {day} die {n} Euro überwiesen hatte, unterschrieb {a}.",
        "{a} signed [only after|even before] {b} had transferred the {n} euros on {day}.",
    ),
    Template(
        "Die {n} Rechnungen, die {b} im {month} geschickt hat, hat {a} [alle|nicht alle] geprüft.",
        "{a} has checked [all|not all] of the {n} invoices that {b} sent in {month}.",
    ),
)


def make_docs(rng: random.Random, n: int) -> list[Doc]:
    """``n`` sentences, each with four translations in random order."""
    return distinct_docs(n, lambda index: _doc(rng, difficulty_of(index)), "german")


def _doc(rng: random.Random, difficulty: int) -> Doc:
    """1: a near miss changes two parts; 2: one part; 3: one part of a nested sentence."""
    template = pick(rng, NESTED if difficulty == 3 else SIMPLE)
    frame = _frame(rng, template)
    misses = _misses(rng, frame, template, parts=2 if difficulty == 1 else 1)
    gold = _english(template, frame)
    choices = shuffled(rng, [gold, *(_english(template, miss) for miss in misses)])
    german = _german(template, frame, spelt_out=difficulty == 3)
    return {
        "difficulty": difficulty,
        "german": german,
        "choices": choices,
        "gold": choices.index(gold),
    }


def _frame(rng: random.Random, template: Template) -> Frame:
    doer, other = pick_many(rng, [name.split()[0] for name in GERMAN_COMPANIES], 2)
    tens, units = pick_many(rng, range(2, 9), 2)
    time = pick(rng, list(template.times))
    return Frame(doer, other, 10 * tens + units, time, rng.random() < 0.5)


def _misses(rng: random.Random, frame: Frame, template: Template, parts: int) -> list[Frame]:
    """Three frames that each differ from the true one in ``parts`` parts."""
    later = pick(rng, [time for time in template.times if time != frame.time])
    number = frame.number % 10 * 10 + frame.number // 10
    changes: list[dict[str, object]] = [
        {"number": number},
        {"turned": not frame.turned},
        {"time": later},
        {"doer": frame.other, "other": frame.doer},
    ]
    if parts == 2:
        changes = [{**one, **two} for i, one in enumerate(changes) for two in changes[i + 1 :]]
    return [replace(frame, **change) for change in pick_many(rng, changes, 3)]  # type: ignore[arg-type]


def _german(template: Template, frame: Frame, spelt_out: bool) -> str:
    number = _in_words(frame.number) if spelt_out else str(frame.number)
    return _fill(template.german, frame, number, frame.time)


def _english(template: Template, frame: Frame) -> str:
    return _fill(template.english, frame, str(frame.number), template.times[frame.time])


def _fill(text: str, frame: Frame, number: str, time: str) -> str:
    slots = {"a": frame.doer, "b": frame.other, "n": number, "day": time, "month": time}
    return _choose_polarity(text, frame.turned).format_map(slots)


def _choose_polarity(text: str, turned: bool) -> str:
    """Resolves the one ``[plain|turned]`` mark of a template; ``[x]`` stands for ``[x|]``."""
    before, rest = text.split("[")
    inside, after = rest.split("]")
    plain, _, other = inside.partition("|")
    return before + (other if turned else plain) + after


def _in_words(number: int) -> str:
    """German number words put the units first, which is where a hasty reader slips."""
    return f"{UNITS[number % 10]}und{TENS[number // 10]}"
