"""The committed data is what the generators make, and its gold is beyond doubt."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

Load = Callable[[str], ModuleType]
NAMES = (
    "de_en_understanding",
    "grounded_qa",
    "invoice_extraction",
    "table_arithmetic",
    "ticket_routing",
)
SHOWN = {
    "de_en_understanding": "german",
    "grounded_qa": "passage",
    "invoice_extraction": "invoice",
    "table_arithmetic": "table",
    "ticket_routing": "message",
}
each_task = pytest.mark.parametrize("name", NAMES)


def docs(folder: Path, name: str, split: str = "test") -> list[dict[str, Any]]:
    text = (folder / name / "data" / f"{split}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def both(folder: Path, name: str) -> list[dict[str, Any]]:
    return docs(folder, name) + docs(folder, name, "fewshot")


@pytest.fixture(scope="module")
def regenerated(load: Load, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("tasks")
    load("generate.py").main(["--out", str(out)])
    return out


@pytest.fixture(scope="module")
def fresh(load: Load, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("fresh")
    load("generate.py").main(["--out", str(out), "--seed", "7"])
    return out


def test_every_task_has_a_generator(load: Load) -> None:
    assert tuple(load("generate.py").task_names()) == NAMES


@each_task
@pytest.mark.parametrize("split", ["test", "fewshot"])
def test_default_seed_gives_the_committed_bytes(
    tasks_folder: Path, regenerated: Path, name: str, split: str
) -> None:
    path = Path(name) / "data" / f"{split}.jsonl"
    assert (regenerated / path).read_bytes() == (tasks_folder / path).read_bytes()


def test_generator_does_not_depend_on_hash_seed_or_working_folder(
    tasks_folder: Path, tmp_path: Path
) -> None:
    command = [sys.executable, str(tasks_folder / "generate.py"), "--out", str(tmp_path / "out")]
    subprocess.run(
        [*command, "--only", "grounded_qa"],
        check=True,
        cwd=tmp_path,
        env={"PYTHONHASHSEED": "1"},
        capture_output=True,
    )
    made = (tmp_path / "out/grounded_qa/data/test.jsonl").read_bytes()
    assert made == (tasks_folder / "grounded_qa/data/test.jsonl").read_bytes()
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["grounded_qa"]


@each_task
def test_another_seed_gives_other_docs_and_ids(tasks_folder: Path, fresh: Path, name: str) -> None:
    old, new = both(tasks_folder, name), both(fresh, name)
    assert not {doc["id"] for doc in old} & {doc["id"] for doc in new}
    shared = {doc[SHOWN[name]] for doc in old} & {doc[SHOWN[name]] for doc in new}
    assert len(shared) < len(old) / 10


@each_task
def test_size_ids_and_grading(tasks_folder: Path, name: str) -> None:
    test, fewshot = docs(tasks_folder, name), docs(tasks_folder, name, "fewshot")
    assert len(test) == 120
    assert len(fewshot) == 6
    assert len({doc["id"] for doc in test + fewshot}) == 126
    assert Counter(doc["difficulty"] for doc in test) == {1: 40, 2: 40, 3: 40}


@each_task
def test_no_two_docs_show_the_same_text(tasks_folder: Path, fresh: Path, name: str) -> None:
    for folder in (tasks_folder, fresh):
        assert len({doc[SHOWN[name]] for doc in both(folder, name)}) == 126


@each_task
def test_both_splits_have_the_same_typed_columns(tasks_folder: Path, name: str) -> None:
    rows = both(tasks_folder, name)
    assert len({tuple((key, type(value)) for key, value in row.items()) for row in rows}) == 1


def test_ticket_departments_are_balanced_and_all_shown_as_examples(tasks_folder: Path) -> None:
    test = docs(tasks_folder, "ticket_routing")
    assert Counter(doc["gold"] for doc in test) == dict.fromkeys(range(5), 24)
    examples = docs(tasks_folder, "ticket_routing", "fewshot")[:5]
    assert {doc["gold"] for doc in examples} == set(range(5))


def test_ticket_choices_of_the_yaml_are_those_of_the_generator(
    tasks_folder: Path, load: Load
) -> None:
    text = (tasks_folder / "ticket_routing/ticket_routing.yaml").read_text(encoding="utf-8")
    choices = yaml.safe_load(text)["doc_to_choice"]
    load("generate.py").load_make_docs("ticket_routing")
    assert tuple(choices) == sys.modules["ticket_routing_generator"].DEPARTMENTS


def test_no_template_mark_is_left_in_any_text(tasks_folder: Path, fresh: Path) -> None:
    for name in set(NAMES) - {"invoice_extraction"}:
        for doc in both(tasks_folder, name) + both(fresh, name):
            assert not re.search(r"[{}\[\]]|  ", str(doc[SHOWN[name]]))


def test_invoice_gold_fields_stand_in_the_text(tasks_folder: Path, fresh: Path) -> None:
    for doc in both(tasks_folder, "invoice_extraction") + both(fresh, "invoice_extraction"):
        gold, text = json.loads(doc["target"]), doc["invoice"]
        english = f"{gold['total']:,.2f}"
        german = english.translate(str.maketrans(",.", ".,"))
        assert (german if doc["difficulty"] == 3 else english) in text
        assert text.count(gold["vendor"]) == 1
        assert text.count(gold["invoice_number"]) == 1
        assert gold["date"][:4] in text


def test_grounded_answers_stand_in_the_passage_once_or_not_at_all(
    tasks_folder: Path, fresh: Path
) -> None:
    for doc in both(tasks_folder, "grounded_qa") + both(fresh, "grounded_qa"):
        found = re.findall(rf"\b{re.escape(doc['answer'])}\b", doc["passage"])
        assert len(found) == doc["answerable"]
        assert (doc["answer"] == "not stated") is not doc["answerable"]


def test_grounded_unanswerable_share_is_forty_percent(tasks_folder: Path) -> None:
    test = docs(tasks_folder, "grounded_qa")
    assert sum(not doc["answerable"] for doc in test) == 48
    examples = docs(tasks_folder, "grounded_qa", "fewshot")[:3]
    assert {doc["answerable"] for doc in examples} == {True, False}


def test_table_answers_follow_from_the_printed_table(tasks_folder: Path, fresh: Path) -> None:
    for doc in both(tasks_folder, "table_arithmetic") + both(fresh, "table_arithmetic"):
        assert int(doc["answer"]) == solve(doc)


def solve(doc: dict[str, Any]) -> float:
    """Answers a question from its text alone, independently of the generator."""
    (_, *columns), *lines = [line.split(" | ") for line in doc["table"].splitlines()]
    cells: dict[str, dict[str, int]] = {
        label: dict(zip(columns, map(int, row), strict=True)) for label, *row in lines
    }
    question = str(doc["question"])
    named = sorted((label for label in cells if label in question), key=question.index)
    asked = sorted((column for column in columns if column in question), key=question.index)
    column = [row[asked[0]] for row in cells.values()]
    picked = [cells[label][asked[0]] for label in named]
    match doc["kind"]:
        case "lookup":
            return picked[0]
        case "maximum":
            return max(column)
        case "total":
            return sum(column)
        case "pair_sum":
            return picked[0] + picked[1]
        case "difference":
            return picked[0] - picked[1]
    return 100 * picked[0] / cells[named[0]][asked[1]]


def test_translations_are_four_different_sentences(tasks_folder: Path, fresh: Path) -> None:
    for doc in both(tasks_folder, "de_en_understanding") + both(fresh, "de_en_understanding"):
        assert len(set(doc["choices"])) == 4
        assert 0 <= doc["gold"] < 4
        assert all(choice.endswith(".") for choice in doc["choices"])


def test_translation_gold_has_no_favourite_place(tasks_folder: Path) -> None:
    places = Counter(doc["gold"] for doc in docs(tasks_folder, "de_en_understanding"))
    assert max(places.values()) < 48


def test_too_few_templates_is_an_error_and_not_an_endless_loop(load: Load) -> None:
    with pytest.raises(RuntimeError, match="no new doc"):
        load("vocabulary.py").distinct_docs(2, lambda _: {"text": "same"}, "text", tries=3)


@pytest.mark.parametrize("name", [*NAMES, "business"])
def test_yaml_names_itself_and_carries_a_version(tasks_folder: Path, name: str) -> None:
    path = f"{name}.yaml" if name == "business" else f"{name}/{name}.yaml"
    text = (tasks_folder / path).read_text(encoding="utf-8").replace("!function ", "")
    config = yaml.safe_load(text)
    assert name in (config.get("task"), config.get("group"))
    assert config["metadata"]["version"] in (1.0, 2.0)
