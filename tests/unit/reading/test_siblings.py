"""Siblings of answers that readers once got wrong: the same rule of language in other words and the other language."""

from __future__ import annotations

import json
from typing import Any

import pytest

from evalkit.reading.grounded import GroundedContext, read_grounded
from evalkit.reading.letter import LetterContext, read_letter
from evalkit.reading.number import NumberContext, read_number
from evalkit.reading.structured import ObjectContext, read_object

DEPARTMENTS = ["Accounts", "Facilities", "Data protection", "Sales"]
ANIMALS = ["salmon", "otter", "newt", "heron"]
AUSSAGEN = ["wahr", "unwahr", "offen"]
ABTEILUNGEN = ["Einkauf", "Vertrieb", "Personal", "Recht"]
CLAIMS = ["supported", "refuted", "unclear"]
PASSENGERS = "How many passengers flew in the summer of 2019?"
PAINT = "How many litres of paint does the crew need?"
KILOMETER = "Wie viele Kilometer fuhr die Flotte im Jahr 2018?"
MONEY = "What is the total price in euros?"
GUESTS = "Wie viele Gäste kamen insgesamt?"
PARKING = GroundedContext("What does the zoo charge for parking?", "€5")
DESIGNER = GroundedContext("Who designed the bridge?", None)
RAT = GroundedContext("Wann tagt der Rat?", "Dienstag, 4. März 2025")
KATZE = GroundedContext("Wie heißt die Katze der Lehrerin?", None)
DOGS = GroundedContext("Are dogs allowed?", "no")
DOGS_UNTOLD = GroundedContext("Are dogs allowed?", None)
CHOIR = GroundedContext("When does the choir meet?", "Friday, 3 May 2024")
FEE = GroundedContext("What is the fee?", "$20")
REFUSED, WRONG, RIGHT, RIGHTLY_REFUSED = (True, False), (False, False), (False, True), (True, True)
FIELDS = ("invoice_number", "date", "vendor", "total", "currency")
LETTERS = [
    ("Anything but A.", DEPARTMENTS, None),
    ("B?", DEPARTMENTS, None),
    ("A/B", DEPARTMENTS, None),
    ("Alles andere als B.", ABTEILUNGEN, None),
    ("A that is, as the leak is in the accounts.", DEPARTMENTS, 0),
    ("A it would be: the invoice is wrong. D only sells.", DEPARTMENTS, 0),
    ("A by far. C drops out, nothing personal is asked.", DEPARTMENTS, 0),
    ("A here.", DEPARTMENTS, 0),
    ("A, clearly.", DEPARTMENTS, 0),
    ("A then, since B falls flat.", DEPARTMENTS, 0),
    ("A without any doubt.", DEPARTMENTS, 0),
    ("choice: C\nreason: personal data", DEPARTMENTS, 2),
    ("answer: A\nwhy: unpaid bill", DEPARTMENTS, 0),
    ("answer: A\nconfidence: high\ncomment: refunds belong there", DEPARTMENTS, 0),
    ("antwort: A\nbegründung: Bestellung", ABTEILUNGEN, 0),
    ("letter: B\nnote: light bulb", DEPARTMENTS, 1),
    ("An otter.", ANIMALS, 1),
    ("A newt", ANIMALS, 2),
    ("A newt, as it breathes through its skin.", ANIMALS, 2),
    (
        "A heron is the only bird here: salmon are fish, otters mammals and newts amphibians.",
        ANIMALS,
        3,
    ),
    ("A grey heron.", ANIMALS, 3),
    ("A small otter would do.", ANIMALS, 1),
    ("A salmon.", ANIMALS, 0),
    ("A Newt", ANIMALS, None),
    ("A - salmon", ANIMALS, 0),
    ("A salmon is a fish, so A.", ANIMALS, 0),
    (
        "Were A right, the text would have to say so. C would fit, if the text were vague. The claim is "
        "refuted, hence B.",
        CLAIMS,
        1,
    ),
    ("Should A be correct, the shop would be open on Mondays. It is not, so B.", CLAIMS, 1),
    (
        "Träfe A zu, stünde der Montag dabei. C käme infrage, falls Angaben fehlten.\nErgebnis: B",
        AUSSAGEN,
        1,
    ),
    ("Wenn A richtig wäre, müsste der Preis genannt sein. Er ist es nicht. B.", AUSSAGEN, 1),
    ("If A were right, the price would be given. It isn't. So B.", CLAIMS, 1),
    ("Hätte A gestimmt, wäre der Laden offen. Daher B.", AUSSAGEN, 1),
    ("If I had to choose, it would be C.", DEPARTMENTS, 2),
    ("Wenn ich wählen müsste, wäre es C.", ABTEILUNGEN, 2),
    ("Müsste ich mich entscheiden, wäre es B.", ABTEILUNGEN, 1),
    ("If the caller wants a refund, the answer is A.", DEPARTMENTS, 0),
    ("D would be right if it were an order. It isn't; that leaves A.", DEPARTMENTS, 0),
    ("Angenommen, C träfe zu: dann wären Daten genannt. Also A.", ABTEILUNGEN, 0),
    ("It's C.", DEPARTMENTS, 2),
    ("C it is.", DEPARTMENTS, 2),
    ("B soll es sein.", ABTEILUNGEN, 1),
    ("B ist es.", ABTEILUNGEN, 1),
    ("**B** – denn es geht um Kunden.", ABTEILUNGEN, 1),
    ("Definitely not A. Not B either. D.", DEPARTMENTS, 3),
    ("A und B scheiden aus, D ebenfalls. C bleibt.", ABTEILUNGEN, 2),
    ("Neither A nor B; I'd say D.", DEPARTMENTS, 3),
    ("A or B, hard to say.", DEPARTMENTS, None),
    ("Entweder A oder C.", ABTEILUNGEN, None),
    ("I can't answer that.", DEPARTMENTS, None),
    ("Accounts, not Sales.", DEPARTMENTS, 0),
    ("Not Sales but Accounts.", DEPARTMENTS, 0),
    ("Zuerst dachte ich an A, aber es ist D.", ABTEILUNGEN, 3),
    ("Vertrieb (B)", ABTEILUNGEN, 1),
    ("Ich würde B sagen.", ABTEILUNGEN, 1),
    ("My pick: D", DEPARTMENTS, 3),
    ("A\n\nThe caller asks about a bill.", DEPARTMENTS, 0),
    ("A caller asks about a bill, so accounts.", DEPARTMENTS, 0),
    ("A and B both fit, C does not.", DEPARTMENTS, None),
    ("B. A customer wants to return a parcel.", DEPARTMENTS, 1),
    ("The answer is B. A is wrong because the bill is paid.", DEPARTMENTS, 1),
    ("All of them but C are wrong.", DEPARTMENTS, 2),
    ("Alles außer B ist falsch.", ABTEILUNGEN, 1),
    ("Everything except D can be ruled out.", DEPARTMENTS, 3),
    ("Bis auf C passt nichts.", ABTEILUNGEN, 2),
    ("Keine der Optionen passt.", ABTEILUNGEN, None),
    ("Option two", DEPARTMENTS, 1),
    ("The third one.", DEPARTMENTS, 2),
    ("Die letzte.", ABTEILUNGEN, 3),
    ("b", DEPARTMENTS, 1),
    ("(c)", DEPARTMENTS, 2),
    ("c)", DEPARTMENTS, 2),
    ("Between A and C, I'd go for C.", DEPARTMENTS, 2),
    ("A > C > B > D", DEPARTMENTS, None),
    ("A: 10 %, B: 70 %, C: 15 %, D: 5 %", DEPARTMENTS, None),
    ("I'm torn between A and D.", DEPARTMENTS, None),
    ("A is tempting. But the right one is D.", DEPARTMENTS, 3),
]
NUMBERS = [
    ("In March 310 came, in April 290.", "How many visitors came in March?", 310),
    ("April 290, March 310", "How many visitors came in March?", 310),
    ("Half a million.", PASSENGERS, 500000),
    ("Eine halbe Million.", GUESTS, 500000),
    ("310 laut Liste, 301 laut Kasse.", GUESTS, None),
    ("The Airbus 320 carried all 150 of them.", PASSENGERS, 150),
    ("All 210 passengers got a seat.", PASSENGERS, 210),
    ("Alle 180 flogen mit.", GUESTS, 180),
    ("Über alle vier Quartale waren es 96.300.", GUESTS, 96300),
    ("Alle 12 Minuten kam ein Bus; es kamen 480 Gäste.", GUESTS, 480),
    ("12 in May, 15 in June and 20 in July.", PASSENGERS, None),
    ("12 at the gate, 30 at the bar", GUESTS, None),
    ("12 am Tor, 30 an der Bar und 5 im Saal.", GUESTS, None),
    ("12.400 im Mai, 13.100 im Juni.", KILOMETER, None),
    ("12,400 (May), 13,100 (June)", PASSENGERS, None),
    ("Mai 12.400 km, Juni 13.100 km.", KILOMETER, None),
    ("12,400 in May, 13,100 in June, 25,500 in total.", PASSENGERS, 25500),
    ("12,400 in May, 13,100 in June. That makes 25,500.", PASSENGERS, 25500),
    ("96,300 in the summer, as the table shows.", PASSENGERS, 96300),
    ("310 visitors in all, 155 of them in June", PASSENGERS, 310),
    ("155 and 155", PASSENGERS, None),
    ("155 und 155", GUESTS, None),
    ("155 men and 155 women", PASSENGERS, None),
    ("155, 155", PASSENGERS, None),
    ("155 men plus 155 women, 310 together", PASSENGERS, 310),
    ("We sum up. The van needs 12 litres and the truck 13,4", PAINT, None),
    ("Let me add. The bedrooms take 28 litres, the hall", PAINT, None),
    ("Step 1: 4 x 7 = 28. Step 2: The 3 halls require", PAINT, None),
    ("Zuerst die Zimmer: 4 × 7 = 28 Liter. Die 2 Bäder brauchen", PAINT, None),
    ("Wir rechnen. Der Bus fuhr 12.300 km, der Lastwagen", KILOMETER, None),
    ("Wir rechnen. Der Bus fuhr 12.300 km und der erste Lkw fuhr", KILOMETER, None),
    ("First the rooms. They need 40 litres", PAINT, 40),
    ("I added both. The crew needs 40 litres of paint", PAINT, 40),
    ("Ich habe addiert. Insgesamt fuhr die Flotte 81.000 km", KILOMETER, 81000),
    ("The log says 4,250 miles, the invoice 4,520 miles.", PASSENGERS, None),
    ("Die Liste nennt 210, das Protokoll 201.", GUESTS, None),
    ("Table 1 gives 210, table 2 gives 201.", PASSENGERS, None),
    ("4,250 – no, sorry: 4,520.", PASSENGERS, 4520),
    ("210 - nein, noch mal gezählt: 201.", GUESTS, 201),
    ("It's 210. No, 201.", PASSENGERS, 201),
    ("210, halt, 201.", GUESTS, 201),
    ("more than 300", PASSENGERS, 300),
    ("Mehr als 300 Gäste.", GUESTS, 300),
    ("Fewer than 300 people came.", PASSENGERS, 300),
    ("50 more than 300", PASSENGERS, None),
    ("210 more than 300, i.e. 510", PASSENGERS, 510),
    ("up from 300 to 450", PASSENGERS, 450),
    ("1.234", "", None),
    ("The result is 1.234", PASSENGERS, 1.234),
    ("Das Ergebnis ist 1.234", GUESTS, 1234),
    ("1.234", GUESTS, 1234),
    ("1,234", PASSENGERS, 1234),
    ("1.234.567", "", 1234567),
    ("12.50", "", 12.5),
    ("$60 ($45 for the shirts and $15 for postage)", "What does she pay?", 60),
    ("42", PASSENGERS, 42),
    ("Answer: 42", PASSENGERS, 42),
    ("It's forty-two.", PASSENGERS, 42),
    ("Zweiundvierzig.", GUESTS, 42),
    ("I don't know, there are no figures.", PASSENGERS, None),
    ("Between 300 and 400.", PASSENGERS, None),
    ("300 or 400", PASSENGERS, None),
    ("300–400", PASSENGERS, None),
    ("In 2019, 96,300 passengers flew.", PASSENGERS, 96300),
    ("96,300 in 2019, up from 90,100 in 2018.", PASSENGERS, 96300),
    ("90.100 im Jahr 2017, 96.300 im Jahr 2018.", KILOMETER, 96300),
    ("3 rooms, 2 halls, total 40 litres", PAINT, 40),
    ("28 + 12 = 40", PAINT, 40),
    ("28+12", PAINT, None),
    ("40 litres (28 for the rooms, 12 for the hall)", PAINT, 40),
    ("Das macht 12,50 € mal 4, also 50 €.", MONEY, 50),
    ("EUR 1,250.00", MONEY, 1250),
    ("1.250,00 €", MONEY, 1250),
    ("€ 1.250,-", MONEY, 1250),
    ("Roughly 40 litres, 42 to be exact.", PAINT, 42),
    ("Etwa 40 Liter, genau 42.", PAINT, 42),
    ("The crew needs 40 litres, not 28.", PAINT, 40),
    ("Nicht 28, sondern 40 Liter.", PAINT, 40),
    ("Room 12 needs 8 litres.", PAINT, 8),
    ("In Halle 3 waren es 120 Gäste.", GUESTS, 120),
    ("12 litres for the hall and 28 litres for the rooms.", PAINT, None),
    ("Die Zimmer 28, die Halle 12.", PAINT, None),
    ("Flug LH 440 beförderte 180 Gäste.", GUESTS, 180),
    ("The A380 carried 500 people.", PASSENGERS, 500),
    ("Half of the 300 guests, so 150.", PASSENGERS, 150),
    ("Die Hälfte von 300, also 150.", GUESTS, 150),
    ("2 hours 30 minutes", "How many minutes did the trip take?", 150),
    ("The total is 40 litres. Of these, 12 are for the hall.", PAINT, 40),
]
SHORT = [
    ("Nobody is named as the designer.", DESIGNER, RIGHTLY_REFUSED),
    ("The passage gives the length only.", DESIGNER, RIGHTLY_REFUSED),
    ("Wie sie heißt, steht nicht da.", KATZE, RIGHTLY_REFUSED),
    ("No fee for the parking lot is given.", PARKING, REFUSED),
    ("No charge for parking is listed.", PARKING, REFUSED),
    ("No information about parking was provided.", PARKING, REFUSED),
    ("Ein Preis fürs Parken wird nicht genannt.", PARKING, REFUSED),
    ("Kein Preis für das Parken ist aufgeführt.", PARKING, REFUSED),
    ("Parking is free.", PARKING, WRONG),
    ("No fee.", PARKING, WRONG),
    (
        "To answer, the text would need to name a designer. It names the length and the year. As the "
        "engineer isn't among these details, no answer can be given.",
        DESIGNER,
        RIGHTLY_REFUSED,
    ),
    (
        "Um die Frage zu beantworten, müsste der Text den Architekten nennen. Er nennt Länge und Jahr. Der "
        "Architekt ist nicht darunter.",
        DESIGNER,
        RIGHTLY_REFUSED,
    ),
    ("The passage tells us the length. It doesn't name a designer.", DESIGNER, RIGHTLY_REFUSED),
    (
        "The text covers the bridge's age. They mention its length, too. The designer is not among that.",
        DESIGNER,
        RIGHTLY_REFUSED,
    ),
    ("It was designed by Brunel.", DESIGNER, WRONG),
    ("The designer is Brunel. It says so.", DESIGNER, WRONG),
    ("am 04.03.2025", RAT, RIGHT),
    ("4. März 2025", RAT, RIGHT),
    ("Der Rat tagt am Dienstag, dem 4. März 2025.", RAT, RIGHT),
    ("Am 5. März 2025.", RAT, WRONG),
    ("Am 4. März 2025, einen Tag davor ist Fasching.", RAT, RIGHT),
    ("2025-03-04", RAT, RIGHT),
    ("on 3 May 2024", CHOIR, RIGHT),
    ("May 3rd, 2024", CHOIR, RIGHT),
    ("It meets on Friday, May 3, 2024, at 7 pm.", CHOIR, RIGHT),
    ("On Saturday, 4 May 2024", CHOIR, WRONG),
    ("Bekannt ist die Farbe, der Name aber nicht.", KATZE, RIGHTLY_REFUSED),
    ("Beschrieben werden Fell und Alter, der Name hingegen nicht.", KATZE, RIGHTLY_REFUSED),
    ("The age is mentioned, but the name is not.", KATZE, RIGHTLY_REFUSED),
    ("Genannt werden Alter und Farbe, nicht aber der Name.", KATZE, RIGHTLY_REFUSED),
    ("Known are breed and age, the name however is not.", KATZE, RIGHTLY_REFUSED),
    ("Wir erfahren das Alter, den Namen jedoch nicht.", KATZE, RIGHTLY_REFUSED),
    ("Entschuldigen Sie, dazu steht im Text nichts.", KATZE, RIGHTLY_REFUSED),
    ("Excuse me, the text has no answer to this.", KATZE, RIGHTLY_REFUSED),
    ("I apologize, but I find nothing about that in the passage.", KATZE, RIGHTLY_REFUSED),
    ("Pardon, das geht aus dem Text nicht hervor.", KATZE, RIGHTLY_REFUSED),
    ("Verzeihen Sie, der Name fehlt im Text.", KATZE, RIGHTLY_REFUSED),
    ("My apologies, the name isn't mentioned.", KATZE, RIGHTLY_REFUSED),
    ("Die Katze heißt Minka.", KATZE, WRONG),
    ("Minka, auch wenn der Text es nicht sagt.", KATZE, WRONG),
    ("No.\nThe passage does not say.", DOGS, REFUSED),
    ("No. The text doesn't say whether dogs are allowed.", DOGS, REFUSED),
    ("Nein.\nDer Text sagt dazu nichts.", DOGS, REFUSED),
    ("No, it doesn't say.", DOGS, REFUSED),
    ("No.", DOGS, RIGHT),
    ("No, dogs are not allowed.", DOGS, RIGHT),
    ("No. The passage says that dogs must stay outside.", DOGS, RIGHT),
    ("Nein, Hunde sind verboten.", DOGS, RIGHT),
    ("Yes.", DOGS, WRONG),
    ("Dogs are banned.", DOGS, RIGHT),
    ("No.\nThe passage does not say.", DOGS_UNTOLD, RIGHTLY_REFUSED),
    ("No.", DOGS_UNTOLD, WRONG),
    ("Nicht angegeben.", DOGS_UNTOLD, RIGHTLY_REFUSED),
    ("Das bleibt offen.", DOGS_UNTOLD, RIGHTLY_REFUSED),
    ("Keine Ahnung.", DOGS_UNTOLD, RIGHTLY_REFUSED),
    ("The fee is $20, the deposit is $50.", FEE, RIGHT),
    ("$20 or $50", FEE, WRONG),
    ("Twenty dollars.", FEE, RIGHT),
    ("20", FEE, RIGHT),
    ("The fee isn't $20 but $50.", FEE, WRONG),
    ("It isn't stated.", FEE, REFUSED),
    ("There's no way to tell.", FEE, REFUSED),
    ("The passage leaves that open.", FEE, REFUSED),
    ("The text is silent on this point.", FEE, REFUSED),
    ("The deposit is $20.", FEE, RIGHT),
    ("The fee cannot be determined from the passage; $20 is a guess.", FEE, REFUSED),
]
OBJECTS = [
    (
        "{'invoice_number': 'A-1', 'date': None, 'vendor': 'None Ltd', 'total': 5.5, 'currency': 'EUR'}",
        {
            "invoice_number": "A-1",
            "date": None,
            "vendor": "None Ltd",
            "total": 5.5,
            "currency": "EUR",
        },
    ),
    (
        '{"invoice_number": "A-1", "date": undefined, "vendor": "X: None, Y", "total": NULL}',
        {"invoice_number": "A-1", "date": None, "vendor": "X: None, Y", "total": None},
    ),
    (
        "{'invoice_number': '7', 'total': 12,50, 'currency': None}",
        {"invoice_number": "7", "total": 12.5, "currency": None},
    ),
    ("dict(invoice_number='7')", None),
    (
        "{invoice_number: 'B2', vendor: nil, total: NaN}",
        {"invoice_number": "B2", "vendor": None, "total": None},
    ),
    (
        "{'invoice_number': '9', 'vendor': \"Anna's Café\", 'total': 12.0}",
        {"invoice_number": "9", "vendor": "Anna's Café", "total": 12.0},
    ),
]


