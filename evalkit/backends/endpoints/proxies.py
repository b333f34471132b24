"""Which proxy the environment names for a URL; netrc files are not read, a password in one would replace the key."""

from __future__ import annotations

import ipaddress
import os
import urllib.request
from dataclasses import dataclass
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from evalkit.errors import ModelError

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy, and the variable that names it."""

    url: str
    variable: str

    def __str__(self) -> str:
        """Name it without user and password."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]} ({self.variable})"


def is_loopback(url: str) -> bool:
    """Tell whether a URL points at this machine."""
    host = _host(url)
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def proxy_for(url: str) -> Proxy | None:
    """Return the proxy for a URL, from HTTP_PROXY, HTTPS_PROXY and ALL_PROXY; None for a direct connection.

    NO_PROXY takes names, endings of names, patterns, `*`, addresses, and ranges such as `10.0.0.0/8`, each with a port
    or without, between commas or blanks. This machine is never asked through a proxy.

    Raises:
        ModelError: The variable names something that is no HTTP proxy.
    """
    given, scheme = urllib.request.getproxies_environment(), urlsplit(url).scheme
    kind = next((kind for kind in (scheme, "all") if given.get(kind)), None)
    if kind is None or is_loopback(url):
        return None
    port = urlsplit(url).port or _PORTS.get(scheme, 0)
    if any(
        _covers(some, _host(url), port) for some in given.get("no", "").replace(",", " ").split()
    ):
        return None
    address = given[kind] if "://" in given[kind] else f"http://{given[kind]}"
    lower = f"{kind}_proxy"
    proxy = Proxy(address, lower if os.environ.get(lower) else lower.upper())
    if not _is_http(address):
        raise ModelError(
            f"{proxy.variable} does not name an HTTP proxy (http://HOST:PORT); SOCKS is not supported.",
            f"Name an HTTP proxy, or add {_host(url)} to NO_PROXY.",
        )
    return proxy


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").rstrip(".")


def _is_http(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return parts.scheme in _PORTS and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _covers(some: str, host: str, port: int) -> bool:
    """Tell whether an entry of NO_PROXY means a host."""
    name, wanted = some.lower(), str(port)
    if name.startswith("[") or name.count(":") == 1:  # else colons belong to an IPv6 address
        before, _, after = name.rpartition(":")
        if after.isdigit() and (before.endswith("]") or not name.startswith("[")):
            name, wanted = before, after
    if wanted != str(port):
        return False
    name = name.translate({ord("["): None, ord("]"): None})
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(name, strict=False)
    except ValueError:
        ending = name.lstrip(".").rstrip(".")
        return bool(ending) and (fnmatchcase(host, ending) or host.endswith(f".{ending}"))
