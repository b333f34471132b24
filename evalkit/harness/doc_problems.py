"""What can be wrong with one doc of a task: its prompt, its right answer, its choices."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from lm_eval.utils import apply_template

from evalkit.harness.definition import columns_of
from evalkit.harness.matching import match_problem

Problem = tuple[str, str]
"""What is wrong, and what to do."""
_MISSING = re.compile(r"None|nan")
_FILL = "Fill it, or remove the row."


@dataclass(frozen=True, slots=True)
class Keys:
    """What docs are written with: the task's keys, or those of its examples."""

    doc_to_text: Any
    doc_to_target: Any
    doc_to_choice: Any

    @classmethod
    def of(cls, config: Any) -> Keys:
        """Take them from a task's config, or from its `fewshot_config`."""
        return cls(config.doc_to_text, config.doc_to_target, config.doc_to_choice)


# --- prompts ------------------------------------------------------------------------------------------------------


def text_problem(task: Any, doc: Any, keys: Keys) -> Problem | None:
    """Return what is wrong with a doc's prompt."""
    if task.OUTPUT_TYPE == "loglikelihood_rolling" or task.multiple_input:
        return None
    text = task.doc_to_text(doc, keys.doc_to_text)
    if isinstance(text, list):
        return (
            "doc_to_text gives a list, and a prompt must be text",
            "Of a list of messages take one, such as {{messages[-1].content}}.",
        )
    if not isinstance(text, str):
        return f"doc_to_text gives {text!r}, and a prompt must be text", "Fill the column."
    empty = _missing_column(keys.doc_to_text, doc, text)
    if empty:
        return f"the prompt would say None: column {empty!r} is empty", _FILL
    if not text.strip() and keys.doc_to_text != "":
        return "the prompt is empty", "Fill the column, or remove the row."
    return None


def _missing_column(template: Any, doc: Any, text: str) -> str | None:
    """Return the first column of which a template writes out a value that is not there, as None or nan."""
    if not isinstance(template, str) or not _MISSING.search(text):
        return None
    if template in doc:
        return template if _filled(doc[template]) == "" else None
    for name in sorted(columns_of(template, "template") & set(doc)):
        with suppress(Exception):  # a template may want more of a column than a text has
            otherwise = apply_template(template, {**doc, name: _filled(doc[name])})
            if len(_MISSING.findall(otherwise)) < len(_MISSING.findall(text)):
                return name
    return None


def _filled(value: Any) -> Any:
    """Return a value with empty texts for what is not there, in lists and objects, too."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, list | tuple):
        return [_filled(inner) for inner in value]
    if isinstance(value, dict):
        return {key: _filled(inner) for key, inner in value.items()}
    return value


# --- right answers ------------------------------------------------------------------------------------------------


def gold_problem(task: Any, doc: Any, keys: Keys, *, is_example: bool) -> Problem | None:
    """Return what is wrong with a doc's right answer."""
    if callable(task.config.process_results) and not is_example:
        return None  # own code decides what is right
    gold = task.doc_to_target(doc, keys.doc_to_target)
    empty = _missing_column(keys.doc_to_target, doc, str(gold))
    if _is_blank(gold) or (empty and gold in ("None", "nan")):
        return "no right answer", "Fill the column that doc_to_target names, or remove the row."
    if empty:
        return f"the right answer would say None: column {empty!r} is empty", _FILL
    if keys.doc_to_choice is not None:
        return _choice_problem(task, doc, gold, keys)
    if isinstance(gold, dict) or (
        isinstance(gold, list) and not all(isinstance(g, str) for g in gold)
    ):
        return f"the right answer is {gold!r}, not text", "Write a template that makes text of it."
    if isinstance(gold, list) and any(map(_is_blank, gold)):
        return f"one of the right answers is empty: {gold!r}", "Remove it, or fill it."
    problem = _truth_problem(doc, gold, keys.doc_to_target)
    return problem or (None if is_example else match_problem(task, gold))


def _is_blank(value: Any) -> bool:
    if isinstance(value, float) and math.isnan(value):
        return True
    return value is None or value == [] or (isinstance(value, str) and not value.strip())


def _names(target: Any, doc: Any) -> Sequence[str]:
    """Return the columns that `doc_to_target` uses."""
    if not isinstance(target, str):
        return ()
    return [target] if target in doc else sorted(columns_of(target, "doc_to_target"))


def _truth_problem(doc: Any, gold: Any, target: Any) -> Problem | None:
    """Golds of true and false are written as Python does, which no answer will be."""
    if not isinstance(gold, bool) and gold not in ("True", "False"):
        return None
    if isinstance(gold, bool) or any(
        isinstance(doc.get(name), bool) for name in _names(target, doc)
    ):
        return (
            f"the right answer would be {str(gold)!r}, with a capital letter, where the data say"
            f" {str(gold).lower()}",
            "Write text into the data, or make it in the template: {{ column | lower }}.",
        )
    return None


def rounding_problem(task: Any, doc: Any) -> Problem | None:
    """Return where a loader of typed columns made 42.0 of a right answer 42; for docs that are not read by evalkit."""
    config = task.config
    if callable(config.process_results) or config.doc_to_choice is not None:
        return None
    gold = str(task.doc_to_target(doc))
    for name in _names(config.doc_to_target, doc):
        value = doc.get(name)
        if isinstance(value, float) and value.is_integer() and str(value) in gold:
            return (
                f"the right answer would be {gold!r}: column {name!r} holds numbers with decimals",
                f"Write text into the data, or make it in the template: {{{{ '%g' | format({name}) }}}}.",
            )
    return None


# --- choices ------------------------------------------------------------------------------------------------------


def _choice_problem(task: Any, doc: Any, gold: Any, keys: Keys) -> Problem | None:
    choices = task.doc_to_choice(doc, keys.doc_to_choice)
    if not isinstance(choices, list) or not all(isinstance(c, str) for c in choices):
        return f"doc_to_choice gives {choices!r}, not a list of texts", "Correct the column."
    if len(choices) < 2 or not all(c.strip() for c in choices):
        return f"the choices are {choices!r}: each needs a text, and there must be two", ""
    if len(set(choices)) < len(choices):
        twice = next(c for c in choices if choices.count(c) > 1)
        return f"the choice {twice!r} is there twice", "Every choice must be different."
    if task.multiple_input:
        return None
    listed = gold if isinstance(gold, list) else [gold]
    return next((p for one in listed if (p := _label_problem(one, choices))), None)


def _label_problem(one: Any, choices: Sequence[str]) -> Problem | None:
    if isinstance(one, bool):
        return (
            f"the right answer is {str(one).lower()}, which is none of the choices and would be taken for the position"
            f" {int(one)}, {choices[int(one)]!r}",
            "Write the choice into the data, or say which is meant: {{ 'yes' if column else 'no' }}.",
        )
    if (isinstance(one, str) and one in choices) or (
        isinstance(one, int) and 0 <= one < len(choices)
    ):
        return None
    return (
        f"no choice is {one!r}",
        f"The choices are {', '.join(map(repr, choices[:12]))}: correct doc_to_choice or the data.",
    )
