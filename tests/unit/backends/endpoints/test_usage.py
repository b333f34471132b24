"""Token counts as servers and gateways write them, and what they can't mean."""

from __future__ import annotations

from typing import Any

import pytest

from evalkit.backends.endpoints.anthropic import anthropic_usage
from evalkit.backends.endpoints.costs import billed
from evalkit.backends.endpoints.google import GoogleReader, gemini_usage
from evalkit.backends.endpoints.openai import OpenAIReader
from evalkit.backends.endpoints.usage import openai_usage
from evalkit.config import EndpointSpec, ModelSpec
from evalkit.records import Usage


def openai(prompt: object, output: object, total: object = None, **more: Any) -> dict[str, Any]:
    counts = {"prompt_tokens": prompt, "completion_tokens": output, "total_tokens": total}
    return {k: v for k, v in counts.items() if v is not None} | more


def details(**counts: int) -> dict[str, Any]:
    return {"prompt_tokens_details": counts}


@pytest.mark.parametrize(
    ("told", "usage"),
    [
        (openai(20, 5, 25), Usage(input_tokens=20, output_tokens=5)),
        (openai(20, 5), Usage(input_tokens=20, output_tokens=5)),
        # counts as text, and with a point
        (openai("20", "5", "25"), Usage(input_tokens=20, output_tokens=5)),
        (openai(20.0, 5.0, " 25.0 "), Usage(input_tokens=20, output_tokens=5)),
        (openai(20, 5, 25, **details(cached_tokens="8")), Usage(20, 8, None, None, 5)),
        (openai(20, 5, None, prompt_tokens_details=None), Usage(20, None, None, None, 5)),
        (openai(20, 5, 25, total_time=-0.5, queue_time=-1), Usage(20, None, None, None, 5)),
        # reasoning beside the completion (xAI), and in it (OpenAI)
        (
            openai(20, 5, 125, completion_tokens_details={"reasoning_tokens": 100}),
            Usage(input_tokens=20, output_tokens=105, reasoning_tokens=100),
        ),
        (
            openai(20, 105, 125, completion_tokens_details={"reasoning_tokens": 100}),
            Usage(input_tokens=20, output_tokens=105, reasoning_tokens=100),
        ),
        (openai(20, 105, 125, reasoning_tokens=100), Usage(20, None, None, None, 105, 100)),
        # cached tokens by their many names
        (openai(20, 5, 25, **details(cached_tokens=8)), Usage(20, 8, None, None, 5)),
        (openai(20, 5, 25, prompt_cache_hit_tokens=8), Usage(20, 8, None, None, 5)),
        (openai(20, 5, 25, cached_tokens=8), Usage(20, 8, None, None, 5)),
        (
            openai(20, 5, 25, cached_tokens=0, **details(cached_tokens=8)),
            Usage(20, 8, None, None, 5),
        ),
        (openai(20, 5, 25, **details(cached_tokens=0)), Usage(20, 0, None, None, 5)),
        # Anthropic's prompt without its cached part, through a gateway
        (openai(20, 5, 33, cache_read_input_tokens=8), Usage(28, 8, None, None, 5)),
        (
            openai(20, 5, 43, cache_read_input_tokens=8, cache_creation_input_tokens=10),
            Usage(38, 8, 10, None, 5),
        ),
        # OpenAI's newer names
        (
            {"input_tokens": 20, "output_tokens": 5, "total_tokens": 25},
            Usage(20, None, None, None, 5),
        ),
    ],
)
def test_openai_counts_are_read_as_they_are_billed(told: dict[str, Any], usage: Usage) -> None:
    assert openai_usage(told) == usage


