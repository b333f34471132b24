"""Hostile text in every place where foreign text gets into a report: it is read as text and does nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from evalkit.analysis.summary import analyse
from evalkit.decision.verdict import decide
from evalkit.report.document import Decided
from evalkit.report.html import render_report
from evalkit.report.text_safety import visible
from tests.explorers import counted, counter_of, explorer_page
from tests.hostile import CORPUS, LARGE, MARKER, everything, run_of
from tests.scenarios import by_contract, case, contract, quality_run, rented, right, scenario

ACTIVE = "script, iframe, img, object, embed, link, base, form, svg, math, style, meta, a, input, video, audio, frame"
BENIGN = "nothing to see"
TEXTS = everything()


def run_as_names(text: str):
    """A run whose model, task, suite and served model are called so."""
    return run_of([BENIGN], names=text)


def report_of(*runs) -> bytes:
    return render_report([(run, analyse(run)) for run in runs])


class Watched:
    """An open page, and what came to life in it."""

    def __init__(self, opened) -> None:
        self.opened, self.page, self.dialogs = opened, opened.page, []
        self.page.on("dialog", lambda d: (self.dialogs.append(d.message), d.dismiss()))

    def elements(self) -> dict[str, int]:
        """How many elements of each kind there are that could do something, and handlers written into markup."""
        return self.page.evaluate(
            """(active) => {
              const n = {};
              for (const e of document.querySelectorAll(active)) n[e.localName] = (n[e.localName] || 0) + 1;
              for (const e of document.querySelectorAll("*"))
                for (const { name, value } of e.attributes) {
                  if (/^on/i.test(name)) n.handlers = (n.handlers || 0) + 1;
                  if (/^\\s*(javascript|data|https?):/i.test(value) && name !== "xmlns" && !name.startsWith("xmlns:"))
                    n.targets = (n.targets || 0) + 1;
                }
              return n;
            }""",
            ACTIVE,
        )

    def assert_inert(self) -> None:
        self.page.mouse.move(200, 200)
        self.page.mouse.wheel(0, 4000)
        assert self.page.evaluate(f"window.{MARKER}") is None
        assert self.dialogs == []
        self.opened.assert_quiet()


_HARMLESS: dict[str, dict[str, int]] = {}
"""Kind of page → its elements without anything hostile."""


def harmless(open_html, kind: str, page: Callable[[], bytes]) -> dict[str, int]:
    """Return the elements of a page of this kind, opened once for all tests."""
    if kind not in _HARMLESS:
        watched = Watched(open_html(page()))
        if kind.startswith("explorer"):
            open_all(ready(watched))
        _HARMLESS[kind] = watched.elements()
    return _HARMLESS[kind]


def ready(watched: Watched) -> Watched:
    counter_of(watched.page)
    return watched


def open_all(watched: Watched) -> list[str]:
    """Open every doc of the list and return their texts as a reader sees them."""
    found = []
    for i in range(watched.page.locator("#explorer-list > details").count()):
        doc = watched.page.locator("#explorer-list > details").nth(i)
        doc.evaluate("(d) => { d.open = true; }")
        doc.locator(".answers").wait_for()
        found.append(doc.evaluate("(d) => d.textContent"))
    return found


def as_read(text: str) -> str:
    """The text as the page shows it: what acts is made visible."""
    return visible(text)


def with_newlines(text: str) -> str:
    """HTML knows one end of a line."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def test_texts_of_samples_are_inert_and_read_as_they_are(open_html) -> None:
    texts = [*CORPUS.values(), "a\x00b", "a\ud800b"]
    watched = ready(Watched(open_html(explorer_page(run_of(texts)))))
    shown = open_all(watched)
    assert len(shown) == len(texts)
    for text, doc in zip(texts, shown, strict=True):
        assert doc.count(as_read(text)) >= 4, text  # prompts of both, expected, answer, error
    benign = ready(Watched(open_html(explorer_page(run_of([BENIGN] * len(texts))))))
    open_all(benign)
    assert watched.elements() == benign.elements()
    watched.assert_inert()


@pytest.mark.parametrize("name", LARGE)
def test_large_texts_are_shortened_and_inert(open_html, name: str) -> None:
    watched = ready(Watched(open_html(explorer_page(run_of([LARGE[name]])))))
    (doc,) = open_all(watched)
    assert LARGE[name][:20_000] in doc
    assert "more characters in samples.parquet" in doc
    assert len(doc) < 150_000
    watched.assert_inert()


