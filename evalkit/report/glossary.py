"""Terms in plain words, each with its definition: shown on hover and at the end of the report."""

from __future__ import annotations

import unicodedata

from evalkit.metrics.catalogue.run import RUN
from evalkit.report.language import ENGLISH, Spoken
from evalkit.wording import Said, say, tell, verbatim

_Terms = tuple[tuple[Said, Said], ...]


def _by_name(terms: _Terms) -> dict[str, Said]:
    """Return the definitions by the English name of their term."""
    return {str(term): meaning for term, meaning in terms}


_TERMS: _Terms = (
    (say("attempt"), say(
        "One try of sending a request to an API. A request that fails for a passing reason is tried again.")),
    (say("95 % interval"), say(
        "Where the true score lies with 95 % confidence, given how few docs were asked. Two models whose"
        " intervals overlap may still be told apart by comparing them doc by doc.")),
    (say("reading error"), say(
        "How often evalkit's reader does not read an answer as a person would, measured on answers that the reader was"
        " not written with. It is no part of the interval, which tells chance alone.")),
    (say("cached tokens"), say(
        "Tokens of prompts that the vendor had kept from earlier requests, often billed at a lower price.")),
    (say("chance"), say("What guessing would score: 1 / number of choices.")),
    (say("cell"), say("One model on one suite of tasks, once.")),
    (say("chat template"), say("The text around a prompt that a chat model was trained with.")),
    (say("cost"), say(
        "What all attempts are billed, warm-up included: the server's token counts at the price list or contract."
        " Taxes and discounts are not in it.")),
    (say("doc"), say("One item of a task: one question.")),
    (say("error rate"), say(
        "Requests that got no answer after all their attempts / requests. Their docs are not scored: an error of"
        " the service is no wrong answer of the model.")),
    (say("few-shot"), say("Worked examples in front of each question.")),
    (say("filtered"), say(
        "Answers that the vendor withheld, or that its model refused by rule. They count as answers and are scored"
        " as they came.")),
    (say("greedy"), say("The model always takes its likeliest next token, so answers repeat exactly.")),
    (say("like for like"), say(
        "Every model got the same tasks in the same words. Where not, their scores do not compare.")),
    (say("log-likelihood"), say(
        "How likely a model finds a given text; in multiple choice, the likeliest answer is its choice.")),
    (say("own delay"), say(
        "How late evalkit itself noticed things, p99. Times of an API model may be wrong by that much.")),
    (say("p50, p95"), say(
        "50 (95) of 100 requests took at most this long; linear interpolation. † marks too few requests.")),
    (say("response time"), say(
        "What somebody waits for the answer: last token − the moment the request was due. Waiting for limits and"
        " repeated attempts are included; e2e latency counts from sending the last attempt.")),
    (say("served model"), say(
        "The model that the vendor says has answered, often more exact than the name that was asked for.")),
    (say("token"), say("A piece of text, about three quarters of an English word.")),
)  # fmt: skip
_METRIC_TERMS: _Terms = tuple((say(m.term), say(m.meaning)) for m in RUN if m.term)
TERMS = _by_name((*_TERMS, *_METRIC_TERMS))

