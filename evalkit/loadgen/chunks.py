"""What OpenAI's chat API streams, as bytes and plans for `evalkit.loadgen.scripted`.

Source: https://platform.openai.com/docs/api-reference/chat-streaming
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from evalkit.loadgen.scripted import Pause, Send, Step

CHUNK_ID = "chatcmpl-scripted"
CREATED = 1_700_000_000
"""Unix time in seconds, the same in every chunk: plans are reproducible."""
MODEL = "scripted"
"""Model the chunks say they are from."""
DONE = "[DONE]"
"""Data of the last event of an OpenAI stream."""


def sse(data: str | Mapping[str, object], event: str | None = None) -> bytes:
    """Return one server-sent event, closed by a blank line.

    Args:
        data: Text, with a `data` line for each of its lines; a mapping becomes one line of JSON in plain UTF-8.
        event: Name of the event; None leaves it out.
    """
    if not isinstance(data, str):
        data = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    lines = [] if event is None else [f"event: {event}"]
    lines += [f"data: {line}" for line in data.split("\n")]
    return ("\n".join(lines) + "\n\n").encode()


def chat_chunk(
    content: str | None = None,
    *,
    role: str | None = None,
    reasoning: str | None = None,
    tool_calls: Sequence[Mapping[str, object]] | None = None,
    finish_reason: str | None = None,
    usage: Mapping[str, object] | None = None,
    with_choices: bool = True,
) -> dict[str, object]:
    """Return a `chat.completion.chunk`; what is None is left out, but for the finish reason.

    Args:
        content: Text of the delta.
        role: Role of the delta; servers send it once, at the start.
        reasoning: Sent as `reasoning_content`, the name DeepSeek and vLLM use; OpenAI itself shows none.
        tool_calls: Parts of tool calls, as the API defines them.
        finish_reason: Why the answer ended; None while it goes on.
        usage: What `usage` returns.
        with_choices: False: an empty list of choices, as in OpenAI's usage chunk.
    """
    delta = {
        "role": role,
        "content": content,
        "reasoning_content": reasoning,
        "tool_calls": None if tool_calls is None else list(tool_calls),
    }
    said = {name: value for name, value in delta.items() if value is not None}
    choice = {"index": 0, "delta": said, "finish_reason": finish_reason}
    chunk: dict[str, object] = {
        "id": CHUNK_ID,
        "object": "chat.completion.chunk",
        "created": CREATED,
        "model": MODEL,
        "choices": [choice] if with_choices else [],
    }
    return chunk if usage is None else {**chunk, "usage": usage}


def usage(
    prompt: int, completion: int, *, cached: int | None = None, reasoning: int | None = None
) -> dict[str, object]:
    """Return OpenAI's usage object; details that are None are left out.

    Args:
        prompt: Tokens of the prompt, cached ones included.
        completion: Tokens generated, reasoning included.
        cached: Prompt tokens read from the cache.
        reasoning: Generated tokens spent on reasoning.
    """
    counts: dict[str, object] = {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }
    if cached is not None:
        counts["prompt_tokens_details"] = {"cached_tokens": cached}
    if reasoning is not None:
        counts["completion_tokens_details"] = {"reasoning_tokens": reasoning}
    return counts


def chat_answer(
    texts: Sequence[str],
    *,
    ttft_s: float,
    itl_s: float,
    usage: Mapping[str, object] | None = None,
    finish_reason: str = "stop",
    role_first: bool = True,
) -> tuple[Step, ...]:
    """Return the steps of a complete streamed answer, ending with `data: [DONE]`.

    Args:
        texts: Content of one chunk each.
        ttft_s: Pause before the first text.
        itl_s: Pause between two texts.
        usage: Sent last, in a chunk without choices; None sends no such chunk.
        finish_reason: Sent right after the last text, in a chunk of its own.
        role_first: Send a chunk with the role and empty content at once, as OpenAI does.
    """
    steps: list[Step] = []
    if role_first:
        steps.append(Send(sse(chat_chunk("", role="assistant"))))
    for i, text in enumerate(texts):
        steps += [Pause(itl_s if i else ttft_s), Send(sse(chat_chunk(text)))]
    steps.append(Send(sse(chat_chunk(finish_reason=finish_reason))))
    if usage is not None:
        steps.append(Send(sse(chat_chunk(usage=usage, with_choices=False))))
    return (*steps, Send(sse(DONE)))
