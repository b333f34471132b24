"""Generative twins of multiple-choice tasks: the same docs, asked as a question that is answered with a letter.

Chat APIs return no log-likelihoods, so they can't choose the likeliest option. A twin lists the options as lettered
lines and reads the letter from the answer; run on every compared model, it compares like with like. It is a task of its
own (`<task>_generate`), so that its numbers are never taken for the original's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from copy import copy
from itertools import islice
from typing import Any

from lm_eval.api.metrics import mean
from lm_eval.api.task import ConfigurableTask
from lm_eval.filters import build_filter_ensemble

from evalkit.errors import TaskError
from evalkit.reading.form import in_form
from evalkit.reading.letter import LetterContext, read_letter
from evalkit.reading.mentions import letters

SUFFIX = "_generate"
INSTRUCTION = "Choose the right option. The last line must be: Answer: <letter>"
MOST_OPTIONS = 26
LABEL = "Answer:"
_MAX_TOKENS = 64
_LIKENED = 8
"""Docs whose beginnings are compared."""
_BEGINNING = re.compile(r"[^\n:]{2,30}:")
_CUE = re.compile(r"(?:^|\n)[ \t]*Answer:[ \t]*$")


def twin(task: Any) -> ConfigurableTask:
    """Return the generative twin of a loaded multiple-choice task.

    Args:
        task: With its settings applied: few-shot number and seed are taken over.

    Raises:
        TaskError: The options stand in the context (winogrande's way), or there are more of them than letters.
    """
    name = str(task.config.task)
    if task.multiple_input:
        raise TaskError(
            f"Task {name!r} compares contexts instead of answers, so it can't be answered with a letter.",
            "Leave it out of suites for models behind a chat API, or set the suite's mode: loglikelihood.",
        )
    most = max((len(task.doc_to_choice(doc)) for doc in task.eval_docs), default=0)
    if most > MOST_OPTIONS:
        raise TaskError(
            f"Task {name!r} has docs with {most} options; letters name {MOST_OPTIONS} at most.",
            "Leave it out of suites for models behind a chat API.",
        )
    return ChoiceTwin(task)


class ChoiceTwin(ConfigurableTask):  # type: ignore[misc]
    """A multiple-choice task in generative form; docs, few-shot examples and their seed are the original's."""

    def __init__(self, original: Any) -> None:
        self.__dict__.update(vars(original))
        self._original = original
        self._instances = None
        self._config = copy(original.config)
        self._config.task = f"{original.config.task}{SUFFIX}"
        self._config.output_type = "generate_until"
        self._config.description = _with_instruction(original.config.description or "")
        self._config.doc_to_choice = None
        self._config.generation_kwargs = {
            "until": [_next_example(original)],
            "max_gen_toks": _MAX_TOKENS,
            "do_sample": False,
        }
        self._config.filter_list = None
        self.OUTPUT_TYPE = "generate_until"
        self._filters = [build_filter_ensemble("none", [["take_first", None]])]
        self._config.target_delimiter = "\n"
        self.fewshot_cfg = copy(original.fewshot_cfg)
        self.fewshot_cfg.target_delimiter = "\n"
        directions = {"acc": True, "extraction_failed": False, "format_followed": True}
        self._metric_fn_list = dict.fromkeys(directions)
        self._metric_fn_kwargs: dict[str, Any] = {name: {} for name in directions}
        self._aggregation_list = dict.fromkeys(directions, mean)
        self._higher_is_better = directions

    def doc_to_text(self, doc: Any, doc_to_text: Any = None) -> str:
        """Return the original's question with the options as lettered lines, unless they are letters already."""
        text = str(self._original.doc_to_text(doc, doc_to_text))
        choices = self._choices(doc)
        question = _CUE.sub("", text).rstrip()
        if _are_letters(choices):
            return question
        named = zip(letters(len(choices)), choices, strict=True)
        options = "\n".join(f"{letter}. {choice}" for letter, choice in named)
        return f"{question}\n{options}"

    def doc_to_target(self, doc: Any, doc_to_target: Any = None) -> str:
        """Return the last line with the letter of the right option; of the first one where several are right."""
        return f"{LABEL} {letters(len(self._choices(doc)))[self._gold(doc, doc_to_target)[0]]}"

    def process_results(self, doc: Any, results: Sequence[str]) -> dict[str, float]:
        """Score one answer."""
        choices = self._choices(doc)
        question = str(self._original.doc_to_text(doc))
        found = read_letter(results[0], LetterContext(choices, question)).value
        return {
            "acc": float(found is not None and found in self._gold(doc)),
            "extraction_failed": float(found is None),
            "format_followed": float(in_form(results[0], r"\(?[A-Z]\)?[.)]?")),
        }

    def _choices(self, doc: Any) -> list[str]:
        return [str(choice).strip() for choice in self._original.doc_to_choice(doc)]

    def _gold(self, doc: Any, doc_to_target: Any = None) -> list[int]:
        target = self._original.doc_to_target(doc, doc_to_target)
        choices = self._original.doc_to_choice(doc)
        golds = target if isinstance(target, list) else [target]
        return [gold if isinstance(gold, int) else choices.index(gold) for gold in golds]


def _next_example(task: Any) -> str:
    """Return what ends an answer: a base model goes on with the next example, which begins as all of them do.

    Where they begin with different words it is the blank line between examples; a chat model's answer that has one
    before its last line is cut there, which `format_followed` shows.
    """
    texts = [str(task.doc_to_text(doc)).lstrip() for doc in islice(task.eval_docs, _LIKENED)]
    labels = {found[0] if (found := _BEGINNING.match(text)) else "" for text in texts}
    return f"\n\n{labels.pop()}" if len(texts) > 1 and len(labels) == 1 else "\n\n"


def _are_letters(choices: Sequence[str]) -> bool:
    return [choice.strip("() .") for choice in choices] == list(letters(len(choices)))


def _with_instruction(description: str) -> str:
    body = description.rstrip()
    space = description[len(body) :] or "\n\n"
    return f"{body} {INSTRUCTION}".lstrip() + space