_LOAD_TERMS: _Terms = (
    (say("closed loop"), say(
        "A fixed number of users: each sends the next request when the last one is answered. A slow server is"
        " asked less, so it is never overloaded.")),
    (say("energy per output token"), say(
        "Energy of all boards in the steady window / output tokens that arrived in it. What the boards draw when"
        " idle is in it.")),
    (say("goodput"), say(
        "Requests due in the steady window that kept every limit of the service level / its length.")),
    (say("in flight"), say("Requests that are due and not yet answered: in a queue or being computed.")),
    (say("invalid step"), say(
        "A step in which evalkit itself was the bottleneck (it sent late, or its processor had no reserve). Its"
        " numbers tell about evalkit, not the model: they are shown struck out and nothing is concluded from them.")),
    (say("open loop"), say(
        "Requests come at their own times, as from many independent users, however slow the server is.")),
    (say("output tokens/s, steady"), say("Output tokens that arrived in the steady window / its length.")),
    (say("peak tokens/s"), say("Most output tokens that arrived in one whole second of the steady window.")),
    (say("response view"), say(
        "Times from the moment a request was due: what a user waits, queues included. The service view counts from"
        " sending. The service level is judged in the response view.")),
    (say("schedule lag"), say("How late evalkit sent its requests: sent − due.")),
    (say("service level"), say(
        "What users are promised (SLO): a percentile of requests that must keep limits of time, and how many may"
        " fail.")),
    (say("tokens/s per user"), say("1 / median TPOT: how fast text appears for one user.")),
    (say("warm-up, steady window"), say(
        "Load is held for a while before anything counts. Requests due in the steady window after it are the ones"
        " that count; load goes on until they are answered.")),
    (say("λ_SLO"), say(
        "The highest load a model sustains within the service level: requests completed per second at the highest"
        " rate that held, below every rate that did not. The interval says how well it is known: of one run, up to"
        " the lowest rate that did not hold.")),
)  # fmt: skip
LOAD_TERMS = _by_name(_LOAD_TERMS)
"""Terms that only reports with a load test use."""

_DECISION_TERMS: _Terms = (
    (say("95 % interval"), TERMS["95 % interval"]),
    (say("admissible"), say("An option that keeps every rule of the policy.")),
    (say("adoption cost"), say("What starting costs once: project, integration, training, review.")),
    (say("blend"), say(
        "Two options combined: some requests go to the own model, others to the API; by task, or where the own"
        " model seems unsure.")),
    (say("break-even load, λ*"), say(
        "The load at which an own deployment and an API cost the same per month. Above it the own deployment is"
        " cheaper. Adoption cost is not in it.")),
    (say("cash view"), say(
        "Money when it is paid: servers when they are bought, rent as it is billed, and what servers bring at the end."
        " Totals, payback and the verdict are in it.")),
    (say("cross-validated"), say(
        "The documents are split into parts. A threshold is chosen on all parts but one and judged on the part"
        " that was left out, so no document judges a threshold that it helped to choose.")),
    (say("escalation"), say(
        "Handing a request over from the own model to the API, because the own model's answer looks unsure.")),
    (say("full load"), say(
        "Every replica busy all the time at its measured capacity: the least a token can cost on own machines."
        " Nobody reaches it in practice.")),
    (say("planned use at the peak"), say(
        "Share of the measured capacity that is planned to be used at the busiest time; the rest is in reserve.")),
    (say("list price, contract, catalogue, default, imported"), say(
        "Where a number is from: a vendor's public price list; your contract; evalkit's dated list of hardware and"
        " electricity; an assumption of evalkit; a measurement of somebody else. Measured numbers are from your"
        " own runs.")),
    (say("Mtok"), say("A million tokens. A token is a piece of text, about three quarters of an English word.")),
    (say("N+1"), say("One replica more than the load needs, so that one may fail.")),
    (say("oracle"), say(
        "A policy that knows in advance which answers are wrong. It can't be built; it shows the bound.")),
    (say("P10–P90"), say("Of 100 simulated futures, 10 lie below P10 and 10 above P90. P50 is the middle one.")),
    (say("paired difference"), say(
        "Both models answered the same documents; their scores are compared document by document.")),
    (say("payback"), say(
        "Cash view: the first month in which all that has been paid so far, adoption and servers included, is no more"
        " than with the other option.")),
    (say("PERT"), say("A bell-shaped distribution between a lowest and a highest value around the most likely one.")),
    (say("present value"), say(
        "Cash view: what is paid over the horizon, less what servers bring when they are sold. Money that is paid later"
        " counts less: it is divided by (1 + discount rate) for each year.")),
    (say("PUE"), say("Power of the whole site / power of its machines: what cooling and losses add.")),
    (say("unit cost"), say(
        "What a month, a request or a token costs, with servers spread evenly over their life, interest included.")),
    (say("quality"), say(
        "Mean score over the tasks, each by its own metric, weighted by how much of the work it is.")),
    (say("replica"), say("One running copy of a model on its own GPUs.")),
    (say("service level"), LOAD_TERMS["service level"]),
    (say("simulated future"), say(
        "One draw: each uncertain input gets a value between its low and its high, and everything is computed"
        " again.")),
    (say("tornado"), say(
        "A chart of what matters: each input alone moves from its low to its high, all others stay most likely.")),
    (say("utilisation"), say(
        "Mean load / what the replicas serve within the service level. It is not the GPU's utilisation.")),
    (say("λ_SLO"), LOAD_TERMS["λ_SLO"]),
)  # fmt: skip
DECISION_TERMS = _by_name(_DECISION_TERMS)
"""Terms that only reports with a decision use."""

