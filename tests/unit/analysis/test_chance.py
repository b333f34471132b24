"""What guessing would score, of choices by log-likelihood and of letters alike."""

from __future__ import annotations

import pytest

from evalkit.analysis.chance import chance_of
from tests.builders import sample

EXAMPLE = "Message: hi\nA. Billing\nB. Shipping\nC. Returns\nAnswer: B\n\n"
QUESTION = "Message: broken\nA. Billing\nB. Shipping\nC. Technical\nD. Returns\nE. Account"


def test_choices_that_were_compared_are_counted() -> None:
    assert chance_of(sample(loglikelihoods=(-1.0, -2.0, -3.0, -4.0))) == 0.25


@pytest.mark.parametrize(
    ("prompt", "target", "chance"),
    [
        (QUESTION, "Answer: C", 0.2),
        (EXAMPLE + QUESTION, "Answer: E", 0.2),
        (EXAMPLE + QUESTION + "<|im_end|>\n<|im_start|>assistant\n", "Answer: E", 0.2),
        ("Which?\n(A) one\n(B) two", "Answer: A", 0.5),
        ("A. lives in B.\nWhich?\nA. one\nB. two\nC. three", "Answer: C", 1 / 3),
        ("Which?\nA. one\nB. two", "Answer: D", None),  # not the list that the answer is from
        ("Which?", "Answer: A", None),
        (QUESTION, "Billing", None),
        ("What is 2 + 2?", "4", None),
    ],
)
def test_letters_are_those_of_the_last_list(prompt: str, target: str, chance: float | None) -> None:
    assert chance_of(sample(prompt=prompt, target=target)) == (
        None if chance is None else pytest.approx(chance)
    )
