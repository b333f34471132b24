"""The docs name commands that exist and files that are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from evalkit.cli import COMMANDS
from tests.conftest import REPO

PAGES = [
    REPO / "README.md",
    *sorted(REPO.glob("docs/**/*.md")),
    *sorted(REPO.glob("[!.]*/README.md")),
]
ids = [str(p.relative_to(REPO)) for p in PAGES]


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_links_lead_to_files(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
        assert target.startswith("https://") or (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_commands_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for command in re.findall(r"(?:^    |`)evalkit ([a-z]+)", text, re.MULTILINE):
        assert command in COMMANDS
    for target in re.findall(r"(?:^    |`)make ([a-z]+)", text, re.MULTILINE):
        assert re.search(rf"^{target}:", (REPO / "Makefile").read_text(), re.MULTILINE)


@pytest.mark.parametrize("folder", ["config", "execute", "harness", "backends", "engine", "meters"])
def test_the_readme_tree_names_every_layer(folder: str) -> None:
    assert f"      {folder}/" in (REPO / "README.md").read_text()
    assert (REPO / "evalkit" / folder).is_dir()


def test_nobody_is_sent_to_the_package_that_only_bears_the_name() -> None:
    tracked = [p for p in REPO.rglob("*") if p.suffix in {".py", ".md", ".yaml", ".toml", ".j2"}]
    ours = [p for p in tracked if p.relative_to(REPO).parts[0] not in {".venv", "dist", "build"}]
    # the bare name as a requirement: with an extra, with a version, or alone behind `install`
    theirs = re.compile(
        r"install\s+(?:-\S+\s+)*['\"]?evalkit(?![\w-])|(?<![\w/.-])evalkit\[\w|evalkit[=~<>]="
    )
    assert [
        str(p) for p in ours if p != Path(__file__) and theirs.search(p.read_text("utf-8"))
    ] == []
