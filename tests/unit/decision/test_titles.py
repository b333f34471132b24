"""What a reader sees is a title, in the reader's language; keys, files and other tools go by the name."""

from __future__ import annotations

import json

import pytest

from evalkit.decision.checks import checks_of
from evalkit.decision.facts import Decision
from evalkit.decision.verdict import decide
from evalkit.decision.words import rule_words
from evalkit.errors import ConfigError
from evalkit.report.decision.export import decision_json
from evalkit.report.decision.front import build_front
from evalkit.report.decision.page import build_decision
from evalkit.report.decision.terminal import decision_tables
from evalkit.report.language import spoken
from evalkit.wording import joined, say, tell, text_of, titled, verbatim
from tests.scenarios import by_contract, case, quality_run, rented, right, scenario

GERMAN, ENGLISH = spoken("de"), spoken("en")
OWN = {"en": "Our servers", "de": "Unsere Server"}


def found():
    config = scenario(
        rented(title=OWN),
        by_contract(title="Vendor's API", price=6.0),
        title={"en": "A decision", "de": "Eine Entscheidung"},
        titles={"t": {"en": "sorting mail", "de": "Post sortieren"}},
        blends=None,
        policy={"quality": {"tasks": {"t": 0.4}}},
    )
    run = quality_run({"open": right(100, 0.6), "gpt": right(100, 0.7)})
    of = case(config, run)
    return of, config, decide(of, config)


def test_a_title_is_equal_to_its_name_and_reads_as_the_title() -> None:
    name = titled("own-servers", OWN)
    assert name == "own-servers"
    assert {name: 1}["own-servers"] == 1
    assert f"fte.{name}" == "fte.own-servers"
    assert json.dumps(name) == '"own-servers"'
    assert str(name) == "Our servers"
    assert say("Use {x}.", x=name) == "Use Our servers."
    assert tell(say("Use {x}.", x=name), GERMAN) == "Use Unsere Server."
    assert joined((name, verbatim("b"))) == "Our servers, b"
    assert tell(joined((name, "b")), GERMAN) == "Unsere Server, b"


def test_a_title_in_one_language_is_read_in_the_other_too() -> None:
    assert tell(titled("x", {"de": "Nur deutsch"}), ENGLISH) == "Nur deutsch"
    assert str(titled("x", "Anything")) == "Anything"
    assert titled("x", None) == "x"
    assert type(titled("x", "")) is str
    assert tell(text_of({"en": "one", "de": "eins"}), GERMAN) == "eins"
    assert text_of("as it is") == "as it is"


def test_the_verdict_and_the_first_screen_read_as_titles() -> None:
    of, _, verdict = found()
    assert verdict.decision is Decision.BUILD
    assert verdict.option == "own"
    assert "Our servers" in verdict.sentence
    assert "Unsere Server" in tell(verdict.sentence, GERMAN)
    front = build_front(of.facts, verdict)
    heads = [tell(head.text, GERMAN) for head, _ in front.options.rows]
    assert heads[0] == "Unsere Server"
    assert "Unsere Server + Vendor's API" in heads
    page = build_decision(of.facts, verdict)
    assert tell(page.title, GERMAN) == "Eine Entscheidung"


def test_a_task_is_called_by_its_title_in_rules_and_sentences() -> None:
    of, config, _ = found()
    checks = [c for c in checks_of(of, config) if c.rule == "quality of t"]
    assert checks
    assert {str(c.text).split(" 6")[0].split(" 7")[0] for c in checks} == {"Score on sorting mail"}
    assert tell(rule_words(checks[0].rule, checks[0].task), GERMAN).endswith("Post sortieren")
    assert rule_words("quality of t") == "quality of t"


def test_json_goes_by_names() -> None:
    of, _, verdict = found()
    told = json.loads(decision_json(of.facts, verdict))
    assert [o["name"] for o in told["tco"]["options"]] == ["own", "api", "own + api"]
    assert told["verdict"]["option"] == "own"


def test_the_terminal_reads_as_titles() -> None:
    of, _, verdict = found()
    first = "\n".join(str(part) for part in decision_tables(of.facts, verdict))
    assert "A decision" in first
    assert "Our servers" in first


def test_a_language_that_reports_have_not_is_refused() -> None:
    with pytest.raises((ConfigError, ValueError), match=r"title"):
        scenario(rented(title={"fr": "Nos serveurs"}), by_contract())
