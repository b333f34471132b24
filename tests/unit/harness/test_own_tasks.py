"""Mistakes in a task of one's own are found before anything is asked, in a sentence with suite, task, file and row."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from evalkit.config.run import SuiteSpec
from evalkit.errors import ExecutionError, TaskError
from evalkit.harness.catalogue import load_tasks
from evalkit.harness.evaluate import guarded

ROWS: list[dict[str, Any]] = [
    {"id": "r1", "text": "The parcel is late.", "label": "delivery"},
    {"id": "r2", "text": "The bill is wrong.", "label": "billing"},
    {"id": "r3", "text": "Where is my parcel?", "label": "delivery"},
]
GENERATE: dict[str, Any] = {
    "output_type": "generate_until",
    "doc_to_text": "{{text}}\nTeam:",
    "doc_to_target": "{{label}}",
    "generation_kwargs": {"until": ["\n"], "max_gen_toks": 8},
    "metric_list": [{"metric": "exact_match", "aggregation": "mean", "higher_is_better": True}],
}
CHOICE: dict[str, Any] = {
    "output_type": "multiple_choice",
    "doc_to_text": "{{text}}\nTeam:",
    "doc_to_target": "label",
    "doc_to_choice": ["delivery", "billing"],
    "metric_list": [{"metric": "acc", "aggregation": "mean", "higher_is_better": True}],
}


def jsonl(rows: Any) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


class Folder:
    """A folder with one task, `mine`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(
        self,
        kind: Mapping[str, Any] = GENERATE,
        data: str | bytes = jsonl(ROWS),
        *,
        name: str = "data.jsonl",
        options: Mapping[str, Any] | None = None,
        code: str | None = None,
        extra: str = "",
        suite: Mapping[str, Any] | None = None,
        **changes: Any,
    ) -> Any:
        """Write the task and load it as a run does."""
        file = self.path / name
        file.write_bytes(data if isinstance(data, bytes) else data.encode())
        task: dict[str, Any] = {
            "task": "mine",
            "dataset_path": "csv" if name.endswith(".csv") else "json",
            "dataset_kwargs": {"data_files": {"test": name}, **(options or {})},
            "test_split": "test",
            **kind,
            **changes,
        }
        kept = {key: value for key, value in task.items() if value != "LEFT OUT"}
        (self.path / "mine.yaml").write_text(yaml.safe_dump(kept) + extra)
        if code is not None:
            (self.path / "code.py").write_text(code)
        spec = SuiteSpec.model_validate({"name": "s", "tasks": ["mine"], **(suite or {})})
        return load_tasks(spec, [self.path], allow_code=code is not None)["tasks"]["mine"]

    def refused(self, *said: str, **given: Any) -> str:
        """Check that loading ends in one sentence with these words."""
        with pytest.raises(TaskError) as caught:
            self.load(**given)
        for words in ("suite 's'", "task 'mine'", "mine.yaml", *said):
            assert words in str(caught.value)
        assert "\n" not in caught.value.message
        return str(caught.value)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def golds(task: Any) -> list[Any]:
    return [task.doc_to_target(doc) for doc in task.eval_docs]


def test_a_task_without_mistakes_passes(folder: Folder) -> None:
    assert golds(folder.load()) == ["delivery", "billing", "delivery"]
    assert golds(folder.load(CHOICE)) == ["delivery", "billing", "delivery"]


