"""Right answers in other words, and wrong ones that are close to them, by the kind of what was asked for."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from evalkit.reading.grounded import GroundedContext, read_grounded


@dataclass(frozen=True)
class Kind:
    """One question with answers that say the gold, and answers that don't."""

    question: str
    gold: str
    right: list[str]
    wrong: list[str] = field(default_factory=list)


KINDS = [
    Kind(
        "Wann bleibt das Bad geschlossen?",
        "vom 3. bis 17. Juli",
        [
            "3.–17. Juli",
            "Vom 3.7. bis zum 17.7. ist das Bad zu.",
            "3. Juli bis 17. Juli",
            "Das Bad ist vom 03.07. bis 17.07. geschlossen.",
            "zwischen dem 3. und 17. Juli",
            "3.-17.7.",
        ],
        ["3.–18. Juli", "Vom 2.7. bis 17.7.", "Vom 3. bis 17. Juni", "ab 3. Juli", "bis 17. Juli"],
    ),
    Kind(
        "When is the pool closed?",
        "from 3 to 17 July",
        [
            "July 3-17",
            "July 3 to July 17",
            "From July 3rd to July 17th, for cleaning.",
            "from the 3rd until the 17th of July",
            "The pool is closed between 3 and 17 July.",
            "It closes from 3 July through 17 July.",
        ],
        ["July 3-16", "June 3 to June 17", "3 July", "until 17 July", "July 13-17"],
    ),
    Kind(
        "Wann wird das Gehalt gezahlt?",
        "am 25. jedes Monats",
        [
            "Am 25.",
            "Das Gehalt wird jeweils am 25. gezahlt.",
            "Immer am 25. des Monats",
            "Am Fünfundzwanzigsten.",
            "25. jeden Monats",
        ],
        ["Am 15.", "Am 24. jedes Monats", "Am 25. wird nichts gezahlt, sondern am 28."],
    ),
    Kind(
        "When is rent due?",
        "on the 3rd of each month",
        ["On the 3rd.", "The third of every month", "By the 3rd of the month", "on the third"],
        ["On the 13th.", "On the 1st of each month.", "In March"],
    ),
    Kind(
        "Wann wurde die Pumpe eingebaut?",
        "Oktober 2021",
        ["10/2021", "10.2021", "Oktober '21", "Im Oktober des Jahres 2021"],
        ["10/2020", "Im November 2021", "12/2021", "2021"],
    ),
    Kind(
        "When was it installed?",
        "March 2019",
        ["03/2019", "3/2019", "In March of 2019."],
        ["04/2019", "In March 2018", "May 2019"],
    ),
    Kind(
        "At what time does it open?",
        "9:30 am",
        ["At 9.30 in the morning.", "half past nine", "At half past nine in the morning", "9:30"],
        ["At 9.30 in the evening.", "9:30 pm", "8:30", "At 9", "21:30"],
    ),
    Kind(
        "Um wie viel Uhr beginnt der Kurs?",
        "19:30 Uhr",
        ["7.30 Uhr abends", "Um halb acht am Abend", "Der Kurs beginnt abends um 7:30 Uhr."],
        ["7:30 Uhr morgens", "18:30 Uhr", "halb acht morgens", "19 Uhr"],
    ),
    Kind(
        "Bis wann sind die Kosten zu überweisen?",
        "bis Ende März",
        ["Sie müssen bis zum 31. März überwiesen werden.", "Spätestens am 31.03.", "Ende März"],
        ["bis 30. März", "bis Ende Mai", "bis Anfang März", "bis Mitte März"],
    ),
    Kind(
        "By when must the fee be paid?",
        "by the end of June",
        ["by 30 June", "No later than June 30th", "at the end of June"],
        ["by the end of July", "by mid-June", "by 1 June"],
    ),
    Kind("How long is the warranty?", "30 days", ["30", "thirty"], ["3", "30 weeks"]),
    Kind("How many weeks?", "3", ["3 weeks", "three"], ["3 days", "13 weeks"]),
    Kind(
        "Why was the flight cancelled?",
        "because of a strike by the ground staff",
        ["Due to a ground staff strike.", "The ground staff was on strike.",],
        ["Because of fog.", "It was not because of a strike by the ground staff."],
    ),
    Kind(
        "Warum stand der Zug still?",
        "wegen eines umgestürzten Baumes",
        ["Weil ein Baum umgestürzt war.", "Ein Baum war umgestürzt, deshalb stand er still."],
        ["Wegen eines Streiks.", "Weil ein Lkw umgestürzt war."],
    ),
    Kind(
        "Was war der Grund für den Ausfall?",
        "ein fehlerhaftes Update der Datenbank",
        ["Ein fehlerhaftes Datenbank-Update.", "Das Update der Datenbank war fehlerhaft."],
        ["Ein fehlerhaftes Update der Firewall.", "Ein Stromausfall."],
    ),
    Kind(
        "What is wrong with the kettles?",
        "the handle can come loose",
        ["The handle may come loose.", "Their handles could come loose when full."],
        ["The lid can come loose.", "They can overheat."],
    ),
    Kind(
        "Warum wird die Flasche zurückgerufen?",
        "weil sich vom Sauger kleine Teile lösen können",
        ["Da sich kleine Teile vom Sauger ablösen können.", "Vom Sauger lösen sich kleine Teile."],
        ["Weil der Sauger zu klein ist.", "Weil sie zerbrechen kann."],
    ),
]  # fmt: skip
REFUSALS = [
    "Thank you for asking. The passage covers the venue. It does not, however, mention any prices.",
    "Good question. The text describes the hall and the speakers. It doesn't, though, say what a ticket costs.",
    "The notice gives the opening hours, but it does not state a price. I suggest asking the organiser.",
    "Vielen Dank für Ihre Frage. Genannt werden Ort und Zeit. Der Preis kommt darin jedoch nicht vor.",
    "Der Text erwähnt zwar, dass es Karten gibt, nennt aber keinen konkreten Preis.",
    "Gerne. Der Abschnitt beschreibt die Halle. Ein Preis wird darin allerdings nicht erwähnt.",
    "Danke für die Frage. Zum Preis steht dort leider nichts. Am besten rufen Sie dort an.",
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.gold)
def test_an_answer_in_other_words_is_right_and_a_close_one_is_not(kind: Kind) -> None:
    """Each form of a gold is found, and nothing that differs in number, time, name or polarity is taken for it."""
    context = GroundedContext(kind.question, kind.gold)
    for answers, is_right in ((kind.right, True), (kind.wrong, False)):
        for answer in answers:
            verdict = read_grounded(answer, context).value
            assert verdict is not None, answer
            assert verdict.is_right is is_right, answer


@pytest.mark.parametrize("answer", REFUSALS)
def test_a_refusal_behind_courtesies_refuses(answer: str) -> None:
    """What the passage does say, thanks and advice do not make an answer of a refusal."""
    verdict = read_grounded(answer, GroundedContext("What does a ticket cost?", None)).value
    assert verdict is not None
    assert verdict.refuses
