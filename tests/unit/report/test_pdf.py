"""The PDF is what the browser prints, whole or not there."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from evalkit.errors import ExecutionError, UsageError
from evalkit.report.pdf import BROWSERS, VARIABLE, find_browser, print_pdf

PAGE = """<!DOCTYPE html><meta charset="utf-8"><title>T</title><style>@page { size: A4 }</style>
<h1>Buy: use gpt</h1><img src="http://192.0.2.1/x.png"><p style="break-before: page">Zweite Seite"""
needs_browser = pytest.mark.skipif(
    not any(map(shutil.which, BROWSERS)), reason="no Chromium on this machine"
)


def program(folder: Path, script: str) -> Path:
    path = folder / "browser"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


@needs_browser
def test_every_page_is_printed_without_asking_anyone(tmp_path: Path) -> None:
    file = tmp_path / "r.pdf"
    print_pdf(PAGE.encode(), file)
    data = file.read_bytes()
    assert data.startswith(b"%PDF-")
    assert list(tmp_path.iterdir()) == [file]
    if shutil.which("pdftotext") is None:
        assert len(data) > 5_000
        return
    text = subprocess.run(["pdftotext", str(file), "-"], capture_output=True, text=True, check=True)
    first, second, _ = text.stdout.split("\f")
    assert first.strip() == "Buy: use gpt", "no header, no footer, no path of a file"
    assert second.strip() == "Zweite Seite"


def test_without_a_browser_the_hint_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(UsageError, match="--pdf needs Chromium") as error:
        print_pdf(b"", tmp_path / "r.pdf")
    assert VARIABLE in error.value.hint
    monkeypatch.setenv(VARIABLE, "/nowhere/chromium")
    with pytest.raises(UsageError, match="no such program"):
        find_browser()


def test_a_browser_that_fails_leaves_no_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:  # fmt: skip
    broken = program(tmp_path, "echo 'cannot open display' >&2; exit 1")
    monkeypatch.setenv(VARIABLE, str(broken))
    with pytest.raises(ExecutionError, match="cannot open display"):
        print_pdf(b"", tmp_path / "r.pdf")
    assert not (tmp_path / "r.pdf").exists()


def test_a_browser_that_hangs_is_ended_with_its_helpers(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    mark = tmp_path / "helper"
    hanging = program(tmp_path, f"(sleep 2; touch {mark}) & sleep 60")
    monkeypatch.setenv(VARIABLE, str(hanging))
    with pytest.raises(ExecutionError, match=r"did not print within 0\.5 s"):
        print_pdf(b"", tmp_path / "r.pdf", timeout_s=0.5)
    subprocess.run(["sleep", "2"], check=True)
    assert not mark.exists()


@needs_browser
def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="can't be written"):
        print_pdf(PAGE.encode(), tmp_path / "none" / "r.pdf")