# --- keys of the YAML ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"doc_to_taget": "label"}, ["unknown key 'doc_to_taget'", "'doc_to_target'"]),
        ({"fewshot_config": {"splitt": "test"}}, ["fewshot_config: unknown key 'splitt'", "'split'"]),
        ({"output_type": "generate"}, ["output_type: 'generate' is not known", "'generate_until'"]),
        ({"num_fewshot": "three"}, ["num_fewshot: must be a whole number", "'three'"]),
        ({"num_fewshot": True}, ["num_fewshot: must be a whole number"]),
        ({"repeats": 0}, ["repeats: must be a whole number, 1 or more"]),
        ({"generation_kwargs": {"max_gen_toks": "16"}}, ["max_gen_toks", "'16'"]),
        ({"generation_kwargs": {"until": [1]}}, ["until: must be texts"]),
        ({"generation_kwargs": ["\n"]}, ["generation_kwargs: must be a mapping"]),
        ({"doc_to_target": "LEFT OUT"}, ["doc_to_target is missing"]),
        ({"doc_to_text": "LEFT OUT"}, ["doc_to_text is missing"]),
        ({"test_split": "LEFT OUT"}, ["test_split is missing", "'test'"]),
        ({"test_split": "tset"}, ["no split 'tset'", "'test'"]),
        ({"fewshot_split": "train", "num_fewshot": 1}, ["no split 'train'", "'test'"]),
        ({"doc_to_target": "abteilung"}, ["'abteilung' is no column", "id, text, label"]),
        ({"doc_to_target": "labels"}, ["'labels' is no column", "Did you mean 'label'?"]),
        ({"doc_to_text": "txt"}, ["'txt' is no column", "Did you mean 'text'?"]),
        ({"doc_to_text": "Sort this: {text}"}, ["doc_to_text: {text} in single braces", "two braces, such as {{"]),
        ({"doc_to_text": "{{txt}}\nTeam:"}, ["no column 'txt'", "Did you mean 'text'?"]),
        ({"doc_to_text": "{{text.body.first}}"}, ["doc_to_text"]),
        ({"doc_to_text": "{{text"}, ["doc_to_text: the template can't be read"]),
        ({"doc_to_text": "{% if text %}x"}, ["doc_to_text: the template can't be read"]),
        ({"doc_to_text": "{{text | nofilter}}"}, ["doc_to_text", "nofilter"]),
        ({"description": "{{intro}}"}, ["description: the data have no column 'intro'"]),
        ({"gen_prefix": "{{start}}"}, ["gen_prefix: the data have no column 'start'"]),
        ({"metric_list": [{"metric": "exact_mach"}]}, ["metric 'exact_mach'", "'exact_match'"]),
        ({"metric_list": [{"metric": "f1", "aggregation": "f1"}]}, ["metric 'f1' can't score answers"]),
        ({"metric_list": [{"metric": "exact_match", "aggregation": "avg"}]}, ["aggregation 'avg' is not known"]),
        ({"metric_list": ["exact_match"]}, ["must be a mapping with `metric: NAME`"]),
        ({"metric_list": []}, ["metric_list: must be a list"]),
        ({"filter_list": [{"name": "x", "filter": [{"function": "regx"}]}]}, ["filter 'regx'", "'regex'"]),
        ({"filter_list": [{"name": "x", "filter": [{"function": "regex", "regex_pattern": "("}]}]},
         ["is no regular expression"]),
        ({"filter_list": [{"name": "x"}]}, ["filter_list: each entry needs"]),
        ({"dataset_kwargs": {}}, ["data_files is missing"]),
        ({"dataset_path": "LEFT OUT"}, ["dataset_path is missing"]),
        ({"dataset_path": "xlsx"}, ["spreadsheets are not read", "CSV UTF-8"]),
        ({"options": {"feild": "x"}}, ["dataset_kwargs: unknown key 'feild'", "'field'"]),
        ({"generation_kwargs": {"temperature": "hot"}}, ["temperature: must be a number"]),
        ({"dataset_path": "text", "doc_to_text": "text"}, ["'label' is undefined"]),
        ({"dataset_path": "text", "doc_to_text": "text", "doc_to_target": "label"}, ["'label' is no column"]),
        ({"num_fewshot": 1}, ["a doc could be its own example", "fewshot_split"]),
        ({"num_fewshot": 1, "test_split": "LEFT OUT", "validation_split": "test", "fewshot_split": "test"},
         ["a doc could be its own example"]),
        ({"dataset_kwargs": {"data_files": {"test": "absent.jsonl"}}}, ["no such data file", "absent.jsonl"]),
    ],
)  # fmt: skip
def test_mistakes_in_the_yaml(folder: Folder, changes: dict[str, Any], said: list[str]) -> None:
    folder.refused(*said, **changes)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"doc_to_choice": ["delivery"]}, ["there must be two"]),
        ({"doc_to_choice": ["delivery", "sales"]}, ["no choice is 'billing' (data.jsonl:2)"]),
        ({"doc_to_choice": ["delivery", "billing", "delivery"]}, ["'delivery' is there twice"]),
        ({"doc_to_choice": ["delivery", "billing", ""]}, ["each needs a text"]),
        ({"doc_to_choice": [True, False]}, ["doc_to_choice: True is no text", "in quotes"]),
        ({"doc_to_choice": [1, 2]}, ["doc_to_choice: 1 is no text"]),
        ({"doc_to_choice": "LEFT OUT"}, ["doc_to_choice is missing"]),
        ({"doc_to_choice": "options"}, ["doc_to_choice: 'options' is no column"]),
        ({"doc_to_choice": "text"}, ["doc_to_choice gives"]),
        ({"doc_to_target": "{{abteilung}}"}, ["doc_to_target: the data have no column 'abteilung'"]),
        ({"doc_to_target": "2"}, ["no choice is 2"]),
        ({"doc_to_target": "id"}, ["no choice is 'r1' (data.jsonl:1)", "no choice is 'r2' (data.jsonl:2)"]),
        ({"metric_list": [{"metric": "bleu"}]}, ["metric 'bleu' gives nothing for tasks of output_type multiple"]),
    ],
)  # fmt: skip
def test_mistakes_with_choices(folder: Folder, changes: dict[str, Any], said: list[str]) -> None:
    folder.refused(*said, **{"kind": CHOICE, **changes})


