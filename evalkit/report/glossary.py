"""Terms in plain words, each with its definition: shown on hover and at the end of the report."""

from __future__ import annotations

TERMS: dict[str, str] = {
    "attempt": "One try of sending a request to an API. A request that fails for a passing reason is tried again.",
    "95 % interval": "Where the true score lies with 95 % confidence, given how few docs were asked. When two models'"
    " intervals overlap, the test can't tell them apart.",
    "cached tokens": "Tokens of prompts that the vendor had kept from earlier requests, often billed at a lower price.",
    "chance": "What guessing would score: 1 / number of choices.",
    "cell": "One model on one suite of tasks, once.",
    "chat template": "The text around a prompt that a chat model was trained with.",
    "cost": "What all attempts are billed, warm-up included: the server's token counts at the price list or contract."
    " Taxes and discounts are not in it.",
    "doc": "One item of a task: one question.",
    "e2e latency": "How long a whole answer takes: last token − sending the request.",
    "error rate": "Requests that got no answer after all their attempts / requests. Their docs are not scored: an error"
    " of the service is no wrong answer of the model.",
    "few-shot": "Worked examples in front of each question.",
    "filtered": "Answers that the vendor withheld, or that its model refused by rule. They count as answers and are"
    " scored as they came.",
    "greedy": "The model always takes its likeliest next token, so answers repeat exactly.",
    "host memory, peak": "Most main memory the process held while working, weights included.",
    "like for like": "Every model got the same tasks in the same words. Where not, their scores do not compare.",
    "log-likelihood": "How likely a model finds a given text; in multiple choice, the likeliest answer is its choice.",
    "output tokens/s": "Generated tokens / time spent generating, one request at a time unless stated.",
    "own delay": "How late evalkit itself noticed things, p99. Times of an API model may be wrong by that much.",
    "p50, p95": "50 (95) of 100 requests took at most this long; linear interpolation. † marks too few requests.",
    "reasoning tokens": "Tokens a model generated for thinking. They are billed as output, but are not in the answer.",
    "response time": "What somebody waits for the answer: last token − the moment the request was due. Waiting for"
    " limits and repeated attempts are included; e2e latency counts from sending the last attempt.",
    "scored tokens/s": "Tokens of prompts and given answers / time spent scoring them, in batches."
    " What prompts share is computed once but counts for each.",
    "served model": "The model that the vendor says has answered, often more exact than the name that was asked for.",
    "token": "A piece of text, about three quarters of an English word.",
    "TPOT": "Time per output token after the first: (last token − first token) / (output tokens − 1).",
    "TTFT": "Time to first token: first generated token − sending the request. What a user waits before text appears.",
}

LOAD_TERMS: dict[str, str] = {
    "closed loop": "A fixed number of users: each sends the next request when the last one is answered. A slow server"
    " is asked less, so it is never overloaded.",
    "energy per output token": "Energy of all boards in the steady window / output tokens that arrived in it. What the"
    " boards draw when idle is in it.",
    "goodput": "Requests due in the steady window that kept every limit of the service level / its length.",
    "in flight": "Requests that are due and not yet answered: in a queue or being computed.",
    "invalid step": "A step in which evalkit itself was the bottleneck (it sent late, or its processor had no reserve)."
    " Its numbers tell about evalkit, not the model: they are shown struck out and nothing is concluded from them.",
    "open loop": "Requests come at their own times, as from many independent users, however slow the server is.",
    "output tokens/s, steady": "Output tokens that arrived in the steady window / its length.",
    "peak tokens/s": "Most output tokens that arrived in one whole second of the steady window.",
    "response view": "Times from the moment a request was due: what a user waits, queues included. The service view"
    " counts from sending. The service level is judged in the response view.",
    "schedule lag": "How late evalkit sent its requests: sent − due.",
    "service level": "What users are promised (SLO): a percentile of requests that must keep limits of time, and how"
    " many may fail.",
    "tokens/s per user": "1 / median TPOT: how fast text appears for one user.",
    "warm-up, steady window": "Load is held for a while before anything counts. Requests due in the steady window after"
    " it are the ones that count; load goes on until they are answered.",
    "λ_SLO": "The highest load a model sustains within the service level: requests completed per second at the highest"
    " rate that held, below every rate that did not. The interval says how well it is known: of one run, up to the"
    " lowest rate that did not hold.",
}
"""Only in reports that show a load test."""

