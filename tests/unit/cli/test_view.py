"""`evalkit view` as a process: it serves, follows a run, and ends when it is told to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from click.testing import CliRunner

from evalkit.cli import main
from tests.builders import request
from tests.conftest import REPO
from tests.unit.store.test_live import begun
from tests.waiting import LONGEST_S, until


def start(*arguments: str) -> tuple[subprocess.Popen[str], str]:
    """Start it on a free port; return its address."""
    command = [sys.executable, "-m", "evalkit", "view", *arguments, "--no-browser"]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=REPO,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("http://127.0.0.1:"), process.communicate()
    return process, line.split()[0]


def get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=LONGEST_S) as answer:
        text: str = answer.read().decode()
        return text


def wait_for_other(url: str, known: str) -> str:
    """Return the state as soon as it is another."""
    until(lambda: get(f"{url}state") != known)
    return get(f"{url}state")


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_follows_a_run_and_ends_without_an_error(tmp_path: Path, how: signal.Signals) -> None:
    with begun(tmp_path / "r") as journal:
        process, url = start(str(tmp_path / "r"), "--port", "0")
        try:
            state = get(f"{url}state")
            while "This run is not complete." not in get(url):
                state = wait_for_other(url, state)
            state = get(f"{url}state")
            journal.add_requests([request(1), request(2)], [])
            wait_for_other(url, state)
        finally:
            process.send_signal(how)
            _, errors = process.communicate(timeout=LONGEST_S)
    assert process.returncode == 0, errors
    assert "Traceback" not in errors


def test_a_folder_that_is_no_run_is_refused_at_once(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["view", str(tmp_path), "--no-browser"])
    assert done.exit_code == 4
    assert "not a run directory" in done.output


def test_a_broken_theme_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text("company: X\nfont: [3]\n")
    done = CliRunner().invoke(main, ["view", str(tmp_path), "--theme", str(tmp_path / "t.yaml")])
    assert done.exit_code == 2
    assert "t.yaml:2: font" in done.output
