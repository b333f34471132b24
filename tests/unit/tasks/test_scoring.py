"""Scoring reads good answers leniently, broken ones as wrong, and hostile ones safely."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

Load = Callable[[str], ModuleType]
GOLD = {
    "invoice_number": "INV-4821",
    "date": "2025-03-09",
    "vendor": "Fennwick Tools",
    "total": 1234.5,
    "currency": "EUR",
}
WHOLE = json.dumps(GOLD)
HOSTILE = (
    "",
    "{" * 3_000,
    "[" * 3_000,
    '{"a":' * 3_000,
    '{"total": ' + "9" * 6_000 + "}",
    "__import__('os').abort()",
    "\x00\ud800",
    "9" * 100_000,
)


GOOD = {"json_valid": 1.0, "field_accuracy": 1.0, "exact_match": 1.0, "extraction_failed": 0.0}


@pytest.fixture(scope="module")
def invoice(load: Load) -> ModuleType:
    return load("invoice_extraction/scoring.py")


@pytest.fixture(scope="module")
def grounded(load: Load) -> ModuleType:
    return load("grounded_qa/scoring.py")


@pytest.fixture(scope="module")
def table(load: Load) -> ModuleType:
    return load("table_arithmetic/scoring.py")


# --- invoice_extraction -----------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        WHOLE,
        f" {WHOLE}\n\nI hope that helps {{smile}}",
        f"```json\n{json.dumps(GOLD, indent=2)}\n```",
        f"Note {{a}}: {WHOLE}",
        WHOLE.replace("1234.5", '"1,234.50"'),
        WHOLE.replace("1234.5", '"1.234,50 €"'),
        WHOLE.replace("Fennwick Tools", "FENNWICK  tools"),
    ],
)
def test_a_right_invoice_counts_in_every_usual_wrapping(invoice: ModuleType, answer: str) -> None:
    scores = invoice.process_results({"target": WHOLE}, [answer])
    assert scores == GOOD


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("total", 1234.51),
        ("total", -1234.5),
        ("total", "-1234.50"),
        ("total", True),
        ("total", None),
        ("total", [1234.5]),
        ("total", "12 34 or 1234.50"),
        ("total", float("nan")),
        ("total", float("inf")),
        ("date", "09.03.2025"),
        ("currency", "€"),
        ("vendor", {"name": "Fennwick Tools"}),
        ("invoice_number", "4821"),
    ],
)
def test_one_wrong_field_costs_a_fifth_and_the_exact_match(
    invoice: ModuleType, field: str, value: object
) -> None:
    answer = json.dumps(GOLD | {field: value})
    scores = invoice.process_results({"target": WHOLE}, [answer])
    assert scores == GOOD | {"field_accuracy": 0.8, "exact_match": 0.0}


def test_a_missing_field_is_a_wrong_field(invoice: ModuleType) -> None:
    scores = invoice.process_results({"target": WHOLE}, ['{"vendor": "Fennwick Tools"}'])
    assert scores == GOOD | {"field_accuracy": 0.2, "exact_match": 0.0}


def test_an_object_that_is_read_but_no_json_is_said_to_be_none(invoice: ModuleType) -> None:
    scores = invoice.process_results({"target": WHOLE}, [WHOLE.replace('"', "'")])
    assert scores == GOOD | {"json_valid": 0.0}


@pytest.mark.parametrize(
    "text",
    [
        f"The fields are {{...}}. Here they are: {WHOLE}",
        f"<think>Maybe {json.dumps(GOLD | {'total': 1})}</think>\n{WHOLE}",
        f"{json.dumps(GOLD | {'total': 1})}\n\nCorrection:\n\n{WHOLE}",
        f"[{WHOLE}]",
        f'{{"invoice": {WHOLE}}}',
        WHOLE.replace("1234.5", '"1.234,50 EUR (gross, payable within 30 days)"'),
    ],
)
def test_the_object_that_counts_is_the_last_complete_one(invoice: ModuleType, text: str) -> None:
    assert invoice.process_results({"target": WHOLE}, [text]) == GOOD


def test_of_two_invoices_none_is_chosen(invoice: ModuleType) -> None:
    other = {"invoice_number": "7", "date": "2020-01-01", "vendor": "X", "total": 1}
    scores = invoice.process_results({"target": WHOLE}, [f"{WHOLE}\n{json.dumps(other)}"])
    assert scores["extraction_failed"] == 1.0


@pytest.mark.parametrize("answer", [*HOSTILE, WHOLE[:-1], "[1, 2]", "null"])
def test_no_object_scores_zero(invoice: ModuleType, answer: str) -> None:
    scores = invoice.process_results({"target": WHOLE}, [answer])
    assert scores == dict.fromkeys(GOOD, 0.0) | {"extraction_failed": 1.0}


@given(cents=st.integers(min_value=0, max_value=99_999_999))
def test_english_and_german_amounts_read_alike(invoice: ModuleType, cents: int) -> None:
    english = f"{cents // 100:,}.{cents % 100:02d}"
    german = english.translate(str.maketrans(",.", ".,"))
    for written in (english, german, f"€ {english}", f"{german} EUR"):
        assert invoice.amount(written) == pytest.approx(cents / 100)


@given(text=st.text())
def test_invoice_scoring_never_raises(invoice: ModuleType, text: str) -> None:
    assert 0 <= invoice.process_results({"target": WHOLE}, [text])["field_accuracy"] <= 1


# --- grounded_qa ------------------------------------------------------------------------

ASKED = {"question": "How much does the Velda cost?", "answer": "484 euros", "answerable": True}
UNTOLD = {"question": "How much does it weigh?", "answer": "not stated", "answerable": False}


@pytest.mark.parametrize(
    ("answer", "exact"),
    [
        ("484 euros", 1.0),
        (" 484 Euros.\nQuestion: more?", 1.0),
        ("484 €", 1.0),
        ("484.00 euros", 1.0),
        ("484", 0.0),
        ("The Velda costs 484 euros.", 0.0),
    ],
)
def test_right_answers(grounded: ModuleType, answer: str, exact: float) -> None:
    assert grounded.process_results(ASKED, [answer]) == {
        "exact_match": exact,
        "answer_accuracy": 1.0,
        "over_refusal_rate": 0.0,
        "extraction_failed": 0.0,
        "format_followed": 0.0,
    }


def test_the_asked_line_counts_wherever_it_stands(grounded: ModuleType) -> None:
    answer = "The passage names two prices.\n\nAnswer: 484 euros"
    scores = grounded.process_results(ASKED, [answer])
    assert scores["exact_match"] == scores["answer_accuracy"] == scores["format_followed"] == 1.0


@pytest.mark.parametrize("answer", ["844 euros", "1484 euros", "484 euros or 25 euros", "euros"])
def test_wrong_answers(grounded: ModuleType, answer: str) -> None:
    scores = grounded.process_results(ASKED, [answer])
    assert (scores["exact_match"], scores["answer_accuracy"]) == (0.0, 0.0)
    assert scores["over_refusal_rate"] == 0.0


@pytest.mark.parametrize("answer", ["Not stated.", "The passage doesn't say.", "Unknown", " "])
def test_refusing_an_answerable_question_is_over_refusal(grounded: ModuleType, answer: str) -> None:
    scores = grounded.process_results(ASKED, [answer])
    assert (scores["answer_accuracy"], scores["over_refusal_rate"]) == (0.0, 1.0)
    assert "hallucination_rate" not in scores


@pytest.mark.parametrize(
    ("answer", "exact", "hallucinated"),
    [
        ("not stated", 1.0, 0.0),
        ("Not stated.\n\nPassage", 1.0, 0.0),
        ("The weight is not mentioned.", 0.0, 0.0),
        ("It cannot be determined", 0.0, 0.0),
        ("", 0.0, 0.0),
        ("9 kilograms", 0.0, 1.0),
    ],
)
def test_unanswerable_questions(
    grounded: ModuleType, answer: str, exact: float, hallucinated: float
) -> None:
    scores = grounded.process_results(UNTOLD, [answer])
    assert (scores["exact_match"], scores["hallucination_rate"]) == (exact, hallucinated)
    assert scores["extraction_failed"] == float(not answer)


def test_normalising_drops_articles_case_and_digit_grouping(grounded: ModuleType) -> None:
    assert grounded.normalise("The  Payroll team!") == "payroll team"
    assert grounded.normalise("1,250.00") == grounded.normalise("1250")


@pytest.mark.parametrize("answer", HOSTILE)
@pytest.mark.parametrize("doc", [ASKED, UNTOLD])
def test_hostile_answers_earn_nothing(
    grounded: ModuleType, doc: dict[str, object], answer: str
) -> None:
    scores = grounded.process_results(doc, [answer])
    assert scores["exact_match"] == 0.0
    assert scores.get("answer_accuracy", 0.0) == 0.0


@given(text=st.text())
def test_normalising_twice_changes_nothing(grounded: ModuleType, text: str) -> None:
    once = grounded.normalise(text)
    assert grounded.normalise(once) == once


# --- table_arithmetic -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "number"),
    [
        ("42", 42.0),
        (" 42.\n99", 42.0),
        ("42 %", 42.0),
        ("1,042", 1042.0),
        ("-7", -7.0),
        ("\N{MINUS SIGN}7", -7.0),
        ("There are 42 orders", 42.0),
        ("12 + 30 = 42", 42.0),
        ("12 + 30", None),
        ("12 + 30 =", None),
        ("forty-two", 42.0),
        ("Answer: 42", 42.0),
        ("12 and 30 make 42", 42.0),
        ("42 or 43", None),
        ("", None),
    ],
)
def test_the_number_of_an_answer(table: ModuleType, answer: str, number: float | None) -> None:
    assert table.answer_number(answer) == number


@pytest.mark.parametrize("answer", HOSTILE)
def test_hostile_answers_are_wrong_numbers(table: ModuleType, answer: str) -> None:
    scores = table.process_results({"answer": "42"}, [answer])
    assert scores["exact_match"] == 0.0
    assert scores["extraction_failed"] == float(table.answer_number(answer) is None)


@given(number=st.integers(min_value=-(10**9), max_value=10**9))
def test_every_plain_number_is_read_back(table: ModuleType, number: int) -> None:
    for written in (str(number), f"{number:,}", f"{number}.0"):
        scores = table.process_results({"answer": str(number)}, [written])
        assert (scores["exact_match"], scores["extraction_failed"]) == (1.0, 0.0)
