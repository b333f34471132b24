"""Answers that break off, leave the choice open, check their result, or say what is right in other words."""

from __future__ import annotations

import pytest

from evalkit.reading.grounded import GroundedContext, read_grounded
from evalkit.reading.letter import LetterContext, read_letter
from evalkit.reading.number import NumberContext, read_number
from evalkit.reading.structured import ObjectContext, read_object

TEAMS = ["Network team", "Hardware team", "Payroll"]
TARIFE = ["Klassik", "Öko", "Flex"]
STELLEN = ["IT-Abteilung", "Haustechnik", "Buchhaltung"]
INTERVALS = ["Every year", "Every two years", "Every five years"]
MATTERS = ["Shipping", "Returns", "Billing", "Technical support"]
ANLIEGEN = ["Versand", "Rückgabe", "Rechnung", "Technik"]
PARKS = ["Nordpark", "Südpark", "Westpark"]
LETTERS = [
    ("To answer this, we compare the tariffs. Öko costs 200 a year, so now we", TARIFE, None),
    ("Let us look at each tariff in turn. The Öko tariff has", TARIFE, None),
    (
        "Schauen wir uns die Tarife der Reihe nach an. Der Tarif Öko hat einen Grundpreis von",
        TARIFE,
        None,
    ),
    (
        "Vergleichen wir die Tarife. Im Tarif Flex kostet die Kilowattstunde 30 Cent und der Grundpreis ist",
        TARIFE,
        None,
    ),
    ("Öko, weil der Grundpreis dort am niedrigsten ist", TARIFE, 1),
    ("Ich würde Öko nehmen, da der Preis der niedrigste ist, den man hat", TARIFE, 1),
    ("It depends on usage. Öko may be cheap, Flex too.", TARIFE, None),
    ("Das kommt auf den Verbrauch an: Öko ist bei wenig günstig, Flex bei viel.", TARIFE, None),
    ("Das kommt darauf an. Wer wenig verbraucht, nimmt Öko.", TARIFE, None),
    ("It depends, but in this case the answer is B.", TEAMS, 1),
    ("Es hängt davon ab, wie man es sieht. Letztlich ist B richtig.", TEAMS, 1),
    ("Both A and B could apply, but B fits better.", TEAMS, 1),
    ("Both A and B are possible: A for the VPN, B for the fan.", TEAMS, None),
    ("Sowohl A als auch B passen: A wegen des VPN, B wegen des Lüfters.", TEAMS, None),
    (
        "Both the network team and the hardware team could be asked. The VPN matters most, so the answer is A.",
        TEAMS,
        0,
    ),
    ("A and B could both apply.", TEAMS, None),
    ("Beide Antworten A und B könnten zutreffen.", TEAMS, None),
    (
        "Die IT-Abteilung ist für PCs zuständig, die Buchhaltung für Geld. Daher ist die Haustechnik zuständig.",
        STELLEN,
        1,
    ),
    ("Für Computer ist die IT-Abteilung zuständig. Richtig ist somit die Haustechnik.", STELLEN, 1),
    (
        "The network team is responsible for VPNs. The hardware team is therefore responsible.",
        TEAMS,
        1,
    ),
    ("A is right. Also B is right.", TEAMS, None),
    ("Klassik: 300\nÖko: 200\nFlex: 250\n\nB", TARIFE, 1),
    ("- Klassik: 300\n- Öko: 200\n- Flex: 250\n\nAnswer B", TARIFE, 1),
    ("Klassik 300\nÖko 200\nFlex 250\nAntwort: Öko", TARIFE, 1),
    ("A\nB", TEAMS, None),
    ("Once in five years.", INTERVALS, 2),
    (
        "Consider each option. Shipping concerns deliveries. Returns concerns goods sent back. The customer says the",
        MATTERS,
        None,
    ),
    (
        "The customer mentions an invoice, so Billing might be right. However, the message also mentions",
        MATTERS,
        None,
    ),
    (
        "Gehen wir die Kategorien durch: Versand betrifft Lieferungen, Rückgabe betrifft",
        ANLIEGEN,
        None,
    ),
    (
        "Die Nachricht nennt eine Rechnung. Das spricht zunächst für Rechnung, allerdings wird auch",
        ANLIEGEN,
        None,
    ),
    ("We start with Nordpark, which has a capacity of", PARKS, None),
    ("A and C both fit.", MATTERS, None),
    ("Either B or D would be fine.", MATTERS, None),
    ("Hard to say; it could be A as well as C.", MATTERS, None),
    (
        "It could be either Shipping or Returns, depending on whether the parcel has arrived.",
        MATTERS,
        None,
    ),
    ("Je nachdem, ob das Paket schon da ist, Versand oder Rückgabe.", ANLIEGEN, None),
    ("Kommt darauf an: Ist das Paket da, dann Rückgabe, sonst Versand.", ANLIEGEN, None),
    ("That depends on the contract.", ["Yes", "No"], None),
    ("Das hängt vom Vertrag ab.", ["Ja", "Nein"], None),
    ("It depends.", ["Repair", "Replace"], None),
    (
        "Versand kümmert sich um Pakete, Technik um Geräte. Der Betrag ist falsch. Es geht also um die Rechnung.",
        ANLIEGEN,
        2,
    ),
    (
        "Versand ist für Pakete zuständig, Technik für Geräte. Somit ist hier die Rechnung gefragt.",
        ANLIEGEN,
        2,
    ),
    (
        "Shipping handles parcels, Returns handles goods sent back. The wrong amount therefore goes to Billing.",
        MATTERS,
        2,
    ),
    ("Nordpark: 84\nSüdpark: 112\nWestpark: 97\n\nDie Antwort ist B.", PARKS, 1),
    ("1. Nordpark – 84\n2. Südpark – 112\n3. Westpark – 97\n\nOption B", PARKS, 1),
    ("A: 84\nB: 112\nC: 97\n\nB", PARKS, 1),
    ("Nordpark 84, Südpark 112, Westpark 97\n\n→ B", PARKS, 1),
    ("Nordpark 84, Südpark 112, Westpark 97.\nAlso Südpark.", PARKS, 1),
    ("The answer is B, as it says so in the text and the", MATTERS, 1),
    ("**B** – the customer wants to send the item back, and the", MATTERS, 1),
]
NUMBERS = [
    (
        "4 × 25 = 100 apples\n100 − 8 = 92\n\nSo 92 apples are left.\n\nCheck: 92 + 8 = 100 ✓",
        "How many apples are left?",
        92,
    ),
    ("92 apples are left. To check: 92 + 8 = 100.", "How many apples are left?", 92),
    ("Es bleiben 92 Äpfel.\nProbe: 92 + 8 = 100", "Wie viele Äpfel bleiben?", 92),
    (
        "Es bleiben 92 Äpfel.\n\nZur Kontrolle: 92 + 8 = 100, stimmt.",
        "Wie viele Äpfel bleiben?",
        92,
    ),
    ("100 − 8 = 92. Verification: 92 + 8 = 100.", "How many apples are left?", 92),
    ("Let me check: 100 − 8 = 92.", "How many apples are left?", 92),
    ("Check: 100 − 8 = 92, so 92 apples are left.", "How many apples are left?", 92),
    ("Each box holds 12 eggs and there are 9 boxes. Now we multiply", "How many eggs?", None),
    (
        "In jede Kiste passen 12 Eier, und es gibt 9 Kisten, also multiplizieren wir",
        "Wie viele Eier?",
        None,
    ),
    (
        "Each box holds 12 eggs and there are 9 boxes, therefore we have to multiply the two",
        "How many eggs?",
        None,
    ),
    ("There are 108 eggs in all, so we need 108 cups", "How many eggs?", 108),
    (
        "Zuerst rechnen wir 9 mal 12, das sind 108 Eier. Dann",
        "Wie viele Eier bleiben, wenn 8 zerbrechen?",
        None,
    ),
    ("15 % von 600 sind 90.", "Wie viel sind 15 % von 600?", 90),
    ("15% of 600 is 90, because 600 × 0.15 = 90.", "How much is 15% of 600?", 90),
    ("15% of the 600 guests are 90 guests.", "How many guests are 15% of the 600 guests?", 90),
    ("Das sind 25 %.", "Wie viel Prozent sind 150 von 600?", 25),
    ("150 von 600 sind 25 %.", "Wie viel Prozent von 600 sind 150?", 25),
    ("$\\boxed{1.234}$", "Wie viele Einwohner hat das Dorf?", 1234),
    ("$$\\boxed{12{,}5}$$", "Wie viel ist das?", 12.5),
    (
        "\\[ \\frac{3}{8} \\cdot 20 = 7{,}5 \\]\n\\[ \\boxed{7{,}5\\text{ m}} \\]",
        "Wie viele Meter?",
        7.5,
    ),
    ("Es fehlen dreieinhalb Stunden.", "Wie viele Stunden fehlen?", 3.5),
    ("Two and a half metres are missing.", "How many metres are missing?", 2.5),
    ("Es fehlen 14 Schrauben.", "Wie viele Schrauben fehlen?", 14),
    ("Die Angabe fehlt.", "Wie viele Schrauben wurden geliefert?", None),
    ("Die Angabe dazu fehlt im Text.", "Wie viele Schrauben fehlen?", None),
    ("Der Film dauert 2 Stunden und 5 Minuten.", "Wie viele Minuten dauert der Film?", 125),
    ("An hour and twenty minutes.", "How many minutes does it take?", 80),
    ("1 h 20 min", "How many minutes does it take?", 80),
    ("eine Stunde zwanzig", "Wie viele Minuten dauert die Fahrt?", 80),
    ("anderthalb Stunden", "Wie viele Minuten dauert die Fahrt?", 90),
    ("zweieinviertel Stunden", "Wie viele Stunden?", 2.25),
    (
        "Step 1: 12 × 9 = 108\nStep 2: 108 − 8 = 100\nVerify: 100 + 8 = 108, correct.",
        "How many eggs are left?",
        100,
    ),
    ("Antwort: 100\nGegenprobe: 100 + 8 = 108 ✓", "Wie viele Eier bleiben?", 100),
    ("100 Eier. (Probe: 100 + 8 = 108)", "Wie viele Eier bleiben?", 100),
    ("100 eggs are left (check: 100 + 8 = 108).", "How many eggs are left?", 100),
    ("100 Eier bleiben, denn 100 + 8 = 108.", "Wie viele Eier bleiben?", 100),
    ("100 eggs are left, since 108 - 8 = 100.", "How many eggs are left?", 100),
    ("There are 100 left, because 12 × 9 = 108 and 108 − 8 = 100.", "How many eggs are left?", 100),
    ("100, weil 9 mal 12 gleich 108 ist und davon 8 abgehen.", "Wie viele Eier bleiben?", 100),
    ("This is correct because 100 + 8 = 108. The answer is 100.", "How many eggs are left?", 100),
    (
        "We know each tray has 30 eggs. There are 4 trays. To find the total, we",
        "How many eggs?",
        None,
    ),
    ("Pro Palette sind es 30 Eier. Bei 4 Paletten ergibt sich daraus", "Wie viele Eier?", None),
    (
        "Zunächst bestimmen wir die Anzahl der Kisten: 12 pro Reihe und 9 Reihen. Das ergibt insgesamt",
        "Wie viele Kisten?",
        None,
    ),
    (
        "3 shirts at 12 euros each cost 36 euros. Adding shipping of 5 euros gives",
        "What is the total in euros?",
        None,
    ),
    ("$$\\boxed{1{.}250}$$", "Wie viele Einwohner?", 1250),
    ("\\boxed{2{,}5\\,\\text{kg}}", "Wie viele Kilogramm?", 2.5),
    ("$12{,}5 \\cdot 4 = 50{,}0$", "Wie viel?", 50),
    ("Ergebnis: $\\frac{3}{4} = 0{,}75$", "Wie groß ist der Anteil?", 0.75),
    ("viereinhalb Kilo", "Wie viele Kilogramm?", 4.5),
    ("Sie braucht sechseinhalb Stunden.", "Wie viele Stunden?", 6.5),
    ("2 Stunden, 30 Minuten", "Wie viele Minuten?", 150),
    (
        "Die Fahrt dauert 1 Stunde und 40 Minuten, also 100 Minuten.",
        "Wie viele Minuten dauert die Fahrt?",
        100,
    ),
    ("two hours and a quarter", "How many minutes?", 135),
    ("1:40 h", "Wie viele Minuten dauert die Fahrt?", 100),
    ("Two weeks and three days", "How many days?", 17),
    ("30 % of 90 is 27 because 90 × 0.3 = 27", "How much is 30 % of 90?", 27),
    ("27 sind 30 % von 90.", "Wie viel sind 30 % von 90?", 27),
    ("30% von 90 € sind 27 €.", "Wie viel Euro sind 30% von 90 €?", 27),
]
SHORT = [
    (
        "A hi-vis vest as well as safety shoes.",
        "What must visitors wear?",
        "safety shoes and a high-visibility vest",
        True,
    ),
    (
        "Safety shoes and also a high vis vest.",
        "What must visitors wear?",
        "safety shoes and a high-visibility vest",
        True,
    ),
    ("Safety shoes.", "What must visitors wear?", "safety shoes and a high-visibility vest", False),
    ("After meals only.", "When may the tablets be taken?", "only after a meal", True),
    ("After eating.", "When may the tablets be taken?", "after meals", True),
    ("Before eating.", "When may the tablets be taken?", "after meals", False),
    ("Nach den Mahlzeiten.", "Wann nimmt man die Tropfen?", "nach dem Essen", True),
    ("Vor dem Essen.", "Wann nimmt man die Tropfen?", "nach dem Essen", False),
    (
        "Guests with a stay of two nights or more",
        "Which guests park free of charge?",
        "guests who stay at least 2 nights",
        True,
    ),
    (
        "Children aged six or older.",
        "Which children may swim?",
        "children who are at least six years old",
        True,
    ),
    (
        "Gäste, die zwei Nächte oder länger bleiben.",
        "Welche Gäste parken kostenlos?",
        "Gäste, die mindestens zwei Nächte bleiben",
        True,
    ),
    (
        "Gäste, die höchstens zwei Nächte bleiben.",
        "Welche Gäste parken kostenlos?",
        "Gäste, die mindestens zwei Nächte bleiben",
        False,
    ),
    ("2 or more nights", "What is the minimum stay?", "at least 2 nights", True),
    ("At most 2 nights.", "How long must guests stay?", "2 nights or more", False),
    ("Ab dem 3. Mai.", "Bis wann?", "bis 3. Mai", False),
    ("Bis spätestens 3. Mai.", "Bis wann?", "bis 3. Mai", True),
    ("From 3 May on.", "Until when can one register?", "until 3 May", False),
    ("By 3 May.", "Until when can one register?", "until 3 May", True),
    (
        "Smoking damage is excluded; water damage is covered.",
        "What is excluded?",
        "smoking damage",
        True,
    ),
    ("Water damage is excluded.", "What is excluded?", "smoking damage", False),
    ("Smoking damage is not excluded.", "What is excluded?", "smoking damage", False),
    ("Sturmschäden scheiden aus.", "Was ist ausgeschlossen?", "Sturmschäden", True),
    ("Der Server fällt aus, das Telefon aber nicht.", "Was fällt aus?", "der Server", True),
    (
        "Children under 5 take a tablet a day.",
        "How many tablets do children under 5 take?",
        "one",
        True,
    ),
    (
        "Kinder über 12 nehmen eine Tablette.",
        "Wie viele Tabletten nehmen Kinder über 12?",
        "eine",
        True,
    ),
    (
        "Kinder über 12 nehmen zwei Tabletten.",
        "Wie viele Tabletten nehmen Kinder über 12?",
        "eine",
        False,
    ),
    ("It costs nothing; parking is at no charge.", "How do guests park?", "free of charge", True),
    ("Fünf Schrauben fehlen.", "Wie viele Schrauben fehlen?", "5", True),
    ("Vier Schrauben fehlen.", "Wie viele Schrauben fehlen?", "5", False),
    ("Tea and biscuits.", "What is served?", "biscuits as well as tea", True),
    ("Both tea and biscuits are served.", "What is served?", "tea and biscuits", True),
    ("Sowohl Tee als auch Kekse.", "Was gibt es?", "Tee und Kekse", True),
    ("Nicht nur Tee, sondern auch Kekse.", "Was gibt es?", "Tee und Kekse", True),
    ("Tee, aber keine Kekse.", "Was gibt es?", "Tee und Kekse", False),
    (
        "For stays of a minimum of three nights.",
        "When is breakfast free?",
        "for stays of three nights or more",
        True,
    ),
    (
        "If you stay three nights or longer.",
        "When is breakfast free?",
        "for stays of at least three nights",
        True,
    ),
    (
        "Wenn man mindestens drei Nächte bleibt.",
        "Wann ist das Frühstück frei?",
        "ab drei Nächten",
        True,
    ),
    ("Bei weniger als drei Nächten.", "Wann ist das Frühstück frei?", "ab drei Nächten", False),
    ("No more than 20 kg.", "How heavy may the luggage be?", "up to 20 kg", True),
    ("More than 20 kg", "How heavy may the luggage be?", "up to 20 kg", False),
    ("Nach jeder Mahlzeit.", "Wann?", "nach den Mahlzeiten", True),
    ("Take them once you have eaten.", "When?", "after meals", True),
    ("Während der Mahlzeit.", "Wann?", "nach dem Essen", False),
    ("Not before 3 May.", "Until when?", "until 3 May", False),
    ("Frühestens am 3. Mai.", "Bis wann?", "bis 3. Mai", False),
    ("Vom 3. Mai an.", "Bis wann?", "bis 3. Mai", False),
    ("Spätestens am 3. Mai.", "Bis wann?", "bis 3. Mai", True),
    ("After 6 pm.", "Until when is it open?", "until 6 pm", False),
    ("Open till 6 pm.", "Until when is it open?", "until 6 pm", True),
    ("Ab 18 Uhr.", "Bis wann ist geöffnet?", "bis 18 Uhr", False),
    ("Seit 2010.", "Bis wann?", "bis 2010", False),
    ("Der Aufzug ist ausgefallen.", "Was ist ausgefallen?", "der Aufzug", True),
    ("The lift failed.", "What failed?", "the lift", True),
    ("The lift did not fail.", "What failed?", "the lift", False),
    (
        "Dogs are not allowed in the hall, cats are.",
        "Which animals are not allowed in the hall?",
        "dogs",
        True,
    ),
    (
        "Hunde sind in der Halle nicht erlaubt, Katzen dagegen schon.",
        "Welche Tiere sind nicht erlaubt?",
        "Hunde",
        True,
    ),
    ("Katzen sind nicht erlaubt.", "Welche Tiere sind nicht erlaubt?", "Hunde", False),
    ("Floods aren't covered.", "What does the policy not cover?", "floods", True),
    (
        "The bins are emptied by the council. If you're unsure, call 555.",
        "Who empties the bins?",
        "the council",
        True,
    ),
]


@pytest.mark.parametrize(("text", "choices", "expected"), LETTERS)
def test_letters(text: str, choices: list[str], expected: int | None) -> None:
    assert read_letter(text, LetterContext(choices, "Which one?")).value == expected


@pytest.mark.parametrize(("text", "question", "expected"), NUMBERS)
def test_numbers(text: str, question: str, expected: float | None) -> None:
    assert read_number(text, NumberContext(question)).value == expected


@pytest.mark.parametrize(("text", "question", "gold", "is_right"), SHORT)
def test_short_answers(text: str, question: str, gold: str, *, is_right: bool) -> None:
    verdict = read_grounded(text, GroundedContext(question, gold)).value
    assert verdict is not None
    assert (verdict.refuses, verdict.is_right) == (False, is_right)


def test_a_name_given_as_a_number_is_its_text() -> None:
    asked = ObjectContext(("number", "date", "paid", "total"), ("total",), ("date",))
    read = read_object('{"number": 48213, "date": "2023-03-08", "paid": true, "total": 905}', asked)
    assert read.value == {"number": "48213", "date": "2023-03-08", "paid": True, "total": 905.0}
