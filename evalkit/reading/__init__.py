"""Reads answers: what a model wrote, and the one value that it states, or that none could be read.

Every reader has the same contract, `read_…(answer, context) -> Reading`. It evaluates nothing, takes time linear in the
text, and never guesses: a text that states two values, or none, is not read, and says so in `how`.

Tasks import from here; a reader is loaded when it is asked for, since programs that read nothing split thoughts, too.
"""

from importlib import import_module

_PLACES = {
    "Reading": "contract",
    "in_form": "form",
    "said": "form",
    "GroundedContext": "grounded",
    "Verdict": "grounded",
    "is_right": "grounded",
    "read_grounded": "grounded",
    "LetterContext": "letter",
    "extract_choice": "letter",
    "read_letter": "letter",
    "letters": "mentions",
    "NumberContext": "number",
    "answer_number": "number",
    "read_number": "number",
    "is_refusal": "refusal",
    "ObjectContext": "structured",
    "amount": "structured",
    "first_object": "structured",
    "read_object": "structured",
}
__all__ = list(_PLACES)


def __getattr__(name: str) -> object:
    """Load a reader."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
