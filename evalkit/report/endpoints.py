"""The table "Behind an API": where requests went, what went wrong, what was billed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from evalkit.analysis.facts import EndpointFact, Estimate
from evalkit.report import format as text
from evalkit.report.glossary import TERMS, failure_text
from evalkit.report.models import Model, endpoint_of
from evalkit.report.tables import Row, Table, Value

APIS = {
    "chat": "chat completions",
    "completions": "text completions",
    "messages": "messages (Anthropic)",
    "generate_content": "generateContent (Google)",
}
"""`EndpointFact.api` → the name its users know."""
UNTIMED = "no answer came as a stream within one session"


def endpoint_table(models: Sequence[Model]) -> Table:
    """Return errors, tokens and cost of API models over all their suites; each must have a fact."""
    facts = [fact for m in models if (fact := endpoint_of(m)) is not None]
    return Table("Behind an API, over all suites", endpoint_rows(facts))


def endpoint_rows(facts: Sequence[EndpointFact]) -> tuple[Row, ...]:
    """Return the rows with a value per fact; page and terminal show the same ones."""
    return tuple(Row(name, meaning, tuple(map(read, facts))) for name, meaning, read in _ROWS)


def endpoint_footnotes(models: Sequence[Model]) -> Iterator[str]:
    """Yield why some percentiles are marked."""
    facts = [fact for m in models if (fact := endpoint_of(m)) is not None]
    shown = [e for f in facts for e in (f.response_time_s.p50, f.response_time_s.p95)]
    reasons = (e.reason for e in shown if e.value is not None and not e.is_supported)
    for reason in dict.fromkeys(reasons):
        yield f"{text.MARK} {reason}: shown for orientation, not to be relied on."


def counted(classes: Mapping[str, int]) -> str:
    """List how often each class of failure occurred, in words."""
    return ", ".join(f"{text.count(n)} × {failure_text(name)}" for name, n in classes.items())


def _where(f: EndpointFact) -> Value:
    return Value(f.host, APIS.get(f.api, f.api))


def _served(f: EndpointFact) -> Value:
    if not f.served_models:
        return _unknown(text.NOT_TOLD)
    return Value(", ".join(f.served_models))


def _requests(f: EndpointFact) -> Value:
    lost = f"{text.count(f.n_lost)} were in flight when a process ended" if f.n_lost else ""
    return Value(f"{text.count(f.n_requests)} requests, {text.count(f.n_attempts)} attempts", lost)


def _retried(f: EndpointFact) -> Value:
    failed = f"failed attempts: {counted(f.errors_by_class)}" if f.errors_by_class else ""
    return Value(text.count(f.n_retried), failed)


def _error_rate(f: EndpointFact) -> Value:
    e = f.error_rate
    if e.value is None:
        return _unknown(e.reason)
    n_failed = round(e.value * e.n)
    note = f"95 %: {text.interval(e)}; {text.count(n_failed)} of {text.count(e.n)}"
    unexplained = n_failed - sum(f.failed_by_class.values())
    rest = f"{text.count(unexplained)} × outcome not known" if unexplained else ""
    why = ", ".join(part for part in (counted(f.failed_by_class), rest) if part)
    return Value(text.percent(e.value), f"{note}: {why}" if why else note)


def _tokens(amount: int | None) -> Value:
    return _unknown(text.NOT_TOLD) if amount is None else Value(text.count(amount))


def _cost(f: EndpointFact) -> Value:
    e = f.cost_usd
    return _unknown(e.reason) if e.value is None else Value(text.usd(e.value), e.reason)


def _cost_without_answer(f: EndpointFact) -> Value:
    """A zero is only shown where every attempt's cost is known; else it is the part that is known."""
    if not f.errors_by_class and not f.n_lost:
        return Value("nothing", "every attempt was answered")
    cost, reason = f.cost_without_answer_usd, f.cost_usd.reason
    if f.cost_usd.value is None or cost is None or (reason and not cost):
        return _unknown(reason)
    return Value(text.usd(cost), reason)


def _cost_per_1000(f: EndpointFact) -> Value:
    if f.cost_per_request_usd is None:
        return _unknown(f.cost_usd.reason or "no request was answered")
    return Value(text.usd(1000 * f.cost_per_request_usd))


def _time(e: Estimate) -> Value:
    if e.value is None:
        return Value(text.NOT_MEASURED, e.reason or UNTIMED, is_missing=True)
    return Value(text.latency(e), f"n = {e.n}")


def _delay(f: EndpointFact) -> Value:
    if f.lag_p99_s is None:
        return Value(text.NOT_MEASURED, is_missing=True)
    return Value(f"{1000 * f.lag_p99_s:.3g} ms")


def _unknown(reason: str) -> Value:
    return Value(text.NOT_KNOWN, reason, is_missing=True)


_ROWS: tuple[tuple[str, str, Callable[[EndpointFact], Value]], ...] = (
    ("sent to", "host and kind of API", _where),
    ("answered by", TERMS["served model"], _served),
    (
        "requests at once",
        "most that were under way at the same time",
        lambda f: Value(text.count(f.concurrency)),
    ),
    ("requests and attempts", f"{TERMS['attempt']} Attempts of the warm-up included.", _requests),
    ("needed more than one attempt", "requests that were sent again", _retried),
    ("error rate", TERMS["error rate"], _error_rate),
    ("filtered or refused answers", TERMS["filtered"], lambda f: Value(text.count(f.n_filtered))),
    (
        "implausible token counts",
        "answers whose text contradicts the number of tokens that is billed for them",
        lambda f: Value(text.count(f.n_implausible_usage)),
    ),
    (
        "tokens in",
        "all tokens of prompts as the server counted them, warm-up included",
        lambda f: _tokens(f.input_tokens),
    ),
    ("of them cached", TERMS["cached tokens"], lambda f: _tokens(f.cached_input_tokens)),
    (
        "tokens out",
        "everything generated as the server counted it, warm-up and reasoning included",
        lambda f: _tokens(f.output_tokens),
    ),
    ("of them reasoning", TERMS["reasoning tokens"], lambda f: _tokens(f.reasoning_tokens)),
    ("cost", TERMS["cost"], _cost),
    (
        "of it for attempts without an answer",
        "spent on attempts that failed: broken answers may be billed",
        _cost_without_answer,
    ),
    (
        "cost per 1000 requests",
        "mean over answered requests, their failed attempts included",
        _cost_per_1000,
    ),
    ("response time p50", TERMS["response time"], lambda f: _time(f.response_time_s.p50)),
    ("response time p95", TERMS["response time"], lambda f: _time(f.response_time_s.p95)),
    ("own delay p99", TERMS["own delay"], _delay),
)
