"""Reads answers: what a model wrote, and the one value that it states, or that none could be read.

Every reader has the same contract, `read_…(answer, context) -> Reading`. It evaluates nothing, takes time linear in the
text, and never guesses: a text that states two values, or none, is not read, and says so in `how`.
"""

from evalkit.reading.contract import Reading
from evalkit.reading.form import in_form, said
from evalkit.reading.grounded import GroundedContext, Verdict, is_right, read_grounded
from evalkit.reading.letter import LetterContext, extract_choice, read_letter
from evalkit.reading.mentions import letters
from evalkit.reading.number import NumberContext, answer_number, read_number
from evalkit.reading.refusal import is_refusal
from evalkit.reading.structured import ObjectContext, amount, first_object, read_object

__all__ = [
    "GroundedContext",
    "LetterContext",
    "NumberContext",
    "ObjectContext",
    "Reading",
    "Verdict",
    "amount",
    "answer_number",
    "extract_choice",
    "first_object",
    "in_form",
    "is_refusal",
    "is_right",
    "letters",
    "read_grounded",
    "read_letter",
    "read_number",
    "read_object",
    "said",
]
