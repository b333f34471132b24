"""Starts real servers as processes of their own and stops them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

START_S = 600


@contextmanager
def serving(command: Sequence[str], log: Path, health: str = "/health") -> Iterator[str]:
    """Run `command --port N` until the block ends; yields the server's URL once it is healthy."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    program, *arguments = command
    executable = str(Path(sys.executable).parent / program)
    with log.open("w") as out:
        process = subprocess.Popen(
            [executable, *arguments, "--port", str(port)],
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**os.environ, "HF_HUB_OFFLINE": "1"},
        )
        try:
            _wait_until_healthy(process, url + health, log)
            yield url
        finally:
            process.terminate()
            try:
                process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_healthy(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(url, timeout=20):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise RuntimeError(f"the server did not start: {log.read_text()[-2000:]}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
