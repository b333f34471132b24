"""The table "Behind an API": where requests went, what went wrong, what was billed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from evalkit.analysis.facts import EndpointFact, Estimate
from evalkit.report import format as text
from evalkit.report.blocks import Cell, Head, Row, Table, flat
from evalkit.report.glossary import TERMS, failure_text
from evalkit.report.models import Model, endpoint_of
from evalkit.report.tables import marked, model_heads, of_how_many
from evalkit.wording import NOTHING, Said, joined, numeral, say, verbatim

APIS = {
    "chat": say("chat completions"),
    "completions": say("text completions"),
    "messages": say("messages (Anthropic)"),
    "generate_content": say("generateContent (Google)"),
}
"""`EndpointFact.api` → the name its users know."""
UNTIMED = say("no answer came as a stream within one session")


def endpoint_table(models: Sequence[Model]) -> Table:
    """Return errors, tokens and cost of API models over all their suites; each must have a fact."""
    facts = [fact for m in models if (fact := endpoint_of(m)) is not None]
    title = say("Behind an API, over all suites")
    return flat(title, model_heads(models), endpoint_rows(facts))


def endpoint_rows(facts: Sequence[EndpointFact]) -> tuple[Row, ...]:
    """Return the rows with a cell per fact; page and terminal show the same ones."""
    return tuple((Head(name, meaning), tuple(map(read, facts))) for name, meaning, read in _ROWS)


def endpoint_footnotes(models: Sequence[Model]) -> Iterator[Said]:
    """Yield why some percentiles are marked."""
    facts = [fact for m in models if (fact := endpoint_of(m)) is not None]
    yield from marked(e for f in facts for e in (f.response_time_s.p50, f.response_time_s.p95))


def counted(classes: Mapping[str, int]) -> Said:
    """List how often each class of failure occurred, in words."""
    return joined(_times(n, failure_text(name)) for name, n in classes.items())


def api_words(api: str) -> Said:
    """Return the name of a kind of API that its users know."""
    return APIS.get(api, verbatim(api))


def _times(n: int, what: Said) -> Said:
    return say("{n} × {what}", n=text.count(n), what=what)


def _where(f: EndpointFact) -> Cell:
    return Cell(verbatim(f.host), api_words(f.api))


def _served(f: EndpointFact) -> Cell:
    if not f.served_models:
        return _unknown(text.NOT_TOLD)
    return Cell(verbatim(", ".join(f.served_models)))


def _requests(f: EndpointFact) -> Cell:
    lost = NOTHING
    if f.n_lost:
        lost = say("{n} were in flight when a process ended", n=text.count(f.n_lost))
    requests, attempts = text.count(f.n_requests), text.count(f.n_attempts)
    return Cell(
        say("{requests} requests, {attempts} attempts", requests=requests, attempts=attempts), lost
    )


def _retried(f: EndpointFact) -> Cell:
    failed = NOTHING
    if f.errors_by_class:
        failed = say("failed attempts: {reasons}", reasons=counted(f.errors_by_class))
    return Cell(text.count(f.n_retried), failed)


def _error_rate(f: EndpointFact) -> Cell:
    e = f.error_rate
    if e.value is None:
        return _unknown(e.reason)
    n_failed = round(e.value * e.n)
    note = say(
        "95 %: {interval}; {n} of {all}",
        interval=text.interval(e),
        n=text.count(n_failed),
        all=text.count(e.n),
    )
    unexplained = n_failed - sum(f.failed_by_class.values())
    rest = _times(unexplained, say("outcome not known")) if unexplained else NOTHING
    why = joined((counted(f.failed_by_class), rest))
    return Cell(text.percent(e.value), joined((note, why), ": "))


def _tokens(amount: int | None) -> Cell:
    return _unknown(text.NOT_TOLD) if amount is None else Cell(text.count(amount))


def _reasoning(f: EndpointFact) -> Cell:
    if f.reasoning_tokens is None:
        return _unknown(text.NOT_TOLD)
    cost = f.reasoning_cost_usd
    return Cell(text.count(f.reasoning_tokens), NOTHING if cost is None else text.usd(cost))


def _cost(f: EndpointFact) -> Cell:
    e = f.cost_usd
    return _unknown(e.reason) if e.value is None else Cell(text.usd(e.value), e.reason)


def _cost_without_answer(f: EndpointFact) -> Cell:
    """A zero is only shown where every attempt's cost is known; else it is the part that is known."""
    if not f.errors_by_class and not f.n_lost:
        return Cell(say("nothing"), say("every attempt was answered"))
    cost, reason = f.cost_without_answer_usd, f.cost_usd.reason
    if f.cost_usd.value is None or cost is None or (reason and not cost):
        return _unknown(reason)
    return Cell(text.usd(cost), reason)