DECISION_TERMS: dict[str, str] = {
    "95 % interval": TERMS["95 % interval"],
    "admissible": "An option that keeps every rule of the policy.",
    "adoption cost": "What starting costs once: project, integration, training, review.",
    "blend": "Two options combined: the own model answers first, and the API takes over a part of the requests.",
    "break-even load, λ*": "The load at which an own deployment and an API cost the same per month. Above it the own"
    " deployment is cheaper. Adoption cost is not in it.",
    "cross-validated": "The documents are split into parts. A threshold is chosen on all parts but one and judged on"
    " the part that was left out, so no document judges a threshold that it helped to choose.",
    "escalation": "Handing a request over from the own model to the API, because the own model's answer looks unsure.",
    "full load": "Every replica busy all the time at its measured capacity: the least a token can cost on own"
    " machines. Nobody reaches it in practice.",
    "headroom": "Share of the measured capacity that is planned to be used at the busiest time.",
    "list price, contract, catalogue, default, imported": "Where a number is from: a vendor's public price list; your"
    " contract; evalkit's dated list of hardware and electricity; an assumption of evalkit; a measurement of somebody"
    " else. Measured numbers are from your own runs.",
    "Mtok": "A million tokens. A token is a piece of text, about three quarters of an English word.",
    "N+1": "One replica more than the load needs, so that one may fail.",
    "oracle": "A policy that knows in advance which answers are wrong. It can't be built; it shows the bound.",
    "P10–P90": "Of 100 simulated futures, 10 lie below P10 and 10 above P90. P50 is the middle one.",
    "paired difference": "Both models answered the same documents; their scores are compared document by document.",
    "payback": "The first month in which all that was spent so far, adoption included, is less than with the API.",
    "PERT": "A bell-shaped distribution between a lowest and a highest value around the most likely one.",
    "present value": "Money that is paid later counts less: it is divided by (1 + discount rate) for each year.",
    "PUE": "Power of the whole site / power of its machines: what cooling and losses add.",
    "quality": "Mean score over the tasks, each by its own metric, weighted by how much of the work it is.",
    "replica": "One running copy of a model on its own GPUs.",
    "service level": LOAD_TERMS["service level"],
    "simulated future": "One draw: each uncertain input gets a value between its low and its high, and everything is"
    " computed again.",
    "tornado": "A chart of what matters: each input alone moves from its low to its high, all others stay most likely.",
    "utilisation": "Mean load / what the replicas serve within the service level. It is not the GPU's utilisation.",
    "λ_SLO": LOAD_TERMS["λ_SLO"],
}
"""Only on the page of a decision."""

METRICS: dict[str, str] = {
    "acc": "share of docs where the likeliest choice is the right one",
    "acc_norm": "as acc, with the likelihood divided by the answer's length",
    "extraction_failed": "share of answers in which no choice, or no number, could be read",
    "exact_match": "share of docs answered exactly right",
    "json_valid": "share of answers that contain valid JSON",
    "field_accuracy": "share of the fields that were read correctly",
    "answer_accuracy": "share of answerable questions answered correctly",
    "hallucination_rate": "share of unanswerable questions that got an answer anyway",
    "over_refusal_rate": "share of answerable questions that were refused",
    "perplexity": "how surprised the model is by the text",
}

FAILURES: dict[str, str] = {
    "connection_refused": "connection refused",
    "dns": "host name not found",
    "tls": "no secure connection",
    "connect": "no connection",
    "timeout": "no answer in time",
    "stalled": "response fell silent",
    "disconnected": "response broke off",
    "malformed": "response not readable",
    "not_a_stream": "a web page instead of an answer",
    "empty": "empty response",
    "oversized": "response too long",
    "bad_request": "request not accepted",
    "auth": "key not accepted",
    "not_found": "address or model not found",
    "context_length": "prompt too long",
    "content_filter": "stopped by the content filter",
    "rate_limited": "rate limit reached",
    "quota": "account without credit",
    "overloaded": "server overloaded",
    "server_error": "error of the server",
}
"""`Attempt.error_class` → words that fit behind a count."""


def failure_text(error_class: str) -> str:
    """Say in words why an attempt failed; an unknown class is shown as it is called."""
    return FAILURES.get(error_class, error_class.replace("_", " "))


def all_terms(*, with_load: bool = False) -> tuple[tuple[str, str], ...]:
    """Return terms and metrics in alphabetical order, those of load tests only where there is one."""
    return _sorted({**METRICS, **TERMS, **(LOAD_TERMS if with_load else {})})


def decision_terms() -> tuple[tuple[str, str], ...]:
    """Return the terms of the decision page in alphabetical order."""
    return _sorted(DECISION_TERMS)


def _sorted(terms: dict[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(terms.items(), key=lambda item: item[0].lower()))


def metric_text(metric: str) -> str:
    """Say what a task's metric means, as far as evalkit knows it."""
    return METRICS.get(metric, "as defined by the task")