@pytest.mark.parametrize(
    "told",
    [
        openai(0, 0, 0),
        openai(0, 12, 12),
        openai(20, 5, 24),  # a total below its parts
        openai(20, 5, 0),
        openai(-1, 5, 25),
        openai("some", 5, 25),
        openai(20.5, 5, 25),
        openai(True, 5, 25),
        openai(20, "", 20),
        openai(20, "-5", 15),
        openai(20, 5, "unknown"),
        openai(20, 5, 25.5),
        openai(20, 5, float("nan")),
        openai(20, 2, "623"),
        openai(20, 2, 623.0),
        openai(10**12, 5, 10**12 + 5),
        openai(20, 10**12),
        openai(20, 5, "1000000000000"),
        openai(20, 5, 25, **details(cached_tokens=-5)),
        openai(20, 5, 25, cached_tokens=-5),
        openai(20, 5, 25, completion_tokens_details={"reasoning_tokens": -5}),
        openai(20, 5, 25, completion_tokens_details={"accepted_prediction_tokens": -1}),
        openai(20, 5, 25, server_tool_use={"web_search_requests": -1}),
        openai(None, 5, 25),
        openai(20, None, 20),
        openai(20, -5, 15),
        openai(20, 5, **details(cached_tokens=21)),
        openai(20, 5, 25, completion_tokens_details={"reasoning_tokens": 6}),
        # a total above its parts, and nothing that says why
        openai(20, 198, 623),
        openai(20, 5, 26),
        openai(20, 0, 25),
        openai(20, 5, 125, completion_tokens_details={"reasoning_tokens": 90}),
        openai(20, 105, 225, completion_tokens_details={"reasoning_tokens": 90}),
        openai(20, 5, 125, completion_tokens_details={"reasoning_tokens": 0}),
        openai(20, 5, 45, **details(cached_tokens=10)),
        openai(20, 5, 45, cache_read_input_tokens=8, cache_creation_input_tokens=10),
        {"input_tokens": 20, "output_tokens": 5, "total_tokens": 40},
        {},
    ],
)
def test_counts_that_can_not_be_true_are_doubtful_and_no_zero(told: dict[str, Any]) -> None:
    usage = openai_usage(told)
    assert usage.is_doubtful
    assert usage.input_tokens != 0


@pytest.mark.parametrize(
    "told",
    [
        openai(20, 5, 25, **details(audio_tokens=3)),
        openai(20, 5, 25, completion_tokens_details={"audio_tokens": 3}),
        openai(20, 5, 25, server_tool_use={"web_search_requests": 1}),
    ],
)
def test_what_is_no_text_is_charged_otherwise(told: dict[str, Any]) -> None:
    assert openai_usage(told).has_other_charges
    assert not openai_usage(openai(20, 5, 25, **details(audio_tokens=0))).has_other_charges


CACHE_NAMES = [
    "cached_tokens",
    "cacheReadInputTokens",
    "cached_input_tokens",
    "cache_read_tokens",
    "cache_read_input_tokens",
    "prompt_cache_hit_tokens",
    "cachedContentTokenCount",
    "num_cached_tokens",
    "cached_prompt_tokens",
]


@pytest.mark.parametrize("name", CACHE_NAMES)
def test_cached_tokens_are_read_under_every_name(name: str) -> None:
    for more in ({name: 8}, details(**{name: 8}), {"input_tokens_details": {name: "8"}}):
        assert openai_usage(openai(20, 5, 25, **more)) == Usage(20, 8, None, None, 5)
    of_answer = {"completion_tokens_details": {name: 8}}
    assert openai_usage(openai(20, 9, 29, **of_answer)).cached_input_tokens is None
    missed = openai_usage(openai(20, 5, 25, prompt_cache_miss_tokens=12, **{name: 8}))
    assert missed.cached_input_tokens == 8


@pytest.mark.parametrize(
    "used",
    [
        {"server_side_tool_usage_details": {"web_search_calls": 2, "x_search_calls": 0}},
        {"num_server_side_tools_used": 1},
        {"web_search_requests": 1},
        {"server_tool_use": {"code_execution_requests": 1}},
    ],
)
def test_what_a_vendors_tools_did_is_charged_otherwise(used: dict[str, Any]) -> None:
    assert openai_usage(openai(20, 5, 25, **used)).has_other_charges
    counts = {"promptTokenCount": 20, "candidatesTokenCount": 5}
    assert gemini_usage({**counts, **used}).has_other_charges
    none = {k: {n: 0 for n in v} if isinstance(v, dict) else 0 for k, v in used.items()}
    assert not openai_usage(openai(20, 5, 25, **none)).has_other_charges


def test_a_search_that_is_asked_for_is_charged_otherwise() -> None:
    def asks(body: dict[str, Any]) -> ModelSpec:
        endpoint = EndpointSpec(extra_body=body)
        return ModelSpec(name="m", backend="openai", source="s", endpoint=endpoint)

    usage = Usage(input_tokens=20, output_tokens=5)
    assert billed(usage, asks({})) is usage
    marked = billed(usage, asks({"web_search_options": {}}))
    assert marked is not None
    assert marked.has_other_charges


def test_a_search_that_gemini_tells_of_is_charged_otherwise() -> None:
    reader = GoogleReader()
    found = {"candidates": [{"groundingMetadata": {"webSearchQueries": ["x"]}}]}
    counts = {"promptTokenCount": 20, "candidatesTokenCount": 5}
    reader.read("", found)
    reader.read("", {"candidates": [], "usageMetadata": counts})
    assert reader.usage is not None
    assert reader.usage.has_other_charges


