"""The summary reads the same as text and rendered; what it quotes means nothing in Markdown."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from evalkit.errors import ConfigError
from evalkit.report.document import Decided, Look
from evalkit.report.language import spoken
from evalkit.report.markdown import render_markdown
from evalkit.report.render.markdown import escaped
from evalkit.report.text_safety import visible
from tests.builders import HOSTILE
from tests.outputs import SHIPPED, decided, runs

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
nasty = st.text(
    st.one_of(
        st.sampled_from("|`*_~[]()#>-+=.1 \n\r\t\\<>&!$@:/\"'{}^\u2028\x00\u202ew"),
        st.characters(exclude_categories=["Cs"]),
    ),
    max_size=40,
)


def shown(text: str) -> str:
    return re.sub(r"\s+", " ", visible(text)).strip()


def read(markdown: str) -> tuple[list[str], str]:
    """Return the kinds of blocks, and the text a reader sees."""
    tokens = PARSER.parse(markdown)
    said = []
    for token in tokens:
        for child in token.children or ():
            assert child.type in ("text", "html_inline", "text_special", "em_open", "em_close"), (
                child
            )
            assert child.type != "html_inline" or child.content == "<!-- -->"
            said.append("" if child.type == "html_inline" else child.content)
    return [t.type for t in tokens], "".join(said)  # fmt: skip


@given(nasty)
def test_text_in_a_list_stays_text(text: str) -> None:
    kinds, said = read(f"- {escaped(text)}x\n")
    assert kinds == [
        "bullet_list_open", "list_item_open", "paragraph_open", "inline", "paragraph_close", "list_item_close",
        "bullet_list_close",
    ]  # fmt: skip
    assert said == shown(f"{text}".strip()) + "x"


@given(nasty, nasty)
def test_text_in_a_table_stays_in_its_cell(one: str, other: str) -> None:
    tokens = PARSER.parse(f"| a | b |\n|---|---|\n| {escaped(one)} | {escaped(other)} |\n")
    cells = [t for t in tokens if t.type == "inline"][2:]
    assert [t.type for t in tokens].count("td_open") == 2
    read_back = [
        "".join(c.content for c in cell.children or () if c.type != "html_inline") for cell in cells
    ]
    assert read_back == [shown(one), shown(other)]  # fmt: skip


@given(nasty)
def test_text_in_a_heading_and_a_paragraph_stays_there(text: str) -> None:
    assert read(f"# {escaped(text)}x\n")[0] == ["heading_open", "inline", "heading_close"]
    kinds, said = read(f"before\n\nx{escaped(text)}\n")
    assert kinds == ["paragraph_open", "inline", "paragraph_close"] * 2
    assert said == "before" + shown(f"x{escaped_blanks(text)}")


def escaped_blanks(text: str) -> str:
    """Blanks at the ends are not kept."""
    return shown(text)


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("ticket_routing", "ticket_routing"),
        ("_x_", r"\_x\_"),
        ("1. Do it", r"1\. Do it"),
        ("- x", r"\- x"),
        ("+3.4 points", "+3.4 points"),
        ("-1.6 points", "-1.6 points"),
        ("@cf/llama", "@<!-- -->cf/llama"),
        ("https://evil.example", "https&#58;//evil.example"),
        ("www.evil.example", "www&#46;evil.example"),
        ("a\nb | c", r"a b \| c"),
        ("<img src=x>", "&lt;img src=x&gt;"),
    ],
)
def test_escapes_are_few_and_readable(text: str, safe: str) -> None:
    assert escaped(text) == safe


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("code", ["en", "de"])
def test_a_decision_has_its_parts(name: str, code: str) -> None:
    text = render_markdown(runs(), decided(name), Look(language=spoken(code))).decode()
    tokens = PARSER.parse(text)
    kinds = [t.type for t in tokens]
    assert kinds.count("table_open") == 5
    assert kinds.count("code_block") == 1
    command = next(t.content for t in tokens if t.type == "code_block")
    assert command == f"evalkit report results/q --scenario {name}.yaml\n"
    heads = [tokens[i + 1].content for i, k in enumerate(kinds) if k == "heading_open"]
    assert ("Die Optionen" if code == "de" else "The options") in heads
    columns = len(decided(name).verdict.checks) and kinds.count("th_open")
    assert columns


def test_runs_alone_have_quality_and_speed() -> None:
    text = render_markdown(runs()).decode()
    kinds = [t.type for t in PARSER.parse(text)]
    assert kinds.count("table_open") == 2
    assert "| acc | 50.0 % (95 %:" in text
    assert "evalkit report results/q\n" in text
    assert (
        "Qualität je Aufgabe" in render_markdown(runs(), None, Look(language=spoken("de"))).decode()
    )


def test_hostile_names_stay_text() -> None:
    found = decided("start-up")
    case = replace(found.case, facts=replace(found.case.facts, title=f"{HOSTILE}\n# x | y `z`"))
    text = render_markdown(runs(), Decided(case, found.verdict, found.scenario)).decode()
    first = text.splitlines()[0]
    assert r"\# x \| y \`z\`" in first
    assert "<img" not in text
    assert "\u202e" not in text
    assert "\x1b" not in text


def test_the_same_facts_give_the_same_bytes() -> None:
    found = decided("start-up")
    assert render_markdown(runs(), found) == render_markdown(runs(), found)


def test_an_own_template_replaces_the_packages(tmp_path: Path) -> None:
    (tmp_path / "summary.md.j2").write_text("{{ document.title }}: {{ version }}\n")
    assert render_markdown(runs(), None, Look(templates=tmp_path)).startswith(b"q: 2 models")
    (tmp_path / "summary.md.j2").write_text("one\n{% if %}\n")
    with pytest.raises(ConfigError, match=r"summary\.md\.j2:2: "):
        render_markdown(runs(), None, Look(templates=tmp_path))
