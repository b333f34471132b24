"""Starts the server of a model for as long as it is measured."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from evalkit.config.run import ModelSpec, ServeSpec
from evalkit.errors import ExecutionError, ModelError
from evalkit.execute import supervisor
from evalkit.meters.clock import now_ns
from evalkit.records import NS_PER_S

_POLL_S = 0.1
_TAIL = 600
"""Characters of the log that an error shows."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs."""

    pid: int
    """Process of the server itself; its descendants belong to it."""
    start_s: float
    """Time from the start of the process until it was healthy."""
    log: Path
    watcher: subprocess.Popen[bytes]

    def ended(self) -> str | None:
        """Return how the server ended, None while it runs."""
        code = self.watcher.poll()
        return (
            None if code is None else f"the server has ended (exit code {code}); {_tail(self.log)}"
        )


def check_server(spec: ModelSpec) -> None:
    """Check that a model's server can be started here, if it has one.

    Raises:
        ModelError: The program is not found, or the port is taken.
    """
    if spec.serve is None:
        return
    program = spec.serve.command[0]
    if _program(program) is None:
        raise ModelError(
            f"model {spec.name!r}: serve.command: the program {program!r} is not found.",
            "Install it, or give its path.",
        )
    if reason := _taken(spec.serve.port):
        raise ModelError(
            f"model {spec.name!r}: {reason}.", "End what listens there, or change serve.port."
        )


@contextmanager
def serving(spec: ModelSpec, folder: Path) -> Iterator[Server | None]:
    """Start the model's server, if it has one, and end it and its descendants when the block is left.

    Also when evalkit itself is killed: a process of its own watches over it.

    Args:
        spec: The model.
        folder: Where the log goes: `server-MODEL.log`, appended.

    Raises:
        ModelError: The port is taken, or the program is not found.
        ExecutionError: The server ended or was not healthy in time.
    """
    if spec.serve is None:
        yield None
        return
    check_server(spec)
    log = folder / f"server-{spec.name}.log"
    began = now_ns()
    watcher = _start(spec.serve, log)
    try:
        assert watcher.stdout is not None
        pid = int(watcher.stdout.readline() or 0)
        _wait_until_healthy(spec, watcher, log)
        yield Server(pid, (now_ns() - began) / NS_PER_S, log, watcher)
    finally:
        assert watcher.stdin is not None
        watcher.stdin.close()
        try:
            watcher.wait(timeout=supervisor.END_S + 5)
        finally:
            watcher.kill()


def _start(serve: ServeSpec, log: Path) -> subprocess.Popen[bytes]:
    program, *arguments = (part.replace("{port}", str(serve.port)) for part in serve.command)
    found = _program(program)
    assert found is not None
    return subprocess.Popen(
        [sys.executable, supervisor.__file__, str(log), found, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PATH": _path(), **serve.env},
        start_new_session=True,  # Ctrl-C in the terminal is for evalkit, which then ends the server
    )


def _program(name: str) -> str | None:
    """Return the path of a program: on the search path, or beside this Python."""
    return shutil.which(name) or shutil.which(name, path=str(Path(sys.executable).parent))


def _taken(port: int) -> str | None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            return f"serve.port: port {port} can't be used: {error.strerror}"
    return None


def _path() -> str:
    """Return PATH with the programs of evalkit's own environment at its end: a shell in the command finds them, too."""
    return os.pathsep.join([os.environ.get("PATH", os.defpath), str(Path(sys.executable).parent)])


def _wait_until_healthy(spec: ModelSpec, watcher: subprocess.Popen[bytes], log: Path) -> None:
    assert spec.serve is not None
    url = f"http://127.0.0.1:{spec.serve.port}{spec.serve.health}"
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    until = time.monotonic() + spec.serve.start_timeout_s
    while time.monotonic() < until:
        if watcher.poll() is not None:
            raise ExecutionError(
                f"model {spec.name!r}: its server ended with exit code {watcher.returncode} before it was healthy;"
                f" {_tail(log)}",
                "Start the command by hand to see what is wrong.",
            )
        try:
            with direct.open(url, timeout=5):
                return
        except (urllib.error.URLError, OSError, ValueError):
            time.sleep(_POLL_S)
    raise ExecutionError(
        f"model {spec.name!r}: its server was not healthy at {spec.serve.health} after"
        f" {spec.serve.start_timeout_s:g} s; {_tail(log)}",
        "Raise serve.start_timeout_s, or correct serve.health.",
    )


def _tail(log: Path) -> str:
    text = (
        log.read_text(encoding="utf-8", errors="replace")[-_TAIL:].strip() if log.exists() else ""
    )
    return f"its log {log} ends: {text}" if text else f"its log {log} is empty"