def read(*chunks: dict[str, Any]) -> Usage | None:
    reader = OpenAIReader()
    for chunk in chunks:
        reader.read("", {"choices": [], **chunk})
    return reader.usage


TOTALS = [
    # (model, usage, input, output, thoughts; None: nobody knows what the rest is)
    ("gemini-2.5-flash", openai(20, 198, 623), (20, 603, 405)),
    ("models/gemini-2.5-pro", openai(20, 198, 623), (20, 603, 405)),
    ("google/gemini-3-flash", openai(20, 198, 218), (20, 198, None)),
    ("Gemini-2.5-Pro", openai(20, 0, 300), (20, 280, 280)),
    ("gemini-2.5-pro", openai(20, 8, 128, reasoning_tokens=100), (20, 108, 100)),
    ("gemini-2.5-pro", openai(20, 8, 128, reasoning_tokens=60), None),
    ("gemini-2.5-pro", openai(20, 8, 27), None),
    ("gemini-2.5-pro", openai(20, 8, 136, cache_read_input_tokens=8), (20, 116, 108)),
    ("gpt-5", openai(20, 198, 623), None),
    ("some-model", openai(20, 198, 623), None),
    ("", openai(20, 198, 623), None),
    ("geminid-7b", openai(20, 198, 623), None),
    ("claude-sonnet-4-5", openai(20, 5, 26), None),
    (
        "grok-4",
        openai(20, 5, 125, completion_tokens_details={"reasoning_tokens": 100}),
        (20, 105, 100),
    ),
    ("grok-4", openai(20, 5, 130, completion_tokens_details={"reasoning_tokens": 100}), None),
    ("claude-sonnet-4-5", openai(20, 5, 33, cache_read_input_tokens=8), (28, 5, None)),
    (
        "claude-sonnet-4-5",
        openai(
            20, 5, 73, cache_read_input_tokens=8, completion_tokens_details={"reasoning_tokens": 40}
        ),
        (28, 45, 40),
    ),
    ("claude-sonnet-4-5", openai(20, 5, 34, cache_read_input_tokens=8), None),
    (
        "deepseek-reasoner",
        openai(20, 105, 125, completion_tokens_details={"reasoning_tokens": 100}),
        (20, 105, 100),
    ),
    ("sonar-reasoning", openai(20, 5, 25, num_search_queries=2), "charged"),
    ("sonar-deep-research", openai(20, 5, 25, citation_tokens=900), "charged"),
    ("grok-4", openai(20, 5, 25, num_sources_used=3), "charged"),
]


@pytest.mark.parametrize(("model", "told", "expected"), TOTALS)
def test_a_total_above_its_parts_is_billed_only_where_its_rest_is_known(
    model: str, told: dict[str, Any], expected: tuple[int, int, int | None] | str | None
) -> None:
    usage = read({"model": model}, {"usage": told})
    assert usage is not None
    assert usage.is_doubtful is (expected is None)
    assert usage.has_other_charges is (expected == "charged")
    if isinstance(expected, tuple):
        assert (usage.input_tokens, usage.output_tokens, usage.reasoning_tokens) == expected


def test_the_last_count_of_a_stream_holds_but_for_zeros() -> None:
    growing = [{"usage": openai(20, n, 20 + n)} for n in (1, 2, 3)]
    assert read(*growing) == Usage(input_tokens=20, output_tokens=3)
    assert read(*growing, {"usage": openai(0, 0, 0)}) == Usage(input_tokens=20, output_tokens=3)
    assert read({"usage": openai(0, 0, 0)}, *growing) == Usage(input_tokens=20, output_tokens=3)
    assert read(*growing, {"usage": None}) == Usage(input_tokens=20, output_tokens=3)


@pytest.mark.parametrize("order", [1, -1])
def test_the_tier_is_read_wherever_the_stream_names_it(order: int) -> None:
    chunks = [{"service_tier": "Priority"}, {"usage": openai(20, 5, 25)}][::order]
    usage = read(*chunks)
    assert usage is not None
    assert usage.service_tier == "priority"


def test_usage_that_is_no_object_is_doubtful() -> None:
    assert read({"usage": "20 tokens"}) == Usage(is_doubtful=True)
    assert read({"x_groq": {"usage": openai(20, 5, 25)}}) == Usage(input_tokens=20, output_tokens=5)


