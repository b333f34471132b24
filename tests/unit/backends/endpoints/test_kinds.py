"""Which kind of fault an error is: the forms of vendors, gateways and compatible servers, as they write them.

`kinds.jsonl` has a row per form: status, headers, body, the class, and the wait where it matters. `roles.jsonl` has
rows of refused turns, with the setting that is to be named, or null where the error is another.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evalkit.backends.endpoints.error_bodies import error_in
from evalkit.backends.endpoints.failures import Failure, failure_of, failure_of_error
from evalkit.backends.endpoints.wire import Exchange

URL = "https://host.example/v1/chat/completions"


def rows(name: str) -> list[dict[str, Any]]:
    lines = Path(__file__).with_name(name).read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


ROWS, TURNS = rows("kinds.jsonl"), rows("roles.jsonl")


def failure(status: int, body: Any, headers: dict[str, str], url: str = URL) -> Failure:
    exchange = Exchange(status=status, headers=headers, url=url)
    if status < 300:
        return failure_of_error(error_in(body), exchange, ())
    text = body if isinstance(body, str) else json.dumps(body)
    exchange.error_body += text.encode()
    found = failure_of(exchange, ())
    assert found is not None
    return found


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['status']} {str(row['body'])[:60]}")
def test_an_error_has_its_kind_and_wait(row: dict[str, Any]) -> None:
    found = failure(row["status"], row["body"], row.get("headers", {}))
    assert found.error_class == row["expected"], found.message
    assert "wait_s" not in row or found.retry_after_s == row["wait_s"]


@pytest.mark.parametrize(
    ("status", "url", "headers", "said"),
    [
        (
            307,
            "http://h.example/v1/chat/completions",
            {"location": "https://h.example/v1/chat/completions"},
            "set base_url to https://h.example/v1",
        ),
        (
            301,
            "https://h.example/v1/messages",
            {"location": "/api/v1/messages?token=geheim"},
            "redirects to https://h.example/api/v1/messages: set base_url to https://h.example/api",
        ),
        *(
            (
                308,
                "http://h.example/v1beta/models/m-1.5:streamGenerateContent",
                {"location": f"{to}{path}/models/m-1.5:streamGenerateContent?alt=sse&key=geheim"},
                f"set base_url to https://h.example{to.removeprefix('https://h.example')}",
            )
            for to in ("https://h.example", "https://h.example/gemini", "https://h.example/v2/g")
            for path in ("/v1beta", "/v1", "/v1alpha", "", "/v1/publishers/google")
        ),
        (
            302,
            "https://h.example/v1/chat/completions",
            {"location": "https://login.example/saml?state=geheim"},
            "redirects to https://login.example/saml, which is no address of this API",
        ),
        (404, "https://h.example/v1/v1/chat/completions", {}, "has /v1 twice"),
        (404, "https://h.example/v1/v1/messages", {}, "has /v1 twice"),
        (404, "https://h.example/v1beta/v1beta/models/m:generate", {}, "has /v1beta twice"),
        (
            404,
            "https://h.example/v1/chat/completions/chat/completions",
            {},
            "has /chat/completions twice",
        ),
        (405, "https://h.example/v1/chat/completions/v1/chat/completions", {}, "twice"),
        (404, "https://h.example/chat/completions", {}, "ends in /v1"),
        (
            404,
            "https://h.example/v1/chat/completions",
            {},
            "asked at https://h.example/v1/chat/completions",
        ),
    ],
)
def test_a_wrong_address_is_named_with_what_to_change(
    status: int, url: str, headers: dict[str, str], said: str
) -> None:
    found = failure(status, "", headers, url)
    assert found.error_class == "not_found"
    assert said in found.message
    assert "geheim" not in found.message
    assert "base_url to" not in found.message or found.message.endswith(said)


SYSTEM, ORDER = "turns: instruction_in_user", "turns: one_turn"
REFUSED = [
    # vLLM, SGLang and others that render a Hugging Face template
    (400, {"object": "error", "message": "System role not supported", "type": "BadRequestError", "code": 400}, SYSTEM),
    (400, {"error": {"message": "System role not supported System role not supported", "type": "BadRequestError",
                     "param": None, "code": 400}}, SYSTEM),
    (400, {"message": "Only user and assistant roles are supported!"}, SYSTEM),
    (400, {"message": "Only user, assistant and tool roles are supported, got system."}, SYSTEM),
    (500, {"message": "Internal Server Error: System messages are not supported by this model"}, SYSTEM),
    (400, {"message": "Conversation roles must alternate user/assistant/user/assistant/..."}, ORDER),
    (400, {"message": "After the optional system message, conversation roles must alternate user/assistant"}, ORDER),
    # TGI
    (422, {"error": "Template error: invalid operation: System role not supported (in <string>:1)",
           "error_type": "template_error"}, SYSTEM),
    (422, {"error": "Template error: invalid operation: Conversation roles must alternate (in <string>:1)",
           "error_type": "template_error"}, ORDER),
    # llama.cpp
    (500, {"error": {"code": 500, "message": "Jinja Exception: System role not supported", "type": "server_error"}},
     SYSTEM),
    (500, {"error": {"code": 500, "message": "\n------------\nWhile executing CallExpression at line 1, column 69 in"
                     " source:\n{{ raise_exception('System role not supported') }}\nError: Jinja Exception: System role"
                     " not supported", "type": "server_error"}}, SYSTEM),
    (500, {"error": {"code": 500, "message": "Jinja Exception: Conversation roles must alternate user/assistant",
                     "type": "server_error"}}, ORDER),
    # Ollama
    (400, {"error": {"message": "invalid role: developer", "type": "invalid_request_error"}}, SYSTEM),
    (400, {"error": {"message": "model does not support system messages", "type": "api_error"}}, SYSTEM),
    # OpenAI, Azure
    (400, {"error": {"message": "Unsupported value: 'messages[0].role' does not support 'system' with this model.",
                     "type": "invalid_request_error", "param": "messages[0].role", "code": "unsupported_value"}},
     SYSTEM),
    (400, {"error": {"message": "Invalid value: 'system'. Supported values are: 'user' and 'assistant'. Role system is"
                     " not supported", "type": "invalid_request_error"}}, SYSTEM),
    # Mistral, DeepSeek
    (400, {"object": "error", "message": "Unexpected role 'system' after role 'user'", "code": 3230}, SYSTEM),
    (400, {"object": "error", "message": "Unexpected role 'user' after role 'user'", "code": 3230}, ORDER),
    (400, {"error": {"message": "deepseek-reasoner does not support successive user or assistant messages (messages[1]"
                     " and messages[2] in your input)", "type": "invalid_request_error"}}, ORDER),
    # Anthropic
    (400, {"type": "error", "error": {"type": "invalid_request_error", "message": 'messages: Unexpected role "system".'
           ' The Messages API accepts a top-level `system` parameter'}}, SYSTEM),
    (400, {"type": "error", "error": {"type": "invalid_request_error", "message": 'messages: roles must alternate'
           ' between "user" and "assistant", but found multiple "user" roles in a row'}}, ORDER),
    (400, {"type": "error", "error": {"type": "invalid_request_error",
           "message": 'messages: first message must use the "user" role'}}, ORDER),
    # Google
    (400, {"error": {"code": 400, "status": "INVALID_ARGUMENT",
                     "message": "Developer instruction is not enabled for models/gemma-3-27b-it"}}, SYSTEM),
    (400, {"error": {"code": 400, "status": "INVALID_ARGUMENT",
                     "message": "System instruction is not supported for this model."}}, SYSTEM),
    (400, {"error": {"code": 400, "status": "INVALID_ARGUMENT",
                     "message": "Please ensure that multiturn requests alternate between user and model."}}, ORDER),
    # within a successful response
    (200, {"error": {"message": "System role not supported", "type": "server_error", "code": 500}}, SYSTEM),
]  # fmt: skip


@pytest.mark.parametrize("row", TURNS, ids=range(len(TURNS)))
def test_a_setting_is_named_where_a_turn_is_refused_and_only_there(row: dict[str, Any]) -> None:
    found = failure(row["status"], row["body"], {})
    assert row["said"] is None or row["said"] in found.message
    assert ("turns:" in found.message) is (row["said"] is not None)
    assert found.error_class in {"bad_request", "context_length"}


@pytest.mark.parametrize(("status", "body", "said"), REFUSED, ids=range(len(REFUSED)))
def test_a_refused_turn_is_no_fault_of_the_server_and_has_its_setting(
    status: int, body: dict[str, Any], said: str
) -> None:
    found = failure(status, body, {})
    assert said in found.message
    assert found.error_class == "bad_request"
    assert not found.is_retryable


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (429, {"error": {"message": "system messages are not allowed now: rate limit, retry in 1s"}}),
        (500, {"error": {"message": "the system is not available"}}),
        (500, {"error": {"message": "Internal system error"}}),
        (400, {"error": {"message": "temperature is not supported with this model"}}),
        (400, {"error": {"message": "This model's maximum context length is 4096 tokens, system prompt included"}}),
        (401, {"error": {"message": "role system not allowed for this key"}}),
        (503, {"error": {"message": "System role not supported while loading"}}),
    ],
)  # fmt: skip
def test_other_faults_are_not_taken_for_refused_turns(status: int, body: dict[str, Any]) -> None:
    assert "turns:" not in failure(status, body, {}).message