def test_without_javascript_the_excerpt_is_inert_too(open_html) -> None:
    texts = list(CORPUS.values())
    benign = Watched(open_html(explorer_page(run_of([BENIGN] * 12)), java_script_enabled=False))
    for start in range(0, len(texts), 12):
        some = texts[start : start + 12]
        page = explorer_page(run_of(some + [BENIGN] * (12 - len(some))))
        watched = Watched(open_html(page, java_script_enabled=False))
        assert watched.elements() == benign.elements()
        shown = watched.page.evaluate("document.getElementById('explorer-excerpt').textContent")
        for text in some:
            assert with_newlines(as_read(text)) in with_newlines(shown), text
        watched.opened.assert_quiet()


@pytest.mark.parametrize("name", CORPUS)
def test_names_are_inert_in_the_explorer(open_html, name: str) -> None:
    text = CORPUS[name]
    watched = ready(Watched(open_html(explorer_page(run_as_names(text)))))
    (doc,) = open_all(watched)
    assert as_read(f"t{text}") in doc
    assert as_read(f"own{text}") in doc
    link = watched.page.locator("#explorer-list .link a").get_attribute("href")
    assert link.startswith("#doc-t")
    watched.page.evaluate("(hash) => { location.hash = hash; }", link)
    assert watched.page.locator("#explorer-list > details[open]").count() == 1
    assert watched.elements() == harmless(
        open_html, "explorer of names", lambda: explorer_page(run_as_names(BENIGN))
    )
    watched.assert_inert()


@pytest.mark.parametrize(
    "name", ["script", "end of script", "attribute", "template", "entities", "comment"]
)
def test_searching_for_hostile_text_marks_it_as_text(open_html, name: str) -> None:
    text = CORPUS[name]
    watched = ready(Watched(open_html(explorer_page(run_of([text])))))
    watched.page.fill("#explorer-text", text)
    assert counted(watched.page) == "1 of 1 documents"
    (doc,) = open_all(watched)
    assert as_read(text) in doc
    assert watched.page.locator("#explorer-list mark").first.text_content() == as_read(text)
    watched.assert_inert()


def test_a_whole_report_of_hostile_runs_is_inert(open_html) -> None:
    texts = [*TEXTS.values()]
    watched = Watched(open_html(report_of(run_of(texts))))
    benign = Watched(open_html(report_of(run_of([BENIGN] * len(texts)))))
    assert watched.elements() == benign.elements()
    watched.assert_inert()


@pytest.mark.parametrize("name", CORPUS)
def test_a_whole_report_with_hostile_names_is_inert(open_html, name: str) -> None:
    """Of models, tasks, suites and the run, and of the model that a server says has answered."""
    watched = Watched(open_html(report_of(run_as_names(CORPUS[name]))))
    assert watched.elements() == harmless(
        open_html, "report of names", lambda: report_of(run_as_names(BENIGN))
    )
    watched.assert_inert()


def decision_of(text: str) -> bytes:
    """A decision whose title, description and price source are these words; names are checked by the config."""
    config = scenario(
        rented(),
        by_contract(price=1.0) | {"price": {**contract(1.0), "source": text}},
        title=f"title {text}",
        about=f"about {text}",
    )
    run = quality_run({"open": right(40, 0.6), "gpt": right(40, 0.8)})
    found = case(config, run)
    return render_report([(run, analyse(run))], Decided(found, decide(found, config), config))


@pytest.mark.parametrize("name", ["script", "end of data block", "svg", "template", "bidi", "ansi"])
def test_a_decision_report_with_hostile_titles_is_inert(open_html, name: str) -> None:
    watched = Watched(open_html(decision_of(CORPUS[name])))
    assert watched.elements() == harmless(open_html, "decision", lambda: decision_of(BENIGN))
    watched.assert_inert()


def test_no_steering_character_is_in_the_file() -> None:
    texts = [*TEXTS.values()]
    run = run_of(texts)
    for page in (explorer_page(run), report_of(run), report_of(run_as_names(CORPUS["bidi"]))):
        html = page.decode()
        for character in "\x00\x1b\u202e\u2066\u200b\ufeff\U000e0041\x07\x9f":
            assert character not in html, hex(ord(character))