@pytest.mark.parametrize(("text", "choices", "expected"), LETTERS)
def test_letters(text: str, choices: list[str], expected: int | None) -> None:
    assert read_letter(text, LetterContext(choices, "Which one?")).value == expected


@pytest.mark.parametrize(
    ("text", "question", "expected"),
    [
        ("**Overall score: 7/10**", "Give one overall score from 1 to 10.", 7),
        ("Punktzahl: 8/10\n\nBegründung: flüssig.", "Vergib eine Punktzahl von 0 bis 10.", 8),
        ("I'd rate it 4/5.", "Rate the answer on a scale of 1-5.", 4),
        ("The share is 2/8.", "What fraction of the 8 lamps is broken?", 0.25),
        ("1.2 tonnes", "What is the payload in kilograms?", 1200),
        ("Die Ladung wiegt 3,5 t.", "Wie viele Kilogramm wiegt die Ladung?", 3500),
        ("It lasts one and a half hours (1.5 h).", "How many hours does it last?", 1.5),
        ("Es dauert eineinhalb Stunden (1,5 h).", "Wie viele Stunden dauert es?", 1.5),
        ("Die Lieferung dauert in der Regel 3 bis 5 Werktage.", "Wie viele Tage dauert sie?", None),
        ("Im Schnitt 12 Tage.", "Wie viele Tage dauert sie?", 12),
        ("Das steht in Regel 3: 12 Tage.", "Wie viele Tage Frist gibt es?", 12),
        ("I see 142 mmHg and 128 mmHg, and it isn't clear which one you mean.", "In mmHg?", None),
    ],
)
def test_scales_tonnes_and_halves(text: str, question: str, expected: float | None) -> None:
    """A mark on the question's scale is its numerator; `in der Regel 3` names no rule."""
    assert read_number(text, NumberContext(question)).value == expected


