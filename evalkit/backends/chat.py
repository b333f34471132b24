"""Conversations as text: what a chat template refuses or drops goes another way, and which way is remembered.

A template is a program of the model's maker. Some raise an error at a system turn, or at turns that do not alternate;
others leave a turn out without a word. So every shape of a conversation is first rendered with a marker in each turn,
and the first way in which no marker gets lost is taken:

    as given               a system turn, and worked examples as turns of their own
    instruction_in_user    the instruction in front of the first question, as llama.cpp does for Gemma
    one_turn               instruction, examples and question in one message

A template may also tell the time. It gets a fixed date, so that a prompt is the same tomorrow. One that draws at
random, or shortens a question, is refused: nobody would know what was asked.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from evalkit.errors import ModelError
from evalkit.imports import importing
from evalkit.records import INSTRUCTION_IN_USER, ONE_TURN, TURNS, TURNS_AS_GIVEN

Message = dict[str, Any]
Apply = Callable[[list[Message], bool], str]
"""Writes messages with a template; whether the answer's turn is to be opened. Raises whatever the template raises."""
_NOON = datetime.time(12)
_LOOKS = 16
"""How often a template writes the same, to see whether it does: a draw of one of two is then missed once in 32,768."""


class ChatTemplate:
    """A model's chat template.

    Args:
        model: Name for errors.
        apply: The template itself.
    """

    def __init__(self, model: str, apply: Apply) -> None:
        self._model = model
        self._apply = apply
        self._ways: dict[tuple[tuple[str, ...], bool], _Way] = {}
        self.turns = TURNS_AS_GIVEN
        """The way furthest from what was given that was taken since the last `forget`."""

    def forget(self) -> None:
        """Start a new cell."""
        self.turns = TURNS_AS_GIVEN

    def render(self, messages: Sequence[Message], add_generation_prompt: bool) -> str:
        """Write a conversation; without a generation prompt the last turn is left open.

        Raises:
            ModelError: The template takes it in no way.
        """
        roles = tuple(str(m["role"]) for m in messages)
        key = roles, add_generation_prompt
        if key not in self._ways:
            self._ways[key] = self._find_way(roles, add_generation_prompt)
        way = self._ways[key]
        try:
            text = self._written(way, list(messages), add_generation_prompt)
        except Exception as error:  # templates raise anything
            raise self._useless(error) from error
        if not all(_is_within(str(m["content"]), text) for m in messages if m["role"] == "user"):
            raise self._useless(ValueError("it shortens or changes what the user asks"))
        self.turns = max(self.turns, way.code, key=TURNS.index)
        return text

    def way_of(self, roles: Sequence[str]) -> str:
        """Return how a conversation with turns of these roles will be written.

        Raises:
            ModelError: The template takes it in no way.
        """
        return self._find_way(roles, add_generation_prompt=True).code

    def _find_way(self, roles: Sequence[str], add_generation_prompt: bool) -> _Way:
        markers = [f"Marker{n}of{len(roles)}" for n in range(len(roles))]
        marked = [{"role": r, "content": c} for r, c in zip(roles, markers, strict=True)]
        first: Exception | None = None
        for way in _WAYS:
            try:
                text = self._written(way, marked, add_generation_prompt)
            except Exception as error:  # templates raise anything
                first = first or error
                continue
            if all(marker in text for marker in markers):
                again = (self._written(way, marked, add_generation_prompt) for _ in range(_LOOKS))
                if any(other != text for other in again):
                    first = ValueError("it draws at random, so that no prompt would be known")
                    break
                return way
        raise self._useless(first)

    def _written(self, way: _Way, messages: list[Message], add_generation_prompt: bool) -> str:
        changed = way.change(messages)
        if add_generation_prompt or not way.is_opened_by_hand:
            return self._apply(changed, add_generation_prompt)
        if messages[-1]["role"] != "assistant" or len(messages) < 2:
            raise ValueError("a turn that is not the assistant's can't be left open")
        return self._apply(changed[:-1], True) + str(messages[-1]["content"])

    def _useless(self, error: Exception | None) -> ModelError:
        reason = "it leaves turns out"
        if error is not None:
            reason = " ".join(str(error).split()) or type(error).__name__
        return ModelError(
            f"model {self._model!r}: its chat template can't write the conversation: {reason}.",
            "Mend the template, or set `chat_template: false` to send plain prompts.",
        )


def moved(messages: Sequence[Message], code: str) -> list[Message]:
    """Return a conversation in one of the ways of `TURNS`, for servers, whose templates are not at hand."""
    change = next(change for way, change in _CHANGES if way == code)
    return change(list(messages))