def test_positions_that_are_also_choices_are_refused(folder: Folder) -> None:
    rows = [{"id": n, "text": f"Grade {n}", "label": n} for n in (1, 2)]
    numbers = {**CHOICE, "doc_to_choice": ["1", "2", "3"]}
    said = "the right answer 1 is taken for a position, and means the choice '2'"
    folder.refused(said, "data.jsonl:1, data.jsonl:2", kind=numbers, data=jsonl(rows))
    zeros = [{**row, "label": row["label"] - 1} for row in rows]
    assert golds(folder.load({**CHOICE, "doc_to_choice": ["1", "2"]}, jsonl(zeros))) == [0, 1]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"label": None}, "no right answer (data.jsonl:4)"),
        ({"label": ""}, "no right answer (data.jsonl:4)"),
        ({"label": "   "}, "no right answer (data.jsonl:4)"),
        ({}, "no right answer (data.jsonl:4)"),
        (
            {"label": "x", "text": None},
            "the prompt would say None: column 'text' is empty (data.jsonl:4)",
        ),
        (
            {"label": True},
            "would be 'True', with a capital letter, where the data say true (data.jsonl:4)",
        ),
    ],
)
def test_rows_that_lack_something(folder: Folder, row: dict[str, Any], said: str) -> None:
    folder.refused(said, data=jsonl([*ROWS, {"id": "r4", "text": "Hello.", **row}]))


def test_empty_prompts_and_lists_of_messages(folder: Folder) -> None:
    blank = [*ROWS, {"id": "r4", "text": " ", "label": "billing"}]
    folder.refused("the prompt is empty (data.jsonl:4)", data=jsonl(blank), doc_to_text="text")
    chats = [{**row, "text": [{"role": "user", "content": "Hi"}]} for row in ROWS]
    folder.refused("gives a list", "messages[-1].content", data=jsonl(chats), doc_to_text="text")
    numbers = [{**row, "text": 5} for row in ROWS]
    folder.refused("gives 5", data=jsonl(numbers), doc_to_text="text")


def test_many_rows_are_counted(folder: Folder) -> None:
    rows = [{"id": n, "text": "x", "label": None} for n in range(30)]
    assert "and 25 more" in folder.refused("data.jsonl:1, data.jsonl:2", data=jsonl(rows))


def test_a_row_in_which_a_template_fails_is_named(folder: Folder) -> None:
    rows = [{"id": "a", "d": {"x": "1"}, "label": "l"}, {"id": "b", "d": {}, "label": "l"}]
    folder.refused("data.jsonl:2", "'x'", data=jsonl(rows), doc_to_text="{{d.x}}?")


def test_more_examples_than_there_are(folder: Folder) -> None:
    folder.refused("num_fewshot is 10", "has 2 docs, without the doc that is asked",
                   num_fewshot=10, fewshot_split="test")  # fmt: skip
    folder.refused(
        "num_fewshot is 4", "Set num_fewshot to 2", suite={"num_fewshot": 4}, fewshot_split="test"
    )
    samples = {"fewshot_config": {"sampler": "first_n", "samples": ROWS[:1]}}
    folder.refused("num_fewshot is 2", "have 1 docs", num_fewshot=2, **samples)
    assert folder.load(num_fewshot=2, fewshot_split="test")


