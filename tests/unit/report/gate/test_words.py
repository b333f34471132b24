"""Sentences of a gate: what a manager reads about each rule, and about all of them."""

from __future__ import annotations

import pytest

from evalkit.gate.facts import Difference, GateResult, RuleResult, Status
from evalkit.report.gate.findings import found_words, note
from evalkit.report.gate.names import (
    BADGES,
    CONDITIONS,
    MARKS,
    STATUSES,
    TIER_TITLES,
    badge,
    condition_words,
    consequence_words,
    rule_names,
)
from evalkit.report.gate.words import (
    accepted_words,
    details,
    flips_words,
    headline,
    more_flips,
    sentences,
)
from evalkit.wording import say
from tests.gates import (
    accepted,
    compared,
    every_rule,
    failed,
    gate,
    latency,
    licence,
    missing,
    passed,
    rule,
    side,
    undecided,
)
from tests.pseudo import untold


def said(r: RuleResult, **changes: object) -> str:
    return sentences(gate(r, **changes))[0]


def test_every_status_and_tier_has_a_name() -> None:
    assert set(STATUSES) == set(BADGES) == set(MARKS) == set(Status)
    assert set(TIER_TITLES) == {"critical", "supporting", "advisory"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "at most 1.3 points worse with 95 % confidence; 2 allowed: pass."),
        ({"most": 1e-17}, "no worse with 95 % confidence; 2 allowed: pass."),
        ({"most": 0.0}, "no worse with 95 % confidence; 2 allowed: pass."),
        ({"most": -0.001}, "at least 0.1 points better with 95 % confidence; 2 allowed: pass."),
        (
            {"status": Status.FAIL, "least": 0.041, "most": 0.09},
            "surely at least 4.1 points worse; 2 allowed: fail.",
        ),
        (
            {"status": Status.INCONCLUSIVE, "least": -0.012, "most": 0.034, "n": 120},
            "between 1.2 points better and 3.4 points worse; 2 allowed: can't be decided with 120 documents.",
        ),
        (
            {"status": Status.INCONCLUSIVE, "n": 30, "n_unit": "clusters", "most": 0.034},
            "between 0.7 points better and 3.4 points worse; 2 allowed:"
            " can't be decided with documents of 30 sources.",
        ),
        (
            {"status": Status.INCONCLUSIVE, "most": 0.034, "n": 1, "reason": say("one document")},
            "between 0.7 points better and 3.4 points worse; 2 allowed: can't be decided (one document).",
        ),
        (
            {"status": Status.INCONCLUSIVE, "least": None, "most": None},
            "can't be decided.",
        ),
        (
            {"status": Status.IMPROVED, "least": -0.05, "most": -0.008},
            "surely at least 0.8 points better: improved.",
        ),
    ],
)  # fmt: skip
def test_a_sentence_says_what_was_found_what_is_allowed_and_what_follows(
    changes: dict[str, object], words: str
) -> None:
    assert said(rule(**changes)) == f"Accuracy on ticket_routing: {words}"


def test_a_relative_sentence_names_the_quantity() -> None:
    assert said(latency()) == (
        "TTFT, half of requests (p50): at most 4.0 % slower with 95 % confidence; 10 % allowed: pass."
    )
    memory = latency(metric="peak_memory", status=Status.FAIL, least=0.2, most=0.3)
    assert said(memory) == "Peak memory: surely at least 20.0 % more memory; 10 % allowed: fail."
    undecided_runs = latency(status=Status.INCONCLUSIVE, most=0.2, n=5)
    assert said(undecided_runs).endswith("can't be decided with 5 runs per side.")


def test_a_confidence_that_is_not_a_round_number_is_told() -> None:
    assert "with 97.5 % confidence" in said(rule(), confidence=0.975)