def of_tokenizer(model: str, tokenizer: Any, date: datetime.date) -> ChatTemplate:
    """Return the chat template of a loaded tokenizer."""

    def apply(messages: list[Message], add_generation_prompt: bool) -> str:
        with fixed_clock(date):
            text: str = tokenizer.apply_chat_template(
                messages,
                tokenize=False,
                add_generation_prompt=add_generation_prompt,
                continue_final_message=not add_generation_prompt,
            )
        return text

    return ChatTemplate(model, apply)


def of_text(model: str, template: str, special_tokens: dict[str, str]) -> ChatTemplate:
    """Return a chat template that is at hand as text, to look at it before anything is loaded."""
    with importing():
        from transformers.utils.chat_template_utils import render_jinja_template

    def apply(messages: list[Message], add_generation_prompt: bool) -> str:
        rendered, _ = render_jinja_template(
            [messages],
            chat_template=template,
            add_generation_prompt=add_generation_prompt,
            continue_final_message=not add_generation_prompt,
            **special_tokens,
        )
        return str(rendered[0])

    return ChatTemplate(model, apply)


def _is_within(content: str, text: str) -> bool:
    """Tell whether a turn's content is in a prompt, as it is or in JSON, whatever became of its white space."""
    written = "".join(text.split())
    forms = content, json.dumps(content, ensure_ascii=False)[1:-1]
    return any("".join(form.split()) in written for form in forms)


def tells_time(template: str | None) -> bool:
    """Tell whether a template writes the date: the only clock that transformers gives to it is `strftime_now`."""
    return template is not None and "strftime_now" in template


@contextmanager
def fixed_clock(date: datetime.date) -> Iterator[None]:
    """Let templates believe that it is noon of a day."""
    from transformers.utils import chat_template_utils as templates

    class Stopped(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> Stopped:
            return cls.combine(date, _NOON, tz)

    real = templates.datetime
    templates.datetime = Stopped
    try:
        yield
    finally:
        templates.datetime = real


def _as_given(messages: list[Message]) -> list[Message]:
    return messages


def _in_parts(messages: list[Message]) -> list[Message]:
    """Give content as a list of parts: templates for images and text read nothing else."""
    return [{**m, "content": [{"type": "text", "text": m["content"]}]} for m in messages]


def _instruction_in_user(messages: list[Message]) -> list[Message]:
    """Move system turns in front of the first turn of the user."""
    instruction = [m["content"] for m in messages if m["role"] == "system"]
    rest = [m for m in messages if m["role"] != "system"]
    at = next((i for i, m in enumerate(rest) if m["role"] == "user"), None)
    if at is None:
        return [{"role": "user", "content": _PARAGRAPH.join(instruction)}, *rest]
    question = {**rest[at], "content": _PARAGRAPH.join([*instruction, rest[at]["content"]])}
    return [*rest[:at], question, *rest[at + 1 :]]


def _one_turn(messages: list[Message]) -> list[Message]:
    """Put everything but an open last turn of the assistant into one message."""
    is_open = messages[-1]["role"] == "assistant"
    closed = messages[:-1] if is_open else messages
    text = ""
    for message in closed:
        between = " " if message["role"] == "assistant" else _PARAGRAPH
        text += (between if text else "") + message["content"]
    return [{"role": "user", "content": text}, *(messages[-1:] if is_open else ())]


@dataclass(frozen=True, slots=True)
class _Way:
    """How a conversation is written."""

    code: str
    """What records call it: one of `TURNS`."""
    change: Callable[[list[Message]], list[Message]]
    is_opened_by_hand: bool = False
    """A last turn that stays open follows the opening of the answer, for templates that can't leave one open."""


_PARAGRAPH = "\n\n"
_CHANGES: tuple[tuple[str, Callable[[list[Message]], list[Message]]], ...] = (
    (TURNS_AS_GIVEN, _as_given),
    (TURNS_AS_GIVEN, _in_parts),
    (INSTRUCTION_IN_USER, _instruction_in_user),
    (INSTRUCTION_IN_USER, lambda messages: _in_parts(_instruction_in_user(messages))),
    (ONE_TURN, _one_turn),
    (ONE_TURN, lambda messages: _in_parts(_one_turn(messages))),
)
_WAYS = tuple(_Way(code, change, by_hand) for code, change in _CHANGES for by_hand in (False, True))
"""Ways to write a conversation, from what was given to what is furthest from it."""
