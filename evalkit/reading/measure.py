"""Measures the readers on answers whose reading is known."""
from __future__ import annotations
from typing import Any
from evalkit.reading.number import NumberContext, read_number
from evalkit.reading.grounded import GroundedContext, read_grounded
from evalkit.reading.structured import ObjectContext, read_object
from evalkit.reading.letter import LetterContext, letters, read_letter

def _letter(row):
    r = read_letter(row["text"], LetterContext(row["context"]["choices"], row["context"]["question"]))
    return (None if r.value is None else letters(26)[r.value]), r.how
def _number(row):
    r=read_number(row["text"],NumberContext(row["context"]["question"]))
    return r.value,r.how
def _grounded(row):
    c=row["context"]
    r=read_grounded(row["text"],GroundedContext(c["question"],c["gold"]))
    return (None if r.value is None else {"refusal":r.value.refuses,"right":r.value.is_right}),r.how
def _json(row):
    r=read_object(row["text"],ObjectContext(row["context"]["fields"],("total",)))
    return r.value,r.how
READERS={"json":_json,"grounded":_grounded,"letter":_letter,"number":_number}
def outcome(which,row):
    v,how=READERS[which](row)
    o="right" if v==row["right"] or (isinstance(v,float) and row["right"] is not None and abs(v-row["right"])<1e-6*max(1,abs(v))) else "not read" if v is None else "WRONG"
    return o,(v,how)
