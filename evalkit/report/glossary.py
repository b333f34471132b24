"""Terms in plain words, each with its definition: shown on hover and at the end of the report."""

from __future__ import annotations

TERMS: dict[str, str] = {
    "95 % interval": "Where the true score lies with 95 % confidence, given how few docs were asked. When two models'"
    " intervals overlap, the test can't tell them apart.",
    "chance": "What guessing would score: 1 / number of choices.",
    "cell": "One model on one suite of tasks, once.",
    "chat template": "The text around a prompt that a chat model was trained with.",
    "doc": "One item of a task: one question.",
    "e2e latency": "How long a whole answer takes: last token − sending the request.",
    "few-shot": "Worked examples in front of each question.",
    "greedy": "The model always takes its likeliest next token, so answers repeat exactly.",
    "host memory, peak": "Most main memory the process held while working, weights included.",
    "log-likelihood": "How likely a model finds a given text; in multiple choice, the likeliest answer is its choice.",
    "output tokens/s": "Generated tokens / time spent generating, one request at a time unless stated.",
    "p50, p95": "50 (95) of 100 requests took at most this long; linear interpolation. † marks too few requests.",
    "scored tokens/s": "Tokens of prompts and given answers / time spent scoring them, in batches."
    " What prompts share is computed once but counts for each.",
    "token": "A piece of text, about three quarters of an English word.",
    "TPOT": "Time per output token after the first: (last token − first token) / (output tokens − 1).",
    "TTFT": "Time to first token: first generated token − sending the request. What a user waits before text appears.",
}

METRICS: dict[str, str] = {
    "acc": "share of docs where the likeliest choice is the right one",
    "acc_norm": "as acc, with the likelihood divided by the answer's length",
    "exact_match": "share of docs answered exactly right",
    "json_valid": "share of answers that contain valid JSON",
    "field_accuracy": "share of the fields that were read correctly",
    "answer_accuracy": "share of answerable questions answered correctly",
    "hallucination_rate": "share of unanswerable questions that got an answer anyway",
    "over_refusal_rate": "share of answerable questions that were refused",
    "perplexity": "how surprised the model is by the text",
}


def all_terms() -> tuple[tuple[str, str], ...]:
    """Return terms and metrics in alphabetical order."""
    return tuple(sorted({**METRICS, **TERMS}.items(), key=lambda item: item[0].lower()))


def metric_text(metric: str) -> str:
    """Say what a task's metric means, as far as evalkit knows it."""
    return METRICS.get(metric, "as defined by the task")