def _cost_per_1000(f: EndpointFact) -> Cell:
    if f.cost_per_request_usd is None:
        return _unknown(f.cost_usd.reason or say("no request was answered"))
    return Cell(text.usd(1000 * f.cost_per_request_usd))


def _time(e: Estimate) -> Cell:
    if e.value is None:
        return Cell(text.NOT_MEASURED, e.reason or UNTIMED, is_missing=True)
    return Cell(text.latency(e), of_how_many(e))


def _delay(f: EndpointFact) -> Cell:
    if f.lag_p99_s is None:
        return Cell(text.NOT_MEASURED, is_missing=True)
    return Cell(say("{n} ms", n=numeral(text.three(1000 * f.lag_p99_s))))


def _unknown(reason: Said) -> Cell:
    return Cell(text.NOT_KNOWN, reason, is_missing=True)


_ROWS: tuple[tuple[Said, Said, Callable[[EndpointFact], Cell]], ...] = (
    (say("sent to"), say("host and kind of API"), _where),
    (say("answered by"), TERMS["served model"], _served),
    (
        say("requests at once"),
        say("most that were under way at the same time"),
        lambda f: Cell(text.count(f.concurrency)),
    ),
    (
        say("requests and attempts"),
        joined((TERMS["attempt"], say("Attempts of the warm-up included.")), " "),
        _requests,
    ),
    (say("needed more than one attempt"), say("requests that were sent again"), _retried),
    (say("error rate"), TERMS["error rate"], _error_rate),
    (
        say("filtered or refused answers"),
        TERMS["filtered"],
        lambda f: Cell(text.count(f.n_filtered)),
    ),
    (
        say("implausible token counts"),
        say(
            "answers whose token counts contradict themselves or the text; what they cost is unknown"
        ),
        lambda f: Cell(text.count(f.n_implausible_usage)),
    ),
    (
        say("tokens in"),
        say("all tokens of prompts as the server counted them, warm-up included"),
        lambda f: _tokens(f.input_tokens),
    ),
    (say("of them cached"), TERMS["cached tokens"], lambda f: _tokens(f.cached_input_tokens)),
    (
        say("tokens out"),
        say("everything generated as the server counted it, warm-up and reasoning included"),
        lambda f: _tokens(f.output_tokens),
    ),
    (say("of them reasoning"), TERMS["reasoning tokens"], _reasoning),
    (say("cost"), TERMS["cost"], _cost),
    (
        say("of it for attempts without an answer"),
        say("spent on attempts that failed: broken answers may be billed"),
        _cost_without_answer,
    ),
    (
        say("cost per 1000 requests"),
        say("mean over answered requests, their failed attempts included"),
        _cost_per_1000,
    ),
    (say("response time p50"), TERMS["response time"], lambda f: _time(f.response_time_s.p50)),
    (say("response time p95"), TERMS["response time"], lambda f: _time(f.response_time_s.p95)),
    (say("own delay p99"), TERMS["own delay"], _delay),
)