METRICS: dict[str, Said] = {
    "acc": say("share of docs where the likeliest choice is the right one"),
    "acc_norm": say("as acc, with the likelihood divided by the answer's length"),
    "extraction_failed": say(
        "share of answers that could not be read: no choice, number or object stated, or several"
    ),
    "format_followed": say(
        "share of answers that end with the line that was asked for, such as “Answer: B”"
    ),
    "exact_match": say("share of docs answered exactly right"),
    "json_valid": say("share of answers that contain valid JSON"),
    "field_accuracy": say("share of the fields that were read correctly"),
    "answer_accuracy": say("share of answerable questions answered correctly"),
    "hallucination_rate": say("share of unanswerable questions that got an answer anyway"),
    "over_refusal_rate": say("share of answerable questions that were refused"),
    "perplexity": say("how surprised the model is by the text"),
}

FAILURES: dict[str, Said] = {
    "connection_refused": say("connection refused"),
    "dns": say("host name not found"),
    "tls": say("no secure connection"),
    "connect": say("no connection"),
    "timeout": say("no answer in time"),
    "stalled": say("response fell silent"),
    "disconnected": say("response broke off"),
    "malformed": say("response not readable"),
    "not_a_stream": say("a web page instead of an answer"),
    "empty": say("empty response"),
    "stopped_early": say("ended by a stop string before the answer"),
    "unknown": say("answer without a known end"),
    "oversized": say("response too long"),
    "bad_request": say("request not accepted"),
    "auth": say("key not accepted"),
    "not_found": say("address or model not found"),
    "context_length": say("prompt too long"),
    "content_filter": say("stopped by the content filter"),
    "rate_limited": say("rate limit reached"),
    "quota": say("account without credit"),
    "overloaded": say("server overloaded"),
    "server_error": say("error of the server"),
}
"""`Attempt.error_class` → words that fit behind a count."""


def failure_text(error_class: str) -> Said:
    """Say in words why an attempt failed; an unknown class is shown as it is called."""
    return FAILURES.get(error_class, verbatim(error_class.replace("_", " ")))


def all_terms(
    *,
    with_load: bool = False,
    with_decision: bool = False,
    more: _Terms = (),
    language: Spoken = ENGLISH,
) -> tuple[tuple[Said, Said], ...]:
    """Return terms and metrics in the alphabetical order of a language.

    Those of load tests and of decisions are among them only where there is one; `more` are those of other parts.
    """
    metrics = tuple((verbatim(name), meaning) for name, meaning in METRICS.items())
    load = _LOAD_TERMS if with_load else ()
    decision = _DECISION_TERMS if with_decision else ()
    return _sorted((*metrics, *_TERMS, *_METRIC_TERMS, *load, *decision, *more), language)


def _sorted(terms: _Terms, language: Spoken) -> _Terms:
    """Sort by what is read; a letter with an accent stands beside the one without, a term that is in two lists once."""
    once = dict(terms)
    return tuple(sorted(once.items(), key=lambda item: _sort_key(tell(item[0], language))))


def _sort_key(term: str) -> tuple[str, str]:
    plain = unicodedata.normalize("NFKD", term.casefold())
    return "".join(c for c in plain if not unicodedata.combining(c)), term


def metric_text(metric: str) -> Said:
    """Say what a task's metric means, as far as evalkit knows it."""
    return METRICS.get(metric, say("as defined by the task"))