def test_an_example_without_a_right_answer(folder: Folder) -> None:
    (folder.path / "shots.jsonl").write_text(jsonl([{"id": "s", "text": "x", "label": None}]))
    files = {"data_files": {"test": "data.jsonl", "shots": "shots.jsonl"}}
    folder.refused(
        "no right answer (shots.jsonl:1)", options=files, num_fewshot=1, fewshot_split="shots"
    )


# --- data files ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("", "there are no rows"),
        ("\n\n", "there are no rows"),
        (jsonl(ROWS) + '{"id": "r4", "te', "data.jsonl:4: not JSON: it ends in the middle"),
        (jsonl(ROWS) + '{"id": "r4"', "data.jsonl:4: not JSON: it ends in the middle"),
        (jsonl(ROWS[:1]) + "\n{'id': 1}\n", "data.jsonl:3: not JSON"),
        (jsonl(ROWS) + "[1, 2]\n", "data.jsonl:4: this line is a list, not an object"),
        (jsonl(ROWS) + "null\n", "data.jsonl:4: this line is null"),
        (json.dumps({"rows": ROWS}, indent=1), "one object, not one a line"),
        ("[]", "there are no rows"),
        ("[1]", "row 1 is a number"),
        ("id,text\n1,x\n", "say `dataset_path: csv`"),
        ('{"id": 1, "text": "x", "label": NaN}', "data.jsonl:1: not JSON: NaN is no number"),
        ('{"id": 1, "id": 2}', "data.jsonl:1: not JSON: the key 'id' is given twice"),
        ('{"id": 1, "text": 1e999}', "too large"),
        (
            jsonl([*ROWS, ROWS[0]]),
            "data.jsonl:4: the id 'r1' is given twice; first in data.jsonl:1",
        ),
        ('{"id": "ä"}'.encode("latin-1"), "data.jsonl:1: not utf-8 text (byte 0xe4)"),
        (jsonl(ROWS).encode("utf-16"), "data.jsonl:1: this is UTF-16 text"),
    ],
)
def test_json_that_is_not_as_it_should_be(folder: Folder, data: str | bytes, said: str) -> None:
    folder.refused(said, data=data)


@pytest.mark.parametrize(
    "data",
    [
        json.dumps(ROWS),
        json.dumps(ROWS, indent=2),
        "\ufeff" + jsonl(ROWS),
        jsonl(ROWS).replace("\n", "\r\n"),
        jsonl(ROWS).replace("\n", "\n\n"),
        jsonl(ROWS).rstrip("\n"),
    ],
)
def test_json_in_all_its_forms_is_read(folder: Folder, data: str) -> None:
    assert golds(folder.load(data=data)) == ["delivery", "billing", "delivery"]


def test_files_of_a_pattern_are_read_in_order(folder: Folder) -> None:
    (folder.path / "part-2.jsonl").write_text(jsonl(ROWS[1:]))
    (folder.path / "part-1.jsonl").write_text(jsonl(ROWS[:1]))
    task = folder.load(options={"data_files": {"test": "part-*.jsonl"}})
    assert [doc["id"] for doc in task.eval_docs] == ["r1", "r2", "r3"]


def test_rows_under_a_key_are_read(folder: Folder) -> None:
    data = json.dumps({"rows": ROWS})
    assert len(golds(folder.load(data=data, options={"field": "rows"}))) == 3
    folder.refused("there is no key 'row'", data=data, options={"field": "row"})


@pytest.mark.parametrize(
    ("written", "gold"),
    [
        (["42", "42.5", "42"], ["42", "42.5", "42"]),
        (["42.50", "1e3", "7"], ["42.50", "1e3", "7"]),
        (
            ["12345678901234567890", "9007199254740993", "1"],
            ["12345678901234567890", "9007199254740993", "1"],
        ),
        (["1", "null", "2"], None),
        (['"007"', '"2026-11-01"', '"10:30:00"'], ["007", "2026-11-01", "10:30:00"]),
        (['"NA"', '"None"', '"nan"'], ["NA", "None", "nan"]),
        (["0.1", "1.10", "-0.0"], ["0.1", "1.10", "-0.0"]),
        (["5", '"five"', "5.0"], ["5", "five", "5.0"]),
    ],
)
def test_golds_are_the_numbers_that_are_written(
    folder: Folder, written: list[str], gold: list[str] | None
) -> None:
    lines = [f'{{"id": {n}, "text": "q", "label": {value}}}\n' for n, value in enumerate(written)]
    if gold is None:
        folder.refused("no right answer (data.jsonl:2)", data="".join(lines))
    else:
        assert golds(folder.load(data="".join(lines))) == gold
        assert [
            str(g) for g in golds(folder.load(data="".join(lines), doc_to_target="label"))
        ] == gold


