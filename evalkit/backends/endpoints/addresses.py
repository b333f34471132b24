"""What is wrong with an address: redirects, parts that stand in it twice, a version that is missing."""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit, urlunsplit

from evalkit.backends.endpoints.wire import Exchange

_ENDS = ("/chat/completions", "/completions", "/v1/messages", "/messages")
"""What SDKs put behind `base_url`, the longest first."""
_GOOGLES_END = re.compile(
    r"(?:/v\d\w*)?(?:/(?:projects|locations|publishers)/[^/]+)*/(?:tuned)?models/[^/]+:\w+$",
    re.IGNORECASE,
)
"""What Google's SDK does: version, model and method."""


def address_hint(exchange: Exchange) -> str:
    """Return where the request went and what to change about `base_url`; empty where the address is not known."""
    if not exchange.url:
        return ""
    asked = plain(exchange.url)
    location = exchange.headers.get("location", "")
    if (exchange.status or 0) < 400:
        if not location:
            return f"{asked} redirects"
        target = plain(urljoin(exchange.url, location))
        if base := _base(target):
            return f"{asked} redirects to {target}: set base_url to {base}"
        return f"{asked} redirects to {target}, which is no address of this API: check base_url"
    doubled = _doubled(urlsplit(asked).path)
    if doubled:
        return f"{asked} has {doubled} twice: take it off the end of base_url"
    if asked.endswith(_ENDS[:2]) and "/v1" not in asked:
        return f"asked at {asked}: base_url of most servers ends in /v1"
    return f"asked at {asked}"


def plain(url: str) -> str:
    """Return a URL without user, query and fragment, which may hold secrets."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _base(url: str) -> str:
    """Return the `base_url` of requests that go there; empty where no request of an API goes there."""
    url = url.rstrip("/")
    for end in _ENDS:
        if url.endswith(end):
            return url.removesuffix(end)
    found = _GOOGLES_END.search(url)
    return url[: found.start()] if found else ""


def _doubled(path: str) -> str:
    """Return the part of a path that stands in it twice in a row: `/v1`, `/chat/completions`; empty when none does."""
    parts = [part for part in path.split("/") if part]
    for size in (3, 2, 1):
        for i in range(len(parts) - 2 * size + 1):
            if parts[i : i + size] == parts[i + size : i + 2 * size]:
                return "/" + "/".join(parts[i : i + size])
    ends = [end for end in _ENDS if path.count(end) > 1]
    return ends[0] if ends else ""
