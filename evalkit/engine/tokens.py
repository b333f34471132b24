"""From text to token ids, with the rules of lm-eval, so that both score the same ids."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from evalkit.errors import ExecutionError


@dataclass(frozen=True, slots=True)
class TokenPair:
    """Ids of a context and of the continuation to be scored; both are never empty."""

    context: list[int]
    continuation: list[int]
    flags: tuple[str, ...] = ()


class Tokenization:
    """Encodes prompts and pairs for one tokenizer.

    Args:
        tokenizer: A transformers tokenizer.
        is_joint: Context and continuation are one sequence; False for encoder-decoder models, which read them apart.
    """

    def __init__(self, tokenizer: Any, *, is_joint: bool = True) -> None:
        self.tokenizer = tokenizer
        self._is_joint = is_joint
        bos, eos = tokenizer.bos_token_id, tokenizer.eos_token_id
        self.prefix_id: int = bos if bos is not None else eos
        """Stands for "nothing before": the begin token, else the end token."""
        self._prefix_text: str = tokenizer.decode(self.prefix_id)

    def encode(self, text: str) -> list[int]:
        """Encode with the tokenizer's own begin token, but never a second one after a chat template."""
        if text.startswith(self._prefix_text):
            return self.encode_raw(text)
        ids: list[int] = self.tokenizer.encode(text)
        return ids

    def encode_raw(self, text: str) -> list[int]:
        """Encode without adding special tokens."""
        ids: list[int] = self.tokenizer.encode(text, add_special_tokens=False)
        return ids

    def encode_prompt(self, text: str) -> list[int]:
        """Encode a prompt to be continued; here lm-eval looks for the begin token itself."""
        bos = self.tokenizer.bos_token
        if bos is not None and text.startswith(bos):
            return self.encode_raw(text)
        ids: list[int] = self.tokenizer.encode(text)
        return ids

    def encode_pair(self, context: str, continuation: str) -> TokenPair:
        """Encode a pair jointly and split it where the context ends.

        Trailing spaces of the context move to the continuation. Where the two share a token, so that nothing would be
        left to score, the pair is split at the longest common prefix and flagged `merged_boundary`; lm-eval 0.4.13
        stops with an assertion there.

        Raises:
            ExecutionError: There is nothing to score.
        """
        if continuation == "":
            raise ExecutionError(
                "A task asks how likely an empty answer is.",
                "Check its doc_to_choice and doc_to_target.",
            )
        if context == "":
            return self._after_nothing(continuation)
        stripped = context.rstrip()
        if stripped:  # a context of nothing but spaces stays as it is
            context, continuation = stripped, context[len(stripped) :] + continuation
        if not self._is_joint:
            return TokenPair(self.encode(context), self.encode_raw(continuation))
        whole, start = self.encode(context + continuation), self.encode(context)
        if len(whole) > len(start):
            return TokenPair(start, whole[len(start) :])
        pairs = zip(whole[:-1], start, strict=False)
        common = max(1, sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs)))
        return TokenPair(whole[:common], whole[common:], ("merged_boundary",))

    def _after_nothing(self, continuation: str) -> TokenPair:
        ids = self.encode_raw(continuation)
        if ids[0] == self.prefix_id:
            return TokenPair(ids[:1], ids[1:])
        return TokenPair([self.prefix_id], ids)