@pytest.mark.parametrize(("text", "question", "expected"), NUMBERS)
def test_numbers(text: str, question: str, expected: float | None) -> None:
    assert read_number(text, NumberContext(question)).value == expected


@pytest.mark.parametrize(("text", "context", "expected"), SHORT)
def test_short_answers(text: str, context: GroundedContext, expected: tuple[bool, bool]) -> None:
    verdict = read_grounded(text, context).value
    assert verdict is not None
    assert (verdict.refuses, verdict.is_right) == expected


@pytest.mark.parametrize(("text", "expected"), OBJECTS)
def test_objects(text: str, expected: dict[str, Any] | None) -> None:
    assert read_object(text, ObjectContext(FIELDS, amounts=("total",))).value == expected


@pytest.mark.parametrize(
    ("told", "code"),
    [
        *((told, "EUR") for told in ("€", "Euro", "euros", "EUR", "eur", "Euro (€)", "EUR / €")),
        *((told, "USD") for told in ("$", "US$", "US-Dollar", "US dollars", "dollars", "USD ($)")),
        *((told, "GBP") for told in ("£", "British pounds", "pounds sterling", "Britische Pfund")),
        *((told, "CHF") for told in ("CHF", "Schweizer Franken", "Swiss francs", "Fr.")),
        ("A$", "AUD"),
        ("złoty", "złoty"),
        ("EUR/USD", "EUR/USD"),
        ("kr", "kr"),
        ("unknown", "unknown"),
    ],
)
def test_currencies_in_any_form(told: str, code: str) -> None:
    """Where a field is a currency, its signs and names are read as the code; what names none or two stays."""
    context = ObjectContext(("currency",), currencies=("currency",))
    assert read_object(json.dumps({"currency": told}), context).value == {"currency": code}
