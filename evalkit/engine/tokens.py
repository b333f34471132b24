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
        n_embeddings: Tokens the model knows; None: not checked.
    """

    def __init__(
        self, tokenizer: Any, *, is_joint: bool = True, n_embeddings: int | None = None
    ) -> None:
        self.tokenizer = tokenizer
        self._is_joint = is_joint
        self._n_embeddings = n_embeddings
        bos, eos = tokenizer.bos_token_id, tokenizer.eos_token_id
        self._prefix_id: int | None = bos if bos is not None else eos
        known = self._prefix_id is not None
        self._prefix_text: str | None = tokenizer.decode(self._prefix_id) if known else None

    @property
    def prefix_id(self) -> int:
        """Stands for "nothing before": the begin token, else the end token.

        Raises:
            ExecutionError: The tokenizer has neither.
        """
        if self._prefix_id is None:
            raise ExecutionError(
                "The tokenizer has neither a begin nor an end token, so a text that nothing stands before can't be"
                " scored.",
                "Set `bos_token` or `eos_token` in its tokenizer_config.json.",
            )
        return self._prefix_id

    def encode(self, text: str) -> list[int]:
        """Encode with the tokenizer's own begin token, but never a second one after a chat template."""
        if self._prefix_text and text.startswith(self._prefix_text):
            return self.encode_raw(text)
        return self._known(self.tokenizer.encode(text))

    def encode_raw(self, text: str) -> list[int]:
        """Encode without adding special tokens."""
        return self._known(self.tokenizer.encode(text, add_special_tokens=False))

    def encode_prompt(self, text: str) -> list[int]:
        """Encode a prompt to be continued; here lm-eval looks for the begin token itself."""
        bos = self.tokenizer.bos_token
        if bos is not None and text.startswith(bos):
            return self.encode_raw(text)
        return self._known(self.tokenizer.encode(text))

    def _known(self, ids: list[int]) -> list[int]:
        """Return ids that the model has an embedding of.

        Raises:
            ExecutionError: It has none of one.
        """
        highest = max(ids, default=0)
        if self._n_embeddings is not None and highest >= self._n_embeddings:
            token = self.tokenizer.convert_ids_to_tokens(highest)
            raise ExecutionError(
                f"The tokenizer gives token {highest} ({token!r}), but the model's embedding has"
                f" {self._n_embeddings} rows: tokenizer and weights do not belong together.",
                "Take the tokenizer that was saved with these weights.",
            )
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
        if ids[:1] == [self.prefix_id]:
            return TokenPair(ids[:1], ids[1:])
        return TokenPair([self.prefix_id], ids)
