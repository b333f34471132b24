"""What build servers show beside a change: GitHub's annotations, GitLab's metrics."""

from __future__ import annotations

import re
import shlex

import pytest

from evalkit.gate.facts import Status
from evalkit.report.gate.annotations import MOST, github_annotations, gitlab_metrics
from evalkit.report.gate.words import headline, sentences
from evalkit.wording import say, verbatim
from tests.gates import compared, failed, gate, hostile, missing, passed, rule, undecided
from tests.hostile import everything

NASTY = everything()
COMMAND = re.compile(r"::(error|warning) title=([^,:]*)::([^\r\n]*)")
LINE = re.compile(r'[a-z_]+(\{([a-z_]+="([^"\\\n]|\\["\\])*",?)+\})? (-?\d+(\.\d+)?(e-?\d+)?)')


def unescaped(text: str) -> str:
    for escape, sign in (("%2C", ","), ("%3A", ":"), ("%0A", "\n"), ("%0D", "\r"), ("%25", "%")):
        text = text.replace(escape, sign)
    return text


def read(lines: list[str]) -> list[tuple[str, str, str]]:
    found = []
    for line in lines:
        match = COMMAND.fullmatch(line)
        assert match is not None, line
        found.append((match[1], unescaped(match[2]), unescaped(match[3])))
    return found


def test_what_is_broken_is_an_error_under_the_headline() -> None:
    result = failed()
    errors = [a for a in read(github_annotations(result)) if a[0] == "error"]
    assert errors[0] == ("error", "Upgrade gate", headline(result))
    assert ("error", "Accuracy on contract_terms", sentences(result)[1]) in errors


def test_what_does_not_stop_it_is_a_warning() -> None:
    result = failed()
    warnings = {title for kind, title, _ in read(github_annotations(result)) if kind == "warning"}
    assert warnings == {
        "Upgrade gate",
        "Time per token, half of requests (p50)",
        "Whole answer, 95 of 100 requests (p95)",
    }


def test_a_gate_that_lets_a_candidate_through_has_no_error() -> None:
    for result in (gate(), passed(), compared(), undecided("pass")):
        assert all(kind == "warning" for kind, *_ in read(github_annotations(result)))
    assert github_annotations(gate()) == []


def test_a_critical_rule_that_was_not_measured_is_told() -> None:
    titles = [title for _, title, _ in read(github_annotations(undecided("pass")))]
    assert "Mean over all tasks" in titles
    assert "Energy per token" not in titles


def test_there_are_at_most_ten_of_a_kind_and_the_last_says_what_is_left() -> None:
    broken = (rule(task=f"t{i}", status=Status.FAIL) for i in range(30))
    advisory = (
        rule(task=f"a{i}", status=Status.FAIL, tier="advisory", metric="refusals")
        for i in range(11)
    )
    found = read(github_annotations(gate(*broken, *advisory, exit_code=1)))
    errors = [a for a in found if a[0] == "error"]
    assert len(errors) == MOST
    assert errors[-1][2] == "22 more are in the summary of the build."
    warnings = [a for a in found if a[0] == "warning"]
    assert len(warnings) == MOST
    assert warnings[-1][2] == "2 more are in the summary of the build."


@pytest.mark.parametrize("name", NASTY)
def test_hostile_texts_stay_in_their_message(name: str) -> None:
    lines = github_annotations(hostile(NASTY[name]))
    assert len(lines) == len(read(lines)) > 0


def test_signs_of_commands_are_escaped() -> None:
    result = gate(
        rule(task="a,b::c", status=Status.FAIL, reason=verbatim("50 %\r\n::error::x")), exit_code=1
    )
    line = github_annotations(result)[1]
    assert line.startswith("::error title=Accuracy on a%2Cb%3A%3Ac::Accuracy on a,b::c: ")
    assert "50 %25%0D%0A::error::x" in line


# --- GitLab -------------------------------------------------------------------------------------------------------


def gitlab(text: str) -> dict[str, str]:
    """Read metrics as GitLab does: without comments, split like a shell, the first two words of a line."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        words = shlex.split(re.sub(r"#.*$", "", line))
        if words:
            assert len(words) == 2
            assert words[0] not in found
            found[words[0]] = words[1]
    return found


@pytest.mark.parametrize("result", [failed(), passed(), compared(), gate()])
def test_metrics_are_openmetrics_text(result: object) -> None:
    lines = gitlab_metrics(result).splitlines()
    assert lines[-1] == "# EOF"
    for line in lines:
        assert line.startswith("# ") or LINE.fullmatch(line), line


def test_metrics_of_a_rule_carry_its_labels() -> None:
    found = gitlab_metrics(gate())
    labels = (
        '{metric="accuracy",kind="change",suite="choose",task="ticket_routing",score="exact_match"}'
    )
    assert f"evalkit_gate_candidate{labels} 0.868\n" in found
    assert f"evalkit_gate_damage_most{labels} 0.013\n" in found
    assert "evalkit_gate_exit_code 0\n" in found


def test_the_last_bits_of_a_number_are_no_change() -> None:
    noisy = gitlab_metrics(gate(rule(candidate=0.1 + 0.2, margin=1e-9)))
    assert "} 0.3\n" in noisy
    assert "} 1e-09\n" in noisy


def test_missing_numbers_have_no_line() -> None:
    found = gitlab_metrics(gate(missing("peak_memory"), missing("accuracy", reason=say("x"))))
    assert not [
        line for line in found.splitlines() if line.startswith(("evalkit_gate_c", "evalkit_gate_b"))
    ]
    nan = gitlab_metrics(gate(rule(candidate=float("nan"), damage=float("inf"))))
    assert "evalkit_gate_candidate" not in nan
    assert "evalkit_gate_damage{" not in nan


@pytest.mark.parametrize("name", NASTY)
def test_hostile_names_stay_in_their_label(name: str) -> None:
    text = gitlab_metrics(hostile(NASTY[name]))
    assert set(map(type, map(float, gitlab(text).values()))) == {float}
    for line in text.splitlines():
        assert line.startswith("# ") or LINE.fullmatch(line)