def test_a_rule_that_was_not_measured_says_why() -> None:
    assert said(missing("energy_per_token")) == (
        "Energy per token: not measured: no energy counter on both sides."
    )
    assert said(missing("peak_memory", reason=say(""))) == "Peak memory: not measured."


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"kind": "at_least", "margin": 0.6, "least": 0.631, "most": 0.69},
            "60 % wanted; the candidate reaches at least 63.1 % with 95 % confidence: pass.",
        ),
        (
            {"kind": "at_least", "margin": 0.6, "least": 0.5, "most": 0.58, "status": Status.FAIL},
            "60 % wanted; the candidate reaches at most 58.0 % with 95 % confidence: fail.",
        ),
        (
            {"kind": "at_least", "margin": 0.6, "least": 0.55, "most": 0.63, "n": 80,
             "status": Status.INCONCLUSIVE},
            "60 % wanted; the candidate is between 55.0 % and 63.0 %: can't be decided with 80 documents.",
        ),
        (
            {"kind": "at_most", "margin": 0.6, "least": 0.5, "most": 0.58},
            "60 % allowed; the candidate reaches at most 58.0 % with 95 % confidence: pass.",
        ),
        (
            {"kind": "at_most", "margin": 0.6, "least": 0.61, "most": 0.7, "status": Status.FAIL},
            "60 % allowed; the candidate reaches at least 61.0 % with 95 % confidence: fail.",
        ),
    ],
)  # fmt: skip
def test_a_limit_is_told_with_the_bound_that_decides(
    changes: dict[str, object], words: str
) -> None:
    assert said(rule(**changes)) == f"Accuracy on ticket_routing, limit: {words}"


def test_a_licence_says_what_was_found() -> None:
    assert said(licence()) == "Licence: the candidate's is apache-2.0: pass."
    broken = licence(status=Status.FAIL, reason=say("not for commercial use"))
    assert said(broken) == "Licence: not for commercial use: fail."
    assert found_words(broken, gate(broken)) == "not for commercial use"
    same = licence(reason=say(""))
    assert said(same) == "Licence: the same as the baseline's: pass."
    unknown = licence(status=Status.MISSING, reason=say("not known what it allows"))
    assert said(unknown) == "Licence: not known what it allows: can't be decided."
    assert badge(unknown) == "? undecided"


def test_a_comparison_judges_nothing() -> None:
    result = compared()
    assert sentences(result)[0] == (
        "Accuracy on ticket_routing: 0.3 points worse; between 0.7 points better and 1.3 points worse."
    )
    few = latency(status=Status.INCONCLUSIVE, reason=say("3 runs per side; 5 are wanted"))
    assert said(few, policy=None) == (
        "TTFT, half of requests (p50): 2.0 % slower; between 1.0 % faster and 4.0 % slower"
        " (3 runs per side; 5 are wanted)."
    )
    alike = latency(damage=0.0, least=0.0, most=0.0)
    assert said(alike, policy=None) == "TTFT, half of requests (p50): no change."
    own = rule(kind="at_least", margin=0.6, least=0.55, most=0.63)
    assert said(own, policy=None).endswith("limit: the candidate is between 55.0 % and 63.0 %.")
    assert said(licence(reason=say("")), policy=None) == "Licence: the same as the baseline's."
    assert said(missing("peak_memory", reason=say("")), policy=None) == "Peak memory: not measured."
    text = " ".join((headline(result), *sentences(result), *details(result)))
    for word in ("pass", "fail", "allowed", "decided", "improved"):
        assert word not in text


def test_a_reason_of_a_kept_rule_is_told_beside_it() -> None:
    small = latency(most=0.15, reason=say("less than {n} slower", n="20 ms"))
    assert said(small).endswith("10 % allowed: pass (less than 20 ms slower).")


# --- names --------------------------------------------------------------------------------------------------------


def test_rules_of_the_same_task_in_two_suites_can_be_told_apart() -> None:
    rules = (rule(), rule(suite="generate"), rule(task="other"))
    assert rule_names(rules) == (
        "Accuracy on choose/ticket_routing",
        "Accuracy on generate/ticket_routing",
        "Accuracy on other",
    )


def test_rules_by_two_scores_of_a_task_can_be_told_apart() -> None:
    rules = (rule(), rule(score="f1"), rule(kind="at_least"))
    assert rule_names(rules) == (
        "Accuracy (exact_match) on ticket_routing",
        "Accuracy (f1) on ticket_routing",
        "Accuracy on ticket_routing, limit",
    )


