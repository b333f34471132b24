"""Which proxy the environment names for a URL; netrc files are not read, a password in one would replace the key."""

from __future__ import annotations

import ipaddress
import urllib.request
from urllib.parse import urlsplit

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


def is_loopback(url: str) -> bool:
    """Tell whether a URL points at this machine."""
    return (urlsplit(url).hostname or "") in _LOOPBACK


def proxy_for(url: str) -> str | None:
    """Return the proxy for a URL, from HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY; None for a direct connection.

    NO_PROXY takes names, endings of names, `*`, addresses, and ranges such as `10.0.0.0/8`.
    """
    parts = urlsplit(url)
    host, given = parts.hostname or "", urllib.request.getproxies()
    proxy = given.get(parts.scheme) or given.get("all")
    if not proxy or is_loopback(url):
        return None
    if urllib.request.proxy_bypass(host) or urllib.request.proxy_bypass(f"{host}:{parts.port}"):
        return None
    if any(_is_within(host, some.strip()) for some in given.get("no", "").split(",")):
        return None
    address = proxy if "://" in proxy else f"http://{proxy}"
    return address if address.startswith(("http://", "https://")) else None


def shown(proxy: str) -> str:
    """Return a proxy's address without user and password."""
    parts = urlsplit(proxy)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _is_within(host: str, addresses: str) -> bool:
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(
            addresses.strip("[]"), strict=False
        )
    except ValueError:
        return False
