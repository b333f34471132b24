"""HTML → PDF, printed by a Chromium that is installed; it gets no network and a profile of its own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from evalkit.errors import ExecutionError, UsageError
from evalkit.store.files import write_atomic

BROWSERS = (
    "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge", "microsoft-edge",
)  # fmt: skip
VARIABLE = "EVALKIT_CHROMIUM"
TIMEOUT_S = 120.0
_FLAGS = (
    "--headless",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-pdf-header-footer",
    "--proxy-server=127.0.0.1:9",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)  # a report asks for nothing; should one ever, nothing answers


def find_browser() -> Path:
    """Return the browser to print with.

    Raises:
        UsageError: None is installed, or the one that the environment names is not there.
    """
    named = os.environ.get(VARIABLE)
    found = shutil.which(named) if named else next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is not None:
        return Path(found)
    if named:
        raise UsageError(
            f"{VARIABLE}={named}: no such program.",
            "Set it to the path of Chromium, Chrome or Edge, or unset it.",
        )
    raise UsageError(
        "--pdf needs Chromium, Chrome or Edge to print with, and none was found.",
        f"Install one (such as `apt-get install chromium`), name it in {VARIABLE}, or open the HTML and print it.",
    )


def print_pdf(html: bytes, to: Path, timeout_s: float = TIMEOUT_S) -> None:
    """Print a page on A4 as its CSS says; the file is whole or not there.

    Args:
        html: A page that loads nothing.
        to: PDF to write.
        timeout_s: How long the browser may take.

    Raises:
        UsageError: There is no browser.
        ExecutionError: It fails, or takes too long.
        OutputError: The file can't be written.
    """
    browser = find_browser()
    with tempfile.TemporaryDirectory(prefix="evalkit-pdf-", ignore_cleanup_errors=True) as scratch:
        page, printed = Path(scratch) / "report.html", Path(scratch) / "report.pdf"
        page.write_bytes(html)
        command = [
            str(browser),
            *_FLAGS,
            *(["--no-sandbox"] if _is_root() else []),
            f"--user-data-dir={scratch}/profile",
            f"--print-to-pdf={printed}",
            page.as_uri(),
        ]
        said = _run(command, timeout_s)
        data = printed.read_bytes() if printed.is_file() else b""
    if not data.startswith(b"%PDF-"):
        raise ExecutionError(
            f"{to}: {browser} did not print it: {said or 'it said nothing'}.",
            f"Name another browser in {VARIABLE}, or open the HTML and print it.",
        )
    write_atomic(to, data)


def _run(command: list[str], timeout_s: float) -> str:
    """Run the browser and return the last line of what it said; end it with all its processes when it takes too long.

    Raises:
        ExecutionError: It can't be started, or takes too long.
    """
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise ExecutionError(
            f"{command[0]}: can't be started: {error.strerror}.",
            f"Name another browser in {VARIABLE}.",
        ) from error
    try:
        _, said = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        raise ExecutionError(
            f"{command[0]}: did not print within {timeout_s:g} s.",
            "Try again when the machine is less busy, or open the HTML and print it.",
        ) from None
    finally:
        _end(process)
    lines = said.decode("utf-8", "replace").strip().splitlines()
    return lines[-1][:300] if lines else ""


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the browser and the helpers it started, on every way out, Ctrl-C too."""
    try:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    except ProcessLookupError:
        pass
    process.wait()


def _is_root() -> bool:
    """Tell whether Chromium would refuse its sandbox."""
    return hasattr(os, "geteuid") and os.geteuid() == 0
