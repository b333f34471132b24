"""The summary of a build: inert, complete, and never longer than build servers take."""

from __future__ import annotations

import pytest
from markdown_it import MarkdownIt

from evalkit.gate.facts import GateResult
from evalkit.report.gate.markdown import MOST_BYTES, to_markdown
from evalkit.report.gate.words import headline
from evalkit.report.language import spoken
from evalkit.wording import verbatim
from tests.gates import compared, failed, flip, gate, hostile, passed, rule, undecided
from tests.hostile import everything

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
NASTY = everything()
OURS = ("<details><summary>", "</details>", "<!-- -->")


def blocks(markdown: str) -> list[str]:
    return [t.type for t in PARSER.parse(markdown)]


def html(markdown: str) -> list[str]:
    """Return the HTML that acts."""
    found = []
    for token in PARSER.parse(markdown):
        if token.type == "html_block":
            found.append(token.content)
        found += [c.content for c in token.children or () if c.type == "html_inline"]
    return found


@pytest.mark.parametrize("result", [failed(), passed(), undecided(), compared(), gate()])
def test_it_begins_with_the_verdict(result: GateResult) -> None:
    text = to_markdown(result)
    assert text.startswith("## ")
    assert str(headline(result))[:40] in text.replace("\\", "")
    assert text.endswith("\n")
    assert "None" not in text


def test_every_rule_is_a_row_with_its_status() -> None:
    text = to_markdown(failed())
    assert (
        "| Accuracy on contract_terms | ✗ fail | surely at least 4.1 points worse; 2 allowed (better on 12 documents,"
        " worse on 91; rests on 1,200 documents) | 82.0 % | 75.4 % |"
    ) in text
    assert "| **Critical: must be shown to keep their margin** | | | | |" in text
    assert blocks(text).count("tr_open") == 3 + 3 + len(failed().rules) + 2 + 4


def test_documents_are_folded_up() -> None:
    text = to_markdown(failed())
    assert "<details><summary>Documents that changed sides</summary>" in text
    assert text.index("<details>") < text.index("four weeks") < text.index("</details>")
    assert "99 more are not listed." in text


def test_a_comparison_has_no_status() -> None:
    text = to_markdown(compared())
    assert text.startswith("## Comparison with the baseline\n")
    assert "pass" not in text


@pytest.mark.parametrize("name", NASTY)
def test_hostile_texts_mean_nothing(name: str) -> None:
    text = to_markdown(hostile(NASTY[name]))
    kinds = blocks(text)
    harmless = blocks(to_markdown(hostile("nothing")))
    assert kinds == harmless
    for piece in html(text):
        assert piece.strip().startswith(OURS)
        assert "pwned" not in piece
    for token in PARSER.parse(text):
        assert not [
            c for c in token.children or () if c.type in ("link_open", "image", "code_inline")
        ]


def test_many_documents_are_trimmed_and_it_says_so() -> None:
    flips = tuple(flip(i, prompt="ä" * 5000, candidate_answer="😀" * 5000) for i in range(2000))
    text = to_markdown(gate(flips=flips, n_worse=2000))
    assert MOST_BYTES * 0.9 < len(text.encode()) <= MOST_BYTES
    assert "rows left out for their length.*" in text
    assert text.rstrip().endswith("</details>")


def test_many_rules_are_trimmed_too() -> None:
    rules = tuple(rule(task=f"{i}-" + "x" * 500) for i in range(9000))
    warnings = tuple(verbatim(f"{i} " + "y" * 10_000) for i in range(5000))
    text = to_markdown(gate(*rules, flips=(flip(),), warnings=warnings))
    assert len(text.encode()) <= MOST_BYTES
    assert "rows left out for their length.*" in text


def test_it_is_told_in_german() -> None:
    german = to_markdown(failed(), spoken("de"))
    assert "Der Kandidat darf den bisherigen Stand nicht ersetzen" in german
    assert "höchstens 1,3 Punkte schlechter; 2 erlaubt" in german
