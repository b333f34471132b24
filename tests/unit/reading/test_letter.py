"""The chosen option is read from whatever form a model gives its answer."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.reading.letter import LetterContext, extract_choice, read_letter
from evalkit.reading.mentions import letters

CHOICES = ["Billing", "Shipping", "Technical support", "Returns", "Account"]
TEMPLATES = [
    "{L}",
    " {L}\n",
    "{l}",
    "{L}.",
    "{L})",
    "({l})",
    "**{L}**",
    "`{L}`",
    '"{L}"',
    "{L}. {T}",
    "{L}) {T}",
    "{L}: {T}",
    "{L}, because the parcel is late",
    "{L}\n\nMessage: another one",
    "Option {L}",
    "Answer: {L}",
    "answer is {L}",
    "The answer is {L}.",
    "The correct answer is **{L}**.",
    "The right option is ({L})",
    "The answer is option {L}, {T}.",
    "Antwort: {L}",
    "Die richtige Antwort ist {L}.",
    "\\boxed{{{L}}}",
    "We get $\\boxed{{\\text{{{L}}}}}$.",
    '{{"answer": "{L}"}}',
    '```json\n{{"choice": "{T}"}}\n```',
    'Sure: {{"Answer": "{L}. {T}"}}',
    "The parcel is late, a customer waits. So the answer is {L}",
    "Answer: A would be wrong here.\nFinal answer: {L}",
    "It could be many things.\n{L}",
    "It could be many things.\n**{L}.**",
    "{T}",
    "{T}.",
    "I would send this to {T}!",
]


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("position", range(len(CHOICES)))
def test_every_form_is_read(template: str, position: int) -> None:
    letter = letters(len(CHOICES))[position]
    text = template.format(L=letter, l=letter.lower(), T=CHOICES[position])
    assert extract_choice(text, CHOICES) == position


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "I don't know.",
        "A or B",
        "B or C?",
        "The answer is A or B.",
        "A, B",
        "It is either Billing or Shipping.",
        "The answer is Z.",
        "F",
        "A customer asks about an invoice that nobody knows",
        "I think so",
        "{broken json",
        '{"answer": "A", "choice": "B"}',
        "42",
    ],
)
def test_what_names_no_option_or_several_is_no_choice(text: str) -> None:
    assert extract_choice(text, CHOICES) is None


def test_an_option_within_a_longer_one_is_not_mentioned() -> None:
    choices = ["the invoice", "the invoice of May", "nothing"]
    assert extract_choice("It is about the invoice of May.", choices) == 1


def test_options_that_are_sentences_are_found_but_for_case_and_punctuation() -> None:
    choices = ["She pays on Monday.", "She pays on Tuesday.", "He pays on Monday."]
    assert extract_choice("she pays on tuesday", choices) == 1


@given(text=st.text(max_size=300), n=st.integers(2, 26))
def test_arbitrary_text_never_raises(text: str, n: int) -> None:
    found = extract_choice(text, [f"option {i}" for i in range(n)])
    assert found is None or 0 <= found < n


@pytest.mark.parametrize(
    "unit", ["A ", "a, ", "( ", "answer is ", "{", "*" * 50 + "\n", '{"answer":']
)
def test_long_answers_cost_no_more_than_short_ones(unit: str) -> None:
    text = unit * (1_000_000 // len(unit))
    started = time.thread_time()
    extract_choice(text, CHOICES)
    extract_choice(json.dumps({"answer": text}), CHOICES)
    assert time.thread_time() - started < 2, "a guard against runaway patterns, not a benchmark"


@pytest.mark.parametrize(
    ("text", "choices", "right"),
    [
        ("It should be kept at 4 °C.", ("Freezer", "Fridge", "Shelf"), None),
        ("Lagern bei 8 °C.", ("Keller", "Kühlschrank", "Regal"), None),
        ("So, it's Billing.", ("Sunday", "Billing", "Monday"), 1),
        ("Do you want it brought? Then Delivery.", ("Thursday", "Delivery"), 1),
        ("Am So, 12.3.", ("Samstag", "Sonntag", "Montag"), 1),
        ("Mo bis Fr", ("Montag bis Freitag", "Samstag"), 0),
        ("On Sat, March 3", ("Saturday", "Sunday"), 0),
        ("Fr. Huber ist zuständig.", ("Freitag", "Frau Huber"), 1),
    ],
)
def test_degrees_and_words_like_days_name_no_option(
    text: str, choices: tuple[str, ...], right: int | None
) -> None:
    assert read_letter(text, LetterContext(choices)).value == right
