"""What a task's YAML says is checked key by key before its data are asked for, and before any model is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from evalkit.errors import TaskError
from evalkit.harness.definition import check_columns, check_definition
from evalkit.harness.task_file import check_file

TASK: dict[str, Any] = {
    "task": "mine",
    "dataset_path": "json",
    "doc_to_text": "{{note}}",
    "doc_to_target": "team",
    "metric_list": [{"metric": "exact_match"}],
}


def refused(words: str, **changes: Any) -> None:
    with pytest.raises(TaskError) as caught:
        check_definition({**TASK, **changes})
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("kwargs", "words"),
    [
        ({"untill": ["\n"]}, "unknown key 'untill'. Did you mean 'until'?"),
        ({"temprature": 0.5}, "unknown key 'temprature'. Did you mean 'temperature'?"),
        ({"max_gen_tok": 5}, "unknown key 'max_gen_tok'. Did you mean 'max_gen_toks'?"),
        ({"stop": ["\n"]}, "unknown key 'stop'. Stop strings are given by `until`."),
        ({"stop_sequences": ["\n"]}, "Stop strings are given by `until`."),
        ({"seed": 3}, "unknown key 'seed'. Remove it"),
        ({"n": 4}, "Set the task's `repeats`."),
        ({"max_length": 99}, "given by `max_gen_toks`"),
        ({"zebra": 1}, "unknown key 'zebra'. There are until"),
        ({3: 1}, "unknown key 3"),
        ({"num_beams": 4}, "num_beams: can only be 1"),
        ({"do_sample": "false"}, "do_sample: must be true or false, without quotes; found 'false'"),
        ({"do_sample": "no"}, "do_sample: must be true or false"),
        ({"do_sample": 0}, "do_sample: must be true or false"),
        ({"do_sample": None}, "do_sample: must be true or false"),
        ({"temperature": float("inf")}, "temperature: must be a number, 0 or more; found inf"),
        ({"temperature": float("nan")}, "temperature: must be a number"),
        ({"temperature": -1}, "temperature: must be a number, 0 or more; found -1"),
        ({"temperature": None}, "temperature: must be a number"),
        ({"temperature": True}, "temperature: must be a number"),
        ({"temperature": 0, "do_sample": True}, "which is no sampling"),
        ({"top_p": 2}, "top_p: must be a number above 0, 1 at most; found 2"),
        ({"top_p": 0}, "top_p: must be"),
        ({"top_p": "0.9"}, "top_p: must be"),
        ({"top_k": 1.5}, "top_k: must be a whole number"),
        ({"repetition_penalty": 0}, "repetition_penalty: must be"),
        ({"max_tokens": -1}, "max_tokens: must be a whole number, 1 or more; found -1"),
        ({"max_new_tokens": 0}, "max_new_tokens: must be"),
        ({"max_completion_tokens": 1e3}, "max_completion_tokens: must be"),
        ({"max_tokens": 8, "max_gen_toks": 16}, "max_gen_toks: 16 and max_tokens: 8 differ"),
        ({"until": ""}, "until: must be texts, none of them empty"),
        ({"until": ["\n", ""]}, "until: must be texts, none of them empty"),
        ({"until": None}, "until: must be texts"),
        ({"until": {"a": 1}}, "until: must be texts"),
    ],
)
def test_generation_settings_that_are_not_as_they_should_be(
    kwargs: dict[Any, Any], words: str
) -> None:
    refused(words, generation_kwargs=kwargs)


@pytest.mark.parametrize(
    "kwargs",
    [
        {},
        {"until": []},
        {"until": "\n", "max_tokens": 8},
        {"until": ["\n"], "do_sample": True, "temperature": 0.7, "top_p": 1, "top_k": 20},
        {"do_sample": False, "temperature": 0.0, "num_beams": 1},
        {"max_gen_toks": 8, "max_tokens": 8},
    ],
)
def test_generation_settings_that_are_right(kwargs: dict[str, Any]) -> None:
    check_definition({**TASK, "generation_kwargs": kwargs})


def step(function: Any, **keys: Any) -> dict[str, Any]:
    return {"filter_list": [{"name": "f", "filter": [{"function": function, **keys}]}]}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (step("regex", regex_patern="x"), "'f': filter 'regex': unknown key 'regex_patern'. Did you mean"),
        (step("regex", regex_pattern=None), "filter 'regex': regex_pattern: must be a text; found None"),
        (step("regex", regex_pattern=["a"]), "regex_pattern: must be a text; found ['a']"),
        (step("regex", regex_pattern="(a"), "regex_pattern '(a' is no regular expression"),
        (step("regex", group_select=5), "group_select: must be 0 for the first match in an answer or -1"),
        (step("regex", group_select="first"), "group_select: must be 0"),
        (step("regex", group_select=True), "group_select: must be 0"),
        (step("regex", fallback=None), "fallback: must be a text"),
        (step("multi_choice_regex", ignore_case="yes"), "ignore_case: must be true or false"),
        (step("multi_choice_regex", regexes_to_ignore=["("]), "regexes_to_ignore '(' is no regular"),
        (step("multi_choice_regex", regexes_to_ignore=","), "regexes_to_ignore: must be a list of texts"),
        (step("custom"), "filter 'custom': filter_fn is missing"),
        (step("custom", filter_fn="upper"), "filter_fn: must be a function"),
        (step("take_first_k"), "filter 'take_first_k': k is missing"),
        (step("take_first_k", k=0), "k: must be a whole number, 1 or more"),
        (step("take_first_k", k=3), "k is 3, and each doc is asked 1 times"),
        (step("take_first_k", n=3), "unknown key 'n'"),
        (step("take_first", k=1), "filter 'take_first': unknown key 'k'"),
        (step("lowercase", case="x"), "filter 'lowercase': unknown key 'case'"),
        (step("map"), "filter 'map': mapping_dict is missing"),
        (step("map", mapping_dict=["a", "b"]), "mapping_dict: must be a mapping of texts"),
        (step("map", mapping_dict={True: "a"}), "mapping_dict: must be a mapping of texts"),
        (step(["regex"]), "filter ['regex'] is not known"),
        (step("lower"), "Did you mean 'lowercase'?"),
        ({"filter_list": {"name": "f", "filter": []}}, "filter_list: must be a list with an entry per filter"),
        ({"filter_list": "take_first"}, "filter_list: must be a list"),
        ({"filter_list": [{"name": "f", "filters": []}]}, "each entry needs `name` and `filter`"),
        ({"filter_list": [{"name": ["f"], "filter": [{"function": "take_first"}]}]}, "each entry needs"),
        ({"filter_list": step("take_first")["filter_list"] * 2}, "the name 'f' is there twice"),
        ({"filter_list": [{**step("take_first")["filter_list"][0], "fliter": 1}]}, "unknown key 'fliter'"),
    ],
)  # fmt: skip
def test_filters_that_are_not_as_they_should_be(changes: dict[str, Any], words: str) -> None:
    refused(words, **changes)


@pytest.mark.parametrize(
    "changes",
    [
        step("regex", regex_pattern=r"(\d+)", group_select=-1, fallback="none"),
        step("take_first_k", k=2),
        step("map", mapping_dict={"A": "delivery"}, default_value="other"),
        step("custom", filter_fn=len),
        step("multi_choice_regex", ignore_case=True, regexes_to_ignore=[","]),
        step(len),
    ],
)
def test_filters_that_are_right(changes: dict[str, Any]) -> None:
    check_definition({**TASK, "repeats": 2, **changes})


def metric(**keys: Any) -> dict[str, Any]:
    return {"metric_list": [{"metric": "exact_match", **keys}]}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (metric(ignore_cas=True), "metric 'exact_match': unknown key 'ignore_cas'. Did you mean 'ignore_case'?"),
        (metric(ignore_case="false"), "ignore_case: must be true or false"),
        (metric(regexes_to_ignore=","), "regexes_to_ignore: must be a list of texts"),
        (metric(regexes_to_ignore=["["]), "regexes_to_ignore '[' is no regular expression"),
        (metric(higher_is_better="yes"), "higher_is_better: must be true or false"),
        (metric(aggregation=["mean"]), "aggregation ['mean'] is not known"),
        (metric(metric=["exact_match"]), "must be a mapping with `metric: NAME`"),
        (metric(metric=None), "must be a mapping with `metric: NAME`"),
        ({"test_split": ["test"]}, "test_split: must be a name; found ['test']"),
        ({"fewshot_split": 3}, "fewshot_split: must be a name; found 3"),
        ({"output_type": ["generate_until"]}, "output_type: must be a name"),
        ({"dataset_path": ["json"]}, "dataset_path: must be a name"),
        ({"dataset_kwargs": ["data.csv"]}, "dataset_kwargs: must be a mapping"),
        ({"fewshot_config": "test"}, "fewshot_config: must be a mapping"),
        ({"metadata": 1.0}, "metadata: must be a mapping"),
        ({"fewshot_config": {"sampler": "random"}}, "sampler: 'random' is not known. There are default, first_n"),
        ({"fewshot_config": {"sampler": ["first_n"]}}, "sampler: ['first_n'] is not known"),
        ({"fewshot_config": {"samples": {"a": 1}}}, "samples: must be a list of docs"),
        ({"fewshot_config": {"samples": ["a"]}}, "samples: must be a list of docs"),
        ({"fewshot_config": {"split": ["test"]}}, "split: must be a name"),
        ({"process_docs": "code.f"}, "process_docs: must be a function, such as `!function code.name`"),
        ({"process_results": ["f"]}, "process_results: must be a function"),
        ({"task_alias": [1]}, "task_alias: must be a name"),
        ({"tag": 5}, "tag: must be a name or a list of names"),
        ({"should_decontaminate": "no"}, "should_decontaminate: must be true or false"),
        (metric(aggregation=None), "aggregation None is not known"),
        ({"description": 5}, "description: must be text; found 5"),
        ({"fewshot_delimiter": 1}, "fewshot_delimiter: must be text"),
        ({"doc_to_text": ["note"]}, "doc_to_text: must be a column or a template"),
        ({"doc_to_target": ["team"]}, "a list is the same for every row; found ['team']"),
        ({"doc_to_target": {"a": 1}}, "doc_to_target: must be one column"),
        ({"doc_to_target": True}, "doc_to_target: must be one column"),
        ({"doc_to_target": 42}, "every row would have 42 as its right answer"),
        ({"doc_to_choice": 5}, "doc_to_choice: must be a list of texts"),
        ({"doc_to_choice": ["{{a}}", "{{b}}"]}, "doc_to_choice: '{{a}}' in a list is taken as it stands"),
    ],
)  # fmt: skip
def test_keys_of_the_wrong_kind(changes: dict[str, Any], words: str) -> None:
    refused(words, **changes)


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("{note} {{team}}", "{note} in single braces would be sent as it stands"),
        ("{{team}}: { note }", "such as {{note}}"),
        ("{% if team %}{note}{% endif %}", "{note} in single braces"),
        ("Hello {note}", "{note} in single braces"),
    ],
)
def test_single_braces_beside_double_ones(template: str, words: str) -> None:
    row = {"note": "x", "team": "y"}
    for key in ("doc_to_text", "doc_to_target", "description"):
        with pytest.raises(TaskError) as caught:
            check_columns({key: template}, row, row)
        assert f"{key}: " in str(caught.value)
        assert words in str(caught.value)


@pytest.mark.parametrize(
    "template",
    ["{{note}}", 'Answer as {"team": "…"}: {{note}}', "{{ {'note': team}['note'] }}", "{other} {{note}}",
     "{# {note} #}{{note}}", "${note} {{note}}"],
)  # fmt: skip
def test_other_braces_are_left_alone(template: str) -> None:
    row = {"note": "x", "team": "y"}
    check_columns({"doc_to_text": template}, row, row)


def check_text(tmp_path: Path, text: str) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    check_file(file)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("task: a\ntask: b\n", "mine.yaml:2: the key 'task' is given twice; first in line 1"),
        ("a:\n  b: 1\n  c: 2\n  b: 3\n", "mine.yaml:4: the key 'b' is given twice; first in line 2"),
        ("l:\n- {m: 1, m: 1}\n", "mine.yaml:2: the key 'm' is given twice"),
        ('"a": 1\na: 2\n', "mine.yaml:2: the key 'a' is given twice"),
        ("f: !function x.y\nf: !function x.z\n", "mine.yaml:2: the key 'f'"),
        ("task: a\ndescription: 2026-02-30\n", "mine.yaml:2: description: there is no day '2026-02-30'"),
        ("metadata:\n  made:\n  - 2026-13-01\n", "mine.yaml:3: made: there is no day '2026-13-01'"),
        ("made: 2026-01-01 25:00:00\n", "mine.yaml:1: made: there is no day"),
    ],
)  # fmt: skip
def test_yaml_that_is_taken_in_silence_or_refused_without_a_line(
    tmp_path: Path, text: str, words: str
) -> None:
    with pytest.raises(TaskError) as caught:
        check_text(tmp_path, text)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "text",
    ["", "task: a\nmetadata: {task: b}\n", "made: 2026-02-28\n", "a: &x {b: 1}\nc:\n  <<: *x\n  <<: *x\n  b: 2\n",
     "f: !function code.f\n", "a: &x [*x]\n", "'2026-02-30': x\n"],
)  # fmt: skip
def test_yaml_that_is_left_alone(tmp_path: Path, text: str) -> None:
    check_text(tmp_path, text)


def test_a_definition_that_is_right_passes() -> None:
    known: Mapping[str, Any] = {
        **TASK,
        "metric_list": [{"metric": "exact_match", "ignore_case": True}],
    }
    check_definition(known)
