"""Which requests of a cell need no further try, and whether enough of them were answered to call the cell done."""

from __future__ import annotations

from collections.abc import Sequence

from evalkit.backends.endpoints.error_classes import ABOUT_THE_DOC, ErrorClass
from evalkit.errors import EndpointError
from evalkit.records import Request


def settled_requests(requests: Sequence[Request]) -> list[Request]:
    """Return the requests that need no further try: answered ones, and ones whose prompt the endpoint refuses.

    Where nothing was answered at all, no prompt is to blame.
    """
    if not any(_is_answered(r) for r in requests):
        return []
    return [r for r in requests if _is_answered(r) or r.attempts[-1].error_class in ABOUT_THE_DOC]


def check_answered(requests: Sequence[Request], model: str) -> None:
    """Check that a cell's requests, the warm-up apart, were answered as far as the endpoint could.

    Raises:
        EndpointError: None was answered, or some were not for want of credit, which can be mended.
    """
    asked = [r for r in requests if r.is_measured and r.attempts]
    failed = [r for r in asked if not _is_answered(r)]
    if not failed:
        return
    unpaid = [r for r in failed if r.attempts[-1].error_class == ErrorClass.QUOTA]
    some = failed if len(failed) == len(asked) else unpaid
    if not some:
        return
    last = some[-1].attempts[-1]
    what = "none" if len(failed) == len(asked) else f"{len(some)}"
    raise EndpointError(
        f"model {model!r}: {what} of {len(asked)} requests"
        f" {'was answered' if what == 'none' else 'got no answer for want of credit'}, the last failed with"
        f" {last.error_class}: {last.error}.",
        "Check address, key, account and model with `evalkit models check`; then resume the run.",
    )


def _is_answered(request: Request) -> bool:
    """Tell whether there is an answer; load tests keep none, but say of each attempt how it ended."""
    if request.step is None:
        return request.answer is not None
    return request.attempts[-1].status == "ok"
