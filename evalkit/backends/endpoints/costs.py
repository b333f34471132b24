"""What an attempt cost, and its thoughts alone; unknown is None, never 0."""

from __future__ import annotations

from dataclasses import replace

from evalkit.backends.base import Guard
from evalkit.backends.endpoints.attempt import Reply
from evalkit.backends.endpoints.error_classes import ErrorClass
from evalkit.config.asked import asks_for_more
from evalkit.config.run import ModelSpec
from evalkit.records import Usage

_SENT_IN_VAIN = {ErrorClass.TIMEOUT, ErrorClass.DISCONNECTED}


def cost_of(reply: Reply, spec: ModelSpec, guard: Guard | None) -> float | None:
    """Return US dollars. Errors before a successful status are not billed; a broken answer may be."""
    if reply.usage is not None and guard is not None:
        return guard.price(spec, reply.usage)
    is_billed = reply.exchange.status == 200
    sent_in_vain = reply.failure is not None and reply.failure.error_class in _SENT_IN_VAIN
    return None if is_billed or sent_in_vain else 0.0


def billed(usage: Usage | None, spec: ModelSpec) -> Usage | None:
    """Return the usage, marked where the config asks for searches and the like, which vendors bill beside tokens."""
    if usage is None or not asks_for_more(spec.source, spec.endpoint.extra_body):
        return usage
    return replace(usage, has_other_charges=True)


def reasoning_cost(reply: Reply, spec: ModelSpec, guard: Guard | None) -> float | None:
    """Return what the reasoning tokens of an attempt cost: its price − that of the same without them."""
    usage = reply.usage
    if usage is None or guard is None or usage.output_tokens is None:
        return None
    if usage.reasoning_tokens is None:
        return None
    rest = max(usage.output_tokens - usage.reasoning_tokens, 0)
    whole = guard.price(spec, usage)
    without = guard.price(spec, replace(usage, output_tokens=rest, reasoning_tokens=0))
    return None if whole is None or without is None else max(whole - without, 0.0)