def test_every_condition_has_words_and_a_consequence() -> None:
    assert set(CONDITIONS) == {
        "task-version", "fewshot", "template", "decoding", "limit", "documents", "mode", "hardware", "order",
    }  # fmt: skip
    fatal = Difference("fewshot", "s", "1", "2", False)
    assert condition_words(fatal) == "worked examples (few-shot)"
    assert consequence_words(fatal) == "differences below may come from this"
    soft = Difference("hardware", "hardware", "a", "b", False, is_fatal=False)
    assert consequence_words(soft) == "latency, memory and energy can't be compared"
    assert consequence_words(Difference("limit", "s", "1", "2", True)) == "allowed"


# --- the whole gate -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (gate(rule(), rule(task="b")), "may replace the baseline: all 2 critical rules are kept."),
        (gate(), "may replace the baseline: the critical rule is kept."),
        (gate(latency()), "may replace the baseline: no rule that counts is broken."),
        (failed(), "may not replace the baseline: a rule is broken, Accuracy on contract_terms."),
    ],
)
def test_the_headline_says_whether_the_candidate_may(result: GateResult, words: str) -> None:
    assert headline(result) == f"The candidate {words}"


def test_the_headline_of_a_broken_gate_names_a_few_rules() -> None:
    broken = (rule(task=f"t{i}", status=Status.FAIL) for i in range(7))
    assert headline(gate(*broken, verdict=Status.FAIL, exit_code=1)) == (
        "The candidate may not replace the baseline: 7 rules are broken: Accuracy on t0, Accuracy on t1,"
        " Accuracy on t2, Accuracy on t3, Accuracy on t4, 2 more."
    )


OPEN = "Accuracy on grounded_qa can't be decided, Mean over all tasks not measured"


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        ("hold", f"Not decided: {OPEN}."),
        ("pass", f"Not decided, and the policy lets the candidate through: {OPEN}."),
        (
            "fail",
            "The candidate may not replace the baseline, since the policy takes what is not decided as broken:"
            f" {OPEN}.",
        ),
    ],
)
def test_what_is_not_decided_follows_the_policy(policy: str, words: str) -> None:
    assert headline(undecided(policy)) == words


def test_sides_that_do_not_compare_are_named_as_the_reason() -> None:
    apart = Difference("fewshot", "s", "1", "2", False)
    result = undecided(differences=(apart,), exit_code=4)
    assert headline(result) == (
        "Not decided: the two sides were not measured alike (worked examples (few-shot))."
    )


def test_details_say_what_counts_less() -> None:
    assert list(details(failed())) == [
        "1 of 5 supporting rules is not decided or not measured, which does not hold the candidate up.",
        "On 1 rule the candidate is surely worse, though by no more than is allowed.",
        "1 advisory rule is broken, which decides nothing.",
    ]
    assert list(details(gate())) == []


def test_small_print_says_what_a_rule_rests_on() -> None:
    assert note(rule(), gate()) == ("better on 31 documents, worse on 35; rests on 1,200 documents")
    assert note(rule(is_regressed=True), gate()).startswith("surely worse than the baseline; ")
    assert note(latency(), gate()) == "rests on 5 runs per side"
    assert note(licence(), gate()) == ""
    few = rule(status=Status.INCONCLUSIVE, n=9, wins=None)
    assert note(few, gate()) == ""
    assert note(few, compared()) == "rests on 9 documents"


def test_flips_are_counted_beyond_those_that_are_listed() -> None:
    assert flips_words(failed()) == "The candidate is worse on 91 documents and better on 12."
    assert more_flips(failed()) == "99 more are not listed."
    assert more_flips(failed(n_worse=3, n_better=1)) == ""


def test_who_accepted_a_baseline_is_told() -> None:
    assert accepted_words(accepted()) == "2026-09-02 07:15 UTC by jane@example.com"
    assert accepted_words(side()) == ""


@pytest.mark.parametrize("result", [failed(), passed(), undecided("fail"), compared()])
def test_every_word_of_a_sentence_is_from_a_message(result: GateResult) -> None:
    names = (
        "ticket_routing",
        "contract_terms",
        "grounded_qa",
        "invoice_fields",
        "apache-2.0",
        "choose",
    )
    said_all = (headline(result), *details(result), *sentences(result))
    for words in (*said_all, *(note(r, result) for r in every_rule()), *rule_names(every_rule())):
        left = untold(words)
        for name in names:
            left = left.replace(name, "")
        assert not any(c.isalpha() for c in left), words
