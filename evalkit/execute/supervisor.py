"""Runs a server and ends it, with all it has started, when standard input closes.

A process of its own, because evalkit may be killed in a way that lets it clean up nothing: its end of the pipe closes
all the same. Started as `python supervisor.py LOG COMMAND...`; prints the server's process id.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import psutil

END_S = 15.0
"""Time to end in peace before it is killed."""


def main() -> None:
    """Start the server, wait for the first of both ends, leave nothing behind; exit with the server's code."""
    log, *command = sys.argv[1:]
    with Path(log).open("ab") as out:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    sys.stdout.write(f"{process.pid}\n")
    sys.stdout.flush()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: end_tree(process.pid))
    threading.Thread(target=_end_with_input, args=(process.pid,), daemon=True).start()
    family = _Family(process.pid)
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            code = process.wait(timeout=1)
            break
        family.look()
    family.end()
    sys.exit(code if code >= 0 else 128 - code)


class _Family:
    """Remembers descendants, since they can't be found any more once the server itself has ended."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._known: dict[int, psutil.Process] = {}

    def look(self) -> None:
        """Note who is there now."""
        with contextlib.suppress(psutil.Error):
            for child in psutil.Process(self._pid).children(recursive=True):
                self._known[child.pid] = child

    def end(self) -> None:
        """Kill who is left."""
        for child in self._known.values():
            with contextlib.suppress(psutil.Error):
                child.kill()


def _end_with_input(pid: int) -> None:
    while os.read(0, 1024):  # not sys.stdin: its lock would be held when the interpreter ends
        pass
    end_tree(pid)


def end_tree(pid: int) -> None:
    """End a process and all its descendants: ask first, then kill."""
    try:
        root = psutil.Process(pid)
        family = [root, *root.children(recursive=True)]
    except psutil.Error:
        return
    for process in family:
        with contextlib.suppress(psutil.Error):
            process.terminate()
    _, alive = psutil.wait_procs(family, timeout=END_S)
    for process in alive:
        with contextlib.suppress(psutil.Error):
            process.kill()


if __name__ == "__main__":
    main()
