"""Docs whose right answer nothing can match, or everything does, are refused with file and row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from evalkit.errors import TaskError
from evalkit.harness.data_files import Place
from evalkit.harness.docs_check import check_first
from evalkit.harness.rows import Rows

TASK: dict[str, Any] = {
    "task": "mine",
    "output_type": "generate_until",
    "doc_to_text": "{{note}}",
    "doc_to_target": "team",
    "generation_kwargs": {"until": ["\n", "Note:"]},
    "metric_list": [{"metric": "exact_match"}],
}
CHOICE = {
    **TASK,
    "output_type": "multiple_choice",
    "doc_to_choice": ["yes", "no"],
    "metric_list": [{"metric": "acc"}],
}
CHOICE.pop("generation_kwargs")


def check(row: dict[str, Any], **changes: Any) -> None:
    """Check a task's docs: one that is right, and one more."""
    right = {"note": "Where is it?", "team": "yes"}
    kept = {k: v for k, v in {**TASK, **changes}.items() if v != "LEFT OUT"}
    place = Path("notes.jsonl")
    rows = [(Place(place, 1), {**right, **row}), (Place(place, 2), {**right, **row})]
    check_first(kept, Rows(rows))


def refused(words: str, row: dict[str, Any], **changes: Any) -> None:
    with pytest.raises(TaskError) as caught:
        check(row, **changes)
    assert words in str(caught.value)
    assert "(notes.jsonl:1, notes.jsonl:2)" in str(caught.value)


def exact(**options: Any) -> dict[str, Any]:
    return {"metric_list": [{"metric": "exact_match", **options}]}


def filtered(*names: str) -> dict[str, Any]:
    steps = [{"function": name} for name in names]
    return {"filter_list": [{"name": "f", "filter": steps}]}


@pytest.mark.parametrize(
    ("row", "changes", "words"),
    [
        ({"team": ["", ""]}, {}, "one of the right answers is empty: ['', '']"),
        ({"team": ["x", ""]}, {}, "one of the right answers is empty"),
        ({"team": ["x", "  "]}, {"doc_to_target": "{{team}}"}, "one of the right answers is empty"),
        ({"team": float("nan")}, {}, "no right answer"),
        ({"team": float("nan")}, {"doc_to_target": "{{team}}"}, "no right answer"),
        ({"a": None}, {"doc_to_target": "{{team}} {{a}}"}, "the right answer would say None: column 'a' is empty"),
        ({"a": None}, {"doc_to_target": "{{team}} {{a | string}}"}, "column 'a' is empty"),
        ({"a": {"b": None}}, {"doc_to_target": "{{team}} {{a.b}}"}, "column 'a' is empty"),
        ({"a": ["x", None]}, {"doc_to_target": "{{a | join(', ')}}"}, "column 'a' is empty"),
        ({"a": float("nan")}, {"doc_to_target": "{{team}} {{a}}"}, "column 'a' is empty"),
        ({"a": None}, {"doc_to_text": "{{note}} {{a}}"}, "the prompt would say None: column 'a' is empty"),
        ({"a": {"b": None}}, {"doc_to_text": "{{note}} {{a.b}}"}, "the prompt would say None: column 'a'"),
        ({"team": "a\nb"}, {}, "no answer can match 'a\\nb': answers are cut at '\\n'"),
        ({"team": " delivery\n"}, {}, "answers are cut at '\\n'"),
        ({"team": "Note: x"}, {}, "answers are cut at 'Note:'"),
        ({"team": ["a\nb", "c\n"]}, {}, "answers are cut at '\\n'"),
        ({"team": "x"}, {"doc_to_target": "{{team}}\n"}, "answers are cut at '\\n'"),
        ({"team": "a\n\nb"}, {"generation_kwargs": "LEFT OUT"}, "answers are cut at '\\n\\n'"),
        ({"team": "a; b"}, {"generation_kwargs": {"until": ";"}}, "answers are cut at ';'"),
        ({"team": "delivery "}, {}, "no answer can match 'delivery ': it ends in white space"),
        ({"team": "Delivery"}, filtered("lowercase", "take_first"), "by what the filters make of answers"),
        ({"team": " delivery"}, filtered("remove_whitespace", "take_first"), "by what the filters make"),
        ({"team": "42"}, exact(ignore_numbers=True), "an empty answer would match '42'"),
        ({"team": "?"}, exact(ignore_punctuation=True), "an empty answer would match '?'"),
        ({"team": "n/a"}, exact(regexes_to_ignore=["n/a"]), "an empty answer would match 'n/a'"),
        ({"team": True}, CHOICE, "the right answer is true, which is none of the choices and would be taken for the"
         " position 1, 'no'"),
        ({"team": False}, CHOICE, "the right answer is false"),
        ({"team": [True]}, CHOICE, "the right answer is true"),
        ({"team": True}, {**CHOICE, "doc_to_choice": ["false", "true"]}, "the right answer is true"),
        ({"team": True}, {**CHOICE, "doc_to_target": "{{team}}"}, "no choice is 'True'"),
        ({"team": 1.0}, CHOICE, "no choice is 1.0"),
        ({"note": True}, {**CHOICE, "doc_to_text": "note"}, "doc_to_text gives True"),
    ],
)  # fmt: skip
def test_right_answers_that_are_none(
    row: dict[str, Any], changes: dict[str, Any], words: str
) -> None:
    refused(words, row, **changes)


@pytest.mark.parametrize(
    ("row", "changes"),
    [
        ({"team": ["x", "y"]}, {}),
        ({"team": ["a\nb", "c"]}, {}),
        ({"team": "None of these", "a": None}, {"doc_to_target": "{% if a %}{{a}}{% endif %}{{team}}"}),
        ({"team": "None"}, {}),
        ({"team": "finance", "a": None}, {"doc_to_target": "{{team}}{{ a or '' }}"}),
        ({"note": "None of this", "a": None}, {"doc_to_text": "{{note}}{% if a is none %}!{% endif %}"}),
        ({"team": "a\nb"}, {"metric_list": [{"metric": "bleu"}]}),
        ({"team": "a\nb"}, {"generation_kwargs": {"until": []}}),
        ({"team": "a.\n"}, exact(regexes_to_ignore=["\n"])),
        ({"team": "a\nb"}, {"filter_list": [{"name": "m", "filter": [{"function": "map"}]}]}),
        ({"team": "Delivery"}, {**filtered("lowercase"), **exact(ignore_case=True)}),
        ({"team": "delivery"}, filtered("lowercase", "remove_whitespace", "take_first")),
        ({"team": " delivery"}, {}),
        ({"team": "42."}, exact(ignore_punctuation=True)),
        ({"team": 1}, CHOICE),
        ({"team": "no"}, CHOICE),
        ({"team": True}, {**CHOICE, "doc_to_target": "{{ 'yes' if team else 'no' }}"}),
    ],
)  # fmt: skip
def test_right_answers_that_can_be_given(row: dict[str, Any], changes: dict[str, Any]) -> None:
    check(row, **changes)
