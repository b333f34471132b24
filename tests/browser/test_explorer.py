"""The explorer as its readers use it: they filter, search, turn pages, open docs and follow links."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

import pytest

from evalkit.report.text_safety import visible
from tests.accessible import WCAG, violations
from tests.builders import sample
from tests.explorers import comparison, counted, counter_of, explorer_page

WIDE, PHONE = {"width": 1100, "height": 900}, {"width": 390, "height": 844}


@cache
def page_of(code: str = "en", n_docs: int = 130) -> bytes:
    return explorer_page(comparison(n_docs), code=code)


def ready(opened):
    """The page, once its script has listed the docs."""
    counter_of(opened.page)
    return opened.page


def listed(page) -> list[str]:
    return page.locator("#explorer-list summary > b").all_inner_texts()


def open_doc(page, number: int):
    """Open the n-th doc of the list and wait until it is filled."""
    doc = page.locator("#explorer-list > details").nth(number)
    doc.locator("> summary").click()
    doc.locator(".answers, .missing").first.wait_for()
    return doc


def test_all_docs_are_listed_a_page_at_a_time(open_html):
    opened = open_html(page_of())
    page = ready(opened)
    assert counted(page) == "150 of 150 documents"
    assert listed(page)[0] == "Document 0"
    assert len(listed(page)) == 50
    assert page.locator(".explorer-pager .page").first.inner_text() == "Page 1 of 3"
    opened.assert_quiet()


def test_pages_are_turned_with_the_keyboard(open_html):
    page = ready(open_html(page_of()))
    page.locator(".explorer-pager .next").first.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    assert page.locator(".explorer-pager .page").first.inner_text() == "Page 3 of 3"
    assert page.locator(".explorer-pager .next").first.is_disabled()
    assert len(listed(page)) == 50


def test_a_doc_opens_to_prompt_expected_answer_and_answers_side_by_side(open_html):
    page = ready(open_html(page_of()))
    doc = open_doc(page, 1)
    text = doc.inner_text()
    for part in ("What is 1 plus 1? Grüße", "It is 2.", "one says 3", "two says 3", "three says 2"):
        assert part in text
    assert doc.locator(".answer h4 .mark").all_inner_texts() == ["✗ wrong", "✗ wrong", "✓ right"]
    tops = {round(a.bounding_box()["y"]) for a in doc.locator(".answer").all()}
    assert len(tops) == 1


def test_scores_tokens_times_and_cost_are_shown_where_they_are_known(open_html):
    page = ready(open_html(page_of()))
    facts = open_doc(page, 1).locator(".facts").all_inner_texts()
    assert facts[0] == (
        "acc\u00a00 · f1\u00a00.125 · 10 tokens in · 3 tokens out · first token after 100 ms"
        " · whole answer after 200 ms"
    )
    assert facts[2].endswith("100 tokens in · 7 tokens out · first token after 100 ms"
                             " · whole answer after 200 ms · $0.0001")  # fmt: skip


def test_a_missing_answer_says_why(open_html):
    page = ready(open_html(page_of()))
    doc = open_doc(page, 0)
    assert doc.locator(".failure").inner_text() == (
        "no answer: the request failed (no answer in time): it broke"
    )
    assert doc.locator(".answer h4 .mark").all_inner_texts()[2] == "∅ no answer"


@pytest.mark.parametrize(("code", "words"), [("en", "a tool call"), ("de", "ein Werkzeugaufruf")])
def test_a_tool_call_is_shown_with_its_name_and_arguments(open_html, code, words):
    run = comparison(3)
    call = 'look_up({"place": "Ulm", "note": "</script><b>"})'
    samples = [
        replace(s, response=call, flags=("tool_call",), scores={"acc": 0.0})
        if (s.cell_id, s.task, s.doc_id) == ("one/maths/0", "sums", 1)
        else s
        for s in run.samples
    ]
    opened = open_html(explorer_page(replace(run, samples=samples), code=code))
    answers = open_doc(ready(opened), 1).locator(".answer")
    assert call in answers.nth(0).inner_text()
    facts = answers.locator(".facts").all_inner_texts()
    assert facts[0].startswith(words)
    assert not any(words in other for other in facts[1:])
    opened.assert_quiet()


def test_prompts_that_differ_are_shown_with_each_answer(open_html):
    page = ready(open_html(page_of()))
    page.select_option("#explorer-task", label="names (20)")
    assert counted(page) == "20 of 150 documents"
    doc = open_doc(page, 3)
    own = doc.locator(".answer details")
    assert own.count() == 3
    own.nth(1).locator("summary").click()
    assert "Name number 3, two" in own.nth(1).inner_text()


def right(i: int) -> list[bool]:
    """Which of the models that answered doc i are right."""
    return [i % 2 == 0, i % 3 == 0, *([True] if i % 7 else [])]


@pytest.mark.parametrize(
    ("box", "is_kept"),
    [
        ("disagree", lambda i: len(set(right(i))) == 2),
        ("wrong", lambda i: not all(right(i))),
        ("unanswered", lambda i: i % 7 == 0),
    ],
)
def test_filters_keep_the_docs_they_name(open_html, box, is_kept):
    page = ready(open_html(page_of()))
    page.check(f"#explorer-{box}")
    expected = [f"Document {i}" for i in range(130) if is_kept(i)]
    assert counted(page) == f"{len(expected)} of 150 documents"
    assert listed(page) == expected[:50]


def test_docs_that_one_model_got_wrong_are_found(open_html):
    page = ready(open_html(page_of()))
    page.select_option("#explorer-model", label="two")
    assert counted(page) == f"{sum(i % 3 > 0 for i in range(130))} of 150 documents"
    page.check("#explorer-disagree")
    assert counted(page) == (
        f"{sum(i % 3 > 0 and len(set(right(i))) == 2 for i in range(130))} of 150 documents"
    )


def test_search_looks_into_prompts_expected_answers_and_answers(open_html):
    page = ready(open_html(page_of()))
    for text, n in (("GRÜSSE", 0), ("GRÜßE", 130), ("it is 246.", 1), ("TWO SAYS 247", 0),
                    ("three says 246", 1), ("number 19, one", 1), ("broke", 19)):  # fmt: skip
        page.fill("#explorer-text", text)
        assert counted(page) == f"{n} of 150 documents", text


def test_what_was_searched_for_is_marked(open_html):
    page = ready(open_html(page_of()))
    page.fill("#explorer-text", "PLUS 12?")
    assert counted(page) == "1 of 150 documents"
    assert open_doc(page, 0).locator("mark").all_inner_texts() == ["plus 12?"]


def test_a_search_goes_over_chunks_and_a_newer_one_replaces_it(open_html):
    page = ready(open_html(page_of(n_docs=1500)))
    page.evaluate(
        """() => { const field = document.getElementById("explorer-text");
        for (const text of ["what", "is", "it is 2998."]) {
          field.value = text; field.dispatchEvent(new Event("input", { bubbles: true })); } }"""
    )
    assert counted(page) == "1 of 1,520 documents"
    assert listed(page) == ["Document 1499"]


def test_a_link_opens_its_doc(open_html, tmp_path):
    opened = open_html(page_of())
    page = ready(opened)
    page.evaluate("location.hash = '#doc-sums-117'")
    doc = page.locator("#explorer-list > details[open]")
    doc.locator(".answers").wait_for()
    assert "What is 117 plus 117?" in doc.inner_text()
    assert doc.locator(".link a").get_attribute("href") == "#doc-sums-117"
    assert page.evaluate("document.activeElement.closest('details').id") == "doc-sums-117"
    page.reload()
    doc.locator(".answers").wait_for()
    assert "What is 117 plus 117?" in doc.inner_text()


def test_a_link_goes_past_filters(open_html):
    page = ready(open_html(page_of()))
    page.fill("#explorer-text", "plus 4?")
    assert counted(page) == "1 of 150 documents"
    page.evaluate("location.hash = '#doc-sums-0'")
    page.locator("#explorer-list > details[open] .answers").wait_for()
    assert page.input_value("#explorer-text") == ""


def test_docs_of_equal_name_and_number_have_links_of_their_own(open_html):
    run = comparison(3)
    other = [
        replace(s, doc_hash="other", prompt="another doc") for s in run.samples if s.doc_id == 1
    ]
    page = ready(open_html(explorer_page(replace(run, samples=[*run.samples, *other]))))
    ids = page.locator("#explorer-list > details").evaluate_all("all => all.map((d) => d.id)")
    assert ids[:4] == ["doc-sums-0", "doc-sums-1", "doc-sums-1.2", "doc-sums-2"]
    page.evaluate("location.hash = '#doc-sums-1.2'")
    doc = page.locator("#explorer-list > details[open]")
    doc.locator(".answers").wait_for()
    assert "another doc" in doc.inner_text()


def test_texts_beyond_the_budget_are_cut_and_the_page_says_so(open_html):
    page = ready(open_html(explorer_page(long_run(), budget=60_000)))
    assert re.search(
        r"60 texts of more than .+? characters are shortened here", page.inner_text("main")
    )
    doc = open_doc(page, 0)
    assert re.search(r"more characters in samples.parquet\)", doc.inner_text())


def test_docs_beyond_the_budget_stay_in_the_list_and_the_page_says_so(open_html):
    page = ready(open_html(explorer_page(long_run(), budget=15_000)))
    text = page.inner_text("main")
    (left,) = re.findall(r"Prompts and answers of (\d+) of 60 documents are not in this file", text)
    assert counted(page) == "60 of 60 documents"
    page.fill("#explorer-text", "zzz")
    assert counted(page) == (
        f"0 of 60 documents; {left} documents have no texts in this file and were not searched"
    )
    page.fill("#explorer-text", "")
    counted(page)
    texts = [open_doc(page, i).inner_text() for i in range(50)]
    assert sum("not in this file" in text for text in texts) > 0
    assert sum("not in this file" not in text for text in texts) > 0


def long_run():
    """60 docs whose prompts do not compress well."""
    import random

    draw = random.Random(3)
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    run = comparison(1)
    texts = ["".join(draw.choices(letters, k=3000)) for _ in range(60)]
    samples = [
        sample(i, cell_id=c.cell_id, task="long", prompt=text, response=f"{c.model} {i}")
        for c in run.manifest.cells
        if c.suite == "maths"
        for i, text in enumerate(texts)
    ]
    return replace(run, samples=samples)


def test_without_javascript_some_docs_can_be_read(open_html):
    opened = open_html(page_of(), java_script_enabled=False)
    page = opened.page
    docs = page.locator("#explorer-excerpt details.doc")
    assert docs.count() == 24
    assert not page.locator("#explorer-form").is_visible()
    assert "24 of 150 documents" in page.locator("#explorer-excerpt").inner_text()
    docs.nth(0).locator("> summary").click()
    assert "What is 1 plus 1?" in docs.nth(0).inner_text()
    opened.assert_quiet()


def test_paper_has_the_headings_of_the_excerpt_and_no_list(open_html):
    page = ready(open_html(page_of()))
    page.emulate_media(media="print")
    assert page.locator("#explorer-excerpt").is_visible()
    assert not page.locator("#explorer-list").is_visible()
    assert not page.locator("#explorer-excerpt pre").first.is_visible()


def test_no_id_occurs_twice(open_html):
    page = ready(open_html(page_of()))
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((e) => e.id)")
    assert len(ids) == len(set(ids))


def test_german_readers_get_german_words_and_numbers(open_html):
    page = ready(open_html(page_of("de")))
    assert counted(page) == "150 von 150 Dokumenten"
    facts = open_doc(page, 1).locator(".facts").first.inner_text()
    assert "f1\u00a00,125" in facts
    assert "erstes Token nach 100 ms" in facts


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_wcag_rules_are_kept(open_html, scheme, viewport):
    opened = open_html(page_of(), color_scheme=scheme, viewport=viewport, bypass_csp=True)
    page = ready(opened)
    page.fill("#explorer-text", "what")
    counted(page)
    open_doc(page, 0)
    assert violations(page, rules=WCAG) == []


def test_a_phone_stacks_the_answers_and_scrolls_down_only(open_html):
    page = ready(open_html(page_of(), viewport=PHONE))
    doc = open_doc(page, 1)
    lefts = {round(a.bounding_box()["x"]) for a in doc.locator(".answer").all()}
    assert len(lefts) == 1
    assert page.evaluate("document.scrollingElement.scrollWidth") <= PHONE["width"]


def test_the_browser_reads_back_what_was_packed(open_html):
    texts = [
        "a",
        "ä" * 3 + "\x00\x1f\t",
        "\u2028 𝒳 \u202e",
        'quote " backslash \\ </script><b>&amp;',
        "the quick brown fox " * 900,
        "".join(chr(0x20 + (i * 7919) % 0x500) for i in range(5000)),
    ]
    samples = [sample(i, cell_id="one/maths/0", response=text) for i, text in enumerate(texts)]
    opened = open_html(explorer_page(replace(comparison(1), samples=samples)))
    page = ready(opened)
    for i, text in enumerate(texts):
        shown = open_doc(page, i).locator(".answer pre").first.text_content()
        assert shown == visible(text), i
    opened.assert_quiet()


@pytest.mark.parametrize(
    ("code", "words"), [("en", "needs a newer browser"), ("de", "braucht einen neueren Browser")]
)
def test_a_browser_that_cannot_unpack_shows_the_excerpt_and_says_why(open_html, code, words):
    opened = open_html(page_of(code))
    page = opened.page
    page.add_init_script("delete window.DecompressionStream")
    page.reload()
    page.locator("#explorer-broken").wait_for()
    assert words in page.locator("#explorer-broken").inner_text()
    docs = page.locator("#explorer-excerpt details.doc")
    docs.nth(0).locator("> summary").click()
    assert "What is 1 plus 1?" in docs.nth(0).inner_text()
    assert not page.locator("#explorer-live").is_visible()
    assert opened.errors == []


def half_of(html: bytes, block: str) -> bytes:
    """The page with the second half of a block of data lost."""
    before, start, rest = html.partition(f'id="{block}">'.encode())
    data, end, after = rest.partition(b"</script>")
    return before + start + data[: len(data) // 8 * 4] + end + after


def test_a_damaged_list_shows_the_excerpt_and_says_so(open_html):
    opened = open_html(half_of(page_of(), "explorer-index"))
    page = opened.page
    page.locator("#explorer-broken").wait_for()
    assert "can't unpack the documents" in page.locator("#explorer-broken").inner_text()
    assert page.locator("#explorer-excerpt").is_visible()
    opened.assert_quiet()


def test_a_damaged_document_says_so(open_html):
    opened = open_html(half_of(page_of(), "explorer-chunk-0"))
    page = ready(opened)
    assert open_doc(page, 0).locator(".missing").inner_text() == "This document can't be unpacked."
    opened.assert_quiet()


def test_thoughts_are_folded_before_the_answer(open_html):
    run = comparison(2)
    for r in run.requests:
        if r.answer is not None and r.answer.text is not None:
            object.__setattr__(r, "answer", replace(r.answer, thoughts="Is it A?"))
    doc = open_doc(ready(open_html(explorer_page(run))), 0)
    thoughts = doc.locator(".answer details").first
    assert "not scored" in thoughts.inner_text()
    thoughts.locator("summary").click()
    assert "Is it A?" in thoughts.inner_text()