def test_numbers_can_be_computed_with(folder: Folder) -> None:
    lines = '{"id": 1, "text": "q", "label": 42.50}\n{"id": 2, "text": "q", "label": 2}\n'
    assert golds(folder.load(data=lines, doc_to_target="{{label * 2}}")) == ["85.0", "4"]


CSV = 'id,text,label\n1,"Late, again",delivery\n2,"Two\nlines",billing\n3,x,delivery\n'


@pytest.mark.parametrize(
    ("data", "options"),
    [
        (CSV, {}),
        ("\ufeff" + CSV, {}),
        (CSV.replace("\n", "\r\n"), {}),
        (CSV + "\n\n", {}),
        (CSV.replace("Late, again", "Zu spät").encode("cp1252"), {"encoding": "cp1252"}),
        (CSV.encode("utf-16"), {"encoding": "utf-16"}),
        (CSV.replace("Late, again", "Late").replace(",", ";"), {"delimiter": ";"}),
        (CSV.replace("Late, again", "Late").replace(",", "\t"), {"sep": "\t"}),
        (CSV.partition("\n")[2], {"column_names": ["id", "text", "label"]}),
    ],
)
def test_tables_as_spreadsheets_write_them(
    folder: Folder, data: str | bytes, options: dict[str, Any]
) -> None:
    task = folder.load(data=data, name="data.csv", options=options)
    assert golds(task) == ["delivery", "billing", "delivery"]


@pytest.mark.parametrize(
    ("data", "options", "said"),
    [
        (CSV.replace(",", ";"), {}, 'separated by semicolons. Say `delimiter: ";"`'),
        (CSV.replace(",", "\t"), {}, "separated by tabs"),
        (CSV, {"delimiter": ";"}, "separated by commas"),
        (CSV + "4,x\n", {}, "data.csv:6: 2 fields, where the header has 3"),
        (CSV + "4,x,y,z\n", {}, "data.csv:6: 4 fields"),
        (CSV + '4,"x,y\n', {}, "data.csv:6: not CSV"),
        (CSV + '4,"x"y,z\n', {}, "data.csv:6: not CSV"),
        (CSV.replace("Late", "Zu spät").encode("cp1252"), {}, "say `encoding: cp1252`"),
        (CSV, {"encoding": "utf-9"}, "there is no encoding 'utf-9'"),
        (CSV, {"delimiter": ";;"}, "delimiter"),
        ("id,text,text\n1,a,b\n", {}, "the column 'text' is there twice"),
        ("id,text,label\n", {}, "there are no rows"),
        (jsonl(ROWS), {}, "this is JSON, not a table"),
        (b"PK\x03\x04...", {}, "a spreadsheet or an archive"),
        ("", {}, "there are no rows"),
        (CSV + "4,x,\n", {}, "no right answer (data.csv:6)"),
        (CSV + "3,y,billing\n", {}, "data.csv:6: the id 3 is given twice; first in data.csv:5"),
    ],
)
def test_tables_that_are_not_as_they_should_be(
    folder: Folder, data: str | bytes, options: dict[str, Any], said: str
) -> None:
    folder.refused(said, data=data, name="data.csv", options=options)


@pytest.mark.parametrize(
    "column",
    [["007", "12", "3"], ["42", "42.5", "7"], ["2026-11-01", "2026-11-02", "x"], ["True", "False", "True"],
     ["NA", "null", "None"], ["1e5", "2", "3"], ["+49", "1", "2"], ["1.50", "2.50", "3"], ["12345678901234567890"] * 3],
)  # fmt: skip
def test_columns_of_tables_keep_what_is_written(folder: Folder, column: list[str]) -> None:
    data = "text,label\n" + "".join(f"q,{value}\n" for value in column)
    assert golds(folder.load(data=data, name="data.csv")) == column


