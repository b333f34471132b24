"""Which proxy is used, said without its password; netrc files are not read."""

from __future__ import annotations

from pathlib import Path

import pytest

from evalkit.backends.endpoints.proxies import proxy_for
from evalkit.errors import ModelError
from evalkit.loadgen.scripted import Plan, ScriptedServer
from tests.endpoints import api_model, ask

CANARY = "canary-7f3a"


def test_a_proxy_gets_its_password_and_a_netrc_file_gives_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text(f"default login {CANARY} password {CANARY}\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("GIVEN_KEY", "given-key-123")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "")
    with ScriptedServer(lambda _: Plan(status=400)) as proxy:
        for name in ("http_proxy", "HTTP_PROXY"):
            monkeypatch.setenv(name, proxy.url.replace("//", "//me:secret@"))
        ask(api_model("http://api.invalid", api_key_env="GIVEN_KEY"))
    (received,) = proxy.received
    assert received.headers["authorization"] == "Bearer given-key-123"
    assert received.headers["proxy-authorization"] == "Basic bWU6c2VjcmV0"
    assert CANARY not in str(received.headers)


@pytest.mark.parametrize(
    ("url", "direct", "expected"),
    [
        ("https://api.test/v1", "", True),
        ("https://10.1.2.3/v1", "10.0.0.0/8", False),
        ("https://10.1.2.3:8443/v1", "a.test, 10.0.0.0/8", False),
        ("https://11.1.2.3/v1", "10.0.0.0/8", True),
        ("https://[fd00::1]/v1", "fd00::/8", False),
        ("https://10.1.2.3/v1", "10.1.2.3", False),
        ("https://api.house.test/v1", ".house.test", False),
        ("https://api.house.test/v1", "house.test", False),
        ("https://api.test/v1", "*", False),
        ("https://api.test/v1", "no/range,10.0.0.0/99", True),
        ("http://127.0.0.1:8000/v1", "", False),
        ("http://127.0.0.2:8000/v1", "", False),
        ("http://me.localhost/v1", "", False),
        ("https://api.house.test/v1", "*.house.test", False),
        ("https://api.test/v1", "a.test, *", False),
        ("https://api.test/v1", "a.test b.test api.test", False),
        ("https://api.test/v1", "api.test:443", False),
        ("https://api.test:8443/v1", "api.test:443", True),
        ("https://[fd00::1]:8443/v1", "[fd00::1]:8443", False),
        ("https://[fd00::1]/v1", "[fd00::1]", False),
        ("https://notapi.test/v1", "api.test", True),
        ("https://10.1.2.3/v1", "10.1.*", False),
        ("https://api.test./v1", "API.test", False),
    ],
)
def test_the_environment_says_which_proxy(
    monkeypatch: pytest.MonkeyPatch, url: str, direct: str, expected: bool
) -> None:
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://me:secret@proxy.test:3128")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, direct)
    found = proxy_for(url)
    assert (found is not None) == expected
    assert found is None or str(found).startswith("http://proxy.test:3128 (")


def test_an_error_names_the_proxy_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://me:secret@127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "")
    (outcome,) = ask(api_model("http://api.invalid"))
    error = outcome.attempts[-1].error or ""
    assert "through the proxy http://127.0.0.1:9" in error
    assert "secret" not in error


@pytest.mark.parametrize("proxy", ["socks5://p.test:1080", "socks5h://me:secret@p", "http://p:x"])
def test_what_is_no_http_proxy_is_said_and_not_passed_by(
    monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    for name in ("https_proxy", "all_proxy", "no_proxy", "NO_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(ModelError, match="HTTPS_PROXY does not name an HTTP proxy") as caught:
        proxy_for("https://api.test/v1")
    assert "secret" not in caught.value.message
