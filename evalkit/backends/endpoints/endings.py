"""How an answer ends: every finish reason that vendors and compatible servers use, and what counts as an answer.

An attempt has succeeded when the server told the end of the answer, in a word that is known here, and something came
before it: text, reasoning, a refusal or a tool call. Streams and answers in one piece, all vendors, runs and load tests
go by this one rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from evalkit.backends.endpoints.error_classes import ErrorClass
from evalkit.backends.endpoints.failures import Failure
from evalkit.records import GENERATED_KINDS, EventKind


class Ending(StrEnum):
    """What a finish reason means. The values of endings that are answers are what `Request.finish_reason` says."""

    COMPLETE = "stop"
    CUT = "length"
    FILTERED = "content_filter"
    REFUSED = "refusal"
    TOOL = "tool_calls"
    ABORTED = "aborted"
    """The server gave the answer up, or it is only a part of one."""
    OVERLOADED = "overloaded"
    """Given up for want of capacity."""
    BLOCKED_ACCOUNT = "blocked_account"
    """The account may not ask any more."""
    UNKNOWN = "unknown"
    NOT_TOLD = "not_told"
    """A word that some servers write where there is no reason yet."""


FILTERED = frozenset({Ending.FILTERED, Ending.REFUSED})
"""The vendor or the model withheld the answer: an answer, even without a text."""
ANSWERED = frozenset({Ending.COMPLETE, Ending.CUT, Ending.TOOL}) | FILTERED
_NOT_TOLD = frozenset({"", "null", "none", "undefined", "not_finished"})
_FAILURES = {
    Ending.ABORTED: ErrorClass.SERVER_ERROR,
    Ending.OVERLOADED: ErrorClass.OVERLOADED,
    Ending.BLOCKED_ACCOUNT: ErrorClass.AUTH,
}


def endings(words: Mapping[Ending, str]) -> dict[str, Ending]:
    """Return a table of finish reasons from what is easy to write: the words of each ending, with blanks between."""
    return {word: ending for ending, some in words.items() for word in some.split()}


OPENAI = endings(
    {
        # OpenAI; TGI; Together; Cohere; Amazon; AI21; LM Studio; gateways that hand on their vendor's words
        Ending.COMPLETE: "stop eos eos_token stop_sequence end_turn complete finish endoftext stop_criteria_met"
        " eosfound stopstringfound",
        Ending.CUT: "length max_tokens model_length error_limit token_limit model_context_window_exceeded repetition"
        " maxpredictedtokensreached contextlengthreached",
        Ending.FILTERED: "content_filter content_filtered guardrail_intervened sensitive error_toxic safety recitation"
        " language blocklist prohibited_content spii model_armor image_safety",
        Ending.REFUSED: "refusal",
        Ending.TOOL: "tool_calls tool_call toolcalls function_call tool_use",
        # vLLM, SGLang; OpenRouter, Mistral; Zhipu; Ollama; watsonx; Cohere; Google's and Anthropic's handed on
        Ending.ABORTED: "abort error network_error load unload cancelled canceled time_limit timeout user_cancel"
        " userstopped modelunloaded failed malformed_model_output malformed_tool_use malformed_function_call"
        " unexpected_tool_call too_many_tool_calls malformed_response missing_thought_signature other pause_turn"
        " continuation",
        Ending.OVERLOADED: "insufficient_system_resource",
        Ending.BLOCKED_ACCOUNT: "pup_limited_disabled",
    }
)
"""Lower-case words, also of servers that hand on another vendor's."""


def ending_of(word: object, table: Mapping[str, Ending]) -> Ending:
    """Return what a finish reason means to the vendor whose table this is."""
    if not isinstance(word, str):
        return Ending.NOT_TOLD if word is None else Ending.UNKNOWN
    name = word.strip().lower()
    if name in _NOT_TOLD:
        return Ending.NOT_TOLD
    found = table.get(name)
    if found is None:
        found = table.get(name.replace("-", "_").replace(" ", "_"))
    return Ending.UNKNOWN if found is None else found


@dataclass(slots=True)
class End:
    """What an answer has told about its own end so far."""

    ending: Ending = Ending.NOT_TOLD
    word: str = ""
    """The server's own, of the ending that counts."""
    has_last_line: bool = False
    """The protocol's last line came, behind which there is nothing."""
    has_answer: bool = False
    """Text, reasoning, a refusal or a tool call came."""
    has_call: bool = False
    """A tool call came, whatever finish reason the server gives it."""
    has_refused: bool = False
    """The model's own refusal came, in the field for it."""

    @property
    def is_told(self) -> bool:
        """Whether the server has said how the answer ended."""
        return self.ending != Ending.NOT_TOLD

    @property
    def finish_reason(self) -> str | None:
        """The reason to record: one word per kind of ending."""
        if self.has_refused and self.ending in ANSWERED and self.ending != Ending.FILTERED:
            return str(Ending.REFUSED)
        if self.has_call and self.ending == Ending.COMPLETE:
            return str(Ending.TOOL)
        return None if self.ending not in ANSWERED else str(self.ending)

    def came(self, kind: EventKind) -> None:
        """Note that something was generated: an end that was told before it was none."""
        if kind not in GENERATED_KINDS:
            return
        self.has_answer = True
        self.has_call = self.has_call or kind == EventKind.TOOL
        if self.ending in ANSWERED and self.ending not in FILTERED:
            self.ending = Ending.NOT_TOLD

    def tell(self, word: object, table: Mapping[str, Ending]) -> bool:
        """Note a finish reason; return whether it is one. What withholds an answer or gives it up is not taken back."""
        ending = ending_of(word, table)
        if ending == Ending.NOT_TOLD:
            return False
        is_final = self.ending in FILTERED or self.ending in _FAILURES
        if not is_final and not (self.is_told and ending == Ending.COMPLETE):
            self.ending, self.word = ending, str(word)
        return True

    def failure(self) -> Failure | None:
        """Return why an answer that has come to its end is none; None when it is one."""
        if self.ending == Ending.NOT_TOLD:
            if not self.has_answer:
                return Failure(ErrorClass.EMPTY, "a successful response with nothing in it")
            return Failure(ErrorClass.UNKNOWN, "the answer came to its end without a finish reason")
        if self.ending == Ending.UNKNOWN:
            return Failure(
                ErrorClass.UNKNOWN, f"the answer ended for an unknown reason: {self.word!r}"
            )
        if self.ending in _FAILURES:
            words = f"the server gave the answer up (finish reason {self.word!r})"
            return Failure(_FAILURES[self.ending], words)
        if not self.has_answer and self.ending not in FILTERED:
            words = f"the answer ended ({self.word!r}) with nothing in it"
            return Failure(ErrorClass.EMPTY, words)
        return None