def test_a_column_of_positions_is_read_as_numbers(folder: Folder) -> None:
    task = folder.load(CHOICE, "text,label\nx,0\ny,1\n", name="data.csv")
    assert golds(task) == [0, 1]


# --- own code, files, groups --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "code", "said"),
    [
        ("doc_to_text", "def f(doc):\n    return doc['nope']\n", "code.py:2: KeyError: nope"),
        (
            "doc_to_target",
            "def f(doc):\n    raise RuntimeError('odd')\n",
            "code.py:2: RuntimeError: odd",
        ),
        ("process_docs", "def f(docs):\n    return docs.filter(lambda d: False)\n", "no rows"),
        ("doc_to_text", "def g(doc): ...\n", "has no function 'f'"),
        ("doc_to_text", "import nowhere_to_be_found\n", "nowhere_to_be_found"),
        ("doc_to_text", "def f(doc:\n", "was never closed"),
    ],
)
def test_own_code_that_fails(folder: Folder, key: str, code: str, said: str) -> None:
    folder.refused(said, code=code, extra=f"{key}: !function code.f\n", **{key: "LEFT OUT"})


def test_columns_of_two_types_are_refused_where_code_gets_one(folder: Folder) -> None:
    rows = [{**row, "label": value} for row, value in zip(ROWS, (42, 42.5, 42), strict=True)]
    said = (
        "column 'label' mixes whole numbers (data.jsonl:1) and numbers with decimals (data.jsonl:2)"
    )
    own = {
        "code": "def f(docs):\n    return docs\n",
        "extra": "process_docs: !function code.f\n",
    }
    folder.refused(said, data=jsonl(rows), **own)
    prices = '{"id": 1, "text": "q", "label": 42.50}\n{"id": 2, "text": "q", "label": 1.5}\n'
    folder.refused(
        "data.jsonl:1: column 'label' holds 42.50, which process_docs would get as 42.5",
        data=prices,
        **own,
    )


def test_an_answer_that_own_code_can_not_score_names_task_and_doc(folder: Folder) -> None:
    code = "def f(doc, results):\n    return {'mine': 1 / len(results[0])}\n"
    metric = [{"metric": "mine", "aggregation": "mean", "higher_is_better": True}]
    task = folder.load(code=code, extra="process_results: !function code.f\n", metric_list=metric)
    task.build_all_requests(limit=3)
    score = guarded("mine", task)
    assert score(ROWS[0], ["yes"]) == {"mine": pytest.approx(1 / 3)}
    with pytest.raises(
        ExecutionError, match=r"task 'mine', doc 2: .*code\.py:2: ZeroDivisionError"
    ):
        score(dict(ROWS[2]), [""])


def load_named(path: Path, *names: str) -> Any:
    return load_tasks(SuiteSpec.model_validate({"name": "s", "tasks": names}), [path])


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("mine.yaml", "task: mine\n  output_type: x\n", "line 2: not valid YAML"),
        ("mine.yaml", "task: mine\ninclude: base.yaml\n", "includes a file that is not there"),
        ("mine.yml", "task: mine\n", "names of task files end in .yaml"),
        ("mine.yaml", "task: mine\ntask: [\n", "not valid YAML"),
    ],
)
def test_files_that_can_not_be_read_are_named(
    tmp_path: Path, file: str, text: str, said: str
) -> None:
    (tmp_path / file).write_text(text)
    with pytest.raises(TaskError, match=f"suite 's': .*{file}") as caught:
        load_named(tmp_path, "mine")
    assert said in str(caught.value)


def test_a_name_that_is_a_word_for_true(tmp_path: Path) -> None:
    (tmp_path / "on.yaml").write_text("task: on\ndataset_path: json\n")
    with pytest.raises(TaskError, match="means true or false"):
        load_named(tmp_path, "on")


