"""The classes of what can go wrong with one attempt, and which of them mean what for the next."""

from __future__ import annotations

from enum import StrEnum


class ErrorClass(StrEnum):
    """Why an attempt failed."""

    REFUSED = "connection_refused"
    DNS = "dns"
    TLS = "tls"
    CONNECT = "connect"
    """No connection for another reason: unreachable, or not in time."""
    TIMEOUT = "timeout"
    """The response did not begin in time, or the attempt took too long."""
    STALLED = "stalled"
    """The response began and fell silent."""
    DISCONNECTED = "disconnected"
    """The response ended before the answer was complete."""
    MALFORMED = "malformed"
    """The response is not what the API promises: broken JSON."""
    NOT_A_STREAM = "not_a_stream"
    """A web page instead of an answer: a proxy or a wrong address."""
    EMPTY = "empty"
    """A successful response with nothing in it."""
    STOPPED_EARLY = "stopped_early"
    """A stop string ended the answer before it began: in its thoughts, or in white space."""
    UNKNOWN = "unknown"
    """The answer ended without a reason, or for one that evalkit does not know."""
    OVERSIZED = "oversized"
    BAD_REQUEST = "bad_request"
    AUTH = "auth"
    NOT_FOUND = "not_found"
    CONTEXT_LENGTH = "context_length"
    CONTENT_FILTER = "content_filter"
    RATE_LIMITED = "rate_limited"
    QUOTA = "quota"
    """The account has no credit left, or none for today: waiting does not help."""
    OVERLOADED = "overloaded"
    SERVER_ERROR = "server_error"


RETRYABLE = frozenset(
    {
        ErrorClass.REFUSED,
        ErrorClass.DNS,
        ErrorClass.CONNECT,
        ErrorClass.TIMEOUT,
        ErrorClass.STALLED,
        ErrorClass.DISCONNECTED,
        ErrorClass.MALFORMED,
        ErrorClass.NOT_A_STREAM,
        ErrorClass.EMPTY,
        ErrorClass.UNKNOWN,
        ErrorClass.RATE_LIMITED,
        ErrorClass.OVERLOADED,
        ErrorClass.SERVER_ERROR,
    }
)
"""Classes that may be gone the next time."""
DEAD = frozenset(
    {
        ErrorClass.REFUSED,
        ErrorClass.DNS,
        ErrorClass.TLS,
        ErrorClass.CONNECT,
        ErrorClass.AUTH,
        ErrorClass.NOT_FOUND,
        ErrorClass.QUOTA,
    }
)
"""Classes that do not go away by asking less often: a load test ends after a few of them in a row."""
BUSY = frozenset({ErrorClass.RATE_LIMITED, ErrorClass.OVERLOADED})
"""Classes that tell every request of the endpoint to wait."""
ABOUT_THE_DOC = frozenset(
    {ErrorClass.BAD_REQUEST, ErrorClass.CONTEXT_LENGTH, ErrorClass.CONTENT_FILTER}
)
"""Classes that blame one prompt, not the endpoint: they do not count towards giving up on it."""
