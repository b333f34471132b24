"""A company's look goes into the report as markup that can do nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from evalkit.analysis.summary import analyse
from evalkit.errors import ConfigError, UsageError
from evalkit.report.document import Look
from evalkit.report.html import render_report
from evalkit.report.theme import check_templates, read_theme, template_names
from tests.conftest import REPO
from tests.scenarios import quality_run, right

EVIL = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def themed(folder: Path, text: str, logo: bytes = EVIL.encode()) -> Path:
    (folder / "logo.svg").write_bytes(logo)
    path = folder / "theme.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_example_is_a_picture_and_colours() -> None:
    theme = read_theme(REPO / "configs" / "themes" / "example.yaml")
    assert theme.logo is not None
    assert theme.logo.startswith('<img src="data:image/svg+xml;base64,')
    assert theme.logo.endswith('alt="Example Works">')
    assert "--accent: #0b5c6b;" in theme.css
    assert "font-family: 'Source Sans 3'" in theme.css


def test_without_colours_the_reports_own_hold(tmp_path: Path) -> None:
    theme = read_theme(themed(tmp_path, "company: X\n"))
    assert theme.css.count("--accent: initial") == 2
    assert "font-family" not in theme.css


def test_a_name_is_escaped_and_an_svg_never_runs(tmp_path: Path) -> None:
    theme = read_theme(themed(tmp_path, "company: '\"><script>alert(2)</script>'\nlogo: logo.svg\n"))  # fmt: skip
    assert "<script" not in str(theme.logo)
    run = quality_run({"open": right(5, 0.5)}, apis=())
    page = render_report([(run, analyse(run))], None, Look(theme=theme)).decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(2)" in page


def test_a_file_that_is_not_what_its_name_says_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"logo.svg is no svg"):
        read_theme(themed(tmp_path, "company: X\nlogo: logo.svg\n", b"MZ\x90"))


def test_own_templates_must_have_a_name_that_evalkit_has(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such folder"):
        check_templates(tmp_path / "none")
    with pytest.raises(UsageError, match=r"no template \(\*\.j2\) in it") as error:
        check_templates(tmp_path)
    assert "report.html.j2" in error.value.hint
    (tmp_path / "reprt.html.j2").write_text("x")
    with pytest.raises(UsageError, match=r"no template is called reprt\.html\.j2") as error:
        check_templates(tmp_path)
    assert "'report.html.j2'" in error.value.hint
    (tmp_path / "reprt.html.j2").rename(tmp_path / "report.html.j2")
    check_templates(tmp_path)


def test_the_docs_name_every_template() -> None:
    docs = (REPO / "docs" / "reports.md").read_text(encoding="utf-8")
    absent = [n for n in template_names() if f"`{n}`" not in docs and not n.startswith("sections/")]
    assert absent == []