def test_a_name_that_is_defined_twice(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text("task: mine\ndataset_path: json\n")
    with pytest.raises(TaskError, match="defined twice"):
        load_named(tmp_path, "mine")


def test_groups_name_members_that_are_not_there(folder: Folder) -> None:
    (folder.path / "all.yaml").write_text("group: all_mine\ntask: [mine, mien]\n")
    folder.load()
    with pytest.raises(TaskError, match=r"group 'all_mine': there is no task 'mien'.*'mine'"):
        load_named(folder.path, "all_mine")


def test_code_in_an_included_file_needs_permission_however_it_is_included(folder: Folder) -> None:
    (folder.path / "base.yaml").write_text("process_results: !function code.f\n")
    with pytest.raises(TaskError, match="allow_task_code"):
        folder.load(extra="include:\n- base.yaml\n")


# --- examples, loaders of others ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shot", "changes", "said"),
    [
        ({"text": None, "label": "x"}, {}, "examples (shots.jsonl): the prompt would say None: column 'text' is empty"),
        ({"text": " ", "label": "x"}, {"doc_to_text": "text"}, "the prompt is empty (shots.jsonl:2)"),
        ({"text": "x", "label": "y", "note": None}, {"fewshot_config": {"doc_to_text": "{{text}} {{note}}"}},
         "column 'note' is empty"),
        ({"text": "x", "label": ["a", ""]}, {}, "one of the right answers is empty: ['a', ''] (shots.jsonl:2)"),
    ],
)  # fmt: skip
def test_examples_are_checked_as_prompts(
    folder: Folder, shot: dict[str, Any], changes: dict[str, Any], said: str
) -> None:
    shots = [{"text": "Where is my bill?", "label": "billing", "note": "n"}, shot]
    (folder.path / "shots.jsonl").write_text(jsonl(shots))
    files = {"data_files": {"test": "data.jsonl", "shots": "shots.jsonl"}}
    folder.refused(said, options=files, num_fewshot=1, fewshot_split="shots", **changes)


@pytest.mark.parametrize("key", ["{{text}}", "text"])
def test_examples_without_a_column(folder: Folder, key: str) -> None:
    (folder.path / "shots.jsonl").write_text(jsonl([{"question": "x", "label": "y"}]))
    files = {"data_files": {"test": "data.jsonl", "shots": "shots.jsonl"}}
    said = ("examples (shots.jsonl): doc_to_text: ", "'text'", "The columns are question, label.")
    folder.refused(*said, options=files, num_fewshot=1, fewshot_split="shots", doc_to_text=key)


def test_typed_columns_that_make_other_numbers_are_noticed(folder: Folder) -> None:
    from datasets import Dataset

    file = folder.path / "data.parquet"
    Dataset.from_list([{"text": "q", "label": n} for n in (42.0, 42.5)]).to_parquet(str(file))
    parquet = {"dataset_path": "parquet", "options": {"data_files": {"test": "data.parquet"}}}
    said = "the right answer would be '42.0': column 'label' holds numbers with decimals (row 1)"
    folder.refused(said, "{{ '%g' | format(label) }}", **parquet)
    task = folder.load(doc_to_target="{{ '%g' | format(label) }}", **parquet)
    assert golds(task) == ["42", "42.5"]


def test_filters_are_tried_on_made_up_answers(folder: Folder) -> None:
    steps = [{"function": "multi_choice_regex"}, {"function": "take_first"}]
    filters = {"filter_list": [{"name": "letter", "filter": steps}]}
    folder.refused("filter 'letter' can't read answers: KeyError: choices", **filters)


def test_a_folder_of_tables_is_refused(folder: Folder) -> None:
    (folder.path / "data.csv").write_text("text,label\nq,007\n")
    said = (
        "is a folder of files, whose values would be guessed at",
        "data_files: {test: data.csv}",
    )
    folder.refused(*said, dataset_path=str(folder.path), dataset_kwargs="LEFT OUT")


@pytest.mark.parametrize("target", ["{{'delivery'}}", "{{ ['a'] }}"])
def test_a_template_without_columns_is_the_same_for_every_row(folder: Folder, target: str) -> None:
    folder.refused("every row would have these words as its right answer", doc_to_target=target)


def test_keys_that_are_given_twice_and_days_that_are_none(folder: Folder) -> None:
    folder.refused("the key 'doc_to_text' is given twice", extra="doc_to_text: other\n")
    with pytest.raises(TaskError, match=r"mine\.yaml:\d+: made: there is no day '2026-02-30'"):
        folder.load(extra="metadata: {made: 2026-02-30}\n")
