"""Reads the chosen option from what a model wrote. Evaluates nothing; long texts cost no more than short ones."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from string import ascii_uppercase

LONGEST_READ = 4000
"""Characters looked at, half from the beginning and half from the end: answers stand at either."""

_LETTER = r"[\"'(\[*_`{]*(?P<letter>[A-Za-z])(?![\w'’])[\"')\]*_`}]*"
_CUE = (
    r"(?:final answer|correct answer|right answer|answer|correct option|right option|option|choice"
    r"|antwort|lösung|richtig|auswahl)"
)
_AFTER_CUE = re.compile(
    rf"\b{_CUE}\b(?:\s+(?:is|would be|should be|ist|lautet|wäre)\b)?\s*[:=]?\s*[*_]*\s*"
    rf"(?:(?:option|choice|letter|buchstabe)\s+)?{_LETTER}",
    re.IGNORECASE,
)
_BOXED = re.compile(r"\\boxed\{\s*(?:\\text\{)?\s*(?P<letter>[A-Za-z])\s*\}")
_ALONE = re.compile(rf"^\s*(?:option\s+)?{_LETTER}\s*(?:$|[.:),\n-])", re.IGNORECASE)
_LAST_LINE = re.compile(rf"(?:^|\n)\s*{_LETTER}[\s.)*_]*$")
_OR = re.compile(r"^\s*[.,]?\s*(?:or|and|oder|und|/|,)\s*\(?[A-Za-z]\b(?!\w)", re.IGNORECASE)
_KEYS = ("answer", "choice", "option", "letter", "label", "antwort")


def letters(n: int) -> str:
    """Return the letters that name `n` options."""
    return ascii_uppercase[:n]


def extract_choice(text: str, choices: Sequence[str]) -> int | None:
    """Return which option an answer names, or None when it names none, or several.

    Tried in this order, the first that says something decides: an object in JSON (`{"answer": "B"}`, in a code fence
    or bare); a letter at the very beginning (`B`, `B.`, `(b)`, `**B**`, `B) Shipping`); `\\boxed{B}`; a letter behind
    words such as `the answer is` (the last of them, since reasoning comes before it); a letter alone on the last line;
    the one option whose text the answer is, or mentions.

    Args:
        text: What the model wrote.
        choices: Texts of the options, in the order of their letters.
    """
    read = _shortened(text).strip()
    for found in (
        _from_json(read, choices),
        _letter_at_the_beginning(read, choices),
        _last_letter(_BOXED, read, choices),
        _last_letter(_AFTER_CUE, read, choices),
        _last_letter(_LAST_LINE, read, choices),
        _from_option_texts(read, choices),
    ):
        if found is not None:
            return found if found >= 0 else None
    return None


_AMBIGUOUS = -1
"""Something was said, but not which: no later rule may guess."""


def _shortened(text: str) -> str:
    half = LONGEST_READ // 2
    return text if len(text) <= LONGEST_READ else f"{text[:half]}\n{text[-half:]}"


def _index(letter: str, choices: Sequence[str]) -> int | None:
    position = letters(len(choices)).find(letter.upper())
    return position if position >= 0 else None


def _from_json(text: str, choices: Sequence[str]) -> int | None:
    start = text.find("{")
    if start < 0:
        return None
    try:
        found, _ = json.JSONDecoder().raw_decode(text, start)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    values = [v for k, v in found.items() if str(k).lower() in _KEYS and isinstance(v, str)]
    if len(values) != 1:
        return None
    value = values[0].strip()
    return _index(value, choices) if len(value) == 1 else _letter_or_text(value, choices)


def _letter_or_text(value: str, choices: Sequence[str]) -> int | None:
    at_start = _letter_at_the_beginning(value, choices)
    return at_start if at_start is not None else _from_option_texts(value, choices)


def _letter_at_the_beginning(text: str, choices: Sequence[str]) -> int | None:
    found = _ALONE.match(text)
    if found is None:
        return None
    if _OR.match(text[found.end("letter") :].lstrip(")]*_`\"'")):
        return _AMBIGUOUS
    return _index(found["letter"], choices)


def _last_letter(pattern: re.Pattern[str], text: str, choices: Sequence[str]) -> int | None:
    """Return the option of the last match; a last one that offers two letters is ambiguous."""
    found: int | None = None
    for match in pattern.finditer(text):
        letter, rest = match["letter"], text[match.end("letter") :]
        if letter in "aI" and re.match(r"\s+[a-zäöüß]", rest):
            continue  # an article or a pronoun, not an option
        position = _index(letter, choices)
        if position is not None:
            found = _AMBIGUOUS if _OR.match(rest.lstrip(")]*_`\"'.")) else position
    return found


def _from_option_texts(text: str, choices: Sequence[str]) -> int | None:
    """Return the option that the answer is, or the only one it mentions."""
    plain = _plain(text)
    wanted = [_plain(choice) for choice in choices]
    same = [i for i, choice in enumerate(wanted) if choice and choice == plain]
    if len(same) == 1:
        return same[0]
    mentioned = list(_mentioned(f" {plain} ", wanted))
    return mentioned[0] if len(mentioned) == 1 else None


def _mentioned(text: str, wanted: Sequence[str]) -> Iterator[int]:
    """Yield options whose text occurs as whole words, and not only within a longer option's text."""
    for position, choice in sorted(enumerate(wanted), key=lambda item: -len(item[1])):
        if choice and f" {choice} " in text:
            text = text.replace(f" {choice} ", " \n ")
            yield position


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[^\w]+", " ", text.casefold()).split())