def test_anthropic_counts_the_cache_beside_the_prompt() -> None:
    told = {
        "input_tokens": 3,
        "output_tokens": 9,
        "cache_read_input_tokens": 100,
        "cache_creation_input_tokens": 50,
        "cache_creation": {"ephemeral_5m_input_tokens": 20, "ephemeral_1h_input_tokens": 30},
        "service_tier": "standard",
        "inference_geo": "us",
        "server_tool_use": {"web_search_requests": 0},
    }
    usage = Usage(153, 100, 50, 30, 9, service_tier="standard", region="us")
    assert anthropic_usage(told) == usage
    del told["cache_creation_input_tokens"]
    assert anthropic_usage(told) == usage
    told["server_tool_use"] = {"web_search_requests": 2}
    assert anthropic_usage(told).has_other_charges
    assert anthropic_usage({"input_tokens": 0, "output_tokens": 0}).is_doubtful
    assert anthropic_usage(
        {**told, "cache_creation": {"ephemeral_5m_input_tokens": -1}}
    ).is_doubtful
    assert not anthropic_usage(
        {"input_tokens": 0, "cache_read_input_tokens": 9, "output_tokens": 1}
    ).is_doubtful


@pytest.mark.parametrize(
    ("told", "usage"),
    [
        (
            {"promptTokenCount": 20, "candidatesTokenCount": 5, "thoughtsTokenCount": 30, "totalTokenCount": 55},
            Usage(input_tokens=20, output_tokens=35, reasoning_tokens=30),
        ),
        (  # thoughts named nowhere but in the total
            {"promptTokenCount": 20, "candidatesTokenCount": 5, "totalTokenCount": 55},
            Usage(input_tokens=20, output_tokens=35, reasoning_tokens=30),
        ),
        (  # what tools read is billed as prompt
            {"promptTokenCount": 20, "toolUsePromptTokenCount": 7, "candidatesTokenCount": 5, "totalTokenCount": 32},
            Usage(input_tokens=27, output_tokens=5),
        ),
        ({"promptTokenCount": 20, "totalTokenCount": 20}, Usage(input_tokens=20)),  # blocked
        (
            {"promptTokenCount": 20, "candidatesTokenCount": 5, "trafficType": "PROVISIONED_THROUGHPUT"},
            Usage(input_tokens=20, output_tokens=5, service_tier="provisioned_throughput"),
        ),
        (
            {"promptTokenCount": 20, "candidatesTokenCount": 5, "trafficType": "ON_DEMAND"},
            Usage(input_tokens=20, output_tokens=5),
        ),
        (
            {
                "promptTokenCount": 20,
                "candidatesTokenCount": 5,
                "promptTokensDetails": [
                    {"modality": "TEXT", "tokenCount": 10},
                    {"modality": "AUDIO", "tokenCount": 10},
                ],
            },
            Usage(input_tokens=20, output_tokens=5, has_other_charges=True),
        ),
    ],
)  # fmt: skip
def test_gemini_counts_are_read_as_they_are_billed(told: dict[str, Any], usage: Usage) -> None:
    assert gemini_usage(told) == usage


def test_gemini_zeros_and_small_totals_are_doubtful() -> None:
    beside = {"promptTokenCount": 9, "candidatesTokenCount": 5, "thoughtsTokenCount": 4}
    assert not gemini_usage({**beside, "totalTokenCount": 18}).is_doubtful
    assert gemini_usage({**beside, "totalTokenCount": 30}).is_doubtful
    assert gemini_usage({"promptTokenCount": 0, "candidatesTokenCount": 0}).is_doubtful
    as_text = gemini_usage({**beside, "totalTokenCount": "18", "candidatesTokenCount": 5.0})
    assert (as_text.output_tokens, as_text.is_doubtful) == (9, False)
    assert gemini_usage({**beside, "totalTokenCount": "522"}).is_doubtful
    for odd in ({"cachedContentTokenCount": -5}, {"promptTokensDetails": [{"tokenCount": -1}]}):
        assert gemini_usage({**beside, "totalTokenCount": 18, **odd}).is_doubtful
    hidden = gemini_usage({**beside, "thoughtsTokenCount": None, "totalTokenCount": "522"})
    assert (hidden.output_tokens, hidden.reasoning_tokens) == (513, 508)
    assert gemini_usage(
        {"promptTokenCount": 9, "candidatesTokenCount": 5, "totalTokenCount": 13}
    ).is_doubtful


@pytest.mark.parametrize(
    "body",
    [
        {"n": 2},
        {"best_of": 3},
        {"generationConfig": {"candidateCount": 2}},
        {"candidate_count": 4},
        {"n": "2"},
    ],
)
def test_several_answers_to_one_request_are_refused(body: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="answers to one request"):
        EndpointSpec(extra_body=body)
    assert EndpointSpec(extra_body={"n": 1, "top_k": 5}).extra_body["top_k"] == 5
    assert ModelSpec(name="m", backend="openai", source="s").endpoint.extra_body == {}
