"""Measures the readers on answers whose reading is known."""
from __future__ import annotations
from typing import Any
from evalkit.reading.letter import LetterContext, letters, read_letter

def _letter(row):
    r = read_letter(row["text"], LetterContext(row["context"]["choices"], row["context"]["question"]))
    return (None if r.value is None else letters(26)[r.value]), r.how
READERS={"letter":_letter}
def outcome(which,row):
    v,how=READERS[which](row)
    o="right" if v==row["right"] else "not read" if v is None else "WRONG"
    return o,(v,how)
