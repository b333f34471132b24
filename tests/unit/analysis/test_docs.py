"""One rule finds the metric that a task is judged by, and one pairs docs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest

from evalkit.analysis.docs import Headline, alike, headlines, pair
from evalkit.analysis.scores import FORMAT, REFUSAL, TaskScores
from evalkit.errors import UsageError

KEY = ("s", "t")


def scored(
    scores: Mapping[str, Sequence[float]], ways: Mapping[str, bool], **metrics: tuple[str, str]
) -> TaskScores:
    """One model's task: name → score of each doc, and which way is better where that is known."""
    n = len(next(iter(scores.values())))
    return TaskScores(
        *KEY,
        doc_ids=np.arange(n),
        doc_hashes=["d"] * n,
        prompt_hashes=["p"] * n,
        scores={name: np.array(values, dtype=float) for name, values in scores.items()},
        is_higher_better=dict(ways),
        metrics=metrics or {name: ("none", name) for name in scores},
    )


def headline(*models: TaskScores, wanted: str | None = None) -> Headline:
    metrics = {} if wanted is None else {"t": wanted}
    return headlines([{KEY: model} for model in models], metrics)[KEY]


UP, DOWN = True, False


def test_the_headline_is_the_first_share_of_which_more_is_better() -> None:
    scores = {"length": [3.0], "errors": [0.0], "bleu": [31.0], "f1": [0.2], "acc": [1.0]}
    found = headline(scored(scores, {"errors": DOWN, "bleu": UP, "f1": UP, "acc": UP}))
    assert found == Headline("f1", "none", "f1", is_higher_better=True, is_share=True)
    assert found.is_accuracy


def test_without_a_share_it_is_the_first_whose_better_side_is_known_else_the_first() -> None:
    scores = {"length": [3.0], "bleu": [31.0], "errors": [1.0]}
    assert headline(scored(scores, {"errors": DOWN, "bleu": UP})).name == "bleu"
    assert headline(scored(scores, {"errors": DOWN})).name == "errors"
    undirected = headline(scored(scores, {}))
    assert (undirected.name, undirected.is_higher_better) == ("length", None)
    assert not undirected.is_accuracy


def test_a_number_is_no_share_if_one_model_scores_beyond_1() -> None:
    """A model whose every BLEU is 0 would make it look like one."""
    weak = scored({"bleu": [0.0, 0.0], "acc": [0.0, 1.0]}, {"bleu": UP, "acc": UP})
    strong = scored({"bleu": [31.0, 0.0], "acc": [1.0, 1.0]}, {"bleu": UP, "acc": UP})
    assert headline(weak).name == "bleu"
    assert headline(weak, strong).name == headline(strong, weak).name == "acc"


def test_a_metric_that_all_have_goes_before_one_that_some_have() -> None:
    old, new = scored({"acc": [1.0]}, {"acc": UP}), scored({"f1": [1.0], "acc": [0.0]}, {"f1": UP})
    assert headline(new, old).name == "acc"
    silent = scored({"acc": [np.nan]}, {"acc": UP})
    assert headline(new, silent).name == "f1"


def test_a_metric_that_every_doc_has_goes_before_one_that_some_have() -> None:
    """The docs of which nothing can be right would count for nothing else."""
    scores = {"answered": [1.0, np.nan], "acc": [1.0, 0.0]}
    assert headline(scored(scores, dict.fromkeys(scores, UP))).name == "acc"
    silent = {"answered": [1.0, np.nan], "acc": [1.0, np.nan]}
    assert headline(scored(silent, dict.fromkeys(silent, UP))).name == "answered"


def test_without_a_score_per_doc_there_is_no_headline() -> None:
    nothing = scored({"acc": [np.nan], FORMAT: [0.0], REFUSAL: [1.0]}, {"acc": UP, FORMAT: DOWN})
    assert headlines([{KEY: nothing}]) == {}


def test_a_metric_can_be_named_with_and_without_its_filter() -> None:
    scores = {"f1": [0.0], "f1 (strict)": [1.0], "acc (strict)": [1.0]}
    task = scored(
        scores,
        dict.fromkeys(scores, UP),
        **{
            "f1": ("none", "f1"),
            "f1 (strict)": ("strict", "f1"),
            "acc (strict)": ("strict", "acc"),
        },
    )
    assert headline(task, wanted="f1").filter == "none"
    assert headline(task, wanted="f1 (strict)").filter == "strict"
    assert headline(task, wanted="acc").name == "acc (strict)"


@pytest.mark.parametrize(
    ("name", "message"),
    [("ac", "there is no metric 'ac'.*Did you mean 'acc'"), ("errors", "lower is better")],
)
def test_a_metric_that_cannot_be_used_is_refused(name: str, message: str) -> None:
    task = scored({"acc": [1.0], "errors": [0.0]}, {"acc": UP, "errors": DOWN})
    with pytest.raises(UsageError, match=message):
        headline(task, wanted=name)


def test_filters_have_one_name_over_all_models_whichever_comes_first() -> None:
    strict, flexible = ("strict", "em"), ("flexible", "em")
    one = scored(
        {"em": [1.0], "em (flexible)": [0.5]},
        {"em": UP},
        **{"em": strict, "em (flexible)": flexible},
    )
    other = scored(
        {"em": [0.25], "em (strict)": [0.75]}, {"em": UP}, **{"em": flexible, "em (strict)": strict}
    )
    lacking = scored({"em": [0.125]}, {"em": UP}, **{"em": flexible})
    a, b, c = alike([one, other, lacking])
    assert (a.scores["em"][0], b.scores["em"][0]) == (1.0, 0.75)
    assert [t.scores["em (flexible)"][0] for t in (a, b, c)] == [0.5, 0.25, 0.125]
    assert "em" not in c.scores
    assert b.is_higher_better == {"em (flexible)": UP}


def test_tasks_that_contradict_each_other_know_no_better_side() -> None:
    up, down = (scored({"acc": [1.0]}, {"acc": way}) for way in (UP, DOWN))
    assert headline(up, down).is_higher_better is None
    with pytest.raises(UsageError, match="does not say which way"):
        headline(up, down, wanted="acc")


# --- pairs --------------------------------------------------------------------------------------------------------


def with_docs(ids: Sequence[int], hashes: str, prompts: str) -> TaskScores:
    task = scored({"acc": [1.0] * len(ids)}, {"acc": UP})
    return replace(
        task, doc_ids=np.array(ids), doc_hashes=list(hashes), prompt_hashes=list(prompts)
    )


def test_docs_are_the_same_when_number_and_content_are() -> None:
    found = pair(with_docs([0, 1, 2, 4], "abcd", "pppp"), with_docs([0, 1, 2, 3], "axcd", "pppq"))
    assert (found.one.tolist(), found.other.tolist()) == ([0, 2], [0, 2])
    assert (found.n_unpaired, found.n_other_prompts) == (4, 0)


def test_other_prompts_for_the_same_docs_are_counted() -> None:
    found = pair(with_docs([0, 1], "ab", "pq"), with_docs([0, 1], "ab", "pr"))
    assert (len(found.one), found.n_unpaired, found.n_other_prompts) == (2, 0, 1)


def test_nothing_in_common_is_no_pair() -> None:
    found = pair(with_docs([0], "a", "p"), with_docs([1], "a", "p"))
    assert (len(found.one), found.n_unpaired) == (0, 2)
