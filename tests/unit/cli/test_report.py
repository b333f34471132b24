"""`evalkit report` from the outside: what is written, where, and what is refused before anything is."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from evalkit.cli import main
from evalkit.cli.decide import LANGUAGES
from evalkit.report import language
from evalkit.report.pdf import BROWSERS
from evalkit.store.run_dir import verify
from tests.conftest import REPO
from tests.scenarios import quality_run, right, written
from tests.unit.cli.test_tco import config

THEME = str(REPO / "configs" / "themes" / "example.yaml")


@pytest.fixture
def run_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A finished run, a scenario beside it, and an empty working directory."""
    run = quality_run({"open": right(120, 0.5), "gpt": right(120, 0.9)})
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(config(draws=200)), encoding="utf-8")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return written(run, tmp_path / "q")


def report(run: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["report", str(run), *arguments])


def scenario(run: Path) -> list[str]:
    return ["-s", str(run.parent / "mine.yaml")]


def test_one_run_keeps_its_report_in_its_directory(run_dir: Path) -> None:
    done = report(run_dir)
    assert done.exit_code == 0, done.output
    assert done.output.strip() == str(run_dir / "report.html")
    assert verify(run_dir) == []
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "name", "part"),
    [
        (["--scenario"], "mine.html", "<h2 id=\"verdict\">"),
        (["--scenario", "--lang", "de"], "mine.html", '<html lang="de">'),
        (["--scenario", "--one-page"], "mine-one-page.html", "evalkit report results/q"),
        (["--scenario", "--format", "md"], "mine.md", "## Buy: use an API"),
        (["--format", "md"], "report.md", "| acc |"),
        (["--scenario", "--theme", THEME], "mine.html", "Example Works"),
    ],
    ids=lambda x: " ".join(x)[:30] if isinstance(x, list) else None,
)  # fmt: skip
def test_everything_else_is_written_here(
    run_dir: Path, arguments: list[str], name: str, part: str
) -> None:
    with_file = [a for x in arguments for a in (scenario(run_dir) if x == "--scenario" else [x])]
    done = report(run_dir, *with_file)
    assert done.exit_code == 0, done.output
    assert done.output.strip() == name
    assert [p.name for p in Path().iterdir()] == [name]
    assert part in Path(name).read_text(encoding="utf-8")
    assert not (run_dir / "report.html").exists()


@pytest.mark.skipif(not any(map(shutil.which, BROWSERS)), reason="no Chromium on this machine")
def test_a_pdf_holds_the_verdict(run_dir: Path) -> None:
    done = report(run_dir, *scenario(run_dir), "--pdf")
    assert done.exit_code == 0, done.output
    data = Path("mine.pdf").read_bytes()
    assert data.startswith(b"%PDF-")
    if shutil.which("pdftotext"):
        told = subprocess.run(
            ["pdftotext", "mine.pdf", "-"], capture_output=True, text=True, check=True
        )
        assert "Buy: use gpt through its API" in " ".join(told.stdout.split())  # fmt: skip


def test_stdout_gets_the_text_alone(run_dir: Path) -> None:
    done = report(run_dir, "--format", "md", "-o", "-")
    assert done.output.startswith("# q: 2 models compared\n")
    assert list(Path().iterdir()) == []


def test_tco_writes_the_same_report(run_dir: Path) -> None:
    assert report(run_dir, *scenario(run_dir), "--lang", "de", "-o", "a.html").exit_code == 0
    asked = ["tco", str(run_dir), *scenario(run_dir), "--lang", "de", "-o", "b.html"]
    done = CliRunner().invoke(main, asked)
    assert done.exit_code == 0, done.output
    assert Path("a.html").read_bytes() == Path("b.html").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "part", "hint"),
    [
        (["--lang", "fr"], "'fr' is not one of 'en', 'de'", ""),
        (["--one-page"], "--one-page shows a verdict", "--scenario FILE"),
        (["--policy", "p.yaml"], "--policy decides a scenario", "--scenario FILE"),
        (["--format", "md", "--pdf"], "goes with neither --pdf nor --one-page", "Leave out"),
        (["--pdf", "-o", "x.html"], "--pdf writes a PDF", "-o x.pdf"),
        (["--theme", "none.yaml"], "none.yaml: no such config file", "a theme"),
        (["--template-dir", "none"], "no such folder of templates", "path of a folder"),
        (["-s", THEME], "this is a theme", "evalkit report --theme"),
    ],
    ids=lambda x: " ".join(x) if isinstance(x, list) else None,
)
def test_a_users_mistake_is_a_sentence_with_a_hint(
    run_dir: Path, arguments: list[str], part: str, hint: str
) -> None:
    done = report(run_dir, *arguments)
    assert done.exit_code == 2
    assert part in done.output
    assert hint in done.output
    assert "Traceback" not in done.output
    assert list(Path().iterdir()) == []


def test_a_broken_theme_is_named_with_file_line_and_key(run_dir: Path) -> None:
    Path("t.yaml").write_text('company: X\naccent: "#eeeeee"\n')
    done = report(run_dir, "--theme", "t.yaml")
    assert done.exit_code == 2
    assert "t.yaml:2: accent: hard to read on the light page: its contrast is 1." in done.output


def test_an_own_template_replaces_evalkits(run_dir: Path, tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "report.html.j2").write_text("<title>Ours: {{ document.title }}</title>")
    done = report(run_dir, "--template-dir", str(folder), "-o", "x.html")
    assert done.exit_code == 0, done.output
    assert Path("x.html").read_text() == "<title>Ours: q: 2 models compared</title>"
    (folder / "report.html.j2").write_text("{{ nothing }}")
    done = report(run_dir, "--template-dir", str(folder), "-o", "y.html")
    assert done.exit_code == 2
    assert "nothing" in done.output


def test_without_a_browser_nothing_is_computed(run_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setenv("EVALKIT_CHROMIUM", "/nowhere")
    done = report(run_dir, "--pdf")
    assert done.exit_code == 2
    assert "EVALKIT_CHROMIUM=/nowhere: no such program" in done.output


def test_the_help_knows_every_language() -> None:
    assert set(LANGUAGES) == set(language.LANGUAGES)
